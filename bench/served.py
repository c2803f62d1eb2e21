"""A daemon of the bench's own: started, watched from outside, ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from pycadvisor_fast.errors import RingError
from pycadvisor_fast.sampling import Ring, attach

from .programs import HERE

# What a daemon that follows 1000 containers and sees no Docker has to sample every second.
FIRST = ("cpu", "memory", "memory_stat", "pids")
# What the walk gives on each kernel that lets it be loaded.
WALKED_EVERYWHERE = ("cpu", "memory", "memory_stat", "pids", "pressure")


class Daemon:
    """``python -m pycadvisor_fast run`` with a ring and a port of its own; a context manager."""

    def __init__(self, *flags: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pcf-bench-", dir="/dev/shm"))
        self.ring_dir = self._folder / "ring"
        self.socket = self._folder / "grpc.sock"
        self._flags = (
            f"--ring_dir={self.ring_dir}",
            f"--grpc_listen=unix:{self.socket}",
            "--port=0",  # HTTP is on, as it is by default, and takes a free port
            "--docker=",
            "--ring_memory=0",
            *flags,
        )

    def __enter__(self) -> Daemon:
        self.started = time.monotonic()
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PYCADVISOR_FAST_")}
        self._log = (self._folder / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pycadvisor_fast", "run", *self._flags],
            cwd=HERE.parent,
            stderr=self._log,
            env=environment,
            # Dies with the bench: nothing is left behind, whatever happens to it.
            preexec_fn=_die_with_parent,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
        if kind is not None:
            sys.stderr.write((self._folder / "log").read_text())
        shutil.rmtree(self._folder, ignore_errors=True)

    def first_sample(self, count: int, groups: Iterable[str] = FIRST) -> float:
        """Seconds from the start of the process until the groups have a complete tick with ``count`` containers."""
        wanted = list(groups)
        ring: Ring | None = None
        while True:
            if self.process.poll() is not None:
                raise RuntimeError((self._folder / "log").read_text())
            with contextlib.suppress(RingError):
                if ring is None:
                    ring = attach(self.ring_dir)
                elif not ring.groups.keys() >= set(wanted):
                    ring.refresh()  # attached while the daemon was still making its files
                if all(self._rows(ring, name) >= count for name in wanted):
                    took = time.monotonic() - self.started
                    ring.close()
                    return took
            time.sleep(0.002)

    def settled(self, count: int, within: float = 30.0) -> bool:
        """Waits until the walk is trusted: next to nothing of its groups is read from files. False: it was not in time.

        Where there is no walk that is never so, and it returns at once.
        """
        until = time.monotonic() + within
        with attach(self.ring_dir) as ring:
            before: dict[str, int] = {}
            while time.monotonic() < until:
                ticks = ring.group("tick").snapshot()
                reads = dict(zip(ticks.keys if ticks.keys is not None else (), ticks.integers("reads"), strict=True))
                now = {name: int(reads.get(name, 0)) for name in ring.groups if name in WALKED_EVERYWHERE}
                if before and sum(now.values()) - sum(before.values()) < count:
                    return True
                before = now
                time.sleep(1.1 * max(ring.group(name).interval_ns for name in now) / 1e9)
        return False

    def ready(self) -> None:
        """Waits until it serves."""
        while b"ready after" not in (self._folder / "log").read_bytes():
            if self.process.poll() is not None:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.01)

    def log_text(self) -> str:
        """What it has logged so far."""
        return (self._folder / "log").read_text()

    @staticmethod
    def _rows(ring: Ring, name: str) -> int:
        group = ring.groups.get(name)
        return len(group.snapshot()) if group is not None and group.latest_tick else 0


def _die_with_parent() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, linux/prctl.h
