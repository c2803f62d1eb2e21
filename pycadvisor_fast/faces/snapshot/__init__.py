"""Snapshots for fleet agents: what a tick or a window held, as columns in msgpack; see codec.py for the format."""

from __future__ import annotations

from .capture import ABSENT, UNLIMITED, Capture, GroupCapture, stack
from .codec import SnapshotError, decode, encode
from .files import read, read_stream, write

__all__ = [
    "ABSENT",
    "UNLIMITED",
    "Capture",
    "GroupCapture",
    "SnapshotError",
    "decode",
    "encode",
    "read",
    "read_stream",
    "stack",
    "write",
]
