"""Results as data, as text for people, and as docs/benchmarks.md. Pure, apart from writing the files at the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Table:
    """Cells are texts or numbers; numbers are shown with three significant digits."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Target:
    """What the project promises, and what was measured. None: this run did not measure it."""

    name: str
    limit: float
    measured: float | None
    unit: str
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """pass, MISS by how much, or not measured."""
        if self.measured is None:
            return "not measured"
        good = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        if good:
            return "pass"
        return f"MISS by {abs(self.measured / self.limit - 1):.0%}"


_TARGET = ("name", "limit", "measured", "unit", "at_least")


@dataclass
class Part:
    """One section of the report."""

    title: str
    tables: list[Table] = field(default_factory=list)
    measured: str = ""
    """When, and how busy the machine was before."""
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def as_text(part: Part) -> str:
    """For the terminal."""
    out = [f"== {part.title}"]
    for table in part.tables:
        cells = [table.columns, *(tuple(number(cell) for cell in row) for row in table.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
        out += ["", table.title]
        out += [
            "  " + "  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in cells
        ]
        out += [f"  {table.note}"] if table.note else []
    out += [f"  note: {note}" for note in part.notes]
    out += [f"  {_sentence(target)}" for target in part.targets]
    return "\n".join(out)


def as_markdown(facts: dict[str, Any], parts: Sequence[Part]) -> str:
    """docs/benchmarks.md."""
    out = [
        "<!-- Written by: make bench. Do not edit. -->",
        "# Benchmarks",
        "",
        "Measured by `make bench` on this host:",
        "",
        "| fact | value |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in facts.items()),
        "",
        "The bench makes its own cgroups, takes turns between all methods in every round, and shows medians. *busy*:",
        "before every pass each container faulted pages, so that the kernel has something to add up; *idle* that",
        "nothing happened since the last pass. Times are microseconds of one container and pass unless a heading says",
        "otherwise. Machines differ: compare the columns of one table, not the tables of two machines.",
        "",
        "## What was promised",
        "",
        "| promise | limit | measured | |",
        "|---|---|---|---|",
    ]
    for target in (target for part in parts for target in part.targets):
        sign = "≥" if target.at_least else "≤"
        measured = "" if target.measured is None else f"{number(target.measured)} {target.unit}"
        out.append(f"| {target.name} | {sign} {number(target.limit)} {target.unit} | {measured} | {target.verdict} |")
    for part in parts:
        out += ["", f"## {part.title}"]
        out += ["", f"Measured {part.measured}."] if part.measured else []
        for table in part.tables:
            out += ["", f"**{table.title}**", "", f"| {' | '.join(table.columns)} |", "|---" * len(table.columns) + "|"]
            out += [f"| {' | '.join(number(cell) for cell in row)} |" for row in table.rows]
            out += ["", table.note] if table.note else []
        out += ["", *(f"- {note}" for note in part.notes)] if part.notes else []
    return "\n".join(out) + "\n"


def as_json(facts: dict[str, Any], parts: Sequence[Part]) -> str:
    """Everything, for programs."""
    plain = [
        {**asdict(part), "targets": [{**asdict(target), "verdict": target.verdict} for target in part.targets]}
        for part in parts
    ]
    return json.dumps({"facts": facts, "parts": plain}, indent=1, ensure_ascii=False)


def kept(folder: Path, now: Sequence[Part]) -> list[Part]:
    """The parts of the last results, with those measured ``now`` in their places, new ones at the end."""
    try:
        old = [_part(plain) for plain in json.loads((folder / "latest.json").read_text(encoding="utf-8"))["parts"]]
    except FileNotFoundError:
        old = []
    titles = [part.title for part in old]
    newer = {part.title: part for part in now}
    return [newer.get(part.title, part) for part in old] + [part for part in now if part.title not in titles]


def _part(plain: dict[str, Any]) -> Part:
    tables = [
        Table(table["title"], tuple(table["columns"]), tuple(map(tuple, table["rows"])), table["note"])
        for table in plain["tables"]
    ]
    targets = [Target(**{name: target[name] for name in _TARGET}) for target in plain["targets"]]
    return Part(plain["title"], tables, plain.get("measured", ""), targets, plain["notes"])


def write(folder: Path, page: Path | None, facts: dict[str, Any], parts: Sequence[Part]) -> None:
    """JSON below ``folder``; the page only when all parts were measured."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.json").write_text(as_json(facts, parts) + "\n", encoding="utf-8")
    if page is not None:
        page.write_text(as_markdown(facts, parts), encoding="utf-8")


def number(value: Any) -> str:
    """Three significant digits, no exponent; texts as they are; None as a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3g}"


def _sentence(target: Target) -> str:
    sign = ">=" if target.at_least else "<="
    measured = f"{number(target.measured)} {target.unit}"
    return f"{target.verdict}: {target.name}: {measured} (promised {sign} {number(target.limit)})"
