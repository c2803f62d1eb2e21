"""A file with credentials: wrong at the start, the daemon does not start; wrong later, what was right is kept.

Nothing watches: whoever needs the content asks, and at most once a second the file is looked at. An idle daemon
does nothing for it.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from ..errors import ConfigError

log = logging.getLogger(__name__)
_T = TypeVar("_T")

LOOK_EVERY_SECONDS = 1.0
MOST_BYTES = 16 << 20  # a hundred thousand users; anything longer was given by mistake

Signature = tuple[int, int, int] | None


class LineError(ValueError):
    """What is wrong, and in which line (from 1 on; 0: with the whole of it)."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def signature(path: str) -> Signature:
    """What changes when a file is written or replaced: (mtime in ns, inode, size), links followed; None: not there."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def read(path: str, what: str) -> bytes:
    """The bytes of a regular file. Raises ConfigError naming ``what``, the path, and what is wrong."""
    try:
        # Without O_NONBLOCK a named pipe would keep the daemon waiting for its writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{what}: {path} is no regular file")
            if status.st_size > MOST_BYTES:
                raise ConfigError(f"{what}: {path} has {status.st_size} bytes; at most {MOST_BYTES}")
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{what}: {path} cannot be read: {error.strerror}") from None


def is_world_readable(path: str) -> bool:
    """Whether everybody on the host may read it."""
    try:
        return bool(Path(path).stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


class Watched(Generic[_T]):
    """What ``parse`` makes of a text file, as of its last version that was right.

    ``what``: the setting that named it. ``parse`` raises LineError. ``is_secret``: not for everybody's eyes. The
    constructor raises ConfigError with file and line. Safe to use from several threads.
    """

    def __init__(
        self,
        path: str,
        what: str,
        parse: Callable[[str], _T],
        clock: Callable[[], float] = time.monotonic,
        *,
        is_secret: bool = True,
    ) -> None:
        self.path = path
        self.what = what
        self.trouble = ""
        """Why its newest version is not the one in use; empty when it is."""
        self.version = 1
        """Goes up with each version that is taken."""
        self._parse = parse
        self._clock = clock
        self._lock = threading.Lock()
        self._signature = signature(path)  # before reading: a change in between is seen as one
        self._value = self._load()
        self._looked = clock()
        if is_secret and is_world_readable(path):
            log.warning("%s: everybody on this host may read %s; chmod 600 would change that", what, path)

    def current(self) -> _T:
        """The content now."""
        now = self._clock()
        if now - self._looked < LOOK_EVERY_SECONDS:
            return self._value
        with self._lock:
            if now - self._looked >= LOOK_EVERY_SECONDS:
                self._looked = now
                self._look()
        return self._value

    def _look(self) -> None:
        found = signature(self.path)
        if found == self._signature:
            return
        self._signature = found
        try:
            self._value = self._load()
        except ConfigError as error:
            self.trouble = f"{error}; what it said before is kept"
            log.error("%s", self.trouble)
            return
        self.trouble = ""
        self.version += 1
        log.info("%s: %s was read again", self.what, self.path)

    def _load(self) -> _T:
        data = read(self.path, self.what)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError(f"{self.what}: {self.path}:{line}: this is no UTF-8 text") from None
        try:
            return self._parse(text)
        except LineError as error:
            place = f"{self.path}:{error.line}" if error.line else self.path
            raise ConfigError(f"{self.what}: {place}: {error}") from None


def lines(text: str) -> list[tuple[int, str]]:
    """(number, line) of those that say something: no empty ones, none that begin with "#"."""
    numbered = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
    return [(number, line) for number, line in numbered if line and not line.startswith("#")]
