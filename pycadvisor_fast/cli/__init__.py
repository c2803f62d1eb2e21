"""The command ``pycadvisor-fast``; one file per command."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line (default: that of the process) and returns the exit code."""
    from .program import main as run

    return run(arguments)
