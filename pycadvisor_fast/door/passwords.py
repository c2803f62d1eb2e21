"""Checks passwords without holding up anybody else: in threads of low priority, a few at a time, each good one once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from .failures import Failures
from .files import Watched
from .htpasswd import Htpasswd, is_right
from .refusals import BusyError

WORKERS = 2  # a bcrypt check of cost 12 takes a third of a second of a core
MOST_WAITING = 32  # seven seconds' worth for two workers
MOST_FROM_ONE = 8  # of those that wait, from one address: it must not take all the places
MOST_KNOWN = 1024
KNOWN_FOR_SECONDS = 300.0  # good passwords are checked again after it; a changed file forgets them at once
MOST_PASSWORD_BYTES = 1024
_NICENESS = 10


class Passwords:
    """Passwords of a htpasswd file. For any number of event loops and threads.

    What is remembered of a good password is a keyed hash of it, with a key that only this process has.
    """

    def __init__(
        self,
        file: Watched[Htpasswd],
        failures: Failures,
        check: Callable[[bytes, str], bool] = is_right,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.file = file
        self.checked = 0
        """Passwords hashed since the start."""
        self._failures = failures
        self._check = check
        self._clock = clock
        self._key = os.urandom(32)
        self._lock = threading.Lock()
        self._version = file.version
        self._known: OrderedDict[bytes, float] = OrderedDict()  # fingerprint -> good until
        self._running: dict[bytes, Future[bool]] = {}
        self._asking: Counter[str] = Counter()  # address -> how many of those that run are its
        self._pool = ThreadPoolExecutor(WORKERS, "pcf-passwords", initializer=_be_nice)

    async def verify(self, name: str, password: bytes, address: str) -> bool:
        """Whether it is the user's password. Raises TooManyFailuresError, BusyError."""
        hashes = self.file.current()
        hashed = hashes.hashes.get(name)
        mark = self._fingerprint(name, password, hashed or "")
        self._failures.check(address)
        if self._is_known(mark):
            return hashed is not None
        if len(password) > MOST_PASSWORD_BYTES:
            self._failures.take(address)
            self._failures.failed()
            return False
        answer = self._asked(mark, password, hashed or hashes.decoy, address)
        is_good = await asyncio.shield(asyncio.wrap_future(answer)) and hashed is not None
        if is_good:
            self._remember(mark)
        return is_good

    def close(self) -> None:
        """Ends the threads; what waits is not checked any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _asked(self, mark: bytes, password: bytes, hashed: str, address: str) -> Future[bool]:
        """The check that runs for these credentials, begun when there is none: who asks the same waits for it."""
        with self._lock:
            answer = self._running.get(mark)
            if answer is not None:
                return answer
            if len(self._running) >= MOST_WAITING or self._asking[address] >= MOST_FROM_ONE:
                raise BusyError
            self._failures.take(address)
            self._asking[address] += 1
            answer = self._running[mark] = self._pool.submit(self._check, password, hashed)
            self.checked += 1
        answer.add_done_callback(lambda done: self._done(mark, done, address))
        return answer

    def _done(self, mark: bytes, answer: Future[bool], address: str) -> None:
        with self._lock:
            self._running.pop(mark, None)
            self._asking[address] -= 1
            self._asking += Counter()  # drops those at zero
        if answer.cancelled():
            return
        if answer.exception() is None and answer.result():
            self._failures.give_back(address)
        else:
            self._failures.failed()

    def _fingerprint(self, name: str, password: bytes, hashed: str) -> bytes:
        parts = (name.encode("utf-8", "surrogateescape"), hashed.encode(), password)
        text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(self._key, text, hashlib.sha256)

    def _is_known(self, mark: bytes) -> bool:
        with self._lock:
            if self._version != self.file.version:
                self._version = self.file.version
                self._known.clear()
            until = self._known.get(mark)
            if until is None:
                return False
            if until < self._clock():
                del self._known[mark]
                return False
            self._known.move_to_end(mark)
            return True

    def _remember(self, mark: bytes) -> None:
        with self._lock:
            self._known[mark] = self._clock() + KNOWN_FOR_SECONDS
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)


def _be_nice() -> None:
    """Lets everything else go first: on Linux a priority is a thread's own (setpriority(2), NOTES)."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
    except OSError:
        pass
