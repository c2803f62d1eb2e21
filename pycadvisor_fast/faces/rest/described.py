"""The routes of v1.x and v2.x with their descriptions; one endpoint serves them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from ..http.describe import ANY_METHOD, INTEGER, JSON, PLAIN, TEXT, Answer, Body, Described, Parameter
from .cadvisor import endpoint

if TYPE_CHECKING:
    from .serving import Serving

_NAME = Parameter("name", "absolute cgroup name, its slashes included", TEXT, "path")
_DOCKER_NAME = Parameter("name", "name, id or unique beginning of one", TEXT, "path")
_FORM = {"type": "string", "format": "date-time"}
_RANGE = Body(
    "which samples; nothing: the newest 60",
    {
        "type": "object",
        "properties": {
            "num_stats": {"type": "integer", "minimum": -1, "default": 60},
            "start": _FORM,
            "end": _FORM,
        },
    },
)
_TYPE = Parameter("type", "what the name is", {"type": "string", "enum": ["name", "docker", "podman"]})
_RECURSIVE = Parameter("recursive", "all below as well; only the word true counts", TEXT)
_COUNT = Parameter("count", "the newest so many samples, -1 = all (default 64)", INTEGER)
_MAX_AGE = Parameter("max_age", "a duration: sample anew when the newest sample is older; 0 = always", TEXT)
_SPAN = (
    Parameter("start_time", "samples from then on: RFC 3339 or seconds since 1970 (ours)", TEXT),
    Parameter("end_time", "samples up to then (ours)", TEXT),
)
_CHOICE = (_TYPE, _RECURSIVE, _MAX_AGE)
_BOOLEANS = ("stream", "subcontainers", "oom_events", "oom_kill_events", "creation_events", "deletion_events")
_EVENTS = (
    *(Parameter(name, "1, t, true, 0, f, false, ...", TEXT) for name in (*_BOOLEANS, "all_events")),
    Parameter("max_events", "the newest so many, -1 = all (default 10)", INTEGER),
    Parameter("start_time", "RFC 3339 or seconds since 1970, included", TEXT),
    Parameter("end_time", "RFC 3339 or seconds since 1970, included", TEXT),
)

_V1: tuple[tuple[str, str, Parameter | None], ...] = (
    ("containers", "ContainerInfo of one cgroup, with references to those directly below", _NAME),
    ("subcontainers", "an array of ContainerInfo: the cgroup and all below it", _NAME),
    ("docker", "ContainerInfo of Docker containers by cgroup name", _DOCKER_NAME),
)
_V2: tuple[tuple[str, str, tuple[Parameter, ...]], ...] = (
    ("summary", "DerivedStats by cgroup name", _CHOICE),
    ("stats", "spec and samples by cgroup name, / left out", (*_CHOICE, _COUNT, *_SPAN)),
    ("spec", "ContainerSpec by cgroup name", _CHOICE),
    ("ps", "an array of ProcessInfo; needs the scope processes", (_TYPE,)),
    ("appmetrics", "metrics of applications by cgroup name: none are collected", (*_CHOICE, _COUNT)),
)
_V2_NAMELESS: tuple[tuple[str, str, tuple[Parameter, ...]], ...] = (
    ("version", "our version", ()),
    ("attributes", "versions and the machine", ()),
    ("machine", "MachineInfo", ()),
    ("machinestats", "an array of MachineStats", (_COUNT, _MAX_AGE, *_SPAN)),
    (
        "storage",
        "FsInfo of filesystems",
        (Parameter("uuid", "of a device"), Parameter("label", "such as root or docker-images"), _MAX_AGE),
    ),
)


def routes(serving: Serving) -> list[BaseRoute]:
    """v1.3 and v2.1 in full, of the versions below what differs; the last takes all of /api/."""
    answer = endpoint(serving)

    def route(path: str, summary: str, parameters: tuple[Parameter, ...] = (), body: Body | None = None) -> BaseRoute:
        return Described(
            path,
            answer,
            methods=ANY_METHOD,
            documented=("GET", "POST") if body else ("GET",),
            summary=summary,
            parameters=parameters,
            body=body,
            answers=[Answer(200, summary, (JSON,)), *_ERRORS],
            tag=path.split("/")[2],
        )

    found = [route("/api/v1.3/machine", "MachineInfo")]
    for kind, summary, name in _V1:
        found.append(route(f"/api/v1.3/{kind}/{{name:path}}", summary, (name,) if name else (), _RANGE))
    for kind, summary, parameters in _V2_NAMELESS:
        found.append(route(f"/api/v2.1/{kind}", summary, parameters))
    for kind, summary, parameters in _V2:
        found.append(route(f"/api/v2.1/{kind}/{{name:path}}", summary, (_NAME, *parameters)))
    found.append(
        route(
            "/api/v2.0/stats/{name:path}", "DeprecatedContainerStats by cgroup name", (_NAME, *_CHOICE, _COUNT, *_SPAN)
        )
    )
    for version in ("v1.3", "v2.1"):
        found.append(
            route(
                f"/api/{version}/events/{{name:path}}", "events of a cgroup, past or as they happen", (_NAME, *_EVENTS)
            )
        )
    found.append(route("/api/{rest:path}", "all other paths: versions and request types below are listed"))
    return found


_ERRORS = (
    Answer(400, "the versions or request types there are; a count below -1", (PLAIN,)),
    Answer(403, "the user may not see this", (PLAIN,)),
    Answer(404, "only below /api/v3/: there is no such route", (JSON,)),
    Answer(405, "only below /api/v3/: another method than GET and HEAD", (JSON,)),
    Answer(500, "every other error, in words", (PLAIN,)),
    Answer(503, "the server is busy", (PLAIN,)),
)
