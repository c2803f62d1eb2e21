"""Machines of unlike kinds from small trees: the counts that cAdvisor and others get wrong, and what is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pycadvisor_fast.machine import reading
from pycadvisor_fast.machine.model import HugePages, Machine, NodeDistance, Nvm, SwapArea
from pycadvisor_fast.machine.root import Notes, Root, number_list

from . import machine_trees as trees
from .machine_trees import Tree


def machine(tree: Tree) -> Machine:
    return reading.read(root=tree.root)


def test_two_sockets_that_number_their_cores_alike(tmp_path: Path) -> None:
    found = machine(trees.two_sockets(tmp_path))
    topology = found.topology
    assert (topology.cpus_online, topology.cpus_present, topology.cpus_possible) == (15, 16, 32)
    assert (topology.sockets, topology.cores, topology.dies) == (2, 8, 2)
    assert (topology.clusters, topology.books, topology.drawers) == (None, None, None)
    assert topology.is_smt_active is True
    assert found.cadvisor.physical_cores == 4  # ids 0, 1, 2 and 8, in both sockets
    assert found.cadvisor.sockets == 2
    places = [(core.socket_id, core.core_id, core.cpus, core.node) for core in topology.physical_cores]
    assert places[0] == (0, 0, (0, 8), 0)
    assert places[7] == (1, 8, (7,), 1)  # the other thread, CPU 15, is offline
    assert len(set(places)) == 8


def test_an_offline_cpu_is_told_apart(tmp_path: Path) -> None:
    cpus = machine(trees.two_sockets(tmp_path)).topology.cpus
    assert [cpu.number for cpu in cpus if not cpu.is_online] == [15]
    assert cpus[15].node == 1  # by its link: the node's list has only those online
    assert cpus[15].model is None
    assert cpus[3].model == "Intel(R) Xeon(R) Gold 6142 CPU @ 2.60GHz"
    assert (cpus[3].min_khz, cpus[3].max_khz) == (1_000_000, 3_900_000)


def test_clock_of_a_server(tmp_path: Path) -> None:
    clock = machine(trees.two_sockets(tmp_path)).clock
    assert (clock.max_khz, clock.min_khz, clock.base_khz) == (3_900_000, 1_000_000, 2_600_000)
    assert (clock.source, clock.cadvisor_khz) == ("cpufreq", 3_900_000)


def test_caches_are_told_once_with_who_shares_them(tmp_path: Path) -> None:
    caches = machine(trees.two_sockets(tmp_path)).topology.caches
    by_level = {level: [cache for cache in caches if cache.level == level] for level in (1, 2, 3)}
    assert [len(by_level[level]) for level in (1, 2, 3)] == [16, 8, 2]
    assert [cache.cpus for cache in by_level[3]] == [(0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14)]
    assert by_level[3][0].size_bytes == 22528 * 1024
    assert by_level[2][0].cpus == (0, 8)


def test_nodes_with_memory_distances_and_huge_pages(tmp_path: Path) -> None:
    found = machine(trees.two_sockets(tmp_path))
    nodes = found.topology.nodes
    assert [node.number for node in nodes] == [0, 1]
    assert nodes[1].cpus == (4, 5, 6, 7, 12, 13, 14)
    assert nodes[0].memory_bytes == 65_500_000 * 1024
    assert nodes[0].distances == (NodeDistance(0, 10), NodeDistance(1, 21))
    assert nodes[0].hugepages == (HugePages(2 * 2**20, 64, 64, 0),)
    assert [(size.size_bytes, size.pages) for size in found.memory.hugepages] == [(2 * 2**20, 128), (2**30, 2)]


def test_memory_swap_and_persistent_memory(tmp_path: Path) -> None:
    memory = machine(trees.two_sockets(tmp_path)).memory
    assert (memory.capacity_bytes, memory.swap_bytes) == (131_000_000 * 1024, 8_388_604 * 1024)
    assert [(kind.kind, kind.capacity_bytes, kind.modules, kind.source) for kind in memory.by_type] == [
        ("Registered-DDR4", 4 * 32 * 2**30, 4, "edac")
    ]
    assert memory.swap_areas == (
        SwapArea("/dev/dm-1", "partition", 8_388_604 * 1024, -2),
        SwapArea("/var/my swap", "file", 1024 * 1024, -3),
    )
    assert memory.nvm == Nvm(app_direct_bytes=2 * 270_582_939_648, modules=4, regions=2)


def test_disks_of_every_kind(tmp_path: Path) -> None:
    disks = {disk.name: disk for disk in machine(trees.two_sockets(tmp_path)).disks}
    assert {name: disk.kind for name, disk in disks.items()} == {
        "nvme0n1": "nvme",
        "nvme0c0n1": "nvme",
        "sda": "scsi",
        "md0": "md",
        "dm-1": "dm",
        "loop0": "loop",
        "mmcblk0": "mmc",
        "cciss/c0d0": "other",
    }
    assert {name for name, disk in disks.items() if not disk.is_in_cadvisor} == {"nvme0c0n1", "loop0"}
    assert (disks["nvme0n1"].scheduler, disks["sda"].scheduler, disks["md0"].scheduler) == ("none", "bfq", None)
    assert disks["nvme0n1"].size_bytes == 1_875_385_008 * 512
    assert [(part.name, part.minor, part.size_bytes) for part in disks["nvme0n1"].partitions] == [
        ("nvme0n1p1", 1, 2**20)
    ]
    assert (disks["md0"].label, disks["md0"].parts_of) == ("raid1", ("sda",))
    assert (disks["dm-1"].label, disks["loop0"].label) == ("vg-swap", "/var/lib/images/a.img")
    assert (disks["sda"].is_rotational, disks["md0"].is_rotational) == (True, None)


def test_network_devices(tmp_path: Path) -> None:
    devices = {device.name: device for device in machine(trees.two_sockets(tmp_path)).network_devices}
    assert {name: device.kind for name, device in devices.items()} == {
        "bond0": "bond",
        "bond0.7": "vlan",
        "docker0": "bridge",
        "eno1": "ethernet",
        "eno2": "ethernet",
        "lo": "loopback",
    }
    assert {name for name, device in devices.items() if not device.is_in_cadvisor} == {"docker0", "lo"}
    assert (devices["eno1"].speed_mbit, devices["eno1"].mtu, devices["eno1"].mac) == (25000, 9000, "b0:26:28:00:00:01")
    assert (devices["eno1"].driver, devices["eno1"].master) == ("i40e", "bond0")
    assert devices["eno2"].speed_mbit is None  # -1: no link
    assert (devices["eno1"].is_virtual, devices["bond0"].is_virtual) == (False, True)


def test_a_system_containers_own_link_is_no_containers(tmp_path: Path) -> None:
    tree = trees.single(tmp_path)
    link = {"ifindex": 12, "iflink": 13, "type": 1, "address": "00:16:3e:00:00:01", "mtu": 1500, "uevent": "IFINDEX=12"}
    tree.puts("sys/class/net/eth0", link)
    (device,) = machine(tree).network_devices
    assert (device.name, device.kind, device.is_in_cadvisor, device.speed_mbit) == ("eth0", "veth", True, None)
    tree.put("sys/class/net/ens3/device/vendor", "0x1af4")  # a host has hardware
    tree.puts("sys/class/net/ens3", {"ifindex": 2, "iflink": 2, "type": 1})
    assert [device.name for device in machine(tree).network_devices] == ["ens3"]


def test_names_of_the_host(tmp_path: Path) -> None:
    found = machine(trees.two_sockets(tmp_path))
    assert (found.hostname, found.architecture, found.kernel_version) == ("box", "x86_64", "6.12.1-test")
    assert found.machine_id == "3d1219c7c4c5404aaa1f6d2a48adfda4"
    assert found.boot_id == "82b8f407-d21e-41c9-b84f-87219cf4c5b2"
    assert found.boot_time_ns == 1795559817 * 10**9
    assert found.system_uuid == "4c4c4544-0044-5310-8054-b7c04f503732"
    assert (found.os_id, found.os_name) == ("debian", "Debian GNU/Linux 12 (bookworm)")
    assert (found.hardware.vendor, found.hardware.product, found.hardware.bios) == (
        "Dell Inc.",
        "PowerEdge R740",
        "Dell Inc. 2.1",
    )
    assert found.cloud is None
    assert found.notes == ()


def test_epyc_has_more_nodes_than_sockets_and_an_l3_for_each_complex(tmp_path: Path) -> None:
    found = machine(trees.epyc(tmp_path))
    topology = found.topology
    assert (topology.cpus_online, topology.cores, topology.sockets, len(topology.nodes)) == (64, 32, 1, 4)
    outer = [cache for cache in topology.caches if cache.level == 3]
    assert len(outer) == 8
    assert outer[0].cpus == (0, 1, 2, 3, 32, 33, 34, 35)
    assert [core.node for core in topology.physical_cores] == [core // 8 for core in range(32)]
    assert topology.nodes[3].cpus == (*range(24, 32), *range(56, 64))
    assert [found.distance for found in topology.nodes[1].distances] == [12, 10, 12, 12]


def test_without_edac_and_cpufreq_the_firmware_and_cpuinfo_tell(tmp_path: Path) -> None:
    found = machine(trees.epyc(tmp_path))
    assert [
        (kind.kind, kind.capacity_bytes, kind.modules, kind.source, kind.speed_mts) for kind in found.memory.by_type
    ] == [("DDR4", 8 * 32 * 2**30, 8, "smbios", 3200 - 267)]
    assert (found.clock.source, found.clock.max_khz) == ("cpuinfo", 2_857_750)  # the fastest CPU at this moment
    assert found.clock.cadvisor_khz == 2_794_750  # the first one


def test_big_little(tmp_path: Path) -> None:
    found = machine(trees.big_little(tmp_path))
    topology = found.topology
    assert (topology.cores, topology.sockets, topology.clusters) == (6, 1, 2)  # core ids begin anew in each cluster
    assert found.cadvisor.physical_cores == 4
    assert topology.is_smt_active is False
    assert [cpu.capacity for cpu in topology.cpus] == [446] * 4 + [1024] * 2
    assert [cpu.max_khz for cpu in topology.cpus] == [1_416_000] * 4 + [1_800_000] * 2
    assert topology.cpus[0].model == "ARM Cortex-A53"
    assert topology.cpus[5].model == "ARM Cortex-A72"
    assert found.vendor_id is None  # ARM's cpuinfo has no such field
    assert (found.clock.max_khz, found.clock.cadvisor_khz) == (1_800_000, 1_416_000)
    assert topology.nodes == ()
    shared = [(cache.cpus, cache.size_bytes) for cache in topology.caches if cache.level == 2]
    assert shared == [((0, 1, 2, 3), None), ((4, 5), 2**20)]
    assert found.hardware.product == "Pine64 RockPro64 v2.1"
    assert found.system_uuid == "rk3399-0042"


def test_arm_without_cpufreq_takes_the_device_trees_frequency(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.basics("aarch64", 1000)
    tree.cpus(range(1), 1)
    tree.put("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x51\nCPU part\t: 0xabc\n")
    base = "sys/firmware/devicetree/base/cpus"
    tree.put(f"{base}/cpu@0/clock-frequency", (1_500_000_000).to_bytes(4, "big"))
    tree.put(f"{base}/cpu@1/clock-frequency", (2_000_000_000).to_bytes(8, "big"))
    found = machine(tree)
    assert (found.clock.max_khz, found.clock.source, found.clock.cadvisor_khz) == (2_000_000, "device-tree", 0)
    assert found.cpu_model == "Qualcomm part 0xabc"


def test_s390_counts_books_and_drawers(tmp_path: Path) -> None:
    found = machine(trees.s390(tmp_path))
    topology = found.topology
    assert (topology.drawers, topology.books, topology.sockets, topology.cores) == (2, 2, 4, 8)
    assert topology.cpus_possible == 64
    assert found.vendor_id == "IBM/S390"
    assert (found.clock.max_khz, found.clock.cadvisor_khz) == (5_200_000, 0)
    assert found.system_uuid == found.machine_id  # as cAdvisor there
    last = topology.physical_cores[-1]
    assert (last.drawer_id, last.book_id, last.socket_id, last.core_id, last.cpus) == (1, 1, 1, 1, (14, 15))
    assert [disk.kind for disk in found.disks] == ["dasd"]


def test_a_vm_that_tells_nearly_nothing(tmp_path: Path) -> None:
    found = machine(trees.single(tmp_path))
    topology = found.topology
    assert (topology.cpus_online, topology.cores, topology.sockets) == (1, 1, 1)
    assert (topology.dies, topology.is_smt_active, topology.caches, topology.nodes) == (None, None, (), ())
    assert (found.clock.max_khz, found.clock.source, found.system_uuid) == (None, "", None)
    assert (found.memory.nvm, found.memory.by_type, found.memory.hugepages) == (None, (), ())
    assert any("no CPU has a topology" in note for note in found.notes)
    assert any(note.startswith("clock: ") for note in found.notes)


def test_an_empty_host_is_a_machine_all_the_same(tmp_path: Path) -> None:
    found = machine(Tree(tmp_path))
    assert found.topology.cpus_online is None
    assert found.memory.capacity_bytes is None
    assert (found.hostname, found.machine_id, found.boot_id) == (None, None, None)
    assert (found.disks, found.network_devices) == ((), ())
    assert any("machine id" in note for note in found.notes)


def test_what_is_broken_costs_itself_only(tmp_path: Path) -> None:
    tree = trees.two_sockets(tmp_path)
    for cpu in range(3):
        tree.put(f"sys/devices/system/cpu/cpu{cpu}/topology/core_id", "zero")
    tree.put("sys/devices/system/cpu/cpu0/cache/index3/size", "22 apples")
    tree.put("sys/devices/system/node/node0/distance", "10 21 21")
    tree.put("sys/block/sda/dev", "none")
    tree.put("sys/block/md0/size", b"\xff\xfe")
    tree.put("proc/meminfo", "SwapTotal: many kB")
    tree.put("etc/machine-id", "uninitialized")
    tree.put("sys/class/net/eno1/mtu", "")
    found = machine(tree)
    assert found.topology.cores == 8  # threads' lists tell it without ids
    assert [core.core_id for core in found.topology.physical_cores][:4] == [0, 1, 2, 8]  # cpuinfo has them too
    assert next(cache for cache in found.topology.caches if cache.level == 3).size_bytes is None
    assert found.topology.nodes[0].distances == ()
    assert len(found.topology.nodes[1].distances) == 2
    assert "sda" not in [disk.name for disk in found.disks]
    assert next(disk for disk in found.disks if disk.name == "md0").size_bytes is None
    assert (found.memory.capacity_bytes, found.memory.swap_bytes) == (None, None)
    assert found.machine_id is None
    assert next(device for device in found.network_devices if device.name == "eno1").mtu is None
    told = "\n".join(found.notes)
    assert "'zero' is no number (and 2 more like it)" in told
    for part in ("22 apples", "3 distances for 2 nodes", "no device number", "there is no MemTotal", "machine id: "):
        assert part in told


def test_a_part_whose_reader_fails_leaves_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Root) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(reading.disks, "read", fails)
    found = machine(trees.two_sockets(tmp_path))
    assert found.disks == ()
    assert len(found.network_devices) == 6
    assert found.notes == ("disks: not read: RuntimeError: no such luck",)


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    tree = trees.single(tmp_path)
    (tmp_path / "etc/machine-id").unlink()
    os.mkfifo(tmp_path / "etc/machine-id")
    found = machine(tree)
    assert found.machine_id is None
    assert any("no regular file" in note for note in found.notes)


def test_ids_come_from_the_files_named_each_below_the_root(tmp_path: Path) -> None:
    tree = trees.single(tmp_path)
    (tmp_path / "etc/machine-id").unlink()
    tree.put("var/lib/dbus/real-id", "feed")
    tree.link("var/lib/dbus/machine-id", "/var/lib/dbus/real-id")  # an absolute link of the host's
    assert machine(tree).machine_id == "feed"
    tree.put("elsewhere/id", "beef")
    tree.put("proc/mine", "cafe")
    sources = reading.Sources(machine_id_files=("/nowhere", "/elsewhere/id"), boot_id_files=("/proc/mine",))
    found = reading.read(sources, tree.root)
    assert (found.machine_id, found.boot_id) == ("beef", "cafe")


def test_links_of_the_host_do_not_lead_out_of_its_root(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "host")
    tree.put("etc/real", "x")
    tree.link("etc/a", "../../../../etc/real")
    tree.link("etc/b", "/etc/a")
    tree.link("etc/round", "round")
    assert tree.root.on_host("/etc/b") == tmp_path / "host/etc/real"
    assert tree.root.text(tree.root.on_host("/etc/round")) is None


def test_a_mounted_host_is_found(tmp_path: Path) -> None:
    tree = trees.single(tmp_path)
    (tmp_path / "sys/devices").mkdir(exist_ok=True)
    root = Root.find(str(tmp_path))
    assert (root.proc, root.sys, root.is_live) == (tmp_path / "proc", tmp_path / "sys", True)
    (tmp_path / "proc/stat").unlink()  # mounted without what is mounted below it
    assert Root.find(str(tmp_path)).proc == Path("/proc")
    tree.put("etc/hostname", "the-host")
    assert machine(tree).hostname == "the-host"


@pytest.mark.parametrize(
    ("text", "numbers"), [("0-3,8\n", (0, 1, 2, 3, 8)), ("", ()), ("\n", ()), ("5", (5,)), ("0-1,3-4", (0, 1, 3, 4))]
)
def test_lists_of_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert number_list(text) == numbers


@pytest.mark.parametrize("text", ["a", "3-1", "-1", "0-99999999", "1,,x"])
def test_what_is_no_list_of_numbers(text: str) -> None:
    with pytest.raises(ValueError):
        number_list(text)


def test_notes_of_one_kind_are_counted() -> None:
    notes = Notes()
    for number in range(3):
        notes.add(f"cpu{number}: broken", kind="broken")
    notes.add("other")
    assert notes.texts() == ("cpu0: broken (and 2 more like it)", "other")
