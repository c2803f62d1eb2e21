"""Kubelet's Summary (stats/v1alpha1): the node, its system containers, its pods and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pycadvisor_fast.filesystem import Storage

from .disk import Disks
from .pods import Pod, began_ns, pods_of, shown_name
from .tables import Tables
from .usage import Object, Usage, known, moment

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.feed import Feed
    from pycadvisor_fast.machine.model import Machine

_SYSTEM = {
    "kubelet": ("kubelet.service",),
    "runtime": ("containerd.service", "crio.service", "docker.service"),
    "pods": ("kubepods.slice", "kubepods"),
}
"""Names of kubelet's system containers -> last part of the cgroup paths they usually have."""


def summary(feed: Feed, *, only_cpu_and_memory: bool = False) -> Object:
    """The object of /stats/summary. Reads each group of the ring once; it blocks no longer than that takes."""
    machine, containers = feed.machine(), feed.containers()
    tables = Tables(feed.ring)
    usage = Usage(tables, machine.memory.capacity_bytes)
    storage = Storage() if only_cpu_and_memory else feed.filesystems()
    writer = _Writer(usage, Disks(storage), containers, full=not only_cpu_and_memory)
    return {"node": writer.node(machine), "pods": [writer.pod(pod) for pod in pods_of(containers)]}


class _Writer:
    """Objects of one summary. ``full``: not only CPU and memory."""

    def __init__(self, usage: Usage, disks: Disks, containers: Sequence[Container], *, full: bool) -> None:
        self._usage = usage
        self._disks = disks
        self._containers = containers
        self._by_slot = {one.slot: one for one in containers}
        self._full = full

    def node(self, machine: Machine) -> Object:
        """NodeStats."""
        root = next((one for one in self._containers if one.path == "/"), None)
        named = known(nodeName=(machine.hostname or "").lower(), startTime=moment(machine.boot_time_ns or 0))
        system = [self._system(name, one) for name in _SYSTEM if (one := self._find(_SYSTEM[name]))]
        if root is None:
            return {**named, "systemContainers": system}
        images = self._disks.images() if self._full else None
        more = known(
            io=self._usage.io(root),
            network=self._usage.network(root),
            fs=self._disks.node(),
            runtime=None if images is None else {"imageFs": images},
            swap=self._usage.swap(root, machine.memory.swap_bytes),
        )
        return {**named, "systemContainers": system, **self._basic(root), **(more if self._full else {})}

    def pod(self, pod: Pod) -> Object:
        """PodStats."""
        found = {
            "podRef": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
            **known(startTime=moment(pod.started_ns)),
            "containers": [self._container(one) for one in pod.containers],
            **(self._basic(pod.cgroup) if pod.cgroup else self._sum(pod)),
        }
        if not self._full:
            return found
        owner = self._network_owner(pod)
        more = known(
            network=self._usage.network(owner) if owner else None,
            volume=self._disks.volumes(pod.everyone) or None,
            process_stats=self._usage.processes(pod.cgroup) if pod.cgroup else None,
            io=self._usage.io(pod.cgroup) if pod.cgroup else None,
            swap=self._usage.swap(pod.cgroup) if pod.cgroup else None,
        )
        ephemeral = self._disks.ephemeral(pod.everyone)
        return {**found, **more, **({} if ephemeral is None else {"ephemeral-storage": ephemeral})}

    def _container(self, one: Container) -> Object:
        """ContainerStats."""
        found = {"name": shown_name(one), **known(startTime=moment(began_ns(one))), **self._basic(one)}
        if not self._full:
            return found
        more = known(
            io=self._usage.io(one),
            rootfs=self._disks.root(one),
            logs=self._disks.logs(one),
            swap=self._usage.swap(one),
        )
        return {**found, **more}

    def _system(self, name: str, one: Container) -> Object:
        return {"name": name, **known(startTime=moment(began_ns(one))), **self._basic(one)}

    def _basic(self, one: Container) -> Object:
        return known(cpu=self._usage.cpu(one), memory=self._usage.memory(one))

    def _sum(self, pod: Pod) -> Object:
        """Of a pod without a cgroup of its own (another cgroup parent): what its containers use together."""
        parts = [self._basic(one) for one in pod.everyone]
        return {
            what: total for what in ("cpu", "memory") if (total := _add([part[what] for part in parts if what in part]))
        }

    def _network_owner(self, pod: Pod) -> Container | None:
        """Who carries the rows of the pod's network; None in the host's, as for kubelet."""
        for one in pod.everyone:
            if not one.is_host_network and one.netns_owner >= 0:
                return self._by_slot.get(one.netns_owner)
        return None

    def _find(self, names: tuple[str, ...]) -> Container | None:
        """The outermost cgroup whose last part is one of ``names``."""
        found = [one for one in self._containers if one.path.rpartition("/")[2] in names]
        return min(found, key=lambda one: one.path.count("/"), default=None)


def _add(parts: list[Object]) -> Object:
    """Sums the numbers that all parts have; times are the first part's, pressure cannot be added."""
    if not parts:
        return {}
    names = [name for name in parts[0] if name != "psi" and all(name in part for part in parts)]
    return {name: parts[0][name] if name == "time" else sum(part[name] for part in parts) for name in names}
