"""Which ticks make a batch: arithmetic on tick numbers, and what the ring still holds of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol


class Tick(Protocol):
    """As native.region.TickInfo."""

    @property
    def tick(self) -> int: ...
    @property
    def monotonic_ns(self) -> int: ...
    @property
    def time_ns(self) -> int: ...


class TickedRegion(Protocol):
    """As native.encoder.Region."""

    @property
    def base_ns(self) -> int: ...
    @property
    def stride(self) -> int: ...
    @property
    def latest(self) -> int: ...
    @property
    def oldest(self) -> int: ...
    def next(self, tick: int, /) -> int: ...
    def tick(self, tick: int, /) -> Tick | None: ...


class Spec(NamedTuple):
    """What one batch holds: its tick number and, by group index, which tick of the group."""

    tick: int
    groups: tuple[tuple[int, Tick], ...]

    @property
    def time(self) -> Tick:
        """The newest tick in it: the batch's times."""
        return max((tick for _, tick in self.groups), key=lambda tick: tick.tick)


class Schedule:
    """The batches of one selection of groups at one interval.

    Without an interval, a batch is a tick at which some group is due. With an interval of w base ticks it is a multiple
    of w, and holds each group's latest tick of the w ticks up to and including it.
    """

    def __init__(self, regions: Sequence[tuple[int, TickedRegion]], interval: int = 0) -> None:
        self.regions = tuple(regions)
        self.interval = interval
        # A stride that another divides adds no tick of its own.
        strides = {interval} if interval else {region.stride for _, region in regions}
        self.strides = tuple(sorted(s for s in strides if not any(s % t == 0 for t in strides if t < s)))

    @property
    def base_ns(self) -> int:
        """Nanoseconds from one tick number to the next."""
        return self.regions[0][1].base_ns

    def next(self, after: int) -> int:
        """The first number > ``after`` at which a batch may be due."""
        return min((after // stride + 1) * stride for stride in self.strides)

    def points(self, after: int, upto: int) -> Iterator[int]:
        """Numbers in (after, upto] at which a batch may be due, ascending."""
        point = self.next(after)
        while point <= upto:
            yield point
            point = self.next(point)

    def held(self, after: int, upto: int) -> Iterator[int]:
        """The ``points`` of which the ring holds something. Hours in which no collector ran cost nothing here."""
        point = self._next_held(after) if after < upto else 0
        while 0 < point <= upto:
            yield point
            point = self._next_held(point)

    def _next_held(self, after: int) -> int:
        before = max(0, self.next(after) - (self.interval or 1))
        tick = min((found for _, region in self.regions if (found := region.next(before))), default=0)
        return -(-tick // self.interval) * self.interval if self.interval else tick

    def count(self, after: int, upto: int) -> int:
        """How many ``points`` there are, without walking them."""
        if upto <= after:
            return 0
        total = 0
        for size in range(1, len(self.strides) + 1):
            for chosen in itertools.combinations(self.strides, size):
                step = math.lcm(*chosen)
                total += (-1) ** (size + 1) * (upto // step - after // step)
        return total

    def spec(self, point: int) -> Spec | None:
        """What the ring holds for the batch at ``point``; None: nothing (skipped, not complete yet, or gone)."""
        window = self.interval or 1
        found = []
        for index, region in self.regions:
            tick = point - point % region.stride
            while tick > point - window and tick > 0:
                if time := region.tick(tick):
                    found.append((index, time))
                    break
                tick -= region.stride
        return Spec(point, tuple(found)) if found else None

    def latest(self) -> Spec | None:
        """Each group's latest tick; None before the first one."""
        found = []
        for index, region in self.regions:
            if time := region.tick(region.latest):
                found.append((index, time))
        return Spec(max(time.tick for _, time in found), tuple(found)) if found else None

    def oldest(self) -> int:
        """The oldest tick that any group still holds, 0 = none yet."""
        return min((region.oldest for _, region in self.regions if region.oldest), default=0)

    def newest(self) -> int:
        """The newest complete tick of any group, 0 = none yet."""
        return max((region.latest for _, region in self.regions), default=0)

    def previous(self, region: TickedRegion, tick: int) -> int:
        """The tick of a group in the batch before the one with ``tick``: what rates refer to. 0: none in the ring."""
        step = max(1, self.interval // region.stride) * region.stride
        candidate = tick - step
        for _ in range(8):  # more skipped ticks in a row than that: no rates
            if candidate <= 0:
                return 0
            if region.tick(candidate):
                return candidate
            candidate -= region.stride
        return 0
