"""``watch``: live numbers, as a table in a terminal or as lines in a pipe."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..config import Setting
from ..config.values import INTERVAL, UINT, choice
from ..durations import show_duration
from ..faces.snapshot import Capture, encode
from . import access, exits, logs, origin, overview
from .board import GROUPS, Board
from .command import TARGET_FLAGS, Command, Invocation, settings_named
from .get import row_values
from .ls import plain
from .origin import Origin
from .quantities import moment
from .screen import BOLD, PLAIN, Screen
from .selecting import CONTAINER_FLAGS, NUMBER_FLAGS, Query, query

_KEYS = "q quit  n name  c cpu  m memory  p pids  s pressure  r rx  t tx  i read  w write"


def run(invocation: Invocation) -> int:
    """Shows numbers until q, Ctrl-C, --count or the end of the pipe."""
    settings, own = invocation.settings, invocation.own
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    asked = _with_numbers(query(own, invocation.words), own["format"])
    source = origin.find(settings, own["target"], access.of(own))
    try:
        note = _too_fast(source, asked, own["interval"])
        captures = _counted(source.follow(asked, own["interval"]), own["count"])
        if own["format"] == "auto" and sys.stdout.isatty():
            _live(captures, source, note)
        else:
            if note:
                print(f"note: {note}", file=sys.stderr)
            _lines(captures, own["format"])
    except KeyboardInterrupt:
        return exits.OK  # how one leaves a watch
    finally:
        source.close()
    return exits.OK


def _with_numbers(asked: Query, form: str) -> Query:
    """The overview needs its own groups; the machine formats give what was asked for, by default everything."""
    from dataclasses import replace

    if form in ("jsonl", "msgpack"):
        return asked
    return replace(asked, groups=GROUPS, columns=())


def _too_fast(source: Origin, asked: Query, interval_ns: int) -> str:
    fastest = source.interval_ns(asked)
    if not interval_ns or interval_ns >= fastest:
        return ""
    return (
        f"{source.label} samples every {show_duration(fastest)}; for {show_duration(interval_ns)} start it with "
        f"--housekeeping_interval={show_duration(interval_ns)}"
    )


def _counted(captures: Iterator[Capture], count: int) -> Iterator[Capture]:
    for number, capture in enumerate(captures, 1):
        yield capture
        if number == count:
            return


def _lines(captures: Iterator[Capture], form: str) -> None:
    write: Callable[[Capture], None] = {"jsonl": _write_json, "msgpack": _write_msgpack}.get(form) or _TextLines().write
    for capture in captures:
        write(capture)


class _TextLines:
    """One tab-separated line for each container and tick."""

    def __init__(self) -> None:
        self._board = Board()
        self._is_begun = False

    def write(self, capture: Capture) -> None:
        self._board.update(capture)
        out = [] if self._is_begun else [overview.plain_heading()]
        self._is_begun = True
        lines = overview.ordered(self._board.lines(), overview.NAME_KEY)
        out += [overview.plain(line, self._board.time_unix_ns) for line in lines]
        sys.stdout.write("".join(f"{line}\n" for line in out))
        sys.stdout.flush()


def _write_json(capture: Capture) -> None:
    """One object for each container and tick; groups by name, rows of keyed groups by key."""
    groups: dict[int, dict[str, Any]] = {}
    moments: dict[int, tuple[int, int]] = {}
    for group in capture.groups.values():
        moment_of_group = (int(group.ticks[-1]), int(group.time_unix_ns[-1]))
        for row, (handle, key) in enumerate(group.rows()):
            mine = groups.setdefault(handle, {})
            moments[handle] = max(moments.get(handle, (0, 0)), moment_of_group)
            if key:
                mine.setdefault(group.name, {})[key] = row_values(group, row)
            else:
                mine[group.name] = row_values(group, row)
    for container in capture.containers:
        if container.handle in groups:
            tick, unix_ns = moments[container.handle]
            head = {"time": moment(unix_ns), "time_unix_ns": unix_ns, "tick": tick, "container": plain(container)}
            sys.stdout.write(json.dumps({**head, "groups": groups[container.handle]}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _write_msgpack(capture: Capture) -> None:
    sys.stdout.buffer.write(encode(capture))
    sys.stdout.buffer.flush()


class _Feeder:
    """Takes captures in a thread; the terminal thread is woken through a pipe and reads the board under the lock."""

    def __init__(self, captures: Iterator[Capture]) -> None:
        self.board = Board()
        self.lock = threading.Lock()
        self.error: BaseException | None = None
        self.is_over = False
        self.wake, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._captures = captures
        threading.Thread(target=self._run, name="pcf-watch", daemon=True).start()

    def _run(self) -> None:
        try:
            for capture in self._captures:
                with self.lock:
                    self.board.update(capture)
                self._ring()
        except BaseException as error:
            self.error = error
        self.is_over = True
        self._ring()

    def _ring(self) -> None:
        try:
            os.write(self._wake, b"x")
        except BlockingIOError:
            pass  # the terminal is slower than the ticks: it draws the newest when it comes to it

    def taken(self) -> None:
        """Empties the pipe."""
        try:
            os.read(self.wake, 4096)
        except BlockingIOError:
            pass


def _live(captures: Iterator[Capture], source: Origin, note: str) -> None:
    feeder = _Feeder(captures)
    key = "c"
    with Screen(sys.stdout, sys.stdin) as screen:
        while not feeder.is_over:
            typed = screen.wait(feeder.wake, 1.0)  # at least once a second, to follow a resized terminal
            feeder.taken()
            if typed in ("q", "Q"):
                return
            if typed == overview.NAME_KEY or typed in overview.BY_KEY:
                key = typed
            with feeder.lock:
                lines, time_unix_ns = feeder.board.lines(), feeder.board.time_unix_ns
            screen.draw(_picture(lines, key, source.label, note, time_unix_ns, screen.size()))
    if feeder.error is not None:
        raise feeder.error


def _picture(lines: list[Any], key: str, label: str, note: str, time_unix_ns: int, size: tuple[int, int]) -> list[str]:
    width, height = size
    head = f"{len(lines)} containers from {label}" + (f", {moment(time_unix_ns)}" if time_unix_ns else ", waiting")
    rows = overview.table(overview.ordered(lines, key)[: max(0, height - 3)], width, key)
    return [head[:width], (note or _KEYS)[:width], f"{BOLD}{rows[0]}{PLAIN}", *rows[1:]]


COMMAND = Command(
    name="watch",
    summary="show live numbers: a table in a terminal, lines in a pipe",
    run=run,
    settings=settings_named("ring_dir", "grpc_listen", "config", "log_format", "log_level", "version"),
    own=(
        *TARGET_FLAGS,
        *CONTAINER_FLAGS,
        *NUMBER_FLAGS,
        Setting("interval", INTERVAL, 0, "Output", "how often; default: as often as the daemon samples"),
        Setting(
            "format",
            choice("auto", "text", "jsonl", "msgpack"),
            "auto",
            "Output",
            "auto: a table in a terminal, text in a pipe; jsonl and msgpack have all numbers, or those of --group",
        ),
        Setting("count", UINT, 0, "Output", "end after so many ticks; 0: never"),
    ),
    words="[NAME|/PATH ...]",
    most_words=1000,
    about="Keys in a terminal: " + _KEYS + ".",
    examples=(
        "watch",
        'watch "web-*"',
        "watch --runtime docker --interval 5s",
        "watch --format jsonl --group cpu | jq",
    ),
)
