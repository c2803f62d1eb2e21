"""Nonces of Digest: made without memory, remembered once somebody has used one rightly (RFC 7616, section 5.4, 5.5).

A nonce is its moment, random bytes, and a keyed hash of both: who does not have the key cannot make one, and who only
asks for them fills no table.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable

LIFE_SECONDS = 300
MOST_USED = 4096  # nonces in use at once; beyond it the oldest are stale early
WINDOW = 64  # counts may come out of order by so many: one nonce is used over several connections
_STAMP, _RANDOM, _SEAL = 8, 8, 16


class Nonces:
    """Safe to use from several threads. ``clock``: seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = os.urandom(32)
        self._lock = threading.Lock()
        self._used: dict[bytes, tuple[int, int]] = {}  # nonce -> (highest count, the WINDOW counts up to it as bits)
        self._floor = b""
        """Nonces up to here that are not in the table are taken for used up."""

    def make(self) -> str:
        """A new one."""
        begin = int(self._clock() * 1e6).to_bytes(_STAMP, "big") + os.urandom(_RANDOM)
        return base64.urlsafe_b64encode(begin + self._seal(begin)).decode()

    def is_fresh(self, nonce: str) -> bool:
        """Whether it is one of ours and young enough."""
        try:
            raw = base64.b64decode(nonce.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return False
        begin, seal = raw[: _STAMP + _RANDOM], raw[_STAMP + _RANDOM :]
        if len(raw) != _STAMP + _RANDOM + _SEAL or not hmac.compare_digest(seal, self._seal(begin)):
            return False
        if base64.urlsafe_b64encode(raw).decode() != nonce:  # bits that do not count: the same one in another guise
            return False
        age = self._clock() - int.from_bytes(begin[:_STAMP], "big") / 1e6
        return -1e-6 <= age <= LIFE_SECONDS

    def use(self, nonce: str, count: int) -> bool:
        """Takes a count of a fresh nonce; only after the answer was found right. False: it was used before."""
        raw = base64.urlsafe_b64decode(nonce)
        with self._lock:
            known = self._used.get(raw)
            if known is None:
                if raw <= self._floor:
                    return False
                self._remember(raw, (count, 1))
                return True
            highest, bits = known
            if count > highest:
                shifted = bits << (count - highest) if count - highest < WINDOW else 0
                self._used[raw] = (count, (shifted | 1) & (1 << WINDOW) - 1)
                return True
            behind = highest - count
            if behind >= WINDOW or bits >> behind & 1:
                return False
            self._used[raw] = (highest, bits | 1 << behind)
            return True

    def _remember(self, raw: bytes, state: tuple[int, int]) -> None:
        if len(self._used) >= MOST_USED:
            self._forget()
        self._used[raw] = state

    def _forget(self) -> None:
        """The oldest eighth. They sort by age, as their bytes begin with the moment."""
        oldest = sorted(self._used)[: MOST_USED // 8]
        for raw in oldest:
            del self._used[raw]
        self._floor = max(self._floor, oldest[-1])

    def _seal(self, begin: bytes) -> bytes:
        return hmac.digest(self._key, begin, hashlib.sha256)[:_SEAL]
