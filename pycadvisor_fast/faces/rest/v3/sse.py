"""Server-sent events: the text of text/event-stream, and places to go on from. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would collect them
}
RETRY = b"retry: 1000\n\n"
"""How long a browser waits before it connects again, ms."""
BEAT = b": beat\n\n"
"""A comment, while there is nothing to say: whoever went away without a word is noticed."""
BEAT_S = 15.0


def message(data: bytes, *, ident: str = "", name: str = "") -> bytes:
    """One event. ``data`` is JSON without line breaks; one without a name is what ``onmessage`` gets."""
    head = (f"id: {ident}\n" if ident else "") + (f"event: {name}\n" if name else "")
    return head.encode() + b"data: " + data + b"\n\n"


def told(name: str, value: Mapping[str, Any]) -> bytes:
    """An event about the stream itself."""
    return message(json.dumps(value, separators=(",", ":")).encode(), name=name)


def place(text: str) -> tuple[str, int] | None:
    """(epoch, number) of an id that one of our streams gave; None: it is none."""
    epoch, colon, number = text.rpartition(":")
    if not colon or not number.isascii() or not number.isdigit() or len(number) > 19:
        return None
    return epoch, int(number)


def ident(epoch: str, number: int) -> str:
    """The inverse of ``place``."""
    return f"{epoch}:{number}"
