"""Signals the main thread waits for. SIGTERM and SIGINT end the daemon, SIGHUP only when a terminal did it."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from types import FrameType, TracebackType

log = logging.getLogger(__name__)


class Signals:
    """Between enter and exit, the first SIGTERM or SIGINT asks for the end; a second one ends the process at once.

    A self-pipe and not a threading.Event: setting an event from a handler can deadlock with the wait it interrupts.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    def __enter__(self) -> Signals:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the end is asked for, at most so long; returns whether it is."""
        until = None if seconds is None else time.monotonic() + seconds
        while self.received is None:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            if select.select([self._read], [], [], left)[0]:
                os.read(self._read, 64)
        return self.received is not None

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP and not (sys.stdin and sys.stdin.isatty()):
            log.info("SIGHUP ignored: settings are read at start only")
            return
        if self.received is None:
            self.received = signal.Signals(number)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
