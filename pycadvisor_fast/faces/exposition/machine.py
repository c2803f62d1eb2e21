"""machine_*: what the machine is. Pure: the numbers are those of feed.machine(), in cAdvisor's arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pycadvisor_fast.machine.cadvisor import machine_info
from pycadvisor_fast.machine.model import Machine
from pycadvisor_fast.native.exposition import NO_CONTAINER, Given

from .family import Family, Series, gauge, given, of
from .given import Number, labelled
from .labels import Pairs

IDENTITY = ("machine_id", "system_uuid", "boot_id")
Item = tuple[str, Pairs, Number]


def _machine(name: str) -> Series:
    return given(f"machine.{name}", "docs/machine.md")


def _family(name: str, text: str, *labels: str, differs: str = "") -> Family:
    return gauge(f"machine_{name}", text, _machine(name), labels=(*IDENTITY, *labels), differs=differs)


MACHINE = of(
    "",
    "The machine: what it is",
    _family(
        "cpu_physical_cores", "Physical cores.", differs="cores of sockets that number theirs alike are told apart"
    ),
    _family("cpu_cores", "Logical CPUs that are online."),
    _family("cpu_sockets", "Sockets."),
    _family("cpu_books", "Books (s390x)."),
    _family("cpu_drawers", "Drawers (s390x)."),
    _family("memory_bytes", "Memory."),
    _family("swap_bytes", "Swap."),
    _family("dimm_count", "Memory modules by type.", "type", differs="from SMBIOS as well, where there is no EDAC"),
    _family("dimm_capacity_bytes", "Memory by type.", "type", differs="from SMBIOS as well, where there is no EDAC"),
    _family(
        "nvm_capacity",
        "Persistent memory by mode, in bytes.",
        "mode",
        differs="absent without such memory, where cAdvisor says 0",
    ),
)

TOPOLOGY = of(
    "cpu_topology",
    "The machine: what it is",
    _family("cpu_cache_capacity_bytes", "Caches.", "node_id", "core_id", "type", "level"),
    _family("thread_siblings_count", "Threads of the core that a CPU belongs to.", "node_id", "core_id", "thread_id"),
    _family("node_memory_capacity_bytes", "Memory of a node.", "node_id"),
    _family("node_hugepages_count", "Huge pages of a node.", "node_id", "page_size"),
    _family("node_distance", "How far one node is from another.", "node_id", "target_node_id"),
)

ALWAYS = of(
    "",
    "The page itself",
    gauge(
        "cadvisor_version_info",
        "What is running here: always 1.",
        given("version", "this program, the kernel"),
        labels=("kernelVersion", "osVersion", "dockerVersion", "cadvisorVersion", "cadvisorRevision"),
        differs="cadvisorVersion is ours; dockerVersion is that of the daemon that answers",
    ),
    gauge(
        "container_scrape_error",
        "1: not everything about containers is in this answer.",
        given("container_error", "this page"),
    ),
    gauge(
        "machine_scrape_error",
        "1: nothing about the machine is in this answer.",
        given("machine_error", "this page"),
    ),
    is_timed=False,
)

FAMILIES: tuple[Family, ...] = (*MACHINE, *TOPOLOGY, *ALWAYS)

ABSENT = (("machine_nvm_avg_power_budget_watts", "", "no kernel interface tells it; cAdvisor always says 0"),)


def samples(machine: Machine, form: int, *, is_strict: bool, version: str) -> dict[str, Given]:
    """Of all families here but the scrape errors."""
    info = machine_info(machine)
    identity = [(name, str(info[name])) for name in IDENTITY]
    found: dict[str, list[tuple[int, Pairs, Number]]] = {}
    for name, pairs, value in (*_counts(machine, info, is_strict=is_strict), *_topology(info)):
        found.setdefault(name, []).append((NO_CONTAINER, pairs, value))
    time_ms = machine.time_ns // 10**6
    out = {f"machine.{name}": labelled(items, form, time_ms, identity) for name, items in found.items()}
    out["version"] = labelled([(NO_CONTAINER, _version(machine, version), 1)], form)
    return out


def _version(machine: Machine, version: str) -> Pairs:
    docker = next((found.version for found in machine.runtimes if found.name == "docker"), "")
    return (
        ("kernelVersion", machine.kernel_version or ""),
        ("osVersion", machine.os_name or ""),
        ("dockerVersion", docker),
        ("cadvisorVersion", version),
        ("cadvisorRevision", ""),
    )


def _counts(machine: Machine, info: dict[str, Any], *, is_strict: bool) -> Iterator[Item]:
    topology = machine.topology
    cores = info["num_physical_cores"] if is_strict or topology.cores is None else topology.cores
    yield "cpu_physical_cores", (), cores
    yield "cpu_cores", (), info["num_cores"]
    yield "cpu_sockets", (), info["num_sockets"]
    yield "cpu_books", (), topology.books or 0
    yield "cpu_drawers", (), topology.drawers or 0
    yield "memory_bytes", (), info["memory_capacity"]
    yield "swap_bytes", (), info["swap_capacity"]
    for kind, modules in info["memory_by_type"].items():
        yield "dimm_count", (("type", kind),), modules["dimm_count"]
        yield "dimm_capacity_bytes", (("type", kind),), modules["capacity"]
    if machine.memory.nvm is not None or is_strict:
        yield "nvm_capacity", (("mode", "memory_mode"),), info["nvm"]["memory_mode_capacity"]
        yield "nvm_capacity", (("mode", "app_direct_mode"),), info["nvm"]["app direct_mode_capacity"]


def _topology(info: dict[str, Any]) -> Iterator[Item]:
    for node in info["topology"]:
        node_id = ("node_id", str(node["node_id"]))
        yield "node_memory_capacity_bytes", (node_id,), node["memory"]
        for size in node["hugepages"] or ():
            yield "node_hugepages_count", (node_id, ("page_size", str(size["page_size"]))), size["num_pages"]
        for target, distance in enumerate(node["distances"] or ()):
            yield "node_distance", (node_id, ("target_node_id", str(target))), distance
        yield from _caches(node_id, "", node["caches"])
        for core in node["cores"] or ():
            yield from _core(node_id, core)


def _core(node_id: tuple[str, str], core: dict[str, Any]) -> Iterator[Item]:
    core_id = str(core["core_id"])
    for thread in core["thread_ids"]:
        pairs = (node_id, ("core_id", core_id), ("thread_id", str(thread)))
        yield "thread_siblings_count", pairs, len(core["thread_ids"])
    yield from _caches(node_id, core_id, (*(core["caches"] or ()), *(core["uncore_caches"] or ())))


def _caches(node_id: tuple[str, str], core_id: str, caches: Any) -> Iterator[Item]:
    """Those of one kind and level are added up: their labels would be the same."""
    sizes: dict[tuple[str, int], int] = {}
    for cache in caches or ():
        key = (cache["type"], cache["level"])
        sizes[key] = sizes.get(key, 0) + cache["size"]
    for (kind, level), size in sizes.items():
        pairs = (node_id, ("core_id", core_id), ("type", kind), ("level", str(level)))
        yield "cpu_cache_capacity_bytes", pairs, size
