"""/validate/: what this host gives and what it does not, as cAdvisor's text report or as JSON."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from pycadvisor_fast.feed import Feed

from .answers import problem
from .context import Context
from .describe import ANY_METHOD, JSON, PLAIN, Answer, Described, Parameter
from .validate_checks import CHECKS, Block, Known

FORMATS = ("text", "json")


def routes(context: Context) -> list[BaseRoute]:
    """The report, below its folder as in cAdvisor: what follows the slash does not matter."""

    async def validate(request: Request) -> Response:
        wanted = request.query_params.get("format")
        if wanted not in (None, *FORMATS):
            return problem(400, f"format: {wanted!r} is none of {', '.join(FORMATS)}")
        known = await context.run(lambda: look(context.feed))
        blocks = [check(known) for check in CHECKS]
        if wanted == "json" or (wanted is None and JSON in request.headers.get("accept", "")):
            return JSONResponse(as_data(known, blocks, context.settings.version))
        return PlainTextResponse(as_text(known, blocks, context.settings.version))

    return [
        Described(
            path,
            validate,
            summary="what this host gives, what it does not, and why",
            methods=ANY_METHOD,
            parameters=[Parameter("format", "how the report is written", {"type": "string", "enum": list(FORMATS)})],
            answers=[Answer(200, "the report", (PLAIN, JSON)), Answer(400, "no such format", (PLAIN,))],
            tag="probes",
        )
        for path in ("/validate/", "/validate/{rest:path}")
    ]


def look(feed: Feed) -> Known:
    """What there is to judge by. It may block."""
    return Known(feed.host(), feed.machine(), feed.status(), feed.containers())


def as_text(known: Known, blocks: list[Block], version: str) -> str:
    """As cAdvisor lays it out: a title, its verdict, and indented text."""
    head = [f"cAdvisor version: pycadvisor-fast {version}", f"OS version: {known.machine.os_name or 'Unknown'}"]
    return "\n\n".join([*head, *map(_as_text, blocks)]) + "\n"


def _as_text(block: Block) -> str:
    title = f"{block.title}: [{block.verdict}]" if block.verdict else f"{block.title}:"
    return "\n".join([title, *(f"\t{_printable(line)}" for line in block.lines)])


def _printable(line: str) -> str:
    """A path may hold anything that is no slash, line ends too."""
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in line)


def as_data(known: Known, blocks: list[Block], version: str) -> dict[str, object]:
    """The same as plain data."""
    return {
        "version": version,
        "os_version": known.machine.os_name,
        "checks": [
            {"title": block.title, "verdict": block.verdict or None, "lines": list(map(_printable, block.lines))}
            for block in blocks
        ],
    }
