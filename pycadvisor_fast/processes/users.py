"""Names of users: from the host's own file. A name service might ask the network, and would name the container's."""

from __future__ import annotations

from pathlib import Path


class Users:
    """Names of user numbers by ``path``; read again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._names: dict[int, str] = {}

    def name(self, uid: int) -> str:
        """The name, else the number as text."""
        return self._names.get(uid, str(uid))

    def refresh(self) -> None:
        """Looks whether the file is another one. One that is not there names nobody."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp != self._stamp:
                self._names = parse(self._path.read_text(errors="replace"))
                self._stamp = stamp
        except OSError:
            self._names, self._stamp = {}, None


def parse(text: str) -> dict[int, str]:
    """passwd(5): the first line of a number counts; what is no such line is passed over."""
    names: dict[int, str] = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= 4 and fields[2].isascii() and fields[2].isdigit():
            names.setdefault(int(fields[2]), fields[0])
    return names
