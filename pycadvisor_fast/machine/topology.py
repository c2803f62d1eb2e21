"""Processors from /sys/devices/system/cpu, and /proc/cpuinfo where sysfs has no topology.

Documentation/admin-guide/cputopology.rst: the *_list files name the CPUs that share a part. They are right where ids
are not: ids may be used again in another die, socket or book, or be -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .cpuinfo import CpuInfo
from .model import CadvisorNumbers, Core, Cpu, NumaNode, Topology
from .root import Root

_NO_ID = 65535  # what x86 kernels say for a cluster_id they do not have (BAD_APICID)
_THREADS = ("core_cpus_list", "thread_siblings_list")  # the new name, the old name
_LEVELS = {  # part -> names of its list of CPUs, and of its id
    "cluster": (("cluster_cpus_list",), "cluster_id"),
    "die": (("die_cpus_list",), "die_id"),
    "socket": (("package_cpus_list", "core_siblings_list"), "physical_package_id"),
    "book": (("book_siblings_list",), "book_id"),
    "drawer": (("drawer_siblings_list",), "drawer_id"),
}


@dataclass
class _Found:
    """What each online CPU says about itself. ``sets``: by level, the CPUs it shares that part with."""

    ids: dict[int, dict[str, int]] = field(default_factory=dict)
    sets: dict[int, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    threads: dict[int, tuple[int, ...]] = field(default_factory=dict)


def cpu_directory(root: Root) -> Path:
    """Where sysfs has the CPUs."""
    return root.sys / "devices/system/cpu"


def online_cpus(root: Root, info: CpuInfo) -> tuple[int, ...]:
    """Numbers of the CPUs that are online; by cpuinfo where sysfs has no list."""
    listed = root.cpus(cpu_directory(root) / "online")
    return listed if listed else tuple(sorted(info.by_cpu))


def read(root: Root, info: CpuInfo, nodes: tuple[NumaNode, ...]) -> tuple[Topology, CadvisorNumbers]:
    """Everything but the caches, and the counts as cAdvisor makes them."""
    base = cpu_directory(root)
    online = online_cpus(root, info)
    present = root.cpus(base / "present") or online
    possible = root.cpus(base / "possible") or present
    found = _found(root, info, online)
    node_of = {cpu: node.number for node in nodes for cpu in node.cpus}
    cores = _cores(found, online, node_of)
    if online and not found.threads:
        root.notes.add(f"{base}: no CPU has a topology; each one counts as a core of one socket")
    topology = Topology(
        cpus_online=len(online) or None,
        cpus_present=len(present) or None,
        cpus_possible=len(possible) or None,
        cores=len(cores) or None,
        sockets=_count(found, online, "socket") or (1 if online else None),
        dies=_count(found, online, "die") or None,
        clusters=_count(found, online, "cluster") or None,
        books=_count(found, online, "book") or None,
        drawers=_count(found, online, "drawer") or None,
        is_smt_active=any(len(core.cpus) > 1 for core in cores) if found.threads else None,
        isolated_cpus=root.cpus(base / "isolated") or (),
        cpus=tuple(_cpu(root, info, number, number in set(online), node_of) for number in present),
        physical_cores=cores,
        nodes=nodes,
    )
    return topology, _as_cadvisor_counts(root, info, found)


def _found(root: Root, info: CpuInfo, online: Iterable[int]) -> _Found:
    found = _Found()
    for cpu in online:
        directory = cpu_directory(root) / f"cpu{cpu}/topology"
        names = set(root.entries(directory))
        ids = found.ids.setdefault(cpu, {})
        _put(
            ids, "core", root.number(directory / "core_id") if "core_id" in names else None, info.ident(cpu, "core id")
        )
        for level, (_, name) in _LEVELS.items():
            in_cpuinfo = info.ident(cpu, f"{'physical' if level == 'socket' else level} id")
            _put(ids, level, root.number(directory / name) if name in names else None, in_cpuinfo)
        threads = _list(root, directory, names, _THREADS)
        if threads:
            found.threads[cpu] = threads
        sets = found.sets.setdefault(cpu, {})
        for level, (lists, _) in _LEVELS.items():
            shared = _list(root, directory, names, lists)
            if shared:
                sets[level] = shared
    return found


def _put(ids: dict[str, int], level: str, *candidates: int | None) -> None:
    for candidate in candidates:
        if candidate is not None and candidate >= 0 and not (level == "cluster" and candidate == _NO_ID):
            ids[level] = candidate
            return


def _list(root: Root, directory: Path, names: set[str], lists: tuple[str, ...]) -> tuple[int, ...] | None:
    for name in lists:
        if name in names:
            return root.cpus(directory / name)
    return None


def _place(found: _Found, cpu: int, level: str) -> object:
    """What tells one part of a level from the others: the CPUs that share it, else its id and those around it."""
    shared = found.sets.get(cpu, {}).get(level)
    if shared:
        return shared
    ids = found.ids.get(cpu, {})
    order = ("drawer", "book", "socket", "die", "cluster")
    around = order[: order.index(level) + 1]
    return tuple(ids.get(name) for name in around) if level in ids else None


def _count(found: _Found, online: Iterable[int], level: str) -> int:
    """How many parts of a level there are; 0 = this hardware does not have them."""
    with_id = [cpu for cpu in online if level in found.ids.get(cpu, {})]
    if level == "socket" and not with_id:  # some hypervisors say -1 and still list who sits together
        with_id = [cpu for cpu in online if "socket" in found.sets.get(cpu, {})]
    return len({_place(found, cpu, level) for cpu in with_id})


def _cores(found: _Found, online: tuple[int, ...], node_of: Mapping[int, int]) -> tuple[Core, ...]:
    out: dict[object, list[int]] = {}
    for cpu in online:
        ids = found.ids.get(cpu, {})
        key: object = found.threads.get(cpu)
        if key is None:
            key = (tuple(sorted((k, v) for k, v in ids.items())),) if "core" in ids else ("alone", cpu)
        out.setdefault(key, []).append(cpu)
    return tuple(_core(found, tuple(cpus), node_of) for cpus in out.values())


def _core(found: _Found, cpus: tuple[int, ...], node_of: Mapping[int, int]) -> Core:
    ids = found.ids.get(cpus[0], {})
    return Core(
        cpus=cpus,
        core_id=ids.get("core"),
        cluster_id=ids.get("cluster"),
        die_id=ids.get("die"),
        socket_id=ids.get("socket"),
        book_id=ids.get("book"),
        drawer_id=ids.get("drawer"),
        node=node_of.get(cpus[0]),
    )


def _cpu(root: Root, info: CpuInfo, number: int, is_online: bool, node_of: Mapping[int, int]) -> Cpu:
    directory = cpu_directory(root) / f"cpu{number}"
    node = node_of.get(number)
    if node is None and not is_online:  # an offline CPU is in no node's list, but keeps its link
        node = next((found for found, _ in root.numbered(directory, "node")), None)
    return Cpu(
        number=number,
        is_online=is_online,
        node=node,
        capacity=root.count(directory / "cpu_capacity"),
        min_khz=root.count(directory / "cpufreq/cpuinfo_min_freq") or None,
        max_khz=root.count(directory / "cpufreq/cpuinfo_max_freq") or None,
        model=info.model(number) if is_online else None,
    )


def _as_cadvisor_counts(root: Root, info: CpuInfo, found: _Found) -> CadvisorNumbers:
    """Distinct ids of cpuinfo, else of sysfs, without a look at which socket they are in."""
    cores, sockets = info.distinct("core id"), info.distinct("physical id")
    return CadvisorNumbers(
        physical_cores=cores or len({ids["core"] for ids in found.ids.values() if "core" in ids}),
        sockets=sockets or len({ids["socket"] for ids in found.ids.values() if "socket" in ids}),
    )
