"""Answers that several routes give alike: plain errors, JSON, entity tags."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response

JSON = "application/json"


def problem(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as cAdvisor's routes write one: plain text and one newline."""
    return PlainTextResponse(text + "\n", status, headers)


def tagged(body: bytes, media_type: str = JSON, status: int = 200) -> Response:
    """An answer with an entity tag, so that whoever has it already is told 304 (see shaping.py)."""
    return Response(body, status, {"ETag": etag(body)}, media_type)


def etag(body: bytes) -> str:
    """A weak one: it stays the same under gzip."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
