"""Events (info/v1 Event). Plain data."""

from __future__ import annotations

from dataclasses import dataclass

from ..decode import Number, Text, Time, renamed


@dataclass(frozen=True, slots=True)
class OomKill:
    """Who was killed, and whose limit it was."""

    pid: Number = None
    process_name: Text = None
    constraint: Text = None  # "CONSTRAINT_MEMCG", "CONSTRAINT_NONE", ...


@dataclass(frozen=True, slots=True)
class ContainerDeletion:
    """How a container ended; -1: not known."""

    exit_code: Number = None


@dataclass(frozen=True, slots=True)
class EventData:
    """What an event says beyond its type."""

    oom_kill: OomKill | None = renamed("oom")
    container_deletion: ContainerDeletion | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """``event_type``: "oom", "oomKill", "containerCreation", "containerDeletion"."""

    container_name: Text = None
    timestamp: Time = None
    event_type: Text = None
    event_data: EventData | None = None
