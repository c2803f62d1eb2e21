"""The one route of this face."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute

from pycadvisor_fast.errors import PycadvisorError
from pycadvisor_fast.faces.http.describe import ANY_METHOD, BOOLEAN, INTEGER, PLAIN, Answer, Described, Parameter

from . import query
from .negotiation import accepts_gzip, choose
from .scrape import Scraper

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from pycadvisor_fast.faces.http.context import Context

log = logging.getLogger(__name__)

_CHUNK = 256 << 10  # what asyncio has to keep of an answer when the client reads slowly
_NOTHING = "No metrics gathered, last error:\n\n"
FORMS = ("text/plain", "application/openmetrics-text", "application/vnd.google.protobuf")
PARAMETERS = (
    Parameter("type", "only the containers of a runtime", {"type": "string", "enum": list(query.TYPES)}),
    Parameter("max_age", "how old samples may be, as Go writes a duration; 0: fresh ones", example="1s"),
    Parameter("count", "has no effect, as in cAdvisor", INTEGER),
    Parameter("container", "names, or paths (they begin with / or *), globs", example="/*", is_repeated=True),
    Parameter("label", "NAME=VALUE, or NAME", example="app=web", is_repeated=True),
    Parameter("group", "metric kinds, groups, spec, machine, own or exit", example="cpu", is_repeated=True),
    Parameter("name[]", "names of metrics, globs", example="container_memory_*", is_repeated=True),
    Parameter("extras", "our own series as well", BOOLEAN, example="true"),
    Parameter("created", "_created lines in OpenMetrics", BOOLEAN, example="true"),
)


class Metrics:
    """The page as an ASGI application: any method is served, as in cAdvisor; HEAD without a body."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scraper: Scraper | None = None
        self._making = threading.Lock()
        self._with_extras = context.settings.prometheus_extras
        self._with_created = context.settings.prometheus_created

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            asked = query.parse(
                request.query_params.multi_items(), with_extras=self._with_extras, with_created=self._with_created
            )
            user = scope.get("pcf_user")
            asked = replace(asked, with_envs=user is None or user.may("env"))
            form, content_type = choose(",".join(request.headers.getlist("accept")))
            is_packed = accepts_gzip(",".join(request.headers.getlist("accept-encoding")))
            data = await self._context.run(lambda: self._answer(asked, form, is_packed=is_packed))
        except query.QueryError as error:
            await PlainTextResponse(f"{_NOTHING}{error}\n", error.status)(scope, receive, send)
            return
        except PycadvisorError as error:
            log.warning("no answer to a scrape: %s", error)
            await PlainTextResponse(f"{_NOTHING}{error}\n", 500)(scope, receive, send)
            return
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(data)).encode()),
            (b"vary", b"Accept, Accept-Encoding"),
            (b"cache-control", b"no-store"),
        ]
        headers += [(b"content-encoding", b"gzip")] if is_packed else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _send_body(memoryview(b"") if request.method == "HEAD" else data, send)

    def _answer(self, asked: query.Query, form: int, *, is_packed: bool) -> memoryview:
        with self._making:  # at the first question, since routes are made before the feed is there
            if self._scraper is None:
                self._scraper = Scraper(self._context.feed, self._context.settings)
        return self._scraper.answer(asked, form, is_packed=is_packed)


async def _send_body(data: memoryview, send: Send) -> None:
    """In pieces: each waits until the client has taken most of the one before."""
    for at in range(0, max(1, len(data)), _CHUNK):
        is_last = at + _CHUNK >= len(data)
        await send({"type": "http.response.body", "body": data[at : at + _CHUNK], "more_body": not is_last})


def routes(context: Context) -> list[BaseRoute]:
    """The page, at the path the settings give it, without the prefix."""
    return [
        Described(
            context.settings.prometheus_endpoint,
            Metrics(context),
            summary="every container and the machine, for Prometheus",
            methods=ANY_METHOD,
            parameters=PARAMETERS,
            answers=[
                Answer(200, "the exposition, in the form that Accept asks for", FORMS),
                Answer(400, "a parameter of ours makes no sense", (PLAIN,)),
                Answer(500, "one of cAdvisor's does, or nothing could be gathered", (PLAIN,)),
                Answer(503, "too many requests are waiting", (PLAIN,)),
            ],
            tag="prometheus",
        )
    ]
