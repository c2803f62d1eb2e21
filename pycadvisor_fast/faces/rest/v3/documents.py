"""A document as JSON or msgpack, as the request wants it."""

from __future__ import annotations

import json
from typing import Any

import msgpack
from starlette.requests import Request
from starlette.responses import Response

from ...http.answers import etag
from .errors import ApiError
from .parameters import Parameters

JSON, MSGPACK, NUMPY = "json", "msgpack", "numpy"
MEDIA = {JSON: "application/json", MSGPACK: "application/msgpack", NUMPY: "application/vnd.pycadvisor-fast.columns"}
_ACCEPTED = {
    "application/json": JSON,
    "application/msgpack": MSGPACK,
    "application/x-msgpack": MSGPACK,
    "application/vnd.msgpack": MSGPACK,
    MEDIA[NUMPY]: NUMPY,
}


def form_of(request: Request, parameters: Parameters, forms: tuple[str, ...] = (JSON, MSGPACK)) -> str:
    """The parameter ``format`` decides, else the first type of the header Accept that there is, else JSON.

    Raises ApiError for a format that is not served.
    """
    if given := parameters.text("format"):
        if given not in forms:
            raise ApiError(400, "bad_request", f"format: {given[:100]!r} is none of {', '.join(forms)}")
        return given
    for part in request.headers.get("accept", "").split(","):
        form = _ACCEPTED.get(part.partition(";")[0].strip().lower())
        if form in forms:
            return str(form)
    return JSON


def encode(value: Any, form: str) -> bytes:
    """The bytes of plain data."""
    if form == MSGPACK:
        return bytes(msgpack.packb(value))
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def answer(body: bytes, form: str, *, is_tagged: bool = False) -> Response:
    """An answer that says that it depends on the header Accept.

    ``is_tagged``: it changes rarely, so whoever has it already is told 304 (see http/shaping.py).
    """
    headers = {"Vary": "Accept"} | ({"ETag": etag(body)} if is_tagged else {})
    return Response(body, headers=headers, media_type=MEDIA[form])
