"""Samples that no ring holds: what is allowed to containers, and single numbers."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Sequence

import numpy as np

from pycadvisor_fast.native.exposition import NO_CONTAINER, SAMPLE, Given
from pycadvisor_fast.spec import UNLIMITED, Spec, shares_of_weight_linear

from .labels import Pairs, block

Number = int | float

_SECOND = 10**9
_GO_ZERO_S = -62_135_596_800  # the year 1, Go's zero time, as Unix time
_HEALTH = {"healthy": 1, "": -1}
_HUGE = 2**62  # cAdvisor shows a limit beyond as 0: none


def row(container: int, value: Number, labels_at: int = 0, labels_len: int = 0) -> tuple[int, int, int, int, int]:
    """A sample as SAMPLE has it: whole numbers from 0 as they are, all others as doubles."""
    if isinstance(value, int) and 0 <= value < UNLIMITED:
        return (container, labels_len, labels_at, value, 0)
    return (container, labels_len, labels_at, int.from_bytes(struct.pack("<d", value), "little"), 1)


def lone(value: Number) -> Given:
    """One sample without labels."""
    return Given(np.array([row(NO_CONTAINER, value)], SAMPLE))


def labelled(items: Iterable[tuple[int, Pairs, Number]], form: int, timestamp_ms: int = 0, before: Pairs = ()) -> Given:
    """Samples with labels of their own: (index of the container or NO_CONTAINER, labels, value)."""
    rows, texts, at = [], [], 0
    for container, pairs, value in items:
        text = block((*before, *pairs), form)
        rows.append(row(container, value, at, len(text)))
        texts.append(text)
        at += len(text)
    return Given(np.array(rows, SAMPLE), b"".join(texts), timestamp_ms)


def last_seen(count: int, now: float) -> Given:
    """The same for each of ``count`` containers."""
    rows = np.zeros(count, SAMPLE)
    rows["container"] = np.arange(count)
    rows["value"] = int(now)
    return Given(rows, timestamp_ms=int(now * 1000))


class SpecSamples:
    """Samples of specs, made again when the specs are other objects. One thread at a time."""

    def __init__(self, *, is_strict: bool, is_v2: bool) -> None:
        self._is_strict = is_strict
        self._is_v2 = is_v2
        self._specs: Sequence[Spec] = ()
        self._made: dict[str, Given] = {}

    def of(self, specs: Sequence[Spec]) -> dict[str, Given]:
        """By name; containers are told by their place in ``specs``."""
        if specs is not self._specs:
            found: dict[str, list[tuple[int, int, int, int, int]]] = {}
            for index, spec in enumerate(specs):
                for name, value in self.values(spec).items():
                    if value is not None:
                        found.setdefault(name, []).append(row(index, value))
            self._made = {f"spec.{name}": Given(np.array(rows, SAMPLE)) for name, rows in found.items()}
            self._specs = specs
        return self._made

    def values(self, spec: Spec) -> dict[str, Number | None]:
        """One container's; None: there is none."""
        container, limits = spec.container, spec.limits
        created = self._seconds(container.created_ns)
        out: dict[str, Number | None] = {
            "created": created,
            "started": self._seconds(container.started_ns) if container.started_ns else created,
            "health": _HEALTH.get(container.health, 0),
            "restarts": container.restart_count if container.namespace else None,
        }
        if spec.has_cpu:
            has_quota = limits.cpu_quota_usec not in (None, 0, UNLIMITED)
            out |= {"cpu_period": limits.cpu_period_usec, "cpu_shares": self._shares(spec)}
            out["cpu_quota"] = limits.cpu_quota_usec if has_quota else None
        if spec.has_memory:
            both = limits.memory_and_swap_bytes
            out["memory_limit"] = _limit(limits.memory_bytes)
            out["swap_limit"] = _limit(limits.swap_bytes if self._is_v2 or both is None else both)
            out["memory_reservation"] = _limit(limits.memory_reservation_bytes)
        return out

    def _seconds(self, ns: int) -> int | None:
        return ns // _SECOND if ns else _GO_ZERO_S if self._is_strict else None

    def _shares(self, spec: Spec) -> int | None:
        weight = spec.limits.cpu_weight
        if self._is_strict and self._is_v2 and weight is not None:
            return shares_of_weight_linear(weight)
        return spec.limits.cpu_shares


def has_quota(spec: Spec) -> bool:
    """Whether its CPU time is limited."""
    return spec.limits.cpu_quota_usec not in (None, 0, UNLIMITED)


def _limit(value: int | None) -> int | None:
    return 0 if value is not None and value > _HUGE else value


def clock() -> float:
    """The wall clock; tests set it."""
    return time.time()
