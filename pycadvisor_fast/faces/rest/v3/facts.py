"""What v3 tells beside numbers and events: who the containers are, the host, the machine, filesystems, processes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.sampling.cells import scale
from pycadvisor_fast.views.summary import PERCENTILES

from ...http.context import allowed
from . import documents, plain
from .column_data import epoch
from .errors import ApiError
from .parameters import SELECTING, Parameters

if TYPE_CHECKING:
    from pycadvisor_fast.sampling import GroupRing
    from pycadvisor_fast.views.summary import ShortWindows, Stretch, Summary

    from ..serving import Serving

Make = Callable[[], Any]
_KINDS = {1: "counter", 2: "gauge", 3: "limit"}


async def told(
    serving: Serving, request: Request, parameters: Parameters, make: Make, *, is_tagged: bool = False
) -> Response:
    """The document that a worker makes. ``is_tagged``: it changes rarely."""
    form = documents.form_of(request, parameters)
    body = await serving.context.run(lambda: documents.encode(make(), form))
    return documents.answer(body, form, is_tagged=is_tagged)


async def containers(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """Who the containers are."""
    selector, with_envs = parameters.selector(), allowed(request, "env")

    def make() -> dict[str, Any]:
        found = selector.select(serving.feed.containers())
        return {"containers": [plain.container(one, with_envs=with_envs) for one in found]}

    return await told(serving, request, parameters, make, is_tagged=True)


async def specs(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """What the containers are allowed."""
    selector, with_envs = parameters.selector(), allowed(request, "env")

    def make() -> dict[str, Any]:
        found = serving.specs(selector.select(serving.feed.containers()))
        return {"specs": [plain.spec(one, with_envs=with_envs) for one in found]}

    return await told(serving, request, parameters, make, is_tagged=True)


async def schema(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """The groups and columns that are sampled here."""

    def make() -> dict[str, Any]:
        groups = serving.feed.ring.groups
        return {"epoch": epoch(serving.feed), "groups": {name: _group(group) for name, group in groups.items()}}

    return await told(serving, request, parameters, make)


async def host(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """What this kernel can do, and which source serves each group."""
    return await told(serving, request, parameters, lambda: plain.plain(serving.feed.host()))


async def status(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """What the collector and this server have done so far, and what it cost."""

    def make() -> dict[str, Any]:
        return {"collector": plain.plain(serving.feed.status()), "http": serving.context.counts.as_dict()}

    return await told(serving, request, parameters, make)


async def machine(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """What the host is."""
    fresh = parameters.flag("fresh")
    return await told(
        serving, request, parameters, lambda: plain.plain(serving.feed.machine(fresh=fresh)), is_tagged=True
    )


async def filesystems(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """Filesystems, block devices, and what containers hold on disk."""
    fresh, selector = parameters.flag("fresh"), parameters.selector()

    def make() -> dict[str, Any]:
        storage = serving.feed.filesystems(fresh=fresh)
        found = selector.select(serving.feed.containers())
        held = [
            {"handle": one.handle, "path": plain.clean(one.path), "name": plain.clean(one.display_name), "trees": trees}
            for one in found
            if (trees := plain.plain(storage.containers.get(one.handle, ())))
        ]
        return {
            "taken_unix_ns": storage.taken_ns,
            "filesystems": plain.plain(storage.filesystems),
            "devices": plain.plain(storage.devices),
            "containers": held,
            "notes": plain.plain(storage.notes),
        }

    return await told(serving, request, parameters, make)


async def processes(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """Processes with their command lines: only for those who may see them."""
    if not allowed(request, "processes"):
        raise ApiError(403, "forbidden", "this needs the scope 'processes'")
    wanted = parameters.texts("container")
    recursive, fds = parameters.flag("recursive", True), parameters.flag("fds")
    return await told(
        serving,
        request,
        parameters,
        lambda: plain.plain(serving.feed.processes(*wanted, recursive=recursive, fds=fds)),
    )


async def summary(serving: Serving, request: Request, parameters: Parameters) -> Response:
    """Averages and percentiles of the last minute, hour and day."""
    metrics, selector = parameters.words("metrics"), parameters.selector()

    def make() -> dict[str, Any]:
        found = selector.select(serving.feed.containers())
        handles = np.array([one.handle for one in found], np.uint64)
        summaries = serving.feed.summary(metrics)
        return {
            "percentiles": list(PERCENTILES),
            "containers": [
                {"handle": one.handle, "path": plain.clean(one.path), "name": plain.clean(one.display_name)}
                for one in found
            ],
            "metrics": {name: _summary(one, handles) for name, one in summaries.items()},
        }

    return await told(serving, request, parameters, make)


def _group(group: GroupRing) -> dict[str, Any]:
    known = {column.name: column for column in group.group.columns}
    cells = group.columns.by_name
    columns = [
        {
            "name": name,
            "kind": _KINDS.get(cells[name].kind, "gauge"),
            "divisor": scale(cells[name].cell),
            "help": known[name].help if name in known else "",
        }
        for name in group.columns
    ]
    return {
        "interval_ns": group.interval_ns,
        "ticks_kept": group.ring_len,
        "latest_tick": group.latest_tick,
        "key": group.group.key,
        "columns": columns,
    }


def _summary(one: Summary, handles: NDArray[np.uint64]) -> dict[str, Any]:
    """Columns with one element for each of ``handles``, null where there was no sample."""
    spans = {name: _stretch(getattr(one, name), handles) for name in ("minute", "hour", "day")}
    return {"interval_ns": one.interval_ns, **spans, "peaks": [_peaks(p, one.minute, handles) for p in one.peaks]}


def _stretch(stretch: Stretch, handles: NDArray[np.uint64]) -> dict[str, Any]:
    pick = _Pick(stretch.handles, handles)
    return {
        "from_unix_ns": stretch.from_ns,
        "to_unix_ns": stretch.to_ns,
        "expected": stretch.expected,
        "is_exact": stretch.is_exact,
        "count": pick.counts(stretch.count),
        "mean": pick.floats(stretch.mean),
        "deviation": pick.floats(stretch.deviation),
        "least": pick.floats(stretch.least),
        "most": pick.floats(stretch.most),
        "percentiles": [pick.floats(row) for row in stretch.percentiles],
    }


def _peaks(peaks: ShortWindows, minute: Stretch, handles: NDArray[np.uint64]) -> dict[str, Any]:
    pick = _Pick(minute.handles, handles)
    return {
        "window_ns": peaks.window_ns,
        "count": pick.counts(peaks.count),
        "most": pick.floats(peaks.most),
        "percentiles": [pick.floats(row) for row in peaks.percentiles],
    }


class _Pick:
    """Elements of some handles out of arrays that have one for each of others."""

    def __init__(self, known: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> None:
        order = np.argsort(known)
        at = np.minimum(np.searchsorted(known, wanted, sorter=order), max(len(known) - 1, 0))
        self._place = order[at] if len(known) else np.zeros(len(wanted), np.intp)
        self._is_there = known[self._place] == wanted if len(known) else np.zeros(len(wanted), np.bool_)

    def counts(self, values: NDArray[np.int64]) -> list[int]:
        found: list[int] = self._picked(values, 0).tolist()
        return found

    def floats(self, values: NDArray[np.float64]) -> list[float | None]:
        picked = self._picked(values, np.nan)
        out = picked.astype(object)
        out[~np.isfinite(picked)] = None
        found: list[float | None] = out.tolist()
        return found

    def _picked(self, values: NDArray[Any], missing: float) -> NDArray[Any]:
        if not len(values):
            return np.full(len(self._place), missing, values.dtype)
        return np.where(self._is_there, values[self._place], missing).astype(values.dtype)


Handler = Callable[["Serving", Request, Parameters], Awaitable[Response]]
DOCUMENTS: Mapping[str, tuple[Handler, str, Sequence[str]]] = {
    "containers": (containers, "who the containers are", SELECTING),
    "specs": (specs, "what the containers are allowed", SELECTING),
    "schema": (schema, "the groups and columns that are sampled here", ()),
    "host": (host, "what this kernel can do, and which source serves each group", ()),
    "status": (status, "what the collector and this server have done, and what it cost", ()),
    "machine": (machine, "what the host is", ("fresh",)),
    "filesystems": (filesystems, "filesystems, block devices, and what containers hold", ("fresh", *SELECTING)),
    "processes": (processes, "processes with their command lines", ("container", "recursive", "fds")),
    "summary": (summary, "averages and percentiles of minute, hour and day", ("metrics", *SELECTING)),
}
"""Name below /api/v3/: its handler, what it tells, its parameters beside ``format``."""
