"""What goes wrong in a route, as an answer: without a traceback, which is in the log under the id the answer names."""

from __future__ import annotations

import logging
import secrets

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import problem
from .counts import Counts

log = logging.getLogger(__name__)


class Faults:
    """ASGI: answers what ``app`` raises. An HTTPException has its status; everything else is 500 with an id."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_started = False

        async def noting(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except (CutOffError, ClientDisconnect):
            raise
        except HTTPException as error:
            if is_started:
                raise CutOffError(str(error.detail)) from None
            await problem(error.status_code, str(error.detail), error.headers)(scope, receive, send)
        except Exception as error:
            self._counts.failures += 1
            name = secrets.token_hex(6)
            log.exception("request %s: %s %.200r failed", name, scope["method"], scope["path"])
            if is_started:
                raise CutOffError(name) from error
            await problem(500, f"internal error; the daemon's log has more under {name}")(scope, receive, send)


class CutOffError(Exception):
    """An answer that had begun cannot be ended well: its connection is cut, so that the client notices."""
