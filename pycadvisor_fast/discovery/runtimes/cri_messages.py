"""What CRI's answers say, as identities: pure, and distrustful of every text.

Of one container three answers tell: its line in the list (names), its pod's line, and the status of each, which is
asked for once (process, log, addresses).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from . import Ended, Identity
from .api import cri_pb2 as pb
from .kubernetes import Place, place_of

INFO_LIMIT = 1 << 20  # bytes of a status's additional JSON that are looked at; containerd has some 30 KiB
RUNNING, EXITED = 1, 2  # of Container.state
NETWORK_OF_NODE = 2
OOM_KILLED = "OOMKilled"
RUNTIMES: Mapping[str, str] = MappingProxyType({"cri-o": "crio"})
"""The name a runtime gives itself -> ours, where they differ."""

_STATES = ("created", "running", "stopped", "")
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Detail:
    """What a status adds to a line of the list."""

    pid: int = 0
    started_ns: int = 0
    log_path: str = ""
    ip_addresses: tuple[str, ...] = ()
    network_mode: str = ""
    envs: Mapping[str, str] = field(default_factory=lambda: _NONE)


def texts(pairs: Iterable[pb.Pair]) -> dict[str, str]:
    """A map<string, string>; bytes that are no UTF-8 become U+FFFD."""
    return {pair.key.decode(errors="replace"): pair.value.decode(errors="replace") for pair in pairs}


def sandbox_identity(runtime: str, sandbox: pb.Sandbox, detail: Detail) -> Identity:
    """A pod's sandbox: the container that keeps its namespaces."""
    pod = sandbox.metadata
    place = Place(pod.name, pod.namespace, pod.uid, sandbox_id=sandbox.id, is_sandbox=True)
    return Identity(
        runtime,
        sandbox.id,
        name=place.name,
        labels=MappingProxyType(texts(sandbox.labels)),
        kind="sandbox",
        namespace=runtime,
        pod_uid=pod.uid,
        created_ns=max(0, sandbox.created_at),
        started_ns=detail.started_ns,
        pid=detail.pid,
        network_mode=detail.network_mode,
        pod_name=pod.name,
        pod_namespace=pod.namespace,
        sandbox_id=sandbox.id,
        attempt=pod.attempt,
        ip_addresses=detail.ip_addresses,
        runtime_state="running" if sandbox.state == 0 else "stopped",
    )


def container_identity(
    runtime: str, container: pb.Container, pod: pb.Sandbox | None, detail: Detail, pods: Detail
) -> Identity:
    """A container of a pod; ``pod`` (None: not listed) and ``pods``, its detail, say where it stands."""
    labels, annotations = texts(container.labels), texts(container.annotations)
    said = place_of(labels, annotations)
    where = pod.metadata if pod is not None else pb.SandboxMetadata()
    name = container.metadata.name or said.container_name
    place = Place(where.name or said.pod_name, where.namespace or said.pod_namespace, where.uid or said.pod_uid, name)
    return Identity(
        runtime,
        container.id,
        name=place.name or name,
        image=container.image.user_specified_image or container.image.image or container.image_ref,
        labels=MappingProxyType(labels),
        namespace=runtime,
        pod_uid=place.pod_uid,
        created_ns=max(0, container.created_at),
        started_ns=detail.started_ns,
        pid=detail.pid,
        restart_count=said.restart_count,
        network_mode=pods.network_mode,
        envs=detail.envs,
        pod_name=place.pod_name,
        pod_namespace=place.pod_namespace,
        container_name=name,
        sandbox_id=container.pod_sandbox_id,
        attempt=container.metadata.attempt,
        log_path=detail.log_path,
        ip_addresses=pods.ip_addresses,
        runtime_state=_STATES[container.state] if 0 <= container.state < len(_STATES) else "",
    )


def sandbox_detail(answer: pb.OneSandbox) -> Detail:
    """What PodSandboxStatus adds."""
    network = answer.status.network
    addresses = tuple(filter(None, (network.ip, *(address.ip for address in network.additional_ips))))
    is_nodes = answer.status.linux.namespaces.options.network == NETWORK_OF_NODE
    pid, _ = _information(answer.info)
    return Detail(pid=pid, ip_addresses=addresses, network_mode="host" if is_nodes else "")


def container_detail(answer: pb.OneContainer) -> Detail:
    """What ContainerStatus adds."""
    pid, envs = _information(answer.info)
    return Detail(
        pid=pid,
        started_ns=max(0, answer.status.started_at),
        log_path=answer.status.log_path,
        envs=MappingProxyType(envs),
    )


def end_of(runtime: str, status: pb.ContainerStatus) -> Ended | None:
    """How a container ended; None when it has not."""
    if status.state != EXITED:
        return None
    return Ended(runtime, status.id, status.exit_code, status.reason == OOM_KILLED, max(0, status.finished_at))


def _information(pairs: Iterable[pb.Pair]) -> tuple[int, dict[str, str]]:
    """First process and environment out of the JSON that a verbose status carries; what is not there stays out.

    The interface calls it debugging information; containerd and CRI-O both have ``pid`` and ``runtimeSpec`` in it.
    """
    data = next((pair.value for pair in pairs if pair.key == b"info"), b"")
    try:
        info = json.loads(data) if data and len(data) <= INFO_LIMIT else _NONE
    except (ValueError, RecursionError):
        info = _NONE
    pid = info.get("pid") if isinstance(info, Mapping) else None
    spec = _object(info, "runtimeSpec")
    env = _object(spec, "process").get("env")
    entries = [text.partition("=") for text in env if isinstance(text, str)] if isinstance(env, list) else []
    return pid if isinstance(pid, int) and pid > 0 else 0, {name: value for name, equals, value in entries if equals}


def _object(parent: Any, key: str) -> Mapping[str, Any]:
    value = parent.get(key) if isinstance(parent, Mapping) else None
    return value if isinstance(value, Mapping) else _NONE
