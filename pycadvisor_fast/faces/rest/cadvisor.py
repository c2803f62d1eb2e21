"""cAdvisor's routes: one endpoint for all versions, which takes a path apart and has the request type answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.errors import PycadvisorError

from . import framing, v1, v2
from .errors import RestError, text_error

if TYPE_CHECKING:
    from .serving import Serving

PLACE = "/api/"


def endpoint(serving: Serving) -> Callable[[Request], Awaitable[Response]]:
    """Answers what is below /api/ of v1.x and v2.x."""

    async def answer(request: Request) -> Response:
        try:
            asked = framing.asked(rest(request))
            handlers = v1.HANDLERS if asked.is_v1 else v2.HANDLERS
            return await handlers[asked.kind](serving, asked, request)
        except RestError as error:
            return text_error(error.text, error.status)
        except PycadvisorError as error:
            return text_error(str(error))

    return answer


def rest(request: Request) -> str:
    """What follows /api/ in the path; bytes that are no UTF-8, as names of cgroups may have them, are surrogates."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", "")).removeprefix(PLACE)
