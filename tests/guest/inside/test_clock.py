"""The wall clock is set, an hour forwards and an hour back: ticks, streams and rates go by the other clock."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from pycadvisor_fast import Client, Collector
from pycadvisor_fast.client import ColumnsSnapshot
from pycadvisor_fast.faces.grpc import serve
from pycadvisor_fast.views.rates import window_rates
from tests.host.cgroup_tree import CgroupTree

pytestmark = [pytest.mark.guest_inside, pytest.mark.one_guest]

HOUR = 3600 * 10**9
STEP_MS = 100
SLACK = 30 * 10**9  # an emulated machine beside others: seconds are nothing, an hour is
BUSY = "import time\nwhile True:\n for _ in range(9): sum(range(20000))\n time.sleep(0.01)"


def step(nanoseconds: int) -> None:
    """Sets the guest's wall clock. Nowhere else: a host's clock is not ours."""
    assert "PCF_GUEST" in os.environ, "this test sets the clock of the machine that it runs on"
    time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME) + nanoseconds)


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    with CgroupTree() as tree:
        path = tree.make("busy")
        tree.spawn("busy", sys.executable, "-c", BUSY)
        options = {"docker": None, "history": 120, "include": (f"{tree.name}*",), "groups": ("cpu", "memory", "host")}
        with Collector(interval=STEP_MS / 1000, **options) as running:
            yield running, path


def strictly_growing(numbers: list[int]) -> bool:
    return numbers == sorted(set(numbers))


def sane(rates: NDArray[np.float64]) -> bool:
    """Of a process that keeps a core half busy. One jerk of an emulated machine may look like a few cores; with an
    hour in the divisor instead of 100 ms a rate would be 36000 times off."""
    return bool(1e7 < np.nanmedian(rates) < 4e9 and np.nanmax(rates) < 1e11 and np.nanmin(rates) >= 0)


def stepped(running: Collector, by: int) -> None:
    """Some ticks, the step, some ticks."""
    running.wait(running.wait() + 10, timeout=60)
    step(by)
    running.wait(running.wait() + 10, timeout=60)


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forwards", "backwards"])
def test_samples_go_on_through_a_step(collector: tuple[Collector, str], by: int) -> None:
    running, path = collector
    try:
        running.wait(timeout=60)
        began = time.monotonic_ns()  # before the status: it takes longer than a tick in an emulated machine
        before = running.status()
        stepped(running, by)
        after, took = running.status(), time.monotonic_ns() - began
        window = running.window("cpu", 60)
        rates = window_rates(window, "usage_ns")
        container = running.container(path)
    finally:
        step(-by)
    # Ticks are those of the monotonic clock: no burst to make up for an hour, no hour without any.
    passed, skipped = (after[name] - before[name] for name in ("ticks", "skipped"))
    assert passed >= 2
    assert 20 <= passed + skipped <= took / (STEP_MS * 1e6) + 2
    assert window.ticks.tolist() == sorted(set(window.ticks.tolist()))
    late = window.monotonic_ns - window.ticks.astype(np.int64) * STEP_MS * 10**6
    assert late.min() >= 0
    assert late.max() < SLACK
    # The wall clock is told as it was: one step of an hour, else what the monotonic clock says.
    apart = np.diff(window.times_ns) - np.diff(window.monotonic_ns)
    far = np.abs(apart) > HOUR // 2
    assert far.sum() == 1
    assert abs(apart[far][0] - by) < SLACK
    assert np.abs(apart[~far]).max() < SLACK
    # Rates divide by the time between two reads, which no clock that is set can change.
    assert container is not None
    mine = rates[:, window.slots.tolist().index(container.slot)]
    assert np.isfinite(mine).sum() >= 10
    assert sane(mine)


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forwards", "backwards"])
def test_a_stream_goes_on_through_a_step(collector: tuple[Collector, str], by: int) -> None:
    running, _ = collector

    def listen(target: str) -> tuple[list[ColumnsSnapshot], int]:
        seen: list[ColumnsSnapshot] = []
        with Client(target) as client:
            for batch in client.stream_columns(groups="cpu", rates=True, timeout=120):
                seen.append(batch)
                if len(seen) == 5:
                    step(by)
                if len(seen) >= 15:
                    break
            return seen, len(client.window(1.0, groups="cpu"))

    async def main() -> tuple[list[ColumnsSnapshot], int]:
        server = await serve(running, "127.0.0.1:0")
        try:
            return await asyncio.to_thread(listen, server.addresses[0])
        finally:
            await server.stop(0.2)

    wall = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns()
    try:
        seen, past = asyncio.run(main())
    finally:
        step(wall - (time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns()))
    assert [batch.is_first for batch in seen] == [True] + 14 * [False], "it was never connected anew"
    assert strictly_growing([batch.tick for batch in seen])
    assert strictly_growing([batch.time_monotonic_ns for batch in seen])
    assert abs(seen[-1].time_unix_ns - seen[0].time_unix_ns - by) < SLACK
    assert 1 <= past <= 12, "a window of the last second is a second of ticks"
    shown = np.concatenate([batch["cpu"].rates["usage_ns"] for batch in seen[1:]])
    assert sane(shown)
