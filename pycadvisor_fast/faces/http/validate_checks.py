"""What /validate/ judges: each check is one function of what is known of the host. Pure.

The first six have cAdvisor's titles, in its order, with rules that are true for today's kernels: its own ask for
kernel 3.0 and the cfq scheduler. A verdict is about what can be measured here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.machine.model import Machine

RECOMMENDED = "Supported and recommended"
SUPPORTED = "Supported, but not recommended"
UNSUPPORTED = "Unsupported"
UNKNOWN = "Unknown"

NEWEST_WANTED = (6, 7)  # css iterators, which let one program walk every hierarchy; see docs/ebpf.md
WITH_BPF = (5, 11)  # eBPF memory is no longer charged to RLIMIT_MEMLOCK; all programs of events load
LEAST = (4, 5)  # cgroup v2 is stable; what guests of the tests run is newer
REQUIRED = ("cpu", "cpuacct", "memory")  # on v2 cpuacct is part of cpu, and always there
WISHED = ("io", "pids", "cpuset")
DOCKER_WANTED = (20, 10)  # knows cgroup v2
DOCKER_LEAST = (1, 10)


@dataclass(frozen=True)
class Known:
    """What is known of the host: feed.host(), feed.machine(), feed.status(), feed.containers()."""

    host: Mapping[str, Any]
    machine: Machine
    status: Mapping[str, Any]
    containers: Sequence[Container]

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the kernel can do."""
        return self.host["facts"]  # type: ignore[no-any-return]

    @property
    def groups(self) -> Mapping[str, Any]:
        """By group: its source and interval, and why."""
        return self.host["plan"]["groups"]  # type: ignore[no-any-return]

    def ability(self, name: str) -> tuple[bool, str]:
        """Whether the kernel allows something, and why not."""
        found = self.facts["abilities"].get(name, {"answer": "unknown", "reason": "not looked at"})
        return found["answer"] == "yes", found["reason"]


@dataclass(frozen=True)
class Block:
    """One block of the report. Without a verdict it only tells."""

    title: str
    lines: tuple[str, ...]
    verdict: str = ""


def kernel_version(known: Known) -> Block:
    """What its number promises; what it can do is in the blocks below."""
    text = known.facts["kernel"]
    version = _version(text)
    lines = (
        f"Kernel version is {text}. From {_dotted(NEWEST_WANTED)} on everything is read in one pass where eBPF is"
        f" allowed; from {_dotted(WITH_BPF)} on most of it; {_dotted(LEAST)} is the least.",
    )
    if version is None:
        return Block("Kernel version", lines, UNKNOWN)
    verdict = RECOMMENDED if version >= WITH_BPF else SUPPORTED if version >= LEAST else UNSUPPORTED
    return Block("Kernel version", lines, verdict)


def cgroup_setup(known: Known) -> Block:
    """Which controllers there are, on which hierarchy."""
    there = known.facts["controllers"]
    is_v2 = known.facts["layout"] == "v2"
    names = {*there, *(("cpuacct", "cpu") if is_v2 else ())}
    missing = [name for name in REQUIRED if name not in names]
    wished = [name for name in WISHED if name not in names]
    lines = [f"Layout: {known.facts['layout']}"]
    lines += [f"{name}: v{one['version']} at {one['mount']}" for name, one in sorted(there.items())]
    lines += [f"Missing, required: {', '.join(missing)}"] if missing else []
    lines += [f"Missing, recommended: {', '.join(wished)}"] if wished else []
    lines.append(f"CPU quotas can be read: {_yes(_has_quotas(known))}")
    if known.facts["layout"] != "v2":
        lines.append("Each controller has a tree of its own; what only v2 has, such as memory.peak, is missing")
    return Block("Cgroup setup", tuple(lines), UNSUPPORTED if missing else SUPPORTED if wished else RECOMMENDED)


def cgroup_mount(known: Known) -> Block:
    """Where they are mounted."""
    mounts = sorted({one["mount"] for one in known.facts["controllers"].values()})
    if not mounts:
        return Block("Cgroup mount setup", ("No cgroup file system is mounted",), UNSUPPORTED)
    usual = all(f"{mount}/".startswith("/sys/fs/cgroup/") or "/sys/fs/cgroup" in mount for mount in mounts)
    lines = (f"Mounted at {', '.join(mounts)}", "Usual is /sys/fs/cgroup, below the host's root")
    return Block("Cgroup mount setup", lines, RECOMMENDED if usual else SUPPORTED)


def docker_version(known: Known) -> Block:
    """As Docker itself says it."""
    state = known.status["runtimes"].get("docker")
    if state is None:
        return Block("Docker version", ("Docker is not asked (setting docker)",), UNKNOWN)
    found = next((one.version for one in known.machine.runtimes if one.name == "docker"), "")
    version = _version(found)
    if version is None:
        return Block(
            "Docker version", (f"Docker is {state['state']}: {state['detail'] or 'it says no version'}",), UNKNOWN
        )
    lines = (f"Docker version is {found}. {_dotted(DOCKER_WANTED)} knows cgroup v2.",)
    verdict = RECOMMENDED if version >= DOCKER_WANTED else SUPPORTED if version >= DOCKER_LEAST else UNSUPPORTED
    return Block("Docker version", lines, verdict)


def docker_driver(known: Known) -> Block:
    """The driver of the containers' layers, which decides whether their disk usage can be measured."""
    drivers = sorted({one.layer_driver for one in known.containers if one.layer_driver})
    if not drivers:
        return Block("Docker driver setup", ("No container has told its storage driver",), UNKNOWN)
    lines = (f"Storage drivers of the containers: {', '.join(drivers)}",)
    return Block(
        "Docker driver setup", lines, RECOMMENDED if {"overlay2", "overlayfs", "overlay"} & {*drivers} else SUPPORTED
    )


def block_devices(known: Known) -> Block:
    """Whether disk input and output is counted for each container; any scheduler will do."""
    group = known.groups.get("io", {"source": "none", "reason": "no such group"})
    disks = [disk for disk in known.machine.disks if disk.kind not in ("loop", "ram", "zram")]
    lines = [f"{disk.name}: scheduler {disk.scheduler or 'none'}" for disk in disks] or ["No disk has been found"]
    if group["source"] == "none":
        return Block("Block device setup", (*lines, f"Not counted: {group['reason']}"), UNSUPPORTED)
    more = "" if known.groups.get("io_scheduler", {}).get("interval_ns") else "; times in the queue need bfq on v1"
    lines.append(f"Bytes and operations are counted, from {group['source']}{more}")
    return Block("Block device setup", tuple(lines), RECOMMENDED)


def ebpf(known: Known) -> Block:
    """The walk through kernel memory, and events."""
    names = ("btf", "bpf", "bpf_tracing", "css_iter", "cgroup_iter")
    lines = tuple(_ability(known, name) for name in names)
    is_loaded = known.ability("bpf")[0] and known.ability("btf")[0]
    return Block("eBPF and BTF", lines, RECOMMENDED if is_loaded else SUPPORTED)


def capabilities(known: Known) -> Block:
    """What this process may do, found by trying."""
    names = ("fanotify", "netlink_stats", "setns", "pidfd", "procfs", "rlimit_raise", "io_uring", "inotify")
    needed = ("procfs", "setns")
    lines = (f"Root: {_yes(known.facts['is_root'])}", *(_ability(known, name) for name in names))
    is_enough = all(known.ability(name)[0] for name in needed)
    return Block("Capabilities", lines, RECOMMENDED if is_enough else SUPPORTED)


def pressure(known: Known) -> Block:
    """PSI of the machine and of containers."""
    group = known.groups.get("pressure", {"source": "none", "reason": "no such group"})
    lines = [_ability(known, "psi"), _ability(known, "irq_psi")]
    if group["source"] == "none":
        return Block("Pressure (PSI)", (*lines, f"Containers: none: {group['reason']}"), SUPPORTED)
    return Block("Pressure (PSI)", (*lines, f"Containers: from {group['source']}"), RECOMMENDED)


def sampling(known: Known) -> Block:
    """Where each group's numbers come from."""
    lines = [
        f"{name}: {one['source']}, every {one['interval_ns'] / 1e9:g} s"
        if one["interval_ns"]
        else f"{name}: off: {one['reason']}"
        for name, one in known.groups.items()
    ]
    return Block("Sampling", tuple(lines))


def runtimes(known: Known) -> Block:
    """Who names the containers."""
    versions = {one.name: one.version for one in known.machine.runtimes}
    lines = []
    for name, one in sorted(known.status["runtimes"].items()):
        is_well = one["state"] == "connected"
        lines.append(
            _with(f"{name}: {one['state']} {versions.get(name, '')}".rstrip(), "" if is_well else one["detail"])
        )
    states = {one["state"] for one in known.status["runtimes"].values()}
    bad = states - {"connected", "missing"}
    verdict = SUPPORTED if bad else RECOMMENDED if "connected" in states else UNKNOWN
    return Block("Container runtimes", tuple(lines) or ("None is asked",), verdict)


def ring(known: Known) -> Block:
    """Room for what is sampled."""
    refused = known.status["slots_refused"] + known.status["rows_refused"]
    lines = [f"{known.status['ring_bytes']} bytes in {known.status['ring_dir']}", f"Without room: {refused}"]
    notes = [note for note in known.status.get("notes", ()) if note]
    return Block("Ring", (*lines, *notes), SUPPORTED if refused else RECOMMENDED)


def watches(known: Known) -> Block:
    """How new containers are noticed: cAdvisor tells its inotify watches here."""
    found = known.status["discovery"]
    text = _with(f"New cgroups are noticed by {found['mechanism'] or 'walking'}", found["reason"])
    return Block("Inotify watches", (f"{text}; {found['cgroups']} cgroups", *found["notes"]))


def managed_containers(known: Known) -> Block:
    """Every container, with the runtime that named it and its other names."""
    lines: list[str] = []
    for one in known.containers:
        lines.append(one.path)
        if one.runtime not in ("", "raw"):
            lines.append(f"\tNamespace: {one.runtime}")
            names = dict.fromkeys(name for name in (one.name, one.id, *one.aliases) if name)
            lines += ["\tAliases:", *(f"\t\t{name}" for name in names)]
    return Block("Managed containers", tuple(lines))


CHECKS: tuple[Callable[[Known], Block], ...] = (
    kernel_version,
    cgroup_setup,
    cgroup_mount,
    docker_version,
    docker_driver,
    block_devices,
    ebpf,
    capabilities,
    pressure,
    runtimes,
    ring,
    sampling,
    watches,
    managed_containers,
)


def _version(text: str) -> tuple[int, int] | None:
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _has_quotas(known: Known) -> bool:
    """v2 has cpu.max in every cgroup but the root; v1 the two files of CONFIG_CFS_BANDWIDTH."""
    return any(file.endswith(("cpu.max", "cpu.cfs_quota_us")) for file in known.facts["files"])


def _ability(known: Known, name: str) -> str:
    is_there, reason = known.ability(name)
    return _with(f"{name}: {_yes(is_there)}", reason)


def _with(text: str, reason: str) -> str:
    return f"{text} ({reason})" if reason else text
