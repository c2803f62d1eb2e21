"""Minute, hour and day of a ring written by hand, against numpy on the very samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.summaries.gathering import Summaries
from pycadvisor_fast.summaries.keeping import DAY_NS, HOUR_NS, MINUTE_NS, Kept, Part
from pycadvisor_fast.v1.summary_pb2 import GetSummaryRequest
from pycadvisor_fast.views.digests import digest

from .grpc_rig import run, running
from .handmade_ring import RingWriter, container, groups_of

INTERVALS = {"cpu": 100, "memory": 100}
PER_TICK_NS = 100_000_000


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[RingWriter]:
    writer = RingWriter(tmp_path / "ring", INTERVALS, ring_len=64)
    yield writer
    writer.close()


def cpu(slot: int, tick: int) -> int:
    """A container that runs in bursts: one core in each tenth tick, a hundredth otherwise."""
    bursts = tick // 10
    return (slot + 1) * (bursts * PER_TICK_NS + (tick - bursts) * (PER_TICK_NS // 100))


def write(writer: RingWriter, ticks: range, slots: tuple[int, ...] = (0, 1)) -> None:
    for tick in ticks:
        rows = {}
        for slot in slots:
            rows["cpu", slot, 1, ""] = {"usage_ns": cpu(slot, tick)}
            rows["memory", slot, 1, ""] = {"usage_bytes": 4096 * (tick + slot)}
        writer.write(tick, rows)


def test_the_minute_is_exact_and_counts_its_samples(writer: RingWriter) -> None:
    write(writer, range(1, 41))
    write(writer, range(41, 51), slots=(0,))
    with groups_of(writer) as ring:
        found = Summaries(ring, 60.0).summary()
    assert set(found) == {"cpu_cores", "memory_bytes"}  # the others are not sampled here
    memory = found["memory_bytes"].minute
    assert memory.handles.tolist() == [container(0).handle, container(1).handle]
    assert memory.count.tolist() == [50, 40]
    assert memory.expected == 600
    assert memory.is_exact
    for row, values in enumerate((np.arange(1, 51), np.arange(2, 42))):
        values = values * 4096.0
        assert memory.mean[row] == pytest.approx(values.mean())
        assert memory.deviation[row] == pytest.approx(values.std())
        assert (memory.least[row], memory.most[row]) == (values.min(), values.max())
        assert memory.percentiles[:, row] == pytest.approx(np.percentile(values, [50, 90, 95, 99]))
    cores = found["cpu_cores"].minute
    rates = np.diff([cpu(0, tick) for tick in range(1, 51)]) / PER_TICK_NS
    assert cores.count.tolist() == [49, 39]
    assert cores.mean[0] == pytest.approx(rates.mean())
    assert cores.percentiles[:, 0] == pytest.approx(np.percentile(rates, [50, 90, 95, 99]))
    assert cores.most[0] == pytest.approx(1.0)


def test_peaks_of_short_windows_are_what_the_average_hides(writer: RingWriter) -> None:
    write(writer, range(1, 52))
    with groups_of(writer) as ring:
        peaks = Summaries(ring, 60.0).summary(["cpu_cores"])["cpu_cores"].peaks
    assert [one.window_ns for one in peaks] == [100_000_000, 1_000_000_000]  # 10 ms is not sampled
    short, long = peaks
    assert short.count.tolist() == [50, 50]
    assert short.most == pytest.approx([1.0, 2.0])
    assert short.percentiles[0] == pytest.approx([0.01, 0.02])
    assert long.count.tolist() == [5, 5]
    assert long.most == pytest.approx([0.109, 0.218])


def test_a_window_with_a_missing_end_is_none(writer: RingWriter) -> None:
    write(writer, range(1, 11))
    write(writer, range(13, 24))  # ticks 11 and 12 were missed
    with groups_of(writer) as ring:
        short, long = Summaries(ring, 60.0).summary(["cpu_cores"])["cpu_cores"].peaks
    assert short.count.tolist() == [19, 19]
    assert long.count.tolist() == [1, 1]


def test_hour_and_day_hold_what_the_ring_no_longer_does(writer: RingWriter) -> None:
    with groups_of(writer) as ring:
        summaries = Summaries(ring, 60.0)
        for begin in range(1, 301, 50):
            write(writer, range(begin, begin + 50))
            summaries.gather()
        found = summaries.summary()
    rates = np.diff([cpu(1, tick) for tick in range(1, 301)]) / PER_TICK_NS
    for part in (found["cpu_cores"].hour, found["cpu_cores"].day):
        assert part.count.tolist() == [299, 299]  # each sample once, no pair of neighbours lost between two rounds
        assert not part.is_exact
        assert part.mean[1] == pytest.approx(rates.mean())
        assert part.percentiles[:, 1] == pytest.approx(np.percentile(rates, [50, 90, 95, 99], method="lower"), rel=0.01)
    assert found["memory_bytes"].hour.count.tolist() == [300, 300]
    assert (found["memory_bytes"].hour.expected, found["memory_bytes"].day.expected) == (36_000, 864_000)


def part(minute: int, value: float) -> Part:
    handles = np.array([7], np.uint64)
    return Part(minute * MINUTE_NS, (minute + 1) * MINUTE_NS, digest(np.full((60, 1), value), handles))


def test_what_is_older_than_an_hour_or_a_day_is_dropped() -> None:
    kept = Kept()
    for minute in range(26 * 60):
        kept.add(part(minute, float(minute)))
    now = 26 * HOUR_NS
    hour, day = kept.hour(now), kept.day(now)
    assert hour.digests.most[0] == 26 * 60 - 1
    assert now - HOUR_NS - MINUTE_NS * 10 <= hour.from_ns <= now - HOUR_NS + MINUTE_NS * 10
    assert hour.digests.count[0] == 60 * (26 * 60 - hour.from_ns // MINUTE_NS)
    assert day.digests.most[0] == 26 * 60 - 1
    assert now - DAY_NS - 3 * HOUR_NS <= day.from_ns <= now - DAY_NS + 3 * HOUR_NS
    assert day.digests.count[0] == 60 * (26 * 60 - day.from_ns // MINUTE_NS)


def test_a_name_that_is_none_is_refused(writer: RingWriter) -> None:
    with groups_of(writer) as ring, pytest.raises(SelectionError, match="cpu_cores"):
        Summaries(ring, 60.0).summary(["cpu"])


def test_over_grpc(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, slots=3) as rig:
            rig.ticks(range(1, 41))
            answer = await rig.stub.GetSummary(GetSummaryRequest(metrics=["memory_bytes"]))
            assert [one.handle for one in answer.containers] == [container(slot).handle for slot in range(3)]
            (memory,) = answer.containers[1].metrics
            values = np.arange(1, 41) * 4096.0 * 2
            assert (memory.metric, memory.minute.count, memory.minute.expected) == ("memory_bytes", 40, 600)
            assert memory.minute.mean == pytest.approx(values.mean())
            assert memory.minute.p99 == pytest.approx(np.percentile(values, 99))
            lower = np.percentile(values, 99, method="lower")
            assert memory.hour.p99 == pytest.approx(lower, rel=answer.relative_error)
            assert memory.minute.is_exact
            assert not memory.day.is_exact
            assert not memory.peaks

    run(main())


def test_the_working_set_is_less_the_newest_inactive_page_cache(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path / "ring", {"memory": 100, "memory_stat": 300}, ring_len=64)
    try:
        for tick in range(1, 13):
            rows = {("memory", slot, 1, ""): {"usage_bytes": 4096 * 100 * tick} for slot in (0, 1)}
            rows["memory_stat", 0, 1, ""] = {"inactive_file_bytes": 4096 * 10 * tick}
            writer.write(tick, rows)
        with groups_of(writer) as ring:
            minute = Summaries(ring, 60.0).summary(["working_set_bytes"])["working_set_bytes"].minute
    finally:
        writer.close()
    expected = [4096 * (100 * tick - 10 * (tick - tick % 3)) for tick in range(3, 13)]  # before tick 3 none is known
    assert minute.count.tolist() == [10, 0]
    assert minute.mean[0] == pytest.approx(np.mean(expected))
    assert minute.most[0] == max(expected)
