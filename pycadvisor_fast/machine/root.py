"""The files of a host, below the place where its root is mounted. Bounded reads never wait; errors become notes."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_MOST_BYTES = 8 * 2**20  # /proc/cpuinfo of 2000 CPUs is 3 MiB
_MOST_LINKS = 40  # as the kernel's own bound
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO)
_IN_CONTAINER = "/rootfs"  # where cAdvisor's users mount the host's root


class Notes:
    """What could not be read. Several files that fail in the same way are one note with a count."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def add(self, text: str, kind: str = "") -> None:
        """``kind``: notes of one kind are counted, and the first one is shown."""
        key = kind or text
        self._texts.setdefault(key, text)
        self._counts[key] = self._counts.get(key, 0) + 1

    def texts(self) -> tuple[str, ...]:
        """All of them, as people read them."""
        return tuple(
            text if self._counts[key] == 1 else f"{text} (and {self._counts[key] - 1} more like it)"
            for key, text in self._texts.items()
        )


@dataclass(frozen=True)
class Root:
    """Where the host's files are. ``is_live``: they are this kernel's: system calls tell about the same host."""

    path: Path
    proc: Path
    sys: Path
    is_live: bool = False
    notes: Notes = field(default_factory=Notes)

    @staticmethod
    def below(path: str | Path) -> Root:
        """Everything below one directory and nothing from outside it: a captured tree."""
        base = Path(path)
        return Root(base, base / "proc", base / "sys")

    @staticmethod
    def find(sysroot: str = "") -> Root:
        """This host: below ``sysroot``; not given, below /rootfs where the host's root is mounted there, else "/".

        /proc and /sys are this container's own where the mounted root has none; they tell of the same kernel.
        """
        mounted = Path(_IN_CONTAINER)
        base = Path(sysroot) if sysroot else mounted if (mounted / "proc/stat").exists() else Path("/")
        proc = base / "proc" if (base / "proc/stat").exists() else Path("/proc")
        sys = base / "sys" if (base / "sys/devices").is_dir() else Path("/sys")
        return Root(base, proc, sys, is_live=True)

    def fresh(self) -> Root:
        """The same without the notes taken so far."""
        return Root(self.path, self.proc, self.sys, self.is_live)

    # ---- reading; None and no note: there is no such file
    def text(self, path: Path, *, may_refuse: bool = False) -> str | None:
        """The file's text without NULs and blanks around it; None = there is none or it is empty."""
        data = self.data(path, may_refuse=may_refuse)
        if data is None:
            return None
        return data.decode("utf-8", "replace").strip("\0 \t\r\n") or None

    def data(self, path: Path, *, may_refuse: bool = False) -> bytes | None:
        """The file's bytes, 8 MiB at most. A pipe or a device in its place is not waited for.

        ``may_refuse``: that it cannot be read is the kernel's way to say that there is nothing to tell.
        """
        try:
            return _read(path)
        except OSError as error:
            if error.errno not in _ABSENT and not may_refuse:
                self.note(path, error.strerror or str(error))
            return None

    def number(self, path: Path, base: int = 10) -> int | None:
        """The file's one whole number."""
        text = self.text(path)
        if text is None:
            return None
        try:
            return int(text, base)
        except ValueError:
            self.note(path, f"{_short(text)} is no number")
            return None

    def count(self, path: Path) -> int | None:
        """A number that is not negative; what the kernel writes for "not known" (-1) is None."""
        number = self.number(path)
        return number if number is not None and number >= 0 else None

    def flag(self, path: Path) -> bool | None:
        """A file that holds 0 or 1."""
        number = self.number(path)
        return None if number is None else number != 0

    def cpus(self, path: Path) -> tuple[int, ...] | None:
        """A list of CPUs or nodes such as "0-3,8"; an empty file is an empty list."""
        data = self.data(path)
        if data is None:
            return None
        try:
            return number_list(data.decode("ascii", "replace"))
        except ValueError:
            self.note(path, f"{_short(data.decode('ascii', 'replace').strip())} is no list of numbers")
            return None

    def link_name(self, path: Path) -> str | None:
        """The last part of where a symbolic link of sysfs points."""
        try:
            return path.readlink().name or None
        except OSError:
            return None

    def entries(self, path: Path) -> list[str]:
        """Names in a directory, sorted; none where there is no such directory."""
        try:
            return sorted(entry.name for entry in path.iterdir())
        except OSError as error:
            if error.errno not in _ABSENT:
                self.note(path, error.strerror or str(error))
            return []

    def numbered(self, path: Path, prefix: str) -> Iterator[tuple[int, Path]]:
        """Entries such as node0, node1, node10, in the order of their numbers."""
        found = [
            int(name[len(prefix) :])
            for name in self.entries(path)
            if name.startswith(prefix) and name[len(prefix) :].isdecimal()
        ]
        for number in sorted(found):
            yield number, path / f"{prefix}{number}"

    def on_host(self, path: str) -> Path:
        """Where a path of the host is: links on the way are followed below its root, not out of it."""
        parts = [part for part in path.split("/") if part]
        at = self.path
        links = 0
        while parts:
            part = parts.pop(0)
            if part == "..":
                at = at.parent if at != self.path else at
                continue
            here = at / part
            if links < _MOST_LINKS and here.is_symlink():
                links += 1
                target = str(here.readlink())
                at = self.path if target.startswith("/") else at
                parts = [piece for piece in target.split("/") if piece and piece != "."] + parts
                continue
            at = here
        return at

    # ---- notes
    def note(self, path: Path, reason: str) -> None:
        """Something is wrong with a file."""
        # cpu0/topology/core_id and cpu7/topology/core_id fail in the same way, nearly always
        self.notes.add(f"{path}: {reason}", kind=f"{path.name}: {reason}")

    def part(self, what: str, read: Callable[[Root], T], absent: T) -> T:
        """``read(self)``; whatever goes wrong in it costs this part and is noted."""
        try:
            return read(self)
        except Exception as error:  # a broken file must not cost the rest of the machine
            self.notes.add(f"{what}: not read: {type(error).__name__}: {error}")
            return absent


def number_list(text: str) -> tuple[int, ...]:
    """ "0-3,8" as numbers, as the kernel writes CPUs and nodes. Raises ValueError."""
    out: list[int] = []
    for part in text.strip("\0 \t\r\n").split(","):
        if not part:
            continue
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if not 0 <= low <= high < 2**20:
            raise ValueError(part)
        out.extend(range(low, high + 1))
    return tuple(out)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        parts = []
        left = _MOST_BYTES
        while left > 0 and (part := os.read(descriptor, min(left, 2**16))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
