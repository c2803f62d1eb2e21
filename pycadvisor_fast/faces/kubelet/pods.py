"""Which pods there are and who is in them, from what the runtimes said of each container. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pycadvisor_fast.container import Container


@dataclass
class Pod:
    """A pod. ``cgroup`` is kubelet's own cgroup around it, ``sandbox`` the container that keeps its namespaces."""

    uid: str
    name: str = ""
    namespace: str = ""
    cgroup: Container | None = None
    sandbox: Container | None = None
    containers: list[Container] = field(default_factory=list)

    @property
    def everyone(self) -> list[Container]:
        """Sandbox and containers."""
        return ([self.sandbox] if self.sandbox else []) + self.containers

    @property
    def started_ns(self) -> int:
        """When the pod began, as far as anybody knows; 0 = not known."""
        moments = [moment for one in self.everyone if (moment := began_ns(one))]
        return min(moments, default=self.cgroup.created_ns if self.cgroup else 0)


def began_ns(one: Container) -> int:
    """When a container was started, else made; 0 = not known."""
    return one.started_ns or one.created_ns


def pods_of(containers: Iterable[Container]) -> list[Pod]:
    """The Kubernetes pods among ``containers``, in the order they are met. Podman's own pods are none."""
    pods: dict[str, Pod] = {}
    for one in containers:
        if not _is_of_kubernetes(one):
            continue
        pod = pods.setdefault(one.pod_uid, Pod(one.pod_uid))
        pod.name, pod.namespace = pod.name or one.pod_name, pod.namespace or one.pod_namespace
        _place(pod, one)
    for pod in pods.values():
        pod.containers = _latest_attempts(pod.containers)
    return list(pods.values())


def shown_name(one: Container) -> str:
    """A container's name in its pod: kubelet's; without an answer of the runtime what else there is."""
    return one.container_name or one.name or one.id


def _is_of_kubernetes(one: Container) -> bool:
    return bool(one.pod_uid) and (one.runtime == "kubepods" or bool(one.pod_name) or "/kubepods" in one.path)


def _place(pod: Pod, one: Container) -> None:
    if one.kind == "pod":
        pod.cgroup = one
    elif one.kind == "sandbox":
        pod.sandbox = one
    elif one.kind == "container":
        pod.containers.append(one)


def _latest_attempts(containers: list[Container]) -> list[Container]:
    """One a name, by name: the one before may still be ending."""
    latest: dict[str, Container] = {}
    for one in containers:
        known = latest.get(shown_name(one))
        if known is None or (known.attempt, known.created_ns) <= (one.attempt, one.created_ns):
            latest[shown_name(one)] = one
    return [latest[name] for name in sorted(latest)]
