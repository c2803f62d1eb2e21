"""A CPU goes offline and comes back: seen as it happens, without an interval."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.machine.keeper import MachineKeeper
from pycadvisor_fast.machine.reading import Sources

pytestmark = [pytest.mark.guest_inside, pytest.mark.one_guest]

WAIT = 120.0  # an emulated machine; no test waits for it otherwise
CPU = Path("/sys/devices/system/cpu/cpu1/online")


@pytest.fixture
def keeper() -> Iterator[MachineKeeper]:
    assert "PCF_GUEST" in os.environ, "this test takes a CPU away from the machine that it runs on"
    made = MachineKeeper(Sources(), 0.0)
    made.start()
    yield made
    made.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it was not seen"
        time.sleep(0.05)


def test_a_cpu_that_goes_and_comes(keeper: MachineKeeper) -> None:
    before = keeper.machine().topology
    assert before.cpus_online == before.cpus_present == os.cpu_count()
    CPU.write_text("0")
    try:
        until(lambda: keeper.machine().topology.cpus_online == (before.cpus_online or 0) - 1)
        gone = keeper.machine().topology
        assert [cpu.number for cpu in gone.cpus if not cpu.is_online] == [1]
        assert gone.cpus_present == before.cpus_present
        assert all(1 not in core.cpus for core in gone.physical_cores)
    finally:
        CPU.write_text("1")
    until(lambda: keeper.machine().topology.cpus_online == before.cpus_online)
    assert keeper.machine().topology.physical_cores == before.physical_cores
