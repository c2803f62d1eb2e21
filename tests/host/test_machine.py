"""This very machine, as lscpu, lsblk, ip and the kernel have it; and that changes are seen as they happen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.machine import reading
from pycadvisor_fast.machine.changes import Changes
from pycadvisor_fast.machine.model import Machine
from pycadvisor_fast.machine.root import Root
from tests.host.docker_engine import DockerEngine

WAIT = 20.0  # until a hang is a failure


@pytest.fixture(scope="module")
def machine() -> Machine:
    return reading.read()


def output(*words: str) -> str:
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]} here; CI's machine has it")
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout


def test_processors_as_lscpu_has_them(machine: Machine) -> None:
    lines = output("lscpu", "-p=CPU,CORE,SOCKET,NODE").splitlines()
    rows = [line.split(",") for line in lines if line and not line.startswith("#")]
    topology = machine.topology
    assert topology.cpus_online == len(rows)
    assert topology.cores == len({(row[1], row[2]) for row in rows})
    assert topology.sockets == len({row[2] for row in rows})
    if topology.nodes:
        assert {str(node.number) for node in topology.nodes if node.cpus} == {row[3] for row in rows}
    cores = {frozenset(core.cpus) for core in topology.physical_cores}
    by_core: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        by_core.setdefault((row[1], row[2]), set()).add(int(row[0]))
    assert cores == {frozenset(cpus) for cpus in by_core.values()}


def test_vendor_and_model_as_lscpu_has_them(machine: Machine) -> None:
    found = {row["field"]: row["data"] for row in json.loads(output("lscpu", "-J"))["lscpu"]}
    if machine.vendor_id is not None:
        assert machine.vendor_id == found["Vendor ID:"]
    if machine.architecture == "x86_64":
        assert machine.cpu_model == found["Model name:"]


def test_caches_as_lscpu_has_them(machine: Machine) -> None:
    listed = json.loads(output("lscpu", "-C", "-B", "-J"))["caches"]
    theirs = {row["name"]: (int(row["one-size"]), int(row["all-size"])) for row in listed if row["one-size"]}
    ours: dict[str, list[int]] = {}
    for cache in machine.topology.caches:
        name = f"L{cache.level}{ {'Data': 'd', 'Instruction': 'i'}.get(cache.kind, '') }"
        ours.setdefault(name, []).append(cache.size_bytes or 0)
    assert {name: (sizes[0], sum(sizes)) for name, sizes in ours.items()} == theirs


def test_disks_as_lsblk_has_them(machine: Machine) -> None:
    listed = json.loads(output("lsblk", "-J", "-b", "-a", "-o", "NAME,MAJ:MIN,SIZE,SCHED,RO"))["blockdevices"]
    ours = {disk.name: disk for disk in reading.read().disks}
    theirs = {row["name"]: row for row in listed if row["name"] in ours}
    assert {name for name in ours if ours[name].size_bytes} <= set(theirs)
    for name, row in theirs.items():
        disk = ours[name]
        assert (f"{disk.major}:{disk.minor}", disk.size_bytes or 0) == (row["maj:min"], int(row["size"] or 0))
        assert (disk.scheduler, disk.is_read_only) == (row["sched"], row["ro"])


def test_network_devices_as_ip_has_them() -> None:
    def read() -> tuple[dict[str, Any], dict[str, Any]]:
        listed = json.loads(output("ip", "-j", "-d", "link"))
        theirs = {row["ifname"]: row for row in listed if row.get("linkinfo", {}).get("info_kind") != "veth"}
        return theirs, {device.name: device for device in reading.read().network_devices}

    theirs, ours = settled(read, lambda found: set(found[0]) == set(found[1]))
    for name, row in theirs.items():
        device = ours[name]
        assert (device.index, device.mtu) == (row["ifindex"], row["mtu"]), name
        assert (device.mac or "") == row.get("address", ""), name
        assert (device.kind == "loopback") == (row["link_type"] == "loopback")
        assert (device.kind == "bridge") == (row.get("linkinfo", {}).get("info_kind") == "bridge")


def settled(read: Callable[[], Any], is_good: Callable[[Any], bool]) -> Any:
    """Other tests make links at the same moment: two looks agree sooner or later."""
    deadline = time.monotonic() + WAIT
    while not is_good(found := read()):
        assert time.monotonic() < deadline, f"they never agree: {found}"
    return found


def test_names_and_memory_as_the_kernel_has_them(machine: Machine) -> None:
    assert machine.hostname == os.uname().nodename
    assert (machine.kernel_version, machine.architecture) == (os.uname().release, os.uname().machine)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.memory.capacity_bytes == pages
    assert machine.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_the_host_mounted_elsewhere_is_the_same_host(machine: Machine, tmp_path: Path) -> None:
    """As from a container that has the host's root at /rootfs: links stand in for the mounts."""
    for name in ("proc", "sys", "etc", "usr", "run", "var"):
        (tmp_path / name).symlink_to(f"/{name}")
    found = reading.read(reading.Sources(sysroot=str(tmp_path)))
    assert found.topology == machine.topology
    assert (found.boot_id, found.kernel_version) == (machine.boot_id, machine.kernel_version)
    assert found.memory == machine.memory


@pytest.mark.root
def test_from_inside_a_container_it_is_the_host_that_is_told(machine: Machine, tmp_path: Path) -> None:
    """Namespaces of a container: own hostname, own network and a /sys of its own; the host's root is mounted."""
    rootfs = tmp_path / "rootfs"
    rootfs.mkdir()
    steps = (
        f"mount --rbind / {rootfs}",
        "mount -t sysfs sysfs /sys",
        "hostname inside",
        f"exec {sys.executable} -m pycadvisor_fast machine --sysroot={rootfs} --grpc_listen= --json",
    )
    text = output("unshare", "--mount", "--net", "--uts", "sh", "-ec", "; ".join(steps))
    found = json.loads(text)
    assert found["hostname"] == Path("/etc/hostname").read_text().strip()
    hardware = {device.name for device in machine.network_devices if not device.is_virtual}
    assert hardware
    assert hardware <= {device["name"] for device in found["network_devices"]}
    assert {disk["name"] for disk in found["disks"]} >= {disk.name for disk in machine.disks if disk.kind != "loop"}
    assert (found["machine_id"], found["boot_id"]) == (machine.machine_id, machine.boot_id)


@pytest.mark.root
@pytest.mark.docker
def test_the_version_of_a_runtime_that_answers(docker_engine: DockerEngine) -> None:
    with Collector(interval=1.0, docker=docker_engine.endpoint, events="off") as collector:
        runtimes = settled(lambda: collector.machine().runtimes, bool)
    assert [runtime.name for runtime in runtimes] == ["docker"]
    assert runtimes[0].version.split(".")[0].isdecimal()
    assert runtimes[0].api_version.startswith("1.")


def test_a_collector_knows_its_machine() -> None:
    with Collector(interval=1.0, docker=None, events="off") as collector:
        found = collector.machine()
        assert found.topology.cpus_online == collector.host()["facts"]["cores_online"]
        assert collector.machine(fresh=True).time_ns > found.time_ns
        mounted = settled(lambda: collector.machine().filesystems, bool)
        assert all(filesystem.device and filesystem.mountpoint.startswith("/") for filesystem in mounted)
        assert collector.status()["machine"]["not_followed"] == []


@pytest.fixture
def changes() -> Iterator[Changes]:
    made = Changes(Root.find())
    assert made.missing == []
    yield made
    made.close()


def seen(changes: Changes, part: str) -> None:
    """Waits until a change of that part is told; others may come before it."""
    deadline = time.monotonic() + WAIT
    while part not in changes.wait(deadline - time.monotonic()):
        assert time.monotonic() < deadline, f"no change of {part} was told"


@pytest.mark.root
@pytest.mark.parametrize(("device", "part"), [("devices/system/cpu/cpu0", "processors"), ("block", "disks")])
def test_a_uevent_is_seen(changes: Changes, device: str, part: str) -> None:
    base = Path("/sys") / device
    directory = base if (base / "uevent").exists() else next(base.iterdir())
    (directory / "uevent").write_text("change")  # the kernel tells it as if the device had changed
    seen(changes, part)


@pytest.mark.root
def test_a_change_of_a_link_is_seen(changes: Changes) -> None:
    name = f"pcf{os.getpid()}m"
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        seen(changes, "network")
        subprocess.run(["ip", "link", "set", name, "mtu", "1400"], check=True)
        seen(changes, "network")
        assert {device.name: device.mtu for device in reading.read().network_devices}[name] == 1400
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)
    seen(changes, "network")


@pytest.mark.root
def test_a_change_of_the_hostname_is_seen(changes: Changes) -> None:
    # In a namespace of its own: the file is told of a change in any of them.
    subprocess.run(["unshare", "-u", "hostname", "pcf-test"], check=True)
    seen(changes, "identity")
