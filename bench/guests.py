"""The readers and the walk on other kernels: QEMU guests with pure cgroup v2, compared by ratios alone.

A guest without KVM is emulated: instructions cost ten to thirty times what they cost outside, and not all alike, so
microseconds of a guest say nothing. Needs the guests' kernels, which ``python -m tests.guest.vm`` fetches once.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.guest import vm
from tests.guest.kernels import GuestError

from .programs import HERE
from .readers import C_OPEN
from .report import Part, Table, Target
from .walking import WALK, WALK_NAMES

CONTAINERS = 200
_ROUNDS = 5
_TIMEOUT_SECONDS = 400.0
_LAYOUT = "v2"


def measure(count: int, rounds: int, series: Sequence[str]) -> Part:
    """Boots each kernel in turn and has it measure ``count`` containers."""
    part = Part("Other kernels")
    rows: list[tuple[Any, ...]] = []
    shares: list[tuple[Any, ...]] = []
    for one in series:
        try:
            found = _measured(one, count, min(rounds, _ROUNDS))
        except GuestError as error:
            part.notes.append(f"{one}: not measured: {str(error).splitlines()[0]}")
            part.targets.append(_target(one, None))
            continue
        kernel = str(found["facts"]["kernel"])
        readers, walks = (found["parts"][0]["tables"] + [{"rows": []}])[:2]
        rows += _ratios(kernel, readers["rows"])
        shares += _shares(kernel, walks["rows"])
        part.notes += [f"{kernel}: {note}" for note in found["parts"][0]["notes"]]
        busy = [row[8] for row in walks["rows"] if row[1] == "busy" and row[2] == WALK]
        part.targets.append(_target(one, 100 / busy[0] if busy and count >= CONTAINERS else None))
    part.tables += _tables(rows, shares, count)
    return part


def _measured(series: str, count: int, rounds: int) -> Mapping[str, Any]:
    """What ``python -m bench readers`` found inside."""
    words = ["readers", "--few", f"--n={count}", f"--rounds={rounds}", "--results=/guest"]
    with tempfile.TemporaryDirectory(prefix="pcf-bench-guest-") as folder:
        done = vm.run(
            vm.Guest(series, _LAYOUT),
            [sys.executable, "-m", "bench", *words],
            folder=Path(folder),
            cwd=HERE.parent,
            timeout=_TIMEOUT_SECONDS,
        )
        if done.status:
            raise GuestError(f"the bench ended with status {done.status}: {done.output.strip()[-300:]!r}")
        found: Mapping[str, Any] = json.loads((Path(folder) / "latest.json").read_text())
    return found


def _ratios(kernel: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """CPU time of C open and of our pread by that of each method, as (kernel, state, method, ratio, ratio)."""
    cpu = {(row[1], row[2]): row[3] for row in rows}
    return [
        (kernel, state, name, cpu[state, C_OPEN] / value, cpu[state, "pread"] / value)
        for (state, name), value in cpu.items()
    ]


def _shares(kernel: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The parts of a tick in percent, and pread by walk for the groups that it gives."""
    return [
        (kernel, state, name, *(None if value is None else 100 * value / tick for value in parts), walked)
        for _, state, name, tick, *parts, _, walked in rows
        if name in WALK_NAMES
    ]


def _tables(rows: Sequence[tuple[Any, ...]], shares: Sequence[tuple[Any, ...]], count: int) -> list[Table]:
    return [
        Table(
            f"{count} containers on cgroup v2, ratios of CPU time (median)",
            ("kernel", "", "method", "C open / this", "pread / this"),
            tuple(rows),
            "In emulated guests (QEMU TCG): only ratios mean something, and they differ from those of a real "
            "processor. Of what is read every second.",
        ),
        Table(
            "What a tick by the walk is made of there, percent",
            ("kernel", "", "method", "flush", "walk", "to the ring", "others", "pread / walked groups"),
            tuple(shares),
        ),
    ]


def _target(series: str, percent: float | None) -> Target:
    return Target(
        f"tick by eBPF with flush on {series}, busy, all groups, of our pread reader (emulated)", 100 / 6, percent, "%"
    )
