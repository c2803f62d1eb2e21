"""Keeps what is known about the machine true: reads it once, again what changes, and all of it now and then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .asking import CloudAsker
from .changes import Changes
from .model import Cloud, Filesystem, Machine, RuntimeVersion
from .reading import PARTS, Reading, Sources, compose, read_part
from .root import Root

log = logging.getLogger(__name__)

_FIRST_WITHIN_SECONDS = 10.0
_ENDS_WITHIN_SECONDS = 0.5
_SETTLES_WITHIN_SECONDS = 0.5  # changes come in crowds: a disk and its partitions
_SHARE = 50  # a part that keeps changing is read again at most for a fiftieth of the time


def _none() -> tuple[()]:
    return ()


class MachineKeeper:
    """``interval_s``: everything is read again so often, 0 = only what changes.

    ``filesystems`` and ``runtimes`` are asked whenever the machine is, and must answer at once from what they know.
    ``ask_cloud``: asks the metadata service of the cloud that was found (metadata.ask); None = nobody is asked.
    """

    def __init__(
        self,
        sources: Sources,
        interval_s: float = 300.0,
        *,
        filesystems: Callable[[], Sequence[Filesystem]] = _none,
        runtimes: Callable[[], Sequence[RuntimeVersion]] = _none,
        ask_cloud: Callable[[Cloud], Cloud] | None = None,
        root: Root | None = None,
    ) -> None:
        self._sources = sources
        self._interval_s = interval_s
        self._filesystems = filesystems
        self._runtimes = runtimes
        self._asker = CloudAsker(ask_cloud) if ask_cloud else None
        self._root = root
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._refreshed = 0.0  # when the last reading of everything on request began
        self._readings: dict[str, Reading] = {}
        self._costs: dict[str, float] = {}
        self._machine: Machine | None = None
        self._is_read = threading.Event()
        self._changes: Changes | None = None
        self._thread: threading.Thread | None = None
        self._reads = 0
        self._missing: tuple[str, ...] = ()

    def start(self) -> None:
        """Starts the thread "pcf-machine", which reads the machine and then waits for changes."""
        if self._thread is None:
            if self._asker is not None:
                self._asker.start()
            self._changes = Changes(self._found_root())
            self._missing = tuple(self._changes.missing)
            self._thread = threading.Thread(target=self._run, args=(self._changes,), name="pcf-machine", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread; what was read stays."""
        if self._asker is not None:
            self._asker.stop()
        if self._thread is not None and self._changes is not None:
            self._changes.end()
            self._thread.join(_ENDS_WITHIN_SECONDS)  # a file of the host may hang: the thread ends when that does
            self._thread = self._changes = None

    def machine(self, *, fresh: bool = False) -> Machine:
        """What is known now. ``fresh``: reads everything again first, which takes some milliseconds."""
        if fresh or (self._machine is None and self._thread is None):
            self._refresh()
        elif self._machine is None and not self._is_read.wait(_FIRST_WITHIN_SECONDS):
            return Machine(notes=("the machine is not read yet: a file of it does not answer",))
        machine = self._machine
        assert machine is not None
        if self._asker is not None:
            machine = self._asker.completed(machine)
        return replace(machine, filesystems=tuple(self._filesystems()), runtimes=tuple(self._runtimes()))

    def status(self) -> dict[str, Any]:
        """How it fares: how many parts were read, what each last took, which changes are not seen as they happen."""
        return {
            "parts_read": self._reads,
            "read_seconds": {part: round(cost, 6) for part, cost in self._costs.items()},
            "not_followed": list(self._missing),
        }

    def _found_root(self) -> Root:
        return self._root or Root.find(self._sources.sysroot)

    def _refresh(self) -> None:
        """Reads everything; of several who ask at the same time, one does it for those who asked before it began."""
        asked = time.monotonic()
        with self._refreshing:
            if self._refreshed < asked:
                began = time.monotonic()
                self._read(PARTS)
                self._refreshed = began

    def _read(self, parts: Sequence[str]) -> None:
        with self._lock:
            root = self._found_root()
            for part in parts:
                began = time.monotonic()
                self._readings[part] = read_part(part, root, self._sources)
                self._costs[part] = time.monotonic() - began
                self._reads += 1
            machine = self._machine = compose(self._readings[part] for part in PARTS)
        self._is_read.set()
        if self._asker is not None:
            self._asker.begin(machine.cloud)

    def _run(self, changes: Changes) -> None:
        try:
            self._follow(changes)
        finally:
            changes.close()

    def _follow(self, changes: Changes) -> None:
        due_all = 0.0
        waiting: dict[str, float] = {}  # part that has changed -> when it may be read again
        while not changes.is_ended:
            now = time.monotonic()
            if now >= due_all:
                waiting = dict.fromkeys(PARTS, now)
                due_all = now + self._interval_s if self._interval_s else float("inf")
            due = [part for part in PARTS if waiting.get(part, float("inf")) <= now]
            if due:
                self._read_safely(due)
                for part in due:
                    del waiting[part]
            until = min(due_all, *waiting.values()) if waiting else due_all
            left = None if until == float("inf") else until - time.monotonic()
            for part in changes.wait(left):
                pause = max(_SETTLES_WITHIN_SECONDS, _SHARE * self._costs.get(part, 0.0))
                waiting.setdefault(part, time.monotonic() + pause)

    def _read_safely(self, parts: Sequence[str]) -> None:
        try:
            self._read(parts)
        except Exception:  # the thread must outlive it: the next change or interval tries again
            log.exception("the machine could not be read; what was known before stays")
