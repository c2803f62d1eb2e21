"""The walk through kernel memory is loaded for whatever groups are asked for, alone or together."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycadvisor_fast.native.collector import NativeCollector
from pycadvisor_fast.options import CollectorOptions

pytestmark = [pytest.mark.root, pytest.mark.guest_inside]

WALKABLE = ("cpu", "cpu_percpu", "memory", "memory_stat", "memory_events", "memory_swap", "pids", "pressure", "limits")


def sources(folder: Path, *groups: str) -> dict[str, str]:
    """What serves each of the groups, those that this host gives."""
    options = CollectorOptions(groups=groups, source="auto", events="off")
    collector = NativeCollector(options, str(folder))
    try:
        plan = collector.plan()["groups"]
        return {name: plan[name]["source"] for name in groups if plan[name]["source"] != "none"}
    finally:
        collector.close()


def test_each_group_alone_as_with_all_others(tmp_path: Path) -> None:
    together = sources(tmp_path / "all", *WALKABLE)
    assert "memory" in together
    for name, source in together.items():
        assert sources(tmp_path / name, name) == {name: source}
