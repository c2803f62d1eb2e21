"""Errors of the old routes: plain text as Go's http.Error writes it, nearly all of them with status 500."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

SERVER_ERROR = 500
BAD_REQUEST = 400
FORBIDDEN = 403


class RestError(Exception):
    """Ends a request of the routes v1.x and v2.x. ``text`` is what cAdvisor's clients see, without the newline."""

    def __init__(self, text: str, status: int = SERVER_ERROR) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def text_error(text: str, status: int = SERVER_ERROR) -> Response:
    """The answer."""
    return Response(
        text.encode("utf-8", "surrogateescape") + b"\n",
        status,
        {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"},
    )


@contextmanager
def explained(prefix: str) -> Iterator[None]:
    """Puts ``prefix`` before the text of what fails within."""
    try:
        yield
    except RestError as error:
        raise RestError(prefix + error.text, error.status) from error
