"""What containerd's API answers, as identities: pure, and distrustful of every text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ...filesystem import TreeUsage
from . import Ended, Identity
from .api import containerd_pb2 as pb
from .kubernetes import Place, place_of

DOCKERS = "moby"  # the namespace that dockerd uses: names, labels and environments are Docker's to tell
SPEC_LIMIT = 1 << 20  # bytes of an OCI specification that is looked at; kubelet's have some 20 KiB
TOPICS = (
    "/containers/create", "/containers/update", "/containers/delete",
    "/tasks/start", "/tasks/exit", "/tasks/oom", "/tasks/paused", "/tasks/resumed",
)  # fmt: skip

_RANDOM_ID = re.compile(r"[0-9a-f]{64}")
_STATES = {
    pb.Task.CREATED: "created",
    pb.Task.RUNNING: "running",
    pb.Task.STOPPED: "stopped",
    pb.Task.PAUSED: "paused",
    pb.Task.PAUSING: "pausing",
}
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """A container of containerd: who it is, and what its writable layer is asked by."""

    namespace: str
    identity: Identity
    snapshotter: str = ""
    snapshot_key: str = ""

    @property
    def is_running(self) -> bool:
        """Whether its task lives (paused is alive)."""
        return self.identity.runtime_state not in ("", "stopped")

    @property
    def wants_layer(self) -> bool:
        """Whether its writable layer can still be asked for."""
        return bool(self.snapshot_key) and not self.identity.layer_path

    def having(self, **changes: Any) -> Entry:
        """The same with other fields of its identity."""
        return replace(self, identity=replace(self.identity, **changes))


def filters(namespaces: Sequence[str]) -> pb.Filters:
    """What Subscribe is asked for: events of ``namespaces`` (none: of all) that change who is who."""
    prefixes = [f"namespace=={json.dumps(name)}," for name in namespaces] or [""]
    return pb.Filters(filters=[f"{prefix}topic=={json.dumps(topic)}" for prefix in prefixes for topic in TOPICS])


def entry_of(namespace: str, container: pb.Container) -> Entry:
    """Everything but what its task and its snapshot say."""
    identity = _dockers(container) if namespace == DOCKERS else _own(container)
    return Entry(namespace, identity, container.snapshotter, _text(container.snapshot_key))


def _dockers(container: pb.Container) -> Identity:
    """What Docker does not say itself: its container's layer, where containerd keeps Docker's images."""
    return Identity("containerd", container.id, created_ns=time_ns(container.created_at))


def _own(container: pb.Container) -> Identity:
    labels = {_text(pair.key): _text(pair.value) for pair in container.labels}
    spec = _spec(container.spec.value)
    annotations = {key: value for key, value in _object(spec, "annotations").items() if isinstance(value, str)}
    place = place_of(labels, annotations)
    image = _text(container.image)
    return Identity(
        "containerd",
        container.id,
        name=_name(container.id, labels, place),
        image=place.image if image.startswith("sha256:") and place.image else image,
        labels=MappingProxyType(labels),
        kind=place.kind,
        namespace="containerd",
        pod_uid=place.pod_uid,
        created_ns=time_ns(container.created_at),
        restart_count=place.restart_count,
        network_mode=_network_mode(labels, spec),
        envs=MappingProxyType(_environment(_object(spec, "process").get("env"))),
        pod_name=place.pod_name,
        pod_namespace=place.pod_namespace,
        container_name=place.container_name,
        sandbox_id=place.sandbox_id or container.sandbox,
        path=_path(container.id, spec),
        is_complete=True,
    )


def _name(ident: str, labels: Mapping[str, str], place: Place) -> str:
    """nerdctl's name, the place in Kubernetes, or an id that somebody chose (``ctr run IMAGE web``)."""
    return labels.get("nerdctl/name") or place.name or ("" if _RANDOM_ID.fullmatch(ident) else ident)


def _path(ident: str, spec: Mapping[str, Any]) -> str:
    """The cgroup path of a container with a chosen id, which no path can be recognised by: "/default/web"."""
    path = _object(spec, "linux").get("cgroupsPath")
    is_wanted = isinstance(path, str) and path.startswith("/") and not _RANDOM_ID.fullmatch(ident)
    return path.rstrip("/") if is_wanted and isinstance(path, str) else ""


def with_task(entry: Entry, task: pb.Task, started_ns: int) -> Entry:
    """The same with what its task says; ``started_ns`` (0: not known) is of that task."""
    state = _STATES.get(task.status, "")
    if state == "stopped":
        return entry.having(runtime_state=state, pid=0)
    known = entry.identity
    if known.pid == task.pid and known.started_ns:
        started_ns = known.started_ns  # told by an event, which is exact
    return entry.having(runtime_state=state, pid=task.pid, started_ns=started_ns)


def end_of(task: pb.Task) -> Ended | None:
    """How a task ended; None when it has not."""
    if task.status != pb.Task.STOPPED:
        return None
    return Ended("containerd", task.container_id, task.exit_status, time_ns=time_ns(task.exited_at))


def layer_path(mounts: Iterable[pb.Mount]) -> str:
    """The host directory that holds what a container has written, from its snapshot's mounts; "" = there is none.

    overlayfs says it as ``upperdir``, the native snapshotter binds one directory; block devices (devmapper, btrfs, zfs)
    have none that is readable without a mount.
    """
    for mount in mounts:
        if mount.type in ("overlay", "fuse3.fuse-overlayfs"):
            return next((option[9:] for option in mount.options if option.startswith("upperdir=/")), "")
        if mount.type == "bind" and mount.source.startswith("/") and "ro" not in mount.options:
            return mount.source
    return ""


def usage_of(usage: pb.Usage) -> TreeUsage:
    """What a snapshotter says that its snapshot holds.

    Those that keep a layer in a dataset or on a block device count no inodes: they say -1 (zfs), 0 (devmapper), or 1,
    which is the file that is the device (blockfile). Those that subtract the parent may come out below nothing.
    """
    return TreeUsage(
        "layer",
        "",
        bytes=max(0, usage.size),
        inodes=usage.inodes if usage.inodes > 1 else None,
        source="snapshotter",
    )


def time_ns(stamp: Any) -> int:
    """A protobuf timestamp as wall-clock ns; 0 for none and for Go's zero time (year 1)."""
    return max(0, int(stamp.seconds) * 10**9 + int(stamp.nanos))


def _spec(data: bytes) -> Mapping[str, Any]:
    if len(data) > SPEC_LIMIT:
        return _NONE
    try:
        spec = json.loads(data) if data else None
    except (ValueError, RecursionError):
        return _NONE
    return spec if isinstance(spec, dict) else _NONE


def _environment(entries: Any) -> dict[str, str]:
    texts = [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
    return {name: value for name, equals, value in (text.partition("=") for text in texts) if equals}


def _network_mode(labels: Mapping[str, str], spec: Mapping[str, Any]) -> str:
    """ "host" when the specification makes no network namespace; else nerdctl's networks, where it says them."""
    namespaces = _object(spec, "linux").get("namespaces")
    kinds = (
        [entry.get("type") for entry in namespaces if isinstance(entry, dict)] if isinstance(namespaces, list) else []
    )
    if kinds and "network" not in kinds:
        return "host"
    try:
        networks = json.loads(labels.get("nerdctl/networks", "[]"))
    except (ValueError, RecursionError):
        return ""
    return ",".join(name for name in networks if isinstance(name, str)) if isinstance(networks, list) else ""


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else _NONE


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
