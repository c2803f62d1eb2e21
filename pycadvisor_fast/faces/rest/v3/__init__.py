"""/api/v3/: ours. Columns of numbers, facts, events, and streams of them; errors in JSON. See docs/rest.md."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ...http.describe import ANY_METHOD, JSON, Answer, Described
from . import column_routes, documents, event_routes
from .describing import parameters
from .errors import guarded, unknown
from .facts import DOCUMENTS
from .number_stream import PARAMETERS as STREAM_PARAMETERS
from .number_stream import NumberStreams
from .parameters import Parameters

if TYPE_CHECKING:
    from ..serving import Serving

PLACE = "/api/v3"
_STREAM = "text/event-stream"
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}


def routes(serving: Serving) -> list[BaseRoute]:
    """All of them; the last takes what none of the others does."""
    return [*_facts(serving), *_numbers(serving), *_events(serving), *_about(serving)]


def _facts(serving: Serving) -> list[BaseRoute]:
    found: list[BaseRoute] = []
    for name, (handler, summary, names) in DOCUMENTS.items():

        async def answer(request: Request, handler: Any = handler, known: Any = ("format", *names)) -> Response:
            told: Response = await handler(serving, request, Parameters(request.scope["query_string"], known))
            return told

        found.append(_route(name, answer, summary, ("format", *names), (JSON, documents.MEDIA[documents.MSGPACK])))
    return found


def _numbers(serving: Serving) -> list[BaseRoute]:
    streams = NumberStreams(serving)
    text = "numbers as columns: the newest ticks, or those of some time"
    return [
        _route(
            "columns",
            column_routes.Columns(serving).answer,
            text,
            column_routes.PARAMETERS,
            tuple(documents.MEDIA.values()),
        ),
        _route("stream", streams.stream, "batches of numbers as they come", STREAM_PARAMETERS, (_STREAM,)),
    ]


def _events(serving: Serving) -> list[BaseRoute]:
    async def past(request: Request) -> Response:
        return await event_routes.past(serving, request)

    async def stream(request: Request) -> Response:
        return await event_routes.stream(serving, request)

    forms = (JSON, documents.MEDIA[documents.MSGPACK])
    return [
        _route("events/stream", stream, "events as they happen", event_routes.STREAM_PARAMETERS, (_STREAM,)),
        _route("events", past, "events of the past", event_routes.PAST_PARAMETERS, forms),
    ]


def _about(serving: Serving) -> list[BaseRoute]:
    listed = {
        "version": serving.context.settings.version,
        "routes": [f"{PLACE}/{name}" for name in (*DOCUMENTS, "columns", "stream", "events", "events/stream")],
    }

    async def index(request: Request) -> Response:
        Parameters(request.scope["query_string"], ())
        return JSONResponse(listed)

    return [
        _route("", index, "the routes there are", (), (JSON,)),
        Route(PLACE, guarded(index)),
        Described(
            PLACE + "/{rest:path}",
            guarded(unknown),
            methods=ANY_METHOD,
            summary="what no other route takes",
            answers=[
                Answer(200, "as the other routes answer, when it names one of them", _MEDIA),
                *_PROBLEMS,
            ],
            tag="v3",
        ),
    ]


def _route(
    name: str,
    handler: Callable[[Request], Awaitable[Response]],
    summary: str,
    names: Sequence[str],
    media: tuple[str, ...],
) -> BaseRoute:
    return Described(
        f"{PLACE}/{name}",
        guarded(handler),
        methods=ANY_METHOD,
        documented=("GET",),
        summary=summary,
        parameters=parameters(names),
        answers=[Answer(200, summary, media), *_PROBLEMS],
        tag="v3",
    )


def _problem(status: int, text: str) -> Answer:
    return Answer(status, text, (JSON,), _ERROR)


_MEDIA = (*documents.MEDIA.values(), _STREAM)
_PROBLEMS = (
    _problem(400, "a parameter makes no sense; the message names it"),
    _problem(403, "the user may not see this"),
    _problem(404, "there is no such route, or this host does not give it"),
    _problem(405, "another method than GET and HEAD"),
    _problem(413, "more than one answer holds"),
    _problem(503, "the server is busy; try again in a second"),
)
