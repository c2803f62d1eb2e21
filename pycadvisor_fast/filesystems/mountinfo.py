"""/proc/self/mountinfo, as proc_pid_mountinfo(5) describes it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESCAPE = re.compile(rb"\\([0-7]{3})")  # mangle() in fs/seq_file.c: blank, tab, newline, backslash, #


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount. ``root`` is the directory of the filesystem that is seen at ``mount_point``."""

    id: int
    parent: int
    major: int
    minor: int
    root: str
    mount_point: str
    options: tuple[str, ...]
    type: str
    source: str
    super_options: tuple[str, ...]


def parse(text: str) -> list[Mount]:
    """The mounts in the kernel's order: what covers a mount point comes after what it covers. Lines that are none are
    left out."""
    return [mount for line in text.split("\n") if (mount := _mount(line)) is not None]


def _mount(line: str) -> Mount | None:
    left, separator, right = line.partition(" - ")
    fields, tail = left.split(" "), right.split(" ")
    if not separator or len(fields) < 6 or len(tail) < 2:
        return None
    major, colon, minor = fields[2].partition(":")
    try:
        numbers = (int(fields[0]), int(fields[1]), int(major), int(minor if colon else "x"))
    except ValueError:
        return None
    options = tuple(tail[2].split(",")) if len(tail) > 2 else ()
    return Mount(
        *numbers,
        root=plain(fields[3]),
        mount_point=plain(fields[4]),
        options=tuple(fields[5].split(",")),
        type=plain(tail[0]),
        source=plain(tail[1]),
        super_options=options,
    )


def plain(text: str) -> str:
    """A field with its octal escapes undone; bytes that are no UTF-8 stay surrogate escapes."""
    if "\\" not in text:
        return text
    data = _ESCAPE.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), text.encode("utf-8", "surrogateescape"))
    return data.decode("utf-8", "surrogateescape")
