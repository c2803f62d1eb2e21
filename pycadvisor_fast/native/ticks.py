"""Tells listeners of each tick, from one thread that exists only while somebody listens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

LOOK_MS = 250  # how long a wait for a tick lasts at most: stopping takes no longer
PAUSE_S = 1.0  # after a wait that failed


class TickNotifier:
    """Calls listeners with the newest tick after each pass. A listener must only hand over and return."""

    def __init__(self, wait: Callable[[int, int], int | None], name: str = "pcf-ticks") -> None:
        """``wait(tick, timeout_ms)`` gives the newest tick after ``tick``, or None (NativeCollector.wait).

        The same serves for events, with their numbers for ticks. ``name``: of the thread.
        """
        self._wait = wait
        self._name = name
        self._lock = threading.Lock()
        self._listeners: dict[int, Callable[[int], None]] = {}
        self._next = 0
        self._thread: threading.Thread | None = None
        self._is_active = False
        self._halt = threading.Event()

    def add(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Calls ``listener(tick)`` from now on; returns a function that ends it."""
        with self._lock:
            self._next += 1
            number = self._next
            self._listeners = {**self._listeners, number: listener}
            self._ensure_thread()

        def remove() -> None:
            with self._lock:
                self._listeners = {key: value for key, value in self._listeners.items() if key != number}

        return remove

    def start(self) -> None:
        """Ticks come from now on."""
        with self._lock:
            self._is_active = True
            self._ensure_thread()

    def stop(self) -> None:
        """No listener is called after this returns (unless it is a listener that calls it)."""
        with self._lock:
            self._is_active = False
            self._halt.set()
            thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _ensure_thread(self) -> None:
        if self._is_active and self._listeners and self._thread is None:
            self._halt = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._halt,), name=self._name, daemon=True)
            self._thread.start()

    def _run(self, halt: threading.Event) -> None:
        tick = 0
        while not halt.is_set():
            with self._lock:
                if not self._listeners and not halt.is_set():
                    self._thread = None
                    return
            tick = self._turn(tick, halt)

    def _turn(self, tick: int, halt: threading.Event) -> int:
        """One wait and the calls that follow from it; returns the newest tick told."""
        try:
            latest = self._wait(tick, LOOK_MS)
        except Exception:
            log.exception("%s: waiting failed; trying again in %g s", self._name, PAUSE_S)
            halt.wait(PAUSE_S)
            return tick
        if latest is None:
            return tick
        for number, listener in self._listeners.items():
            if halt.is_set():
                return latest
            try:
                listener(latest)
            except Exception:
                log.exception("%s: a listener failed and is not called again", self._name)
                with self._lock:
                    self._listeners = {key: value for key, value in self._listeners.items() if key != number}
        return latest
