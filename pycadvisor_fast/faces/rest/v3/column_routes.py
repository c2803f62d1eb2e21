"""/api/v3/columns: numbers as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.durations import LONGEST_INTERVAL_NS

from ..serving import untorn
from . import column_forms, documents
from .column_data import chooser, take
from .column_query import CHOOSING, TIMES, column_query, times
from .parameters import Parameters

if TYPE_CHECKING:
    from ..serving import Serving

PARAMETERS = ("format", "max_age", *CHOOSING, *TIMES)


async def columns(serving: Serving, request: Request) -> Response:
    """The newest ticks, or those of some time."""
    parameters = Parameters(request.scope["query_string"], PARAMETERS)
    form = documents.form_of(request, parameters, (documents.JSON, documents.MSGPACK, documents.NUMPY))
    query = column_query(parameters, tuple(serving.feed.ring.groups), has_identities=True)
    choose = chooser(times(parameters))
    await serving.fresh.at_most(parameters.duration_ns("max_age", most=LONGEST_INTERVAL_NS))

    def made() -> bytes:
        return column_forms.encode(take(serving.feed, query, choose), form, is_exact=query.is_exact)

    return documents.answer(await serving.context.run(lambda: untorn(made)), form)
