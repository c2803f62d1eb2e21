"""How long and how many events of each kind can be asked for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..config.retention import DEFAULT, UNLIMITED, limit_of
from ..event import KINDS, PROCESS_KINDS

DAY_NS = 24 * 3600 * 10**9
COUNT = 100_000
_LIVE_NS = 60 * 10**9  # what nobody may ask for later is in the log for those who follow it
_LIVE_COUNT = 256
RECORD_BYTES = 1024  # sizeof(pcf_event)
LOG_BYTES = 64 * 2**20  # unless told otherwise


@dataclass(frozen=True, slots=True)
class Retention:
    """Limits by kind, the key "default" for those not named. ``ages`` in ns; ``counts``: -1 = what the log holds."""

    ages: Mapping[str, int] = field(default_factory=lambda: {DEFAULT: DAY_NS})
    counts: Mapping[str, int] = field(default_factory=lambda: {DEFAULT: COUNT})

    def age_ns(self, kind: str) -> int:
        """How old an event of this kind may be."""
        return limit_of(self.ages, kind, DAY_NS)

    def is_kept(self, kind: str) -> bool:
        """Whether past events of this kind can be asked for at all."""
        return self.age_ns(kind) > 0 and limit_of(self.counts, kind, COUNT) != 0

    def kept(self, kinds: Collection[str]) -> frozenset[str]:
        """Those of ``kinds`` whose past can be asked for."""
        return frozenset(kind for kind in kinds if self.is_kept(kind))

    def log_age_ns(self) -> int:
        """How long the log has to keep what it holds."""
        return max(_LIVE_NS, *(self.age_ns(kind) for kind in KINDS))

    def log_limits(self, log_bytes: int = 0) -> dict[str, int]:
        """Records of each kind that a log of so many bytes (0: 64 MiB) has to hold.

        A kind left out: as many as libpcf thinks right, 10 000 of those that come by the thousand.
        """
        most = max(_LIVE_COUNT, (log_bytes or LOG_BYTES) // RECORD_BYTES)
        out = {}
        for kind in KINDS:
            if kind in PROCESS_KINDS and kind not in self.counts and self.counts.get(DEFAULT, COUNT) == COUNT:
                continue
            limit = limit_of(self.counts, kind, COUNT)
            out[kind] = most if limit == UNLIMITED else min(most, max(limit, _LIVE_COUNT))
        return out
