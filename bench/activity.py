"""How a tick's cost follows activity: 1, 10 and 100 % of the containers did something since the last one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answering import ReaderAnswering
from .cgroups import Cgroups
from .measure import Cost, interleaved
from .report import Part, Table
from .walking import WALK, WALK_NAMES, parts_of

_EVERY = {"1 %": 100, "10 %": 10, "100 %": 1}
_FILES = "pread"


def measure(count: int, rounds: int) -> Part:
    """``count`` containers, of which some are kicked before each pass."""
    part = Part("Activity")
    rows: list[tuple[Any, ...]] = []
    with Cgroups(count, is_busy=True, name="activity") as cgroups:
        methods = {name: ReaderAnswering(WALK_NAMES.get(name, name), cgroups.paths) for name in (_FILES, WALK)}
        try:
            walked = methods[WALK].walked
            if not walked:
                part.notes.append(f"no {WALK}: {methods[WALK].state['reason']}")
                methods.pop(WALK).close()
            else:
                methods[WALK].settle("fast", cgroups.kick)
            for share, every in _EVERY.items():
                found = interleaved(
                    {name: lambda one=one: one.ask("fast") for name, one in methods.items()},  # type: ignore[misc]
                    rounds,
                    lambda every=every: cgroups.kick(every),  # type: ignore[misc]
                )
                rows += [_row(share, name, found, walked, count) for name in found]
        finally:
            for one in methods.values():
                one.close()
    part.tables.append(
        Table(
            f"One tick of {count} containers, CPU microseconds of each (median)",
            ("active", "method", "tick", "flush", "walk", "to the ring", "others", "pread / tick"),
            tuple(rows),
            "Active containers, spread evenly over all, faulted pages before each pass; the others slept. Flush: what "
            "the kernel adds up of its statistics, for the walk; reading files has it inside.",
        )
    )
    return part


def _row(share: str, name: str, found: Mapping[str, Cost], walked: list[str], count: int) -> tuple[Any, ...]:
    cost = found[name]
    parts = parts_of(cost, walked, count) if name == WALK else (cost.cpu_ns / 1000 / count, None, None, None, None)
    return (share, name, *parts, found[_FILES].cpu_ns / cost.cpu_ns)
