"""The application: every room's routes on one table, and what stands before them, outermost first.

faults (no traceback leaves) -> shaping (fields, gzip, sizes) -> faults -> paths (cleaning, prefix) -> hosts (names of
this machine, where nobody has to show who he is) -> door (who is it) -> routes
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from pycadvisor_fast.door import is_local
from pycadvisor_fast.faces import exposition, kubelet, rest

from . import health, openapi, validate
from .answers import problem
from .context import Context
from .faults import Faults
from .hosts import OwnHosts
from .paths import Paths
from .shaping import Shaping


def application(context: Context, hosts: Sequence[str], more: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The whole ASGI application. ``hosts``: where it is served ("" for a unix socket), of which the door makes who is
    a stranger; ``more``: routes beside those of the rooms."""
    table = Router([*routes(context), *more], default=Elsewhere(context.settings.prefix), redirect_slashes=False)
    inner: ASGIApp = table if context.door is None else context.door.asgi(table, hosts)
    if context.door is not None and not context.door.is_closed and is_local(hosts):
        inner = OwnHosts(inner)
    shaped = Shaping(Faults(Paths(inner, context.settings.prefix), context.counts), context)
    return Faults(shaped, context.counts)


def routes(context: Context) -> list[BaseRoute]:
    """All routes, without the prefix; the first that matches serves."""
    found: list[BaseRoute] = []
    for room in (health, validate, exposition, rest, kubelet):
        found += room.routes(context)
    return [*found, *openapi.routes(context, found)]


class Elsewhere:
    """ASGI: what no route takes. As in cAdvisor it is sent to the page of the containers, which is not there yet."""

    def __init__(self, prefix: str) -> None:
        self._pages = f"{prefix}/containers/"
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        below = request.scope["path"].removeprefix(self._prefix)
        if below.startswith(("/containers/", "/docker/", "/podman/", "/static/")):
            return problem(404, f"no web page in this release; see {self._prefix}/openapi.json for what is served")
        return RedirectResponse(self._pages, 307)
