"""A machine for people. Pure; what is absent is "-" in a table and left out elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..machine.model import Cache, Disk, Machine, NetworkDevice, NumaNode, Topology
from .overview import printable
from .quantities import ABSENT, moment, size

_PARTS = ("drawers", "books", "sockets", "dies", "clusters", "cores")


def text(machine: Machine) -> str:
    """All of it in sections; those with nothing in them are left out."""
    sections = (
        ("Machine", _pairs(_names(machine))),
        ("Processors", _pairs(_processors(machine))),
        ("NUMA nodes", _nodes(machine.topology.nodes)),
        ("Memory", _pairs(_memory(machine))),
        ("Disks", _disks(machine.disks)),
        ("Network devices", _network(machine.network_devices)),
        ("Filesystems", _filesystems(machine)),
        ("Notes", [f"  {printable(note)}" for note in machine.notes]),
    )
    return "\n\n".join("\n".join((title, *lines)) for title, lines in sections if lines)


def _names(machine: Machine) -> Iterable[tuple[str, str | None]]:
    hardware, cloud = machine.hardware, machine.cloud
    yield "hostname", machine.hostname
    yield "hardware", _joined(hardware.vendor, hardware.product, hardware.product_version)
    yield "cloud", _joined(cloud.provider, cloud.instance_type, cloud.instance_id, cloud.zone) if cloud else None
    yield "operating system", machine.os_name
    yield "kernel", _joined(machine.kernel_version, machine.architecture)
    yield "machine id", machine.machine_id
    yield "system uuid", machine.system_uuid
    yield "boot id", machine.boot_id
    yield "booted", moment(machine.boot_time_ns) if machine.boot_time_ns else None
    for runtime in machine.runtimes:
        yield runtime.name, runtime.version or "version not known"


def _processors(machine: Machine) -> Iterable[tuple[str, str | None]]:
    topology, clock = machine.topology, machine.clock
    yield "model", _joined(machine.cpu_model, f"({machine.vendor_id})" if machine.vendor_id else None)
    yield "online", _online(topology)
    parts = [f"{count} {name if count != 1 else _one(name)}" for name in _PARTS if (count := getattr(topology, name))]
    yield "topology", ", ".join(parts) + (", threads share cores" if topology.is_smt_active else "") if parts else None
    yield "clock", _clock(clock.max_khz, clock.base_khz, clock.source)
    for name, caches in _by_name(topology.caches).items():
        sizes = {cache.size_bytes for cache in caches}
        sharing = sorted({len(cache.cpus) for cache in caches})
        shared = f"shared by {'/'.join(map(str, sharing))} CPUs" if sharing != [1] else "one a CPU"
        yield name, f"{len(caches)} x {'/'.join(sorted(size(one) for one in sizes))}, {shared}"


def _online(topology: Topology) -> str | None:
    if topology.cpus_online is None:
        return None
    offline = [str(cpu.number) for cpu in topology.cpus if not cpu.is_online]
    out = f"{topology.cpus_online} of {topology.cpus_present} CPUs"
    if offline:
        out += f", offline: {','.join(offline)}"
    if topology.cpus_possible != topology.cpus_present:
        out += f", {topology.cpus_possible} possible"
    return out


def _clock(max_khz: int | None, base_khz: int | None, source: str) -> str | None:
    if max_khz is None:
        return None
    base = f", base {base_khz / 1e6:.2f} GHz" if base_khz else ""
    return f"{max_khz / 1e6:.2f} GHz at most{base} ({source})"


def _by_name(caches: Iterable[Cache]) -> dict[str, list[Cache]]:
    out: dict[str, list[Cache]] = {}
    for cache in caches:
        letter = {"Data": "d", "Instruction": "i"}.get(cache.kind, "")
        out.setdefault(f"L{cache.level}{letter}", []).append(cache)
    return out


def _memory(machine: Machine) -> Iterable[tuple[str, str | None]]:
    memory = machine.memory
    yield "capacity", size(memory.capacity_bytes) if memory.capacity_bytes is not None else None
    for kind in memory.by_type:
        speed = f", {kind.speed_mts} MT/s" if kind.speed_mts else ""
        yield kind.kind, f"{size(kind.capacity_bytes)} in {kind.modules} modules{speed} ({kind.source})"
    yield "swap", size(memory.swap_bytes) if memory.swap_bytes else None
    for pages in memory.hugepages:
        yield f"{size(pages.size_bytes)} pages", f"{pages.pages}, {pages.free_pages} free" if pages.pages else None
    if memory.nvm:
        yield "persistent", f"{size(memory.nvm.app_direct_bytes)} in {memory.nvm.modules} modules"


def _nodes(nodes: Sequence[NumaNode]) -> list[str]:
    rows = [
        (
            str(node.number),
            size(node.memory_bytes),
            str(len(node.cpus)),
            ",".join(str(found.distance) for found in node.distances) or ABSENT,
            _listed(node.cpus) or ABSENT,
        )
        for node in nodes
    ]
    return _table(("NODE", "MEMORY", "CPUS", "DISTANCES", "WHICH"), rows)


def _disks(disks: Sequence[Disk]) -> list[str]:
    rows = [
        (
            printable(disk.name),
            f"{disk.major}:{disk.minor}",
            disk.kind,
            size(disk.size_bytes),
            disk.scheduler or ABSENT,
            "yes" if disk.is_in_cadvisor else "no",
            printable(" ".join(filter(None, (disk.model, disk.label, " ".join(disk.parts_of)))) or ABSENT),
        )
        for disk in disks
        if disk.size_bytes or disk.is_in_cadvisor  # loop and ram devices that nobody uses
    ]
    return _table(("NAME", "NUMBER", "KIND", "SIZE", "SCHEDULER", "CADVISOR", "WHAT"), rows)


def _network(devices: Sequence[NetworkDevice]) -> list[str]:
    rows = [
        (
            printable(device.name),
            device.kind,
            device.state or ABSENT,
            f"{device.speed_mbit} Mbit/s" if device.speed_mbit else ABSENT,
            str(device.mtu) if device.mtu else ABSENT,
            device.mac or ABSENT,
            "yes" if device.is_in_cadvisor else "no",
            printable(device.driver or (f"in {device.master}" if device.master else ABSENT)),
        )
        for device in devices
    ]
    return _table(("NAME", "KIND", "STATE", "SPEED", "MTU", "MAC", "CADVISOR", "DRIVER"), rows)


def _filesystems(machine: Machine) -> list[str]:
    rows = [
        (found.kind, size(found.capacity_bytes), printable(found.device), printable(found.mountpoint))
        for found in machine.filesystems
    ]
    return _table(("TYPE", "CAPACITY", "DEVICE", "MOUNTED AT"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    everything = (head, *rows)
    widths = [max(len(row[index]) for row in everything) for index in range(len(head))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in everything
    ]


def _pairs(pairs: Iterable[tuple[str, str | None]]) -> list[str]:
    return [f"  {name:<16} {printable(value)}" for name, value in pairs if value]


def _joined(*words: str | None) -> str | None:
    return " ".join(word for word in words if word) or None


def _one(name: str) -> str:
    return name.removesuffix("s")


def _listed(cpus: Sequence[int]) -> str:
    """CPUs as the kernel lists them: "0-3,8"."""
    out: list[list[int]] = []
    for cpu in cpus:
        if out and out[-1][1] == cpu - 1:
            out[-1][1] = cpu
        else:
            out.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
