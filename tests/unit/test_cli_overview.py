"""From captures to the lines of the table: rates, sums, absent numbers, sorting, narrow terminals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from pycadvisor_fast.cli import overview, quantities
from pycadvisor_fast.cli.board import Board, Line
from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.snapshot import ABSENT, UNLIMITED, Capture, GroupCapture

WEB = Container("/docker/1", slot=1, generation=1, name="web")
JOB = Container("/docker/2", slot=2, generation=3, name="job")


def group(
    name: str,
    tick: int,
    handles: Sequence[int],
    columns: Mapping[str, Sequence[float]],
    keys: Sequence[str] = (),
    offsets: Sequence[int] = (),
) -> GroupCapture:
    """A group sampled at tick seconds after the epoch."""
    moment = np.array([tick * 10**9], dtype=np.uint64)
    return GroupCapture(
        name=name,
        ticks=np.array([tick], dtype=np.uint64),
        time_unix_ns=moment,
        time_monotonic_ns=moment,
        handles=np.array(handles, dtype=np.uint64),
        keys=tuple(keys),
        offsets_usec=np.array([list(offsets) or [0] * len(handles)], dtype=np.uint32),
        columns={
            column: np.array([values], dtype=np.float64 if "avg" in column else np.uint64)
            for column, values in columns.items()
        },
    )


def capture(*groups: GroupCapture, containers: tuple[Container, ...] = (WEB, JOB)) -> Capture:
    return Capture(containers, {one.name: one for one in groups})


def lines_of(*captures: Capture) -> dict[str, Line]:
    board = Board()
    for one in captures:
        board.update(one)
    return {line.container.name: line for line in board.lines()}


def test_cpu_is_percent_of_one_core_between_the_moments_the_rows_were_read() -> None:
    lines = lines_of(
        capture(group("cpu", 10, [WEB.handle, JOB.handle], {"usage_ns": [0, 5]}, offsets=[0, 0])),
        capture(group("cpu", 11, [JOB.handle, WEB.handle], {"usage_ns": [5, 500_000_000]}, offsets=[0, 250_000])),
    )
    assert lines["web"].cpu_percent == pytest.approx(40)
    assert lines["job"].cpu_percent == 0


def test_one_sample_gives_no_rate_and_a_counter_that_ran_backwards_none() -> None:
    first = capture(
        group("cpu", 10, [WEB.handle], {"usage_ns": [100]}), group("pids", 10, [WEB.handle], {"current": [4]})
    )
    assert lines_of(first)["web"].cpu_percent is None
    assert lines_of(first)["web"].pids == 4
    second = capture(group("cpu", 11, [WEB.handle], {"usage_ns": [50]}))
    assert lines_of(first, second)["web"].cpu_percent is None


def test_groups_keep_their_own_pace() -> None:
    board = Board()
    board.update(
        capture(group("cpu", 10, [WEB.handle], {"usage_ns": [0]}), group("pids", 10, [WEB.handle], {"current": [4]}))
    )
    board.update(capture(group("cpu", 11, [WEB.handle], {"usage_ns": [10**9]})))
    (line,) = board.lines()
    assert (line.cpu_percent, line.pids, board.tick) == (100, 4, 11)


def test_a_tick_seen_twice_changes_nothing() -> None:
    now = capture(group("cpu", 11, [WEB.handle], {"usage_ns": [10**9]}))
    before = capture(group("cpu", 10, [WEB.handle], {"usage_ns": [0]}))
    assert lines_of(before, now, now)["web"].cpu_percent == 100


def test_interfaces_and_devices_add_up_without_loopback() -> None:
    keys = ["eth0", "eth1", "lo"]
    handles = [WEB.handle] * 3
    lines = lines_of(
        capture(group("network", 10, handles, {"rx_bytes": [0, 0, 0], "tx_bytes": [1, 1, 1]}, keys)),
        capture(group("network", 12, handles, {"rx_bytes": [100, 300, 9999], "tx_bytes": [1, 1, 9]}, keys)),
    )
    assert lines["web"].rx_per_sec == 200
    assert lines["web"].tx_per_sec == 0


def test_absent_and_unlimited_are_left_out() -> None:
    lines = lines_of(
        capture(
            group("memory", 10, [WEB.handle, JOB.handle], {"usage_bytes": [100, int(ABSENT)]}),
            group("memory_stat", 10, [WEB.handle, JOB.handle], {"inactive_file_bytes": [30, 0]}),
            group("limits", 10, [WEB.handle, JOB.handle], {"memory_bytes": [int(UNLIMITED), 100]}),
            group("pressure", 10, [WEB.handle], {"cpu_some_avg10": [1.5], "io_some_avg10": [float("nan")]}),
        )
    )
    assert lines["web"].memory_bytes == 70
    assert (lines["web"].memory_limit_bytes, lines["web"].memory_percent) == (None, None)
    assert lines["web"].pressure_percent == 1.5
    assert lines["job"].memory_bytes is None
    assert "-" in overview.table([lines["job"]], 100)[1]


def test_a_container_of_another_generation_is_another_one() -> None:
    heir = Container("/docker/9", slot=1, generation=2, name="heir")
    lines = lines_of(
        capture(group("cpu", 10, [WEB.handle], {"usage_ns": [10]})),
        capture(group("cpu", 11, [heir.handle], {"usage_ns": [20]}), containers=(heir,)),
    )
    assert "web" not in lines
    assert "heir" not in lines  # no number of it is known yet


@pytest.fixture
def some_lines() -> list[Line]:
    return list(
        lines_of(
            capture(group("cpu", 10, [WEB.handle, JOB.handle], {"usage_ns": [0, 0]})),
            capture(group("cpu", 11, [WEB.handle, JOB.handle], {"usage_ns": [10**8, 10**9]}), containers=(WEB, JOB)),
        ).values()
    )


def test_sorting(some_lines: list[Line]) -> None:
    assert [line.container.name for line in overview.ordered(some_lines, "c")] == ["job", "web"]
    assert [line.container.name for line in overview.ordered(reversed(some_lines), "n")] == ["job", "web"]  # type: ignore[arg-type]
    assert [line.container.name for line in overview.ordered(some_lines, "m")] == ["job", "web"]


@pytest.mark.parametrize("width", [1, 5, 12, 20, 40, 80, 81, 200])
def test_no_line_is_wider_than_the_terminal(some_lines: list[Line], width: int) -> None:
    shown = overview.table(some_lines, width)
    assert len(shown) == 3
    assert {len(line) for line in shown} == {width}


def test_names_cannot_command_the_terminal() -> None:
    assert overview.printable("a\x1b[2Jb\n") == "a?[2Jb?"


def test_plain_lines_have_as_many_fields_as_the_heading(some_lines: list[Line]) -> None:
    line = overview.plain(some_lines[0], 1_500_000_000_123_000_000)
    assert line.startswith("2017-07-14T02:40:00.123Z\tweb\traw\t10.0\t")
    assert line.count("\t") == overview.plain_heading().count("\t")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"),
        (0, "0"),
        (999, "999"),
        (1000, "1.0K"),
        (1536, "1.5K"),
        (2**20 * 64, "64.0M"),
        (2**60 * 12.0, "12.0E"),
    ],
)
def test_sizes(count: float | None, text: str) -> None:
    assert quantities.size(count) == text
    assert len(quantities.size(count)) <= 5


def test_spans() -> None:
    assert [quantities.span(s) for s in (0.041, 1.3, 300, 10800, 10**6)] == ["41 ms", "1.3 s", "5 min", "3 h", "12 d"]
