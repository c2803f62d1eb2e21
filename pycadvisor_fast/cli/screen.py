"""A terminal as a live picture: drawn in place, keys without Enter, put back as it was whatever happens."""

from __future__ import annotations

import os
import select
import shutil
import termios
import tty
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Any

_ENTER = "\x1b[?1049h\x1b[?25l"  # another screen buffer, no cursor: xterm control sequences, DEC private modes
_LEAVE = "\x1b[?25h\x1b[?1049l"
_HOME, _LINE_END, _REST = "\x1b[H", "\x1b[K\r\n", "\x1b[K\x1b[J"  # K: clear to the end of the line; J: below
BOLD, REVERSE, PLAIN = "\x1b[1m", "\x1b[7m", "\x1b[0m"


class Screen:
    """A context manager around a terminal's output and, where there is one, its keyboard."""

    def __init__(self, output: IO[str], keyboard: IO[str] | None) -> None:
        self._output = output
        self._keyboard = keyboard if keyboard is not None and keyboard.isatty() else None
        self._before: list[Any] | None = None

    def __enter__(self) -> Screen:
        if self._keyboard is not None:
            self._before = termios.tcgetattr(self._keyboard)
            tty.setcbreak(self._keyboard)
        self._output.write(_ENTER)
        self._output.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._output.write(_LEAVE)
            self._output.flush()
        finally:
            if self._keyboard is not None and self._before is not None:
                termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._before)

    def size(self) -> tuple[int, int]:
        """(columns, lines) as they are now; asked anew for each picture, so resizing needs no signal."""
        return shutil.get_terminal_size((100, 30))

    def draw(self, lines: Sequence[str]) -> None:
        """Shows lines, cut to the height of the terminal; each must not be wider than it."""
        height = self.size()[1]
        self._output.write(_HOME + _LINE_END.join(lines[:height]) + _REST)
        self._output.flush()

    def wait(self, wake: int, seconds: float | None) -> str:
        """The next key, "" when ``wake`` became readable first or the time is over. Arrow keys and such are "?"."""
        sources: list[Any] = [wake] if self._keyboard is None else [wake, self._keyboard]
        ready = select.select(sources, [], [], seconds)[0]
        if self._keyboard is None or self._keyboard not in ready:
            return ""
        typed = os.read(self._keyboard.fileno(), 64)
        if not typed:  # the terminal is gone
            return "q"
        return "?" if typed.startswith(b"\x1b") and len(typed) > 1 else chr(typed[0])
