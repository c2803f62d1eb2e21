"""The ring as numpy: ``attach`` maps it; groups give snapshots (one tick) and windows (a span), both immutable."""

from __future__ import annotations

from .group import GroupRing
from .ring import DEFAULT_PATH, Ring, attach
from .snapshot import Reading, Snapshot
from .window import Window

__all__ = ["DEFAULT_PATH", "GroupRing", "Reading", "Ring", "Snapshot", "Window", "attach"]
