"""Events in cAdvisor's words (info/v1, type Event): for faces that speak its API. Pure."""

from __future__ import annotations

from typing import Any

from ..event import CADVISOR_NAMES, ContainerExit, Event, OomKill

_CONSTRAINTS = {
    "unknown": "CONSTRAINT_NONE",
    "global": "CONSTRAINT_NONE",
    "cpuset": "CONSTRAINT_CPUSET",
    "mempolicy": "CONSTRAINT_MEMORY_POLICY",
    "memcg": "CONSTRAINT_MEMCG",
}
UNKNOWN_EXIT = -1


def event_type(kind: str) -> str | None:
    """ "oom", "oomKill", "containerCreation" or "containerDeletion"; None: cAdvisor has no word for it."""
    return CADVISOR_NAMES.get(kind)


def event_data(event: Event) -> dict[str, Any]:
    """The field ``event_data``: {} except for oomKill and containerDeletion."""
    payload = event.payload
    if isinstance(payload, OomKill):
        name = _CONSTRAINTS.get(payload.constraint, "CONSTRAINT_NONE")
        return {"oom": {"pid": payload.tgid or payload.pid or 0, "process_name": payload.comm, "constraint": name}}
    if isinstance(payload, ContainerExit):
        code = payload.code
        return {"container_deletion": {"exit_code": UNKNOWN_EXIT if code is None else code}}
    return {}


def container_name(event: Event) -> str:
    """The field ``container_name``: the cgroup path, "/" for the machine."""
    if isinstance(event.payload, OomKill) and event.payload.constraint == "global":
        return "/"
    return event.container.path if event.container is not None else "/"
