"""Which ticks of the ring become samples of cAdvisor's JSON: ranges, slower groups, missing rows, torn ticks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.errors import RingError, TornError
from pycadvisor_fast.native import cadvisor_json
from pycadvisor_fast.native.cadvisor_json import StatsEncoder, Wanted

from .cadvisor_reference import time_text
from .handmade_ring import REALTIME_NS, RingWriter

HANDLE = 1 << 32 | 3
CPU = ("cpu", 3, 1, "")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[RingWriter]:
    made = RingWriter(tmp_path, {"cpu": 100, "memory": 100, "limits": 300, "io": 100}, ring_len=32)
    yield made
    made.close()


@pytest.fixture
def encoder(writer: RingWriter) -> Iterator[StatsEncoder]:
    made = StatsEncoder(str(writer.path))
    yield made
    made.close()


def when(tick: int, offset_usec: int = 0) -> int:
    return REALTIME_NS + tick * 100_000_000 + offset_usec * 1000


def samples(encoder: StatsEncoder, **fields: Any) -> list[dict[str, Any]]:
    (text,) = encoder.v1([Wanted(HANDLE, **fields)])
    found: list[dict[str, Any]] = json.loads(text)
    return found


def totals(encoder: StatsEncoder, **fields: Any) -> list[int]:
    return [sample["cpu"]["usage"]["total"] for sample in samples(encoder, **fields)]


def write(writer: RingWriter, *ticks: int, offset_usec: int = 0) -> None:
    for tick in ticks:
        writer.write(tick, {CPU: {"usage_ns": tick}}, offset_usec=offset_usec)


def test_nothing_yet(encoder: StatsEncoder, writer: RingWriter) -> None:
    assert list(encoder.v1([Wanted(HANDLE)])) == [b"[]"]
    assert list(encoder.v1([])) == []
    writer.write(1, {})
    assert list(encoder.v2([Wanted(HANDLE), Wanted(HANDLE)])) == [b"[]", b"[]"]


def test_count_takes_the_newest_oldest_first(encoder: StatsEncoder, writer: RingWriter) -> None:
    write(writer, *range(1, 11))
    assert totals(encoder) == list(range(1, 11))
    assert totals(encoder, newest=3) == [8, 9, 10]
    assert totals(encoder, newest=100) == list(range(1, 11))
    assert totals(encoder, newest=0) == []
    assert totals(encoder, newest=-5) == list(range(1, 11))
    assert totals(encoder, newest=2**62) == list(range(1, 11))


def test_a_range_is_inclusive_and_of_the_samples_own_times(encoder: StatsEncoder, writer: RingWriter) -> None:
    write(writer, *range(1, 11), offset_usec=250)
    begin, end = when(4, 250), when(7, 250)
    assert totals(encoder, start_ns=begin, end_ns=end) == [4, 5, 6, 7]
    assert totals(encoder, start_ns=begin + 1, end_ns=end - 1) == [5, 6]
    assert totals(encoder, start_ns=begin) == [4, 5, 6, 7, 8, 9, 10]
    assert totals(encoder, end_ns=end) == [1, 2, 3, 4, 5, 6, 7]
    assert totals(encoder, end_ns=end, newest=2) == [6, 7]
    assert totals(encoder, start_ns=when(11)) == []
    assert totals(encoder, end_ns=when(1)) == []
    assert totals(encoder, start_ns=end, end_ns=begin) == []
    assert totals(encoder, start_ns=2**64 - 1, end_ns=2**64 - 1) == []


def test_containers_of_one_call_may_want_different_samples(encoder: StatsEncoder, writer: RingWriter) -> None:
    for tick in range(1, 6):
        writer.write(tick, {("cpu", slot, 1, ""): {"usage_ns": 10 * slot + tick} for slot in (0, 3, 9)})
    wanted = [
        Wanted(1 << 32 | 9, newest=1),
        Wanted(1 << 32 | 0, start_ns=when(2), end_ns=when(3)),
        Wanted(HANDLE, newest=2),
        Wanted(2 << 32 | 3),
        Wanted(1 << 32 | 60),
    ]
    found = [[sample["cpu"]["usage"]["total"] for sample in json.loads(text)] for text in encoder.v1(wanted)]
    assert found == [[95], [2, 3], [34, 35], [], []]


def test_samples_as_a_member_of_an_object(encoder: StatsEncoder, writer: RingWriter) -> None:
    write(writer, 1, 2)
    head = b'{"name":"x"'
    whole, none, plain = encoder.v1(
        [Wanted(HANDLE, head=head), Wanted(HANDLE, newest=0, head=head, health=b'"odd"'), Wanted(HANDLE, newest=0)]
    )
    assert [sample["cpu"]["usage"]["total"] for sample in json.loads(whole)["stats"]] == [1, 2]
    assert list(json.loads(whole)) == ["name", "stats"]
    assert (none, plain) == (b'{"name":"x"}', b"[]")


def test_times(encoder: StatsEncoder, writer: RingWriter) -> None:
    write(writer, 1, offset_usec=0)
    write(writer, 10, offset_usec=20_000)
    write(writer, 11, offset_usec=999_999)
    expected = [time_text(when(1)), time_text(when(10, 20_000)), time_text(when(11, 999_999))]
    assert [sample["timestamp"] for sample in samples(encoder)] == expected
    assert expected[0] == "2023-11-14T22:13:20.1Z"


def test_slower_groups_give_their_newest_tick_that_is_not_after_it(encoder: StatsEncoder, writer: RingWriter) -> None:
    for tick in range(2, 9):
        rows = {CPU: {"usage_ns": tick}, ("memory", 3, 1, ""): {"usage_bytes": 4096}}
        if tick % 3 == 0:
            rows["limits", 3, 1, ""] = {"memory_peak_bytes": tick * 4096 * 2}
        writer.write(tick, rows)
    peaks = {tick: s["memory"]["max_usage"] // 8192 for tick, s in zip(range(2, 9), samples(encoder), strict=True)}
    assert peaks == {2: 0, 3: 3, 4: 3, 5: 3, 6: 6, 7: 6, 8: 6}


def test_a_row_that_misses_in_a_slower_tick_is_taken_from_the_one_before(
    encoder: StatsEncoder, writer: RingWriter
) -> None:
    writer.write(3, {CPU: {}, ("limits", 3, 1, ""): {"pids": 33}})
    writer.write(6, {CPU: {}, ("limits", 4, 1, ""): {"pids": 66}})
    assert [sample["processes"]["threads_max"] for sample in samples(encoder)] == [33, 33]
    writer.write(9, {CPU: {}})
    assert "threads_max" not in samples(encoder)[-1]["processes"], "two in a row are missing: it is not known any more"


def test_a_row_that_misses_in_a_base_tick_is_not_taken_from_before(encoder: StatsEncoder, writer: RingWriter) -> None:
    writer.write(1, {CPU: {"usage_ns": 1}, ("memory", 3, 1, ""): {"usage_bytes": 4096}})
    writer.write(2, {CPU: {"usage_ns": 2}})
    writer.write(3, {("memory", 3, 1, ""): {"usage_bytes": 8192}})
    writer.write(4, {("io", 3, 1, "8:0"): {"read_bytes": 1}})
    found = samples(encoder)
    assert [(s["cpu"]["usage"]["total"], s["memory"]["usage"]) for s in found] == [(1, 4096), (2, 0), (0, 8192)]


def test_ticks_without_the_container_do_not_count(encoder: StatsEncoder, writer: RingWriter) -> None:
    for tick in range(1, 11):
        writer.write(tick, {CPU: {"usage_ns": tick}} if tick in (2, 3, 8) else {})
    assert totals(encoder, newest=2) == [3, 8]
    assert totals(encoder, newest=3) == [2, 3, 8]


def test_an_earlier_tenant_is_somebody_else(encoder: StatsEncoder, writer: RingWriter) -> None:
    writer.write(1, {CPU: {"usage_ns": 1}, ("io", 3, 1, "8:0"): {"read_bytes": 5}})
    for name in ("cpu", "io"):
        writer.release(name, 3, 1, 2)
    writer.write(2, {("cpu", 3, 2, ""): {"usage_ns": 2}})
    assert totals(encoder) == [], "its rows are the next one's"
    (text,) = encoder.v1([Wanted(2 << 32 | 3)])
    (sample,) = json.loads(text)
    assert sample["cpu"]["usage"]["total"] == 2
    assert "io_service_bytes" not in sample["diskio"]


def test_no_rates_without_a_sample_before(encoder: StatsEncoder, writer: RingWriter) -> None:
    def rates(**fields: Any) -> list[bool]:
        (text,) = encoder.v2([Wanted(HANDLE, **fields)])
        return ["cpu_inst" in sample for sample in json.loads(text)]

    write(writer, 1, 2, 3)
    assert rates() == [False, True, True]
    assert rates(newest=1) == [False]
    writer.write(4, {CPU: {"usage_ns": 1}})
    assert rates() == [False, True, True, False], "it fell"
    writer.write(5, {("memory", 3, 1, ""): {"usage_bytes": 4096}})
    write(writer, 6)
    assert rates() == [False, True, True, False, False, False], "no cpu row in one of the two"


def test_rates_use_the_time_between_the_two_rows(encoder: StatsEncoder, writer: RingWriter) -> None:
    writer.write(1, {CPU: {"usage_ns": 0}}, offset_usec=1000)
    writer.write(3, {CPU: {"usage_ns": 100_500_000}}, offset_usec=2000)
    (text,) = encoder.v2([Wanted(HANDLE)])
    assert json.loads(text)[1]["cpu_inst"]["usage"]["total"] == 500_000_000


def test_a_tick_that_is_being_written_is_not_there_yet(encoder: StatsEncoder, writer: RingWriter) -> None:
    write(writer, 1, 2)
    writer.begin_only("cpu", 3)
    assert totals(encoder) == [1, 2]


def test_the_ring_goes_round(encoder: StatsEncoder, writer: RingWriter) -> None:
    write(writer, *range(1, 100))
    assert totals(encoder) == list(range(68, 100))


def test_a_call_is_made_again_when_a_tick_was_overwritten(
    encoder: StatsEncoder, writer: RingWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Torn:
        left = 3

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def pcf_json_encode(self, *arguments: Any) -> int:
            self.left -= 1
            return -116 if self.left >= 0 else int(real.pcf_json_encode(*arguments))

    real, torn = cadvisor_json.lib, Torn()
    write(writer, 1)
    monkeypatch.setattr(cadvisor_json, "lib", torn)
    assert totals(encoder) == [1]
    torn.left = 100
    with pytest.raises(TornError, match="overwritten 8 times"):
        totals(encoder)


def test_reading_while_it_is_written(encoder: StatsEncoder, writer: RingWriter) -> None:
    """Every sample that is handed over is whole: both columns of a tick say the same."""
    stop = threading.Event()

    def keep_writing() -> None:
        tick = 1
        while not stop.is_set():
            writer.write(tick, {CPU: {"usage_ns": tick, "user_ns": tick}, ("io", 3, 1, "8:0"): {"read_bytes": tick}})
            tick += 1

    thread = threading.Thread(target=keep_writing)
    thread.start()
    seen = set()
    try:
        while len(seen) < 300:
            try:
                found = samples(encoder)
            except TornError:  # on a machine that stops this thread again and again
                continue
            for sample in found:
                usage = sample["cpu"]["usage"]
                assert usage["total"] == usage["user"]
                seen.add(usage["total"])
    finally:
        stop.set()
        thread.join()


def test_several_threads_share_an_encoder(encoder: StatsEncoder, writer: RingWriter) -> None:
    for tick in range(1, 30):
        writer.write(tick, {("cpu", slot, 1, ""): {"usage_ns": slot} for slot in range(60)})
    wanted = [Wanted(1 << 32 | slot) for slot in range(60)]
    expected = list(encoder.v1(wanted))
    wrong: list[int] = []

    def ask() -> None:
        for _ in range(5):
            if list(encoder.v1(wanted)) != expected:
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_long_answers_come_in_several_pieces(encoder: StatsEncoder, writer: RingWriter) -> None:
    for tick in range(1, 33):
        writer.write(tick, {("cpu", slot, 1, ""): {"usage_ns": slot} for slot in range(40)})
    arrays = list(encoder.v1([Wanted(1 << 32 | slot, filesystem=b'"' + b"x" * 4000 + b'"') for slot in range(40)]))
    assert sum(map(len, arrays)) > 4 * cadvisor_json.ENOUGH
    for slot, text in enumerate(arrays):
        found = json.loads(text)
        assert [sample["cpu"]["usage"]["total"] for sample in found] == [slot] * 32
        assert {len(sample["filesystem"]) for sample in found} == {4000}


def test_a_ring_without_anything_to_sample(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path, {"network": 100})
    encoder = StatsEncoder(str(tmp_path))
    with pytest.raises(RingError, match="no group that samples can be made of"):
        list(encoder.v1([Wanted(HANDLE)]))
    encoder.close()
    writer.close()
    with pytest.raises(RingError):
        StatsEncoder(str(tmp_path / "nowhere"))
