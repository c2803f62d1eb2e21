"""What happened on the host: the log that libpcf writes, read as events that know their containers."""

from __future__ import annotations

from .attached import AttachedEvents, attach_events
from .bus import Bus
from .kinds import kinds_of
from .reader import PAGE, Match, Page, PastPage, PastQuery, Reader
from .retention import Retention
from .stream import EventStream
from .subscription import Subscription, Taken

__all__ = [
    "PAGE",
    "AttachedEvents",
    "Bus",
    "EventStream",
    "Match",
    "Page",
    "PastPage",
    "PastQuery",
    "Reader",
    "Retention",
    "Subscription",
    "Taken",
    "attach_events",
    "kinds_of",
]
