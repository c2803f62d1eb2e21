"""Who a container is and what it is allowed, as cAdvisor's JSON: ContainerReference, ContainerSpec v1 and v2. Pure.

Made once for each ``Spec`` object and kept as long as that object is the container's. Field names and their order are
those of info/v1 and info/v2; struct fields that Go's omitempty cannot omit are there, empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ...container import Container
from ...spec import UNLIMITED, Limits, Spec
from . import go_json

Made = TypeVar("Made")
UNLIMITED_V1 = 9_223_372_036_854_771_712  # memory.limit_in_bytes of a cgroup without a limit: LONG_MAX in whole pages
UNLIMITED_V2 = 2**64 - 1  # what cAdvisor makes of "max"


@dataclass(frozen=True, slots=True)
class Host:
    """What of the host a spec needs. ``groups``: names of the groups that are sampled."""

    is_v2: bool
    cores: int
    memory_bytes: int
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Has:
    """The has_* of a spec: which of its numbers there are."""

    cpu: bool
    memory: bool
    hugetlb: bool
    network: bool
    processes: bool
    filesystem: bool
    diskio: bool


def has(spec: Spec, host: Host) -> Has:
    """cAdvisor asks whether the controller's directory exists; here what is not sampled has no numbers either."""
    is_root, groups = spec.container.path == "/", host.groups
    return Has(
        cpu=(spec.has_cpu or host.is_v2) and "cpu" in groups,  # v2: cpu.stat is in every cgroup
        memory=spec.has_memory and "memory" in groups,
        hugetlb=spec.has_hugetlb and "hugetlb" in groups,
        network=spec.has_network and "network" in groups,
        processes=(spec.has_pids or is_root) and bool(groups & {"pids", "tasks"}),
        filesystem=spec.has_filesystem or is_root,
        diskio="io" in groups,
    )


def reference(container: Container) -> bytes:
    """A ContainerReference."""
    return go_json.dumps(reference_fields(container))


def reference_fields(container: Container) -> dict[str, Any]:
    """Its fields: those that begin a ContainerInfo of v1, too."""
    fields = {
        "id": container.id,
        "name": container.path,
        "aliases": aliases(container),
        "namespace": container.namespace,
    }
    return {key: value for key, value in fields.items() if value or key == "name"}


def aliases(container: Container) -> list[str]:
    """Names a client may call it by in its namespace: the runtime's name first, its id last."""
    if not container.namespace:
        return []
    named = [container.name, *container.aliases, container.id]
    return list(dict.fromkeys(name for name in named if name))


def spec_v1(spec: Spec, host: Host, *, with_envs: bool) -> bytes:
    """A ContainerSpec of info/v1. ``with_envs`` False: environment values are left out."""
    found = has(spec, host)
    return go_json.dumps(
        {
            **_times(spec.container),
            **_texts(spec.container, with_envs=with_envs),
            "has_cpu": found.cpu,
            "cpu": _cpu(spec.limits, host, spec.container),
            "has_memory": found.memory,
            "memory": _memory(spec.limits, host),
            "has_hugetlb": found.hugetlb,
            "has_network": found.network,
            "has_processes": found.processes,
            "processes": _processes(spec.limits),
            "has_filesystem": found.filesystem,
            "has_diskio": found.diskio,
            "has_custom_metrics": False,
            **_image(spec.container),
        }
    )


def spec_v2(spec: Spec, host: Host, *, with_envs: bool) -> bytes:
    """A ContainerSpec of info/v2. cAdvisor drops cpu quota and period and the task limit here: they are filled."""
    found, container = has(spec, host), spec.container
    named = {"aliases": aliases(container), "namespace": container.namespace}
    return go_json.dumps(
        {
            **_times(container),
            **{key: value for key, value in named.items() if value},
            **_texts(container, with_envs=with_envs),
            "has_cpu": found.cpu,
            "cpu": _cpu(spec.limits, host, container),
            "has_memory": found.memory,
            "memory": _memory(spec.limits, host),
            "has_hugetlb": found.hugetlb,
            "has_custom_metrics": False,
            "has_processes": found.processes,
            "processes": _processes(spec.limits),
            "has_network": found.network,
            "has_filesystem": found.filesystem,
            "has_diskio": found.diskio,
            **_image(container),
        }
    )


class Kept(Generic[Made]):
    """What was made of specs, made again when a container has another Spec object."""

    def __init__(self, make: Callable[[Spec], Made]) -> None:
        self._make = make
        self._by_handle: dict[int, tuple[Spec, Made]] = {}

    def __call__(self, spec: Spec) -> Made:
        known = self._by_handle.get(spec.container.handle)
        if known is not None and known[0] is spec:
            return known[1]
        made = self._make(spec)
        self._by_handle[spec.container.handle] = (spec, made)
        return made

    def prune(self, live: Mapping[int, Any] | frozenset[int]) -> None:
        """Forgets containers that are not in ``live`` (handles), once they are the larger part."""
        if len(self._by_handle) > 2 * len(live) + 16:
            self._by_handle = {handle: kept for handle, kept in self._by_handle.items() if handle in live}


def _times(container: Container) -> dict[str, bytes]:
    return {"creation_time": go_json.time(container.created_ns), "start_time": go_json.time(container.started_ns)}


def _texts(container: Container, *, with_envs: bool) -> dict[str, Any]:
    labels = dict(container.labels)
    if container.restart_count > 0:
        labels.setdefault("restartcount", str(container.restart_count))
    out = {"labels": go_json.sorted_map(labels), "envs": go_json.sorted_map(container.envs) if with_envs else {}}
    return {key: value for key, value in out.items() if value}


def _image(container: Container) -> dict[str, str]:
    return {"image": container.image} if container.image else {}


def _cpu(limits: Limits, host: Host, container: Container) -> dict[str, Any]:
    out: dict[str, Any] = {"limit": limits.cpu_shares or 0, "max_limit": 0}
    mask = limits.cpu_mask or (f"0-{host.cores - 1}" if host.cores else "")
    if mask:
        out["mask"] = mask
    has_quota = limits.cpu_quota_usec not in (None, 0, UNLIMITED)
    if has_quota:
        out["quota"] = limits.cpu_quota_usec
    if limits.cpu_period_usec and container.path != "/":
        out["period"] = limits.cpu_period_usec
    return out


def _memory(limits: Limits, host: Host) -> dict[str, int]:
    # v1 has one limit of memory and swap together, v2 one of swap alone: cAdvisor shows whichever there is.
    swap = limits.memory_and_swap_bytes if limits.memory_and_swap_bytes is not None else limits.swap_bytes
    out = {
        "limit": _bytes(limits.memory_bytes, host) or host.memory_bytes,
        "reservation": _bytes(limits.memory_reservation_bytes, host),
        "swap_limit": _bytes(swap, host),
    }
    return {key: value for key, value in out.items() if value}


def _bytes(limit: int | None, host: Host) -> int:
    if limit == UNLIMITED:
        return UNLIMITED_V2 if host.is_v2 else UNLIMITED_V1
    return limit or 0


def _processes(limits: Limits) -> dict[str, int]:
    if not limits.pids:
        return {}
    return {"limit": UNLIMITED_V2 if limits.pids == UNLIMITED else limits.pids}
