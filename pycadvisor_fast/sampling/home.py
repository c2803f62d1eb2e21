"""Where a collector's ring lives: a directory that is given and kept, or a private one that is removed again."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
from pathlib import Path

from ..errors import RingError

log = logging.getLogger(__name__)

SHARED_MEMORY = Path("/dev/shm")
PRIVATE_PREFIX = "pycadvisor-fast-private-"


class RingHome:
    """The directory of the ring: a given one that is kept, or a private one that is locked and removed."""

    def __init__(self, given: str | None) -> None:
        self._lock_fd = -1
        if given is not None:
            self.path = Path(given)
            return
        _remove_stale()
        while self._lock_fd < 0:
            self.path = _make_private()
            self._lock_fd = _lock(self.path)

    def close(self) -> None:
        if self._lock_fd >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock_fd)
            self._lock_fd = -1


def _make_private() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=PRIVATE_PREFIX, dir=SHARED_MEMORY))
    except OSError as error:
        raise RingError(
            f"cannot make a directory for the ring in {SHARED_MEMORY}: {error.strerror}; "
            "mount a tmpfs there or give ring_dir"
        ) from error


def _lock(path: Path) -> int:
    """A descriptor that keeps others from taking the directory for stale; -1 when one was faster and removed it."""
    try:
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return -1
    fcntl.flock(lock, fcntl.LOCK_EX)
    if (path / "lock").exists():
        return lock
    os.close(lock)
    return -1


def _remove_stale() -> None:
    """Removes private rings of processes that were killed: nobody holds their lock any more."""
    for path in SHARED_MEMORY.glob(f"{PRIVATE_PREFIX}*"):
        try:
            lock = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # another user's, or being made or removed in this moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            log.info("removing %s, left by a process that was killed", path)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # its collector runs
        finally:
            os.close(lock)
