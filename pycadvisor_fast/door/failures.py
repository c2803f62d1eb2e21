"""How often an address may be wrong: so many at once, and so many a minute."""

from __future__ import annotations

import ipaddress
import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from .refusals import TooManyFailuresError

log = logging.getLogger(__name__)

SAY_EVERY_SECONDS = 60
MOST_ADDRESSES = 4096  # about 1 MiB; the one that was heard of longest ago is forgotten for a new one


def bucket_name(address: str) -> str:
    """What is counted together: an IPv4 address, the 64-bit network of an IPv6 address (one customer's, RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return str(found)


class Failures:
    """A try is taken before credentials are looked at, and given back when they were right: a flood of tries that are
    still being checked is held up as well. Safe to use from several threads."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.a_minute = a_minute
        """Tries a minute, and as many at once; 0: no limit."""
        self.total = 0
        """Wrong credentials since the start."""
        self.refused = 0
        """Tries refused without a look."""
        self._clock = clock
        self._lock = threading.Lock()
        self._silent_until = -math.inf
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # bucket -> (tries left, as of when)

    def take(self, address: str) -> None:
        """A try from ``address``. Raises TooManyFailuresError."""
        if not self.a_minute:
            return
        name, now = bucket_name(address), self._clock()
        with self._lock:
            left = self._tries(name, now)
            if left < 1:
                self.refused += 1
                raise TooManyFailuresError(self._wait(left))
            self._put(name, left - 1, now)
        if left < 2:
            self._say(name, now)

    def check(self, address: str) -> None:
        """Whether a try could be taken, without taking it. Raises TooManyFailuresError."""
        if not self.a_minute:
            return
        with self._lock:
            left = self._tries(bucket_name(address), self._clock())
            if left < 1:
                self.refused += 1
                raise TooManyFailuresError(self._wait(left))

    def give_back(self, address: str) -> None:
        """The try was right."""
        if not self.a_minute:
            return
        name, now = bucket_name(address), self._clock()
        with self._lock:
            left = min(float(self.a_minute), self._tries(name, now) + 1)
            if left >= self.a_minute:
                self._left.pop(name, None)  # nothing to remember
            else:
                self._put(name, left, now)

    def failed(self) -> None:
        """The try was wrong: it stays taken."""
        with self._lock:
            self.total += 1

    @property
    def addresses(self) -> int:
        """How many are remembered."""
        return len(self._left)

    def _wait(self, left: float) -> int:
        return math.ceil((1 - left) * 60 / self.a_minute)

    def _say(self, name: str, now: float) -> None:
        if now < self._silent_until:
            return  # a flood from many addresses must not fill the log
        self._silent_until = now + SAY_EVERY_SECONDS
        log.warning("door: %s gave wrong credentials %d times: told to wait", name, self.a_minute)

    def _tries(self, name: str, now: float) -> float:
        left, then = self._left.get(name, (float(self.a_minute), now))
        return min(float(self.a_minute), left + (now - then) * self.a_minute / 60)

    def _put(self, name: str, left: float, now: float) -> None:
        self._left[name] = (left, now)
        self._left.move_to_end(name)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
