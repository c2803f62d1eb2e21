"""``GET /stats/summary``: what kubelet's Summary API answers, for metrics-server and its like, without a kubelet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.faces.http.answers import JSON, problem
from pycadvisor_fast.faces.http.describe import BOOLEAN, Answer, Described, Parameter

from .summary import summary

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from pycadvisor_fast.faces.http.context import Context

__all__ = ["routes", "summary"]

# strconv.ParseBool, which kubelet reads the parameter with
_YES, _NO = ("1", "t", "T", "TRUE", "true", "True"), ("", "0", "f", "F", "FALSE", "false", "False")


def routes(context: Context) -> list[BaseRoute]:
    """The one route there is."""

    async def get_summary(request: Request) -> Response:
        wanted = request.query_params.get("only_cpu_and_memory", "")
        if wanted not in _YES + _NO:
            return problem(400, f'only_cpu_and_memory: "{wanted[:40]}" is neither true nor false')
        body = await context.run(lambda: _encoded(context, only_cpu_and_memory=wanted in _YES))
        return Response(body, media_type=JSON)

    return [
        Described(
            "/stats/summary",
            get_summary,
            summary="node, pods and containers as kubelet's Summary API shows them (stats/v1alpha1)",
            parameters=[
                Parameter("only_cpu_and_memory", "leave out all else, which is cheaper", BOOLEAN, example="true")
            ],
            answers=[
                Answer(200, "the summary", (JSON,), {"type": "object", "required": ["node", "pods"]}),
                Answer(400, "the parameter is neither true nor false", ("text/plain",)),
            ],
            tag="kubelet",
        )
    ]


def _encoded(context: Context, *, only_cpu_and_memory: bool) -> bytes:
    found = summary(context.feed, only_cpu_and_memory=only_cpu_and_memory)
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
