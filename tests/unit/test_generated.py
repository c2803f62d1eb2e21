"""Generated files are committed and fresh: csrc/generate.py writes them again, and they are compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything the generator writes."""
    folder = tmp_path_factory.mktemp("generated")
    command = [sys.executable, str(ROOT / "csrc" / "generate.py"), "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_committed_files_are_fresh(fresh: Path) -> None:
    written = sorted(path for path in fresh.rglob("*") if path.is_file())
    assert written, "the generator wrote nothing"
    stale = [str(path.relative_to(fresh)) for path in written if not same(path, ROOT / path.relative_to(fresh))]
    assert not stale, f"stale: {', '.join(stale)}; run make generate and commit"


def same(fresh: Path, committed: Path) -> bool:
    return committed.exists() and committed.read_bytes() == fresh.read_bytes()


def test_everything_named_generated_is_generated(fresh: Path) -> None:
    """A file that says "Do not edit" is one that the generator writes."""
    marked = [
        path
        for folder in ("pycadvisor_fast", "proto", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".proto", ".md") and "Do not edit" in path.read_text()
    ]
    assert marked
    assert not [str(path) for path in marked if not (fresh / path.relative_to(ROOT)).exists()]
