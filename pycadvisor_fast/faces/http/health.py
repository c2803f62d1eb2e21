"""/healthz, /livez and /readyz: 200 while all that matters is well, else 503 with the reasons. See probes.py."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from pycadvisor_fast.errors import PycadvisorError

from . import probes
from .context import Context, Workers
from .describe import ANY_METHOD, BOOLEAN, JSON, PLAIN, Answer, Described, Parameter
from .probes import Check, Finding, Look

log = logging.getLogger(__name__)

FRESH_SECONDS = 0.5  # a look costs some 3 ms; probes that come closer together share one
ANSWERS_WITHIN_SECONDS = 3.0  # of probes everywhere the usual timeout is longer, or 1 s and then it is late anyway
_GOOD_WORDS = ("", "1", "t", "true", "yes")


class Watching:
    """Looks at the collector for all probes, in a thread that nothing else of the face can fill."""

    def __init__(self, context: Context) -> None:
        self._feed = context.feed
        self._worker = Workers(1, 8)
        self._intervals: tuple[int, int] | None = None
        self._latest: Look | None = None
        self._looking: asyncio.Future[Look] | None = None

    async def findings(self, checks: Sequence[Check]) -> list[Finding]:
        """What the checks say of a look no older than FRESH_SECONDS."""
        try:
            look = await asyncio.wait_for(self._look(), ANSWERS_WITHIN_SECONDS)
        except TimeoutError:
            text = f"the collector has not said how it is within {ANSWERS_WITHIN_SECONDS:g} s"
            return [Finding("status", text, probes.DEAD)]
        except PycadvisorError as error:
            return [Finding("status", f"the collector does not say how it is: {error}", probes.DEAD)]
        except Exception:
            log.exception("a look at the collector failed")
            return [Finding("status", "the collector does not say how it is; see the daemon's log", probes.DEAD)]
        return [check(look) for check in checks]

    async def _look(self) -> Look:
        latest = self._latest
        if latest is not None and time.monotonic_ns() - latest.now_ns < FRESH_SECONDS * 1e9:
            return latest
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._worker.run(self._take))
        self._latest = await asyncio.shield(self._looking)
        return self._latest

    def _take(self) -> Look:
        if self._intervals is None:
            plan = self._feed.host()["plan"]
            own = [group["interval_ns"] for group in plan["groups"].values() if group["interval_ns"]]
            self._intervals = plan["base_ns"], min(own, default=plan["base_ns"])
        # In this order: a pass that is complete after the look at the clock would have an age below zero.
        now_ns = time.monotonic_ns()
        return Look(self._feed.status(), *self._intervals, now_ns, self._feed.ring.is_stale)


def routes(context: Context) -> list[BaseRoute]:
    """The three probes; each asks the same thread."""
    watching = Watching(context)
    return [
        _probe(watching, "/healthz", probes.HEALTHY, "whether what is served is of now"),
        _probe(watching, "/livez", probes.LIVE, "whether the sampling thread lives; if not, a restart is the remedy"),
        _probe(watching, "/readyz", probes.READY, "whether everything that is sampled can be served"),
    ]


def _probe(watching: Watching, path: str, checks: Sequence[Check], summary: str) -> Described:
    async def answer(request: Request) -> Response:
        findings = await watching.findings(checks)
        failed = [one for one in findings if one.severity in (probes.DEAD, probes.UNREADY)]
        status = 503 if failed else 200
        if JSON in request.headers.get("accept", ""):
            return JSONResponse({"ok": not failed, "checks": [_as_json(one) for one in findings]}, status)
        if request.query_params.get("verbose", "no").lower() in _GOOD_WORDS:
            return PlainTextResponse("".join(map(_line, findings)) + ("failed\n" if failed else "ok\n"), status)
        return PlainTextResponse("".join(map(_line, failed)) or "ok", status)

    verbose = Parameter("verbose", "a line for each check", BOOLEAN, example=True)
    return Described(
        path,
        answer,
        summary=summary,
        methods=ANY_METHOD,
        parameters=[verbose],
        answers=[Answer(200, "it is: `ok`, or the checks", (PLAIN, JSON)), Answer(503, "why not", (PLAIN, JSON))],
        tag="probes",
    )


def _line(finding: Finding) -> str:
    """As Kubernetes writes its own probes; "[!]" is ours, for what is no failure."""
    sign = {"": "+", probes.NOTE: "!"}.get(finding.severity, "-")
    return f"[{sign}]{finding.name}: {finding.text}\n"


def _as_json(finding: Finding) -> dict[str, object]:
    return {"name": finding.name, "severity": finding.severity, "text": finding.text}
