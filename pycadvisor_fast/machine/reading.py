"""A machine from its files, part by part: what cannot be read costs its part only."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from . import caches, clock, cloud, cpuinfo, disks, identity, memory, network, nodes, topology
from .cpuinfo import CpuInfo
from .identity import BOOT_ID_FILES, MACHINE_ID_FILES, Identity
from .model import CadvisorNumbers, Clock, Cloud, Disk, Machine, Memory, NetworkDevice, NumaNode, Topology
from .root import Root

_NO_DISKS: tuple[Disk, ...] = ()
_NO_NETWORK: tuple[NetworkDevice, ...] = ()
_NO_NODES: tuple[NumaNode, ...] = ()

PARTS = ("identity", "processors", "memory", "disks", "network")
"""What can be read again by itself."""


@dataclass(frozen=True)
class Sources:
    """Where to read: the host's root, and the files that hold its ids (cAdvisor's flags)."""

    sysroot: str = ""
    machine_id_files: tuple[str, ...] = MACHINE_ID_FILES
    boot_id_files: tuple[str, ...] = BOOT_ID_FILES


@dataclass(frozen=True)
class Reading:
    """One part: fields of Machine, and what was wrong with it."""

    fields: dict[str, Any]
    notes: tuple[str, ...]


def read(sources: Sources = Sources(), root: Root | None = None) -> Machine:
    """The whole machine now. ``root``: take it from there instead of from this host."""
    found = root or Root.find(sources.sysroot)
    return compose([read_part(part, found, sources) for part in PARTS])


def compose(readings: Iterable[Reading]) -> Machine:
    """A machine of parts that were read one by one."""
    fields: dict[str, Any] = {}
    notes: list[str] = []
    for reading in readings:
        fields |= reading.fields
        notes += [note for note in reading.notes if note not in notes]
    return replace(Machine(time_ns=time.time_ns(), notes=tuple(notes)), **fields)


def read_part(part: str, root: Root, sources: Sources) -> Reading:
    """One of PARTS, with notes of its own."""
    root = root.fresh()
    if part == "identity":
        fields = _identity(root, sources)
    elif part == "processors":
        fields = _processors(root)
    elif part == "memory":
        fields = {"memory": root.part("memory", memory.read, Memory())}
    elif part == "disks":
        fields = {"disks": root.part("disks", disks.read, _NO_DISKS)}
    else:
        fields = {"network_devices": root.part("network devices", network.read, _NO_NETWORK)}
    return Reading(fields, root.notes.texts())


def _identity(root: Root, sources: Sources) -> dict[str, Any]:
    files = sources.machine_id_files, sources.boot_id_files
    found = root.part("identity", lambda root: identity.read(root, *files), Identity())
    detected: Cloud | None = root.part("cloud", cloud.detect, None)
    return {**vars(found), "cloud": detected}


def _processors(root: Root) -> dict[str, Any]:
    info = root.part("cpuinfo", lambda root: cpuinfo.parse(root.text(root.proc / "cpuinfo") or ""), CpuInfo())
    found = root.part("NUMA nodes", nodes.read, _NO_NODES)
    shape, counts = root.part(
        "topology", lambda root: topology.read(root, info, found), (Topology(), CadvisorNumbers())
    )
    online = topology.online_cpus(root, info)
    shape = replace(shape, caches=root.part("caches", lambda root: caches.read(root, online), ()))
    architecture = identity.architecture(root)
    return {
        "topology": shape,
        "cadvisor": counts,
        "clock": root.part("clock", lambda root: clock.read(root, info, shape.cpus, architecture), Clock()),
        "vendor_id": info.vendor_id,
        "cpu_model": info.model(),
    }
