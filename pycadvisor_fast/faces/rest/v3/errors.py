"""Errors of v3: JSON with a code, a message and a fitting status."""

from __future__ import annotations

import functools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from pycadvisor_fast.errors import NotServedError, PycadvisorError, SelectionError, TornError

from ..following import FullError

log = logging.getLogger(__name__)

METHODS = ("GET", "HEAD")
Handler = Callable[[Request], Awaitable[Response]]


class ApiError(Exception):
    """Ends a request. ``code``: a word for programs; ``message``: what failed, on what, and what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def error_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """{"error": {"code": ..., "message": ...}}."""
    body = json.dumps({"error": {"code": code, "message": message}}, separators=(",", ":"))
    return Response(body.encode(), status, headers, "application/json")


def guarded(handler: Handler) -> Handler:
    """Serves GET and HEAD; makes answers of what the handler raises."""

    @functools.wraps(handler)
    async def call(request: Request) -> Response:
        if request.method not in METHODS:
            allow = ", ".join(METHODS)
            text = f"{request.method} is not served here; {allow} are"
            return error_answer(405, "method_not_allowed", text, {"Allow": allow})
        try:
            return await handler(request)
        except ApiError as error:
            return error_answer(error.status, error.code, error.message)
        except HTTPException as error:
            return error_answer(error.status_code, _code(error.status_code), error.detail, error.headers)
        except PycadvisorError as error:
            return _failed(error)
        except ClientDisconnect:
            raise
        except Exception:
            name = secrets.token_hex(6)
            log.exception("request %s: %s %.200r failed", name, request.method, request.url.path)
            return error_answer(500, "failed", f"internal error; the daemon's log has more under {name}")

    return call


async def unknown(request: Request) -> Response:
    """What no route of v3 takes."""
    return error_answer(404, "not_found", "there is no such route; /api/v3/ lists those there are")


def _failed(error: PycadvisorError) -> Response:
    if isinstance(error, NotServedError):
        return error_answer(404, "not_served", str(error))
    if isinstance(error, SelectionError):
        return error_answer(400, "bad_request", str(error))
    if isinstance(error, FullError | TornError):
        return error_answer(503, "busy", str(error), {"Retry-After": "1"})
    log.error("HTTP: a request failed: %s", error)
    return error_answer(500, "failed", str(error))


def _code(status: int) -> str:
    return {404: "not_found", 413: "too_large", 503: "busy"}.get(status, "bad_request" if status < 500 else "failed")
