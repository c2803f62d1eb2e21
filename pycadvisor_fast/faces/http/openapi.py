"""/openapi.json: the document of every route, made from what the routes say of themselves (see describe.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from .answers import tagged
from .context import Context
from .describe import Answer, Body, Described, Parameter

_OF_PATH = re.compile(r"\{(\w+)(?::\w+)?\}")


def routes(context: Context, described: Sequence[BaseRoute]) -> list[BaseRoute]:
    """The document's own route; ``described`` are all others."""
    body = b""

    async def openapi(request: Request) -> Response:
        return tagged(body)

    own = Described(
        "/openapi.json",
        openapi,
        summary="this document",
        tag="about",
        answers=[Answer(200, "OpenAPI 3.1")],
    )
    body = json.dumps(document([*described, own], context.settings.prefix, context.settings.version)).encode()
    return [own]


def document(described: Sequence[BaseRoute], prefix: str, version: str) -> dict[str, Any]:
    """OpenAPI 3.1 as plain data. Routes that say nothing of themselves are left out."""
    paths: dict[str, dict[str, Any]] = {}
    for route in described:
        if isinstance(route, Described):
            entry = paths.setdefault(_OF_PATH.sub(r"{\1}", route.path), {})
            for method in route.documented:
                entry.setdefault(method.lower(), _operation(route))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pycadvisor-fast",
            "version": version,
            "description": "What every container of this host does: cAdvisor's REST API, Prometheus, and more.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": prefix or "/"}],
        "paths": paths,
    }


def _operation(route: Described) -> dict[str, Any]:
    out: dict[str, Any] = {
        "summary": route.summary,
        "responses": {str(answer.status): _answer(answer) for answer in route.answers}
        or {"default": {"description": "see docs/rest.md"}},
    }
    if route.tag:
        out["tags"] = [route.tag]
    if route.description:
        out["description"] = route.description
    parameters = [_parameter(one) for one in _parameters(route)]
    if parameters:
        out["parameters"] = parameters
    if route.body is not None:
        out["requestBody"] = _body(route.body)
    return out


def _parameters(route: Described) -> list[Parameter]:
    """Those described, and those of the path that are not."""
    told = {one.name for one in route.parameters if one.place == "path"}
    bare = [Parameter(name, "", place="path") for name in _OF_PATH.findall(route.path) if name not in told]
    return [*route.parameters, *bare]


def _parameter(one: Parameter) -> dict[str, Any]:
    schema = {"type": "array", "items": dict(one.schema)} if one.is_repeated else dict(one.schema)
    out: dict[str, Any] = {"name": one.name, "in": one.place, "schema": schema}
    if one.description:
        out["description"] = one.description
    if one.place == "path":
        out["required"] = True
    if one.example is not None:
        out["example"] = one.example
    return out


def _body(body: Body) -> dict[str, Any]:
    content = {body.media: {"schema": dict(body.schema)}}
    return {"description": body.description, "required": body.is_required, "content": content}


def _answer(answer: Answer) -> dict[str, Any]:
    out: dict[str, Any] = {"description": answer.description}
    if answer.media:
        out["content"] = {media: {"schema": dict(answer.schema)} for media in answer.media}
    return out
