"""Request types of v2.0 and v2.1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.errors import PycadvisorError
from pycadvisor_fast.machine.cadvisor import attributes

from ..http.context import allowed
from . import events, go_json, processes, storage, summary, v1
from .errors import FORBIDDEN, RestError
from .event_requests import event_request
from .latest import latest_usage
from .options import Query, RequestOptions, Span, request_options
from .serving import as_json
from .stats_json import Range

if TYPE_CHECKING:
    from pycadvisor_fast.spec import Spec

    from .framing import Asked
    from .serving import Serving


async def version(serving: Serving, asked: Asked, request: Request) -> Response:
    """Our version as a JSON string."""
    _options(request)
    return as_json(go_json.dumps(serving.context.settings.version))


async def machine_attributes(serving: Serving, asked: Asked, request: Request) -> Response:
    """Attributes: versions and the machine."""
    _options(request)
    shown = serving.context.settings.version
    return await serving.json(lambda: go_json.dumps(attributes(serving.feed.machine(), shown)))


async def machine(serving: Serving, asked: Asked, request: Request) -> Response:
    """MachineInfo, as in v1."""
    _options(request)
    return await v1.machine(serving, asked, request)


async def machine_stats(serving: Serving, asked: Asked, request: Request) -> Response:
    """An array of MachineStats; null without samples."""
    options = _options(request)
    await serving.fresh.at_most(options.max_age_ns)
    return await serving.json(lambda: serving.answers().machine_stats(_range(options.span)))


async def event(serving: Serving, asked: Asked, request: Request) -> Response:
    """Events, as in v1.3; bad options fail it all the same."""
    _options(request)
    wanted = event_request(Query(request.scope["query_string"]))
    return await events.answer(serving.context, serving.followers, wanted, asked.name)


async def derived(serving: Serving, asked: Asked, request: Request) -> Response:
    """DerivedStats by name: percentiles of the last minute, hour and day."""
    options = await _found(serving, asked, request)

    def made() -> bytes:
        wanted = serving.names().requested(asked.name, options)
        return summary.answer(wanted, serving.feed.summary(summary.METRICS), latest_usage(serving.feed.ring))

    return await serving.json(made)


async def stats(serving: Serving, asked: Asked, request: Request) -> Response:
    """v2.0: arrays of DeprecatedContainerStats by name. v2.1: spec and samples by name, "/" left out."""
    options, with_envs = await _found(serving, asked, request), allowed(request, "env")

    def made() -> Iterator[bytes]:
        specs, span = _specs(serving, asked, options), _range(options.span)
        if asked.version == "v2.0":
            return serving.answers().stats_v20(specs, span)
        return serving.answers().stats_v21(specs, span, with_envs=with_envs)

    return await serving.json_in_chunks(request, made)


async def spec(serving: Serving, asked: Asked, request: Request) -> Response:
    """ContainerSpec by name."""
    options, with_envs = await _found(serving, asked, request), allowed(request, "env")
    return await serving.json(lambda: serving.answers().specs_v2(_specs(serving, asked, options), with_envs=with_envs))


async def filesystems(serving: Serving, asked: Asked, request: Request) -> Response:
    """FsInfo: the one with a UUID, those with a label, or all."""
    options, query = _options(request), Query(request.scope["query_string"])
    fresh = options.max_age_ns is not None and options.max_age_ns <= 0
    return await serving.json(
        lambda: storage.answer(serving.feed.filesystems(fresh=fresh), query.first("uuid"), query.first("label"))
    )


async def ps(serving: Serving, asked: Asked, request: Request) -> Response:
    """An array of ProcessInfo: processes of the cgroup itself, of "/" all. Only for those who may see processes."""
    options = replace(_options(request), is_recursive=False)
    if not allowed(request, "processes"):
        raise RestError("process listing failed: this needs the scope 'processes'", FORBIDDEN)

    def made() -> bytes:
        try:
            return processes.listed(serving.feed, serving.names().requested(asked.name, options)[0])
        except (PycadvisorError, RestError) as error:
            raise RestError(f"process listing failed: {error}") from error

    return await serving.json(made)


async def app_metrics(serving: Serving, asked: Asked, request: Request) -> Response:
    """Metrics of applications by name of the container: none are collected."""
    options = await _found(serving, asked, request)
    wanted = serving.names().requested(asked.name, options)
    return as_json(go_json.dumps({one.path: {} for one in wanted}))


HANDLERS = {
    "version": version,
    "attributes": machine_attributes,
    "machine": machine,
    "machinestats": machine_stats,
    "events": event,
    "summary": derived,
    "stats": stats,
    "spec": spec,
    "storage": filesystems,
    "ps": ps,
    "appmetrics": app_metrics,
}


def _options(request: Request) -> RequestOptions:
    return request_options(Query(request.scope["query_string"]))


async def _found(serving: Serving, asked: Asked, request: Request) -> RequestOptions:
    """The options, once it is clear that the containers exist and their samples are young enough."""
    options = _options(request)
    serving.names().requested(asked.name, options)
    await serving.fresh.at_most(options.max_age_ns)
    return options


def _specs(serving: Serving, asked: Asked, options: RequestOptions) -> Sequence[Spec]:
    return serving.specs(serving.names().requested(asked.name, options))


def _range(span: Span) -> Range:
    return Range(span.count, span.start_ns, span.end_ns)
