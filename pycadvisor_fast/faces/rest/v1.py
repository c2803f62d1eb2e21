"""Request types of v1.0 to v1.3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.machine.cadvisor import machine_info

from ..http.context import allowed
from . import events, go_json
from .errors import RestError, explained
from .event_requests import event_request
from .go_values import quoted
from .options import Query, Span, body_span
from .stats_json import Range

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container

    from .framing import Asked
    from .serving import Serving

DOCKER = "docker"
_STATS = b',"stats":['  # only samples begin so: no label is an array, and quotes within texts are escaped


async def containers(serving: Serving, asked: Asked, request: Request) -> Response:
    """ContainerInfo of one cgroup, with references to those directly below."""
    span, with_envs = body_span(await request.body()), allowed(request, "env")

    def made() -> bytes:
        with explained(f"failed to get container {quoted(asked.name)} with error: "):
            found = list(_infos(serving, [serving.names().exact(asked.name)], span, with_envs=with_envs))
            if not found:
                raise RestError("unable to find data in memory cache")
            return found[0][1]

    return await serving.json(made)


async def subcontainers(serving: Serving, asked: Asked, request: Request) -> Response:
    """An array of ContainerInfo: the cgroup and all below it."""
    span, with_envs = body_span(await request.body()), allowed(request, "env")

    def made() -> Iterator[bytes]:
        with explained(f"failed to get subcontainers for container {quoted(asked.name)} with error: "):
            wanted = serving.names().subtree(asked.name)
            if not wanted:
                raise RestError("no containers found")
            yield from _list(serving, wanted, span, with_envs=with_envs)

    return await serving.json_in_chunks(request, made)


async def docker(serving: Serving, asked: Asked, request: Request) -> Response:
    """An object of ContainerInfo by cgroup name: of all Docker containers, or of the one that is named."""
    span, with_envs = body_span(await request.body()), allowed(request, "env")
    parts = asked.name.removeprefix("/").split("/")
    if len(parts) > 1:
        raise RestError(f"unknown request for Docker container [{' '.join(parts)}]")
    name = parts[0]

    def made() -> Iterable[bytes]:
        names = serving.names()
        if not name:
            return _map(serving, names.of_namespace(DOCKER), span, with_envs=with_envs)
        with explained(f"failed to get Docker container {quoted(name)} with error: "):
            pieces = list(_map(serving, [names.in_namespace(DOCKER, name)], span, with_envs=with_envs))
            if pieces == [b"{}"]:
                raise RestError("unable to find data in memory cache")
            return pieces

    return await serving.json_in_chunks(request, made)


async def machine(serving: Serving, asked: Asked, request: Request) -> Response:
    """MachineInfo."""
    return await serving.json(lambda: go_json.dumps(machine_info(serving.feed.machine())))


async def event(serving: Serving, asked: Asked, request: Request) -> Response:
    """Events of a container, past or as they happen."""
    wanted = event_request(Query(request.scope["query_string"]))
    return await events.answer(serving.context, serving.followers, wanted, asked.name)


HANDLERS = {
    "containers": containers,
    "subcontainers": subcontainers,
    "docker": docker,
    "machine": machine,
    "events": event,
}


def _infos(
    serving: Serving, wanted: Sequence[Container], span: Span, *, with_envs: bool
) -> Iterator[tuple[str, bytes]]:
    """(name, ContainerInfo) of each that has been sampled at all, in their order."""
    specs = serving.specs(wanted)
    infos = serving.answers().infos_v1(specs, Range(span.count, span.start_ns, span.end_ns), with_envs=with_envs)
    for spec, info in zip(specs, infos, strict=True):
        if not span.is_open or _STATS in info:
            yield spec.container.path, info


def _list(serving: Serving, wanted: Sequence[Container], span: Span, *, with_envs: bool) -> Iterator[bytes]:
    """Pieces of an array of them."""
    before = b"["
    for _, info in _infos(serving, wanted, span, with_envs=with_envs):
        yield before
        yield info
        before = b","
    yield b"[]" if before == b"[" else b"]"


def _map(serving: Serving, wanted: Sequence[Container], span: Span, *, with_envs: bool) -> Iterator[bytes]:
    """Pieces of an object of them by name, sorted as ``wanted`` is."""
    before = b"{"
    for name, info in _infos(serving, wanted, span, with_envs=with_envs):
        yield before + go_json.text(name) + b":"
        yield info
        before = b","
    yield b"{}" if before == b"{" else b"}"
