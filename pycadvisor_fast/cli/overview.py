"""The overview as text: a table for a terminal, plain lines for a pipe. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .board import Line
from .quantities import moment, percent, size, whole

_LEAST_NAME = 12


@dataclass(frozen=True)
class Field:
    """One column of the table. ``key`` sorts by it in the terminal."""

    title: str
    width: int
    show: Callable[[Line], str]
    value: Callable[[Line], float | None]
    key: str = ""


FIELDS: tuple[Field, ...] = (
    Field("CPU%", 6, lambda line: percent(line.cpu_percent), lambda line: line.cpu_percent, "c"),
    Field("THR%", 5, lambda line: percent(line.throttled_percent), lambda line: line.throttled_percent),
    Field("MEM", 6, lambda line: size(line.memory_bytes), lambda line: line.memory_bytes, "m"),
    Field("LIMIT", 6, lambda line: size(line.memory_limit_bytes), lambda line: line.memory_limit_bytes),
    Field("MEM%", 5, lambda line: percent(line.memory_percent), lambda line: line.memory_percent),
    Field("PIDS", 5, lambda line: whole(line.pids), lambda line: line.pids, "p"),
    Field("PSI%", 5, lambda line: percent(line.pressure_percent), lambda line: line.pressure_percent, "s"),
    Field("RX/s", 6, lambda line: size(line.rx_per_sec), lambda line: line.rx_per_sec, "r"),
    Field("TX/s", 6, lambda line: size(line.tx_per_sec), lambda line: line.tx_per_sec, "t"),
    Field("READ/s", 6, lambda line: size(line.read_per_sec), lambda line: line.read_per_sec, "i"),
    Field("WRITE/s", 7, lambda line: size(line.write_per_sec), lambda line: line.write_per_sec, "w"),
)
BY_KEY = {field.key: field for field in FIELDS if field.key}
NAME_KEY = "n"


def ordered(lines: Sequence[Line], key: str) -> list[Line]:
    """Lines by the field of ``key``, largest first, unknown ones last; or by name."""
    if key == NAME_KEY:
        return sorted(lines, key=lambda line: line.container.display_name)
    value = BY_KEY[key].value
    return sorted(lines, key=lambda line: (-(v if (v := value(line)) is not None else -1), line.container.display_name))


def table(lines: Sequence[Line], width: int, key: str = "") -> list[str]:
    """Heading and one row for each line, none wider than ``width``; what does not fit is left out from the right."""
    shown = list(FIELDS)
    while shown and _LEAST_NAME + sum(field.width + 1 for field in shown) > width:
        shown.pop()
    room = max(1, width - sum(field.width + 1 for field in shown))
    head = _cut("NAME", room).ljust(room) + "".join(f" {_title(field, key):>{field.width}}" for field in shown)
    return [head, *(_row(line, shown, room) for line in lines)]


def plain_heading() -> str:
    """Names of the fields of ``plain``, tab-separated."""
    return "\t".join(("TIME", "NAME", "RUNTIME", *(field.title for field in FIELDS)))


def plain(line: Line, time_unix_ns: int) -> str:
    """One container at one moment, tab-separated."""
    name = line.container.display_name.replace("\t", " ").replace("\n", " ")
    return "\t".join((moment(time_unix_ns), name, line.container.runtime, *(field.show(line) for field in FIELDS)))


def _title(field: Field, key: str) -> str:
    return field.title.lower() if key and field.key == key else field.title


def _row(line: Line, shown: Sequence[Field], room: int) -> str:
    name = _cut(printable(line.container.display_name), room).ljust(room)
    return name + "".join(f" {field.show(line):>{field.width}}" for field in shown)


def printable(text: str) -> str:
    """Without what a terminal would obey: a container may be named anything."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _cut(text: str, room: int) -> str:
    """The end of a long name says more than its beginning: ``...1.slice/crio-4f2``."""
    return text if len(text) <= room else "\u2026" + text[len(text) - room + 1 :]
