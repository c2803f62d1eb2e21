"""``host``: what this host is, which source serves which group and why, what reading costs, and is it true."""

from __future__ import annotations

import json
import logging
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..columns import GROUPS
from ..config import Setting, collector_options
from ..config.values import BOOL
from ..durations import show_duration
from . import exits, logs
from .command import Command, Invocation
from .quantities import size

if TYPE_CHECKING:
    from ..collector import Collector
    from ..options import CollectorOptions

log = logging.getLogger(__name__)

_ROW_HEAD_BYTES = 8  # tick and offset in front of each row's cells, csrc/include/pcf/ring.h
_CELL_BYTES = {"U64": 8, "U32": 4, "P32": 4, "K32": 4, "C16": 2}
_MOST_SHOWN = 40  # wrong values listed one by one; the count goes on
_LAYOUTS = {
    "v1": "cgroup v1, no cgroup2 mount",
    "hybrid": "cgroup v1 controllers and a cgroup2 mount beside them",
    "v2": "cgroup v2",
    "none": "no cgroups",
}


def run(invocation: Invocation) -> int:
    """Prints facts and plan; with --verify checks every number and exits 1 when one is wrong."""
    settings = invocation.settings
    logs.set_up(settings["log_format"], "warning", sys.stderr)
    from ..collector import Collector

    # A private ring: the daemon's, if one runs, is not to be disturbed.
    options = collector_options(settings, ring_dir=None, docker=None)
    if invocation.own["verify"]:
        options = replace(options, interval=_soon(options))
    with Collector(options) as collector:
        if invocation.own["verify"]:
            return _verify(collector, is_json=invocation.own["json"])
        found = {**collector.host(), "bytes_per_container_and_tick": _bytes_per_row(collector.host()["plan"])}
    print(json.dumps(found, indent=1) if invocation.own["json"] else text(found))
    return exits.OK if found["facts"]["layout"] != "none" else exits.UNSUPPORTED


def text(found: Mapping[str, Any]) -> str:
    """Facts, plan and reader figures for people."""
    facts, plan = found["facts"], found["plan"]
    parts = [
        _facts(facts),
        _reader(plan),
        _groups(plan, found["bytes_per_container_and_tick"]),
        _events(found["events"]),
    ]
    if found["notes"]:
        parts.append("\n".join(("Notes", *(f"  {note}" for note in found["notes"]))))
    return "\n\n".join(parts)


def _facts(facts: Mapping[str, Any]) -> str:
    controllers = ", ".join(
        f"{name} (v{found['version']})" for name, found in facts["controllers"].items() if found["version"]
    )
    lines = [
        ("kernel", facts["kernel"]),
        ("cgroups", _LAYOUTS.get(facts["layout"], facts["layout"])),
        ("controllers", controllers or "none"),
        (
            "cores",
            f"{facts['cores_online']} online, {facts['cores_present']} present, {facts['cores_possible']} possible",
        ),
        ("memory", f"{size(facts['memory_bytes'])}iB"),
        ("descriptors", f"{facts['nofile_raised']} (found {facts['nofile_soft']}, at most {facts['nofile_hard']})"),
        ("root", "yes" if facts["is_root"] else "no: what needs it is named below"),
    ]
    for name, fact in facts["abilities"].items():
        lines.append((name, fact["answer"] + (f": {fact['reason']}" if fact["reason"] else "")))
    return "\n".join(("Host", *(f"  {name:<14} {value}" for name, value in lines)))


def _reader(plan: Mapping[str, Any]) -> str:
    figures = [
        f"  {name:<14} {ns / 1000:.1f} us a container and tick{'  <- chosen' if name == plan['reader'] else ''}"
        for name, ns in plan["reader_ns"].items()
    ]
    return "\n".join(("Reader", *(figures or [f"  {plan['reader']:<14} not measured"]), f"  {plan['reader_reason']}"))


def _groups(plan: Mapping[str, Any], row_bytes: Mapping[str, int]) -> str:
    rows = [("GROUP", "SOURCE", "EVERY", "KEPT OPEN", "FILES", "COLUMNS", "WALKED", "BYTES", "TICKS")]
    reasons = []
    for group in GROUPS:
        found = plan["groups"].get(group.name)
        if found is None:
            continue
        is_on = found["source"] != "none" and found["interval_ns"]
        rows.append(
            (
                group.name,
                found["source"],
                show_duration(found["interval_ns"]) if found["interval_ns"] else "off",
                "yes" if found["keep_open"] else "no",
                str(found["files"]),
                f"{len(found['columns'])}/{len(group.columns)}",
                str(len(found["walked"])) if found["source"] == "bpf" else "-",
                str(row_bytes.get(group.name, "-")) if is_on else "-",
                str(found["ring_len"]) if is_on else "-",
            )
        )
        reasons.append(f"  {group.name:<16} {found['reason']}{_not_walked(found)}")
    note = (
        "WALKED: columns that come from the walk through kernel memory; FILES are read for the others, and for a "
        "container the walk cannot tell of. BYTES: one row of the ring, one tick of one container (or of one of its "
        "devices, interfaces, cores)."
    )
    return "\n".join((*_aligned(rows), *textwrap.wrap(note, 100), "", "Why", *reasons))


def _not_walked(found: Mapping[str, Any]) -> str:
    """The columns that files give where the walk gives the rest."""
    left = [name for name in found["columns"] if name not in set(found["walked"])]
    return f"; from files, or for the root only: {', '.join(left)}" if found["source"] == "bpf" and left else ""


def _events(events: Mapping[str, Any]) -> str:
    if "off" in events:
        return f"Events\n  none: {events['off']}"
    rows = [("EVENT", "SOURCE", "LOST", "CAVEATS")]
    rows += [
        (kind, facts["source"], str(facts["lost"]), ", ".join(facts["caveats"]) or "-")
        for kind, facts in events["kinds"].items()
    ]
    # Several kinds of one source share its reason.
    reasons: dict[str, list[str]] = {}
    for kind, facts in events["kinds"].items():
        if facts["reason"]:
            reasons.setdefault(facts["reason"], []).append(kind)
    why = [f"  {', '.join(kinds)}: {reason}" for reason, kinds in reasons.items()]
    return "\n".join((*_aligned(rows), *(("", "Why", *why) if why else ())))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if not index or index == 1 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _bytes_per_row(plan: Mapping[str, Any]) -> dict[str, int]:
    """Bytes of one row by group: the sum of the cells this host gives, in whole words."""
    out = {}
    for group in GROUPS:
        found = plan["groups"].get(group.name)
        if found is not None and found["source"] != "none":
            present = set(found["columns"])
            cells = sum(_CELL_BYTES[column.cell] for column in group.columns if column.name in present)
            out[group.name] = -(-(_ROW_HEAD_BYTES + cells) // 8) * 8
    return out


def _soon(options: CollectorOptions) -> dict[str, float]:
    """Intervals at which a check of every group need not be waited for long: 10 s is still read the slow way."""
    found = options.resolve_intervals((group.name, group.interval_ms) for group in GROUPS)
    return {group.name: min(ns / 1e9, 10.0) for group, ns in zip(GROUPS, found, strict=True) if ns}


def _verify(collector: Collector, *, is_json: bool) -> int:
    wrong: list[Any] = []
    containers = len(collector.containers())  # those that come while it looks are not looked at
    count, checked = collector.verify(wrong.append)
    if is_json:
        print(json.dumps({"checked": checked, "wrong": [entry._asdict() for entry in wrong]}, indent=1))
    else:
        for entry in wrong[:_MOST_SHOWN]:
            print(
                f"wrong: {entry.group}.{entry.column}{f'[{entry.key}]' if entry.key else ''} of {entry.container}: "
                f"the kernel said {entry.before} before and {entry.after} after, the sample says {entry.sample}"
            )
        if count > _MOST_SHOWN:
            print(f"... and {count - _MOST_SHOWN} more")
        print(f"{checked} values of {containers} containers checked, {count} wrong")
    return exits.FAILURE if count else exits.OK


COMMAND = Command(
    name="host",
    summary="what this host gives, which source serves which group and why, and what reading costs",
    run=run,
    own=(
        Setting("json", BOOL, False, "Output", "print JSON"),
        Setting("verify", BOOL, False, "Output", "check every value of every container against the kernel's own text"),
    ),
    about=(
        "Starts a collector of its own with a private ring for a moment; a running daemon is not disturbed. --verify\n"
        "reads the kernel's text before and after a sample and finds every value between the two; what is sampled\n"
        "every ten seconds is waited for only where the last sample is not what the text says. It exits with 1 and\n"
        "names column, container and the three values where one is not."
    ),
    examples=("host", "host --json", "host --verify"),
)
