"""Routes that say what they are: what /openapi.json is made from. See openapi.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

TEXT: Mapping[str, Any] = {"type": "string"}
BOOLEAN: Mapping[str, Any] = {"type": "boolean"}
INTEGER: Mapping[str, Any] = {"type": "integer"}
JSON = "application/json"
PLAIN = "text/plain"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a route. ``schema``: JSON Schema of its value; ``place``: "query", "path" or "header"."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: TEXT)
    place: str = "query"
    example: Any = None
    is_repeated: bool = False


@dataclass(frozen=True)
class Answer:
    """One kind of answer: its status, what it is, and its media types (none: no body)."""

    status: int
    description: str
    media: tuple[str, ...] = (JSON,)
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Body:
    """A request's body."""

    description: str
    schema: Mapping[str, Any]
    media: str = JSON
    is_required: bool = False


ANY_METHOD: tuple[str, ...] = ()


class Described(Route):
    """A route with its description.

    ``methods``: as starlette has them (GET brings HEAD); ANY_METHOD: every method is served alike, as cAdvisor does.
    ``documented``: the methods the document lists, when that is fewer.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        summary: str,
        methods: Collection[str] = ("GET",),
        documented: Sequence[str] = (),
        parameters: Sequence[Parameter] = (),
        body: Body | None = None,
        answers: Sequence[Answer] = (),
        tag: str = "",
        description: str = "",
    ) -> None:
        super().__init__(path, endpoint, methods=methods or ("GET",))
        if not methods:
            self.methods = None
        self.summary = summary
        self.description = description
        self.parameters = tuple(parameters)
        self.body = body
        self.answers = tuple(answers)
        self.tag = tag
        self.documented = tuple(documented) or tuple(sorted(set(methods) - {"HEAD"})) or ("GET",)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As starlette's, with the allowed methods in a fixed order."""
        if self.methods and scope["method"] not in self.methods:
            from .answers import problem

            allow = ", ".join(sorted(self.methods))
            await problem(405, f"{scope['method']} is not served here; {allow} are", {"Allow": allow})(
                scope, receive, send
            )
        else:
            await self.app(scope, receive, send)
