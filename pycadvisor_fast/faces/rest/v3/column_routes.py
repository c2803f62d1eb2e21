"""/api/v3/columns: numbers as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.durations import LONGEST_INTERVAL_NS

from ..serving import untorn
from . import column_forms, documents
from .column_data import Selections, chooser, take
from .column_query import CHOOSING, TIMES, column_query, times
from .parameters import Parameters

if TYPE_CHECKING:
    from ..serving import Serving

PARAMETERS = ("format", "max_age", *CHOOSING, *TIMES)


class Columns:
    """The route of a server."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._selections = Selections(serving.feed)

    async def answer(self, request: Request) -> Response:
        """The newest ticks, or those of some time."""
        feed = self._serving.feed
        parameters = Parameters(request.scope["query_string"], PARAMETERS)
        form = documents.form_of(request, parameters, (documents.JSON, documents.MSGPACK, documents.NUMPY))
        query = column_query(parameters, tuple(feed.ring.groups), has_identities=True)
        choose = chooser(times(parameters))
        await self._serving.fresh.at_most(parameters.duration_ns("max_age", most=LONGEST_INTERVAL_NS))

        def made() -> bytes:
            data = take(feed, query, self._selections.of(query.selector), choose)
            return column_forms.encode(data, form, is_exact=query.is_exact)

        return documents.answer(await self._serving.context.run(lambda: untorn(made)), form)
