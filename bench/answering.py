"""Processes that are given a list once and then answer each question with the cost of a pass."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from .measure import Cost
from .programs import HERE

_SETTLE_SECONDS = 30.0  # a column is trusted once it was found equal to the kernel's text; psi's clock takes seconds
_QUIET_PASSES = 3  # in a row


class Answering:
    """A process and its question; a context manager that ends it."""

    def __init__(self, command: Sequence[str], lines: Sequence[str]) -> None:
        self._command = " ".join(command)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=HERE.parent
        )
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join(lines) + "\n\n")
        self._process.stdin.flush()

    def ask(self, question: str) -> Cost:
        """One pass."""
        cpu_ns, wall_ns, *_ = self._answer(question).split()
        return Cost(float(cpu_ns), float(wall_ns))

    def _answer(self, question: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(question)
        self._process.stdin.flush()
        return self.read()

    def read(self) -> str:
        """One line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._command} ended with status {self._process.wait()}")
        return line

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Answering:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ReaderAnswering(Answering):
    """One of our readers: ``pass_worker`` with its method.

    ``state``: what its collector said when it was there; ``walked``: groups whose numbers come by the walk.
    """

    def __init__(self, method: str, paths: Sequence[str]) -> None:
        super().__init__([sys.executable, "-m", "bench.pass_worker", method], paths)
        self.method = method
        self._is_begun = False

    @property
    def state(self) -> dict[str, Any]:
        """Waits until it is there: several are started side by side."""
        if not self._is_begun:
            self._state: dict[str, Any] = json.loads(self.read())
            self._is_begun = True
        return self._state

    @property
    def walked(self) -> list[str]:
        """Groups by the walk; empty for files, and where there is no eBPF."""
        return list(self.state["walked"])

    def ask(self, question: str) -> Cost:
        """One pass, "fast" or "slow"; parts: walk, flush and reads, and the CPU time of each group under its name."""
        assert self.state
        answer = json.loads(self._answer(question + "\n"))
        parts = {name: float(answer[name]) for name in ("walk_ns", "flush_ns", "reads") if name in answer}
        return Cost(answer["cpu_ns"], answer["wall_ns"], {**parts, **answer["groups"]})

    def settle(self, question: str, before: Callable[[], object]) -> int:
        """Passes until the walk gives what its groups need; returns how many files a pass still reads for them."""
        left, quiet, until = 0, 0, time.monotonic() + _SETTLE_SECONDS
        while quiet < _QUIET_PASSES and time.monotonic() < until:
            before()
            reads = self.ask(question).parts.get("reads")
            if reads is not None:
                left = int(reads)
                quiet = quiet + 1 if left == 0 else 0
        return left
