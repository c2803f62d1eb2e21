"""``events``: what happens, one line each, live or from the past."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..config import Setting
from ..config.values import BOOL, UINT, ValueType, choice, parse_uint
from ..durations import parse_duration, show_duration
from ..event import Event
from ..events import kinds_of
from . import access, exits, logs, origin
from .command import TARGET_FLAGS, Command, Invocation, settings_named
from .event_lines import line
from .origin_events import EventsAsked
from .selecting import CONTAINER_FLAGS, WORDS, query

_PAST = 1000  # shown without --count


def run(invocation: Invocation) -> int:
    """Shows events until Ctrl-C, --count or the end of the pipe; with --past those that were, and ends."""
    settings, own = invocation.settings, invocation.own
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    asked = asked_for(own, invocation.words)
    show = _json if own["format"] == "jsonl" else line
    source = origin.find(settings, own["target"], access.of(own))
    try:
        if own["past"]:
            _print(source.events.past(asked, own["count"] or _PAST), show)
        else:
            _follow(source, asked, own["count"], show)
    except KeyboardInterrupt:
        pass  # how one leaves it
    finally:
        source.close()
    return exits.OK


def asked_for(own: Mapping[str, Any], words: tuple[str, ...]) -> EventsAsked:
    """What a command line asks for. Raises SelectionError for a kind that does not exist."""
    kinds_of(own["kind"])  # before anybody is asked
    selector = query({**own, "leaves": False}, words).selector
    name, value = own["since"] or ("", 0)
    return EventsAsked(
        selector, tuple(own["kind"]), since_seq=value if name == "seq" else None, ago_ns=value if name == "ago" else 0
    )


def parse_since(text: str) -> tuple[str, int]:
    """("ago", ns) for a duration, ("seq", number) for the number of an event. Raises ValueError."""
    if text.isascii() and text.isdigit():
        return "seq", parse_uint(text.lstrip("0") or "0")
    ns = parse_duration(text)
    if ns <= 0:
        raise ValueError(f'"{text}" is not longer than zero')
    return "ago", ns


def _follow(source: origin.Origin, asked: EventsAsked, count: int, show: Callable[[Event], str]) -> None:
    left = count
    for batch in source.events.follow(asked):
        if batch.missed:
            told = ", ".join(f"{number} {kind}" for kind, number in sorted(batch.missed.items()))
            print(f"note: missed {told}: they were overwritten before they could be shown", file=sys.stderr)
        events = batch.events[:left] if count else batch.events
        _print(events, show)
        left -= len(events)
        if count and left == 0:
            return


def _print(events: Iterable[Event], show: Callable[[Event], str]) -> None:
    sys.stdout.write("".join(f"{show(event)}\n" for event in events))
    sys.stdout.flush()


def _json(event: Event) -> str:
    return json.dumps(event.plain(), ensure_ascii=False)


_SINCE = ValueType(
    "duration|number",
    'a duration such as "10m", or the number of an event',
    parse_since,
    lambda value: value,
    lambda value: show_duration(value[1]) if value[0] == "ago" else str(value[1]),
)

COMMAND = Command(
    name="events",
    summary="show what happens: OOM kills, containers that start and end, cgroups, processes; live or past",
    run=run,
    settings=settings_named("ring_dir", "grpc_listen", "config", "log_format", "log_level", "version"),
    own=(
        *TARGET_FLAGS,
        *(flag for flag in CONTAINER_FLAGS if flag.name != "leaves"),
        Setting(
            "kind",
            WORDS,
            (),
            "Which events",
            "oom_kill, container_exit, ..., all; default: all but fork, exec and exit, which are told while asked for",
        ),
        Setting("since", _SINCE, None, "Which events", "begin so long ago, or after the event with this number"),
        Setting("past", BOOL, False, "Which events", "show what was, the newest 1000 or --count, and end"),
        Setting("count", UINT, 0, "Output", "end after so many events; 0: never"),
        Setting("format", choice("text", "jsonl"), "text", "Output", "jsonl: one JSON object a line with all there is"),
    ),
    words="[NAME|/PATH ...]",
    most_words=1000,
    about=(
        "Containers are also those that are gone. Ctrl-C ends it. The number of an event (seq in jsonl) grows until\n"
        "the next boot of the machine."
    ),
    examples=(
        "events",
        "events web --kind oom_kill,container_exit",
        "events --past --since 10m",
        "events --kind exec,exit --runtime docker --format jsonl | jq",
    ),
)
