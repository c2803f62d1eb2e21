"""Which ticks make a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.faces.grpc.schedule import Schedule


class FakeTick(NamedTuple):
    tick: int
    monotonic_ns: int
    time_ns: int


@dataclass
class FakeRegion:
    stride: int
    have: set[int] = field(default_factory=set)
    base_ns: int = 10_000_000

    def tick(self, tick: int, /) -> FakeTick | None:
        return FakeTick(tick, tick, tick) if tick in self.have else None

    def next(self, tick: int, /) -> int:
        assert 0 <= tick < 2**64
        return min((have for have in self.have if have > tick), default=0)

    @property
    def latest(self) -> int:
        return max(self.have, default=0)

    @property
    def oldest(self) -> int:
        return min(self.have, default=0)


def schedule(strides: list[int], interval: int = 0) -> Schedule:
    regions = [FakeRegion(stride, set(range(stride, 2000, stride))) for stride in strides]
    return Schedule(list(enumerate(regions)), interval)


@given(
    strides=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    interval=st.integers(0, 40),
    after=st.integers(0, 500),
    length=st.integers(-5, 200),
)
def test_points_and_their_count(strides: list[int], interval: int, after: int, length: int) -> None:
    made = schedule(strides, interval)
    steps = [interval] if interval else strides
    expected = [n for n in range(after + 1, after + length + 1) if any(n % step == 0 for step in steps)]
    assert list(made.points(after, after + length)) == expected
    assert made.count(after, after + length) == len(expected)


@given(
    strides=st.lists(st.integers(1, 7), min_size=1, max_size=3),
    have=st.sets(st.integers(1, 120)),
    interval=st.integers(0, 9),
    after=st.integers(-1, 60),
)
def test_held_are_the_points_of_which_there_is_something(
    strides: list[int], have: set[int], interval: int, after: int
) -> None:
    regions = [FakeRegion(stride, {tick for tick in have if tick % stride == 0}) for stride in strides]
    made = Schedule(list(enumerate(regions)), interval)
    assert list(made.held(after, 100)) == [point for point in made.points(after, 100) if made.spec(point)]
    assert list(made.held(2**64 - 1, 100)) == []


def test_a_week_without_a_collector_is_stepped_over() -> None:
    week = 7 * 86_400 * 100
    made = Schedule([(0, FakeRegion(1, {5, week})), (1, FakeRegion(100, {100}))])
    assert list(made.held(4, week)) == [5, 100, week]


def test_each_group_appears_in_the_tick_it_was_due() -> None:
    made = schedule([1, 10])
    assert [(i, t.tick) for i, t in made.spec(9).groups] == [(0, 9)]  # type: ignore[union-attr]
    assert [(i, t.tick) for i, t in made.spec(10).groups] == [(0, 10), (1, 10)]  # type: ignore[union-attr]


def test_with_an_interval_each_group_gives_its_latest_since_the_batch_before() -> None:
    made = schedule([2, 7, 100], interval=5)
    assert [(i, t.tick) for i, t in made.spec(15).groups] == [(0, 14), (1, 14)]  # type: ignore[union-attr]
    assert [(i, t.tick) for i, t in made.spec(20).groups] == [(0, 20)]  # type: ignore[union-attr]
    assert made.spec(15).time.tick == 14  # type: ignore[union-attr]


def test_a_skipped_tick_is_no_batch_and_an_interval_takes_the_one_before() -> None:
    region = FakeRegion(1, {1, 2, 4, 5})
    assert Schedule([(0, region)]).spec(3) is None
    assert Schedule([(0, region)], 3).spec(3).groups[0][1].tick == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(("interval", "tick", "previous"), [(0, 50, 45), (10, 50, 40), (12, 50, 40), (3, 50, 45)])
def test_rates_refer_to_the_batch_before(interval: int, tick: int, previous: int) -> None:
    region = FakeRegion(5, set(range(5, 100, 5)))
    assert Schedule([(0, region)], interval).previous(region, tick) == previous


def test_rates_skip_over_skipped_ticks_but_not_for_ever() -> None:
    region = FakeRegion(1, {10, 13, 99})
    made = Schedule([(0, region)])
    assert made.previous(region, 13) == 10
    assert made.previous(region, 99) == 0
    assert made.previous(region, 1) == 0


def test_before_the_first_tick() -> None:
    made = Schedule([(0, FakeRegion(1))])
    assert (made.latest(), made.oldest(), made.newest(), made.spec(5)) == (None, 0, 0, None)
