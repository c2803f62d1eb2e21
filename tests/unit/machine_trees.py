"""Hosts as small trees of /proc, /sys and /etc, made by hand from the kernel's documentation of their layout.

Sources: Documentation/admin-guide/cputopology.rst, Documentation/ABI/testing/sysfs-devices-system-cpu,
Documentation/ABI/stable/sysfs-devices-node, arch/*/kernel cpuinfo writers. Numbers are made up, shapes are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pycadvisor_fast.machine.root import Root


def listed(cpus: Iterable[int]) -> str:
    """CPUs as the kernel prints a list: "0-3,8"."""
    out: list[list[int]] = []
    for cpu in sorted(cpus):
        if out and out[-1][1] == cpu - 1:
            out[-1][1] = cpu
        else:
            out.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


class Tree:
    """A directory that is filled file by file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def root(self) -> Root:
        """What readers take."""
        return Root.below(self.path)

    def put(self, name: str, content: object) -> None:
        """A file, with the newline that the kernel ends it with; bytes as they are."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else f"{content}\n".encode())

    def puts(self, directory: str, files: Mapping[str, object]) -> None:
        """Several files of one directory; None = there is no such file."""
        for name, content in files.items():
            if content is not None:
                self.put(f"{directory}/{name}", content)

    def link(self, name: str, target: str) -> None:
        """A symbolic link."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def cpus(self, online: Iterable[int], present: int, possible: int | None = None) -> None:
        """The lists of /sys/devices/system/cpu."""
        base = "sys/devices/system/cpu"
        on = set(online)
        off = set(range(present)) - on
        everyone = {"online": listed(on), "present": listed(range(present)), "offline": listed(off)}
        self.puts(base, {**everyone, "possible": listed(range(possible or present)), "isolated": ""})

    def cpu(self, number: int, place: Mapping[str, object]) -> None:
        """Files of one CPU's topology."""
        self.puts(f"sys/devices/system/cpu/cpu{number}/topology", place)

    def cache(self, number: int, index: int, level: int, kind: str, size: str | None, shared: Iterable[int]) -> None:
        """One index of one CPU's caches; its id is the first CPU that shares it."""
        cpus = list(shared)
        self.puts(
            f"sys/devices/system/cpu/cpu{number}/cache/index{index}",
            {"level": level, "type": kind, "size": size, "shared_cpu_list": listed(cpus), "id": min(cpus)},
        )

    def caches(self, number: int, core: Iterable[int], outer: Iterable[int], sizes: tuple[str, str, str]) -> None:
        """L1 and L2 of a core, L3 of some cores: as x86 numbers them."""
        threads = list(core)
        self.cache(number, 0, 1, "Data", sizes[0], threads)
        self.cache(number, 1, 1, "Instruction", sizes[0], threads)
        self.cache(number, 2, 2, "Unified", sizes[1], threads)
        self.cache(number, 3, 3, "Unified", sizes[2], outer)

    def node(self, number: int, cpus: Iterable[int], kib: int, distances: str, huge: int | None = 0) -> None:
        """A NUMA node."""
        base = f"sys/devices/system/node/node{number}"
        meminfo = f"Node {number} MemTotal:       {kib} kB\nNode {number} MemFree:         1024 kB"
        self.puts(base, {"cpulist": listed(cpus), "meminfo": meminfo, "distance": distances})
        if huge is not None:
            self.hugepages(f"{base}/hugepages", 2048, huge)

    def hugepages(self, directory: str, kib: int, pages: int) -> None:
        """One size of huge pages."""
        files = {"nr_hugepages": pages, "free_hugepages": pages, "surplus_hugepages": 0}
        self.puts(f"{directory}/hugepages-{kib}kB", files)

    def basics(self, arch: str, kib: int, swap_kib: int = 0) -> None:
        """What every host has."""
        self.put("proc/meminfo", f"MemTotal:       {kib} kB\nMemFree:        99 kB\nSwapTotal:      {swap_kib} kB")
        self.put("proc/stat", "cpu  1 2 3 4\nbtime 1795559817\nprocesses 5")
        self.put("proc/sys/kernel/arch", arch)
        self.put("proc/sys/kernel/osrelease", "6.12.1-test")
        self.put("proc/sys/kernel/hostname", "box")
        self.put("proc/sys/kernel/random/boot_id", "82b8f407-d21e-41c9-b84f-87219cf4c5b2")
        self.put("etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4")
        self.put("etc/hostname", "box")
        self.put("etc/os-release", 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"')


def _x86_block(cpu: int, model: str, vendor: str, socket: int, core: int, mhz: float) -> str:
    return (
        f"processor\t: {cpu}\nvendor_id\t: {vendor}\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: {model}\n"
        f"cpu MHz\t\t: {mhz:.3f}\nphysical id\t: {socket}\nsiblings\t: 8\ncore id\t\t: {core}\ncpu cores\t: 4\n"
        f"flags\t\t: fpu vme de pse\n"
    )


def two_sockets(path: Path) -> Tree:
    """Intel, two sockets of four cores of two threads. Core ids are the same in both sockets, with a gap; threads of a
    core are n and n + 8; CPU 15 is offline, 16 more could be plugged in. Two nodes; EDAC knows the modules."""
    tree = Tree(path)
    tree.basics("x86_64", 131_000_000, swap_kib=8_388_604)
    tree.put(
        "proc/swaps",
        "Filename\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/dm-1                               "
        "partition\t8388604\t\t0\t\t-2\n/var/my\\040swap                         file\t\t1024\t\t0\t\t-3",
    )
    online = range(15)
    tree.cpus(online, 16, 32)
    core_ids = (0, 1, 2, 8)
    blocks = []
    for cpu in online:
        socket, place = cpu % 8 // 4, cpu % 4
        threads = [one for one in (cpu % 8, cpu % 8 + 8) if one in online]
        package = [one for one in online if one % 8 // 4 == socket]
        ids = {"core_id": core_ids[place], "physical_package_id": socket, "die_id": 0}
        lists = {"core_cpus_list": listed(threads), "package_cpus_list": listed(package)}
        old = {"thread_siblings_list": listed(threads), "core_siblings_list": listed(package)}
        tree.cpu(cpu, {**ids, **lists, **old, "die_cpus_list": listed(package), "cluster_id": 65535})
        tree.caches(cpu, threads, package, ("32K", "1024K", "22528K"))
        frequency = {"cpuinfo_max_freq": 3_900_000, "cpuinfo_min_freq": 1_000_000, "base_frequency": 2_600_000}
        tree.puts(f"sys/devices/system/cpu/cpu{cpu}/cpufreq", frequency)
        model = "Intel(R) Xeon(R) Gold 6142 CPU @ 2.60GHz"
        blocks.append(_x86_block(cpu, model, "GenuineIntel", socket, core_ids[place], 2600.0))
    tree.put("sys/devices/system/cpu/cpu15/online", 0)
    tree.put("sys/devices/system/cpu/cpu15/node1/number", 1)
    tree.put("proc/cpuinfo", "\n".join(blocks))
    tree.put("sys/devices/system/node/online", "0-1")
    for node in (0, 1):
        cpus = [one for one in online if one % 8 // 4 == node]
        tree.node(node, cpus, 65_500_000, "10 21" if node == 0 else "21 10", huge=64)
        for dimm in range(2):
            base = f"sys/devices/system/edac/mc/mc{node}/dimm{dimm}"
            tree.puts(base, {"dimm_mem_type": "Registered-DDR4", "size": 32768})
    tree.hugepages("sys/kernel/mm/hugepages", 2048, 128)
    tree.hugepages("sys/kernel/mm/hugepages", 1_048_576, 2)
    _server_hardware(tree)
    return tree


def _server_hardware(tree: Tree) -> None:
    dmi = {"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R740", "bios_vendor": "Dell Inc."}
    tree.puts(
        "sys/class/dmi/id", {**dmi, "bios_version": "2.1", "product_uuid": "4c4c4544-0044-5310-8054-b7c04f503732"}
    )
    tree.puts("sys/bus/nd/devices/region0", {"size": 270_582_939_648})
    tree.puts("sys/bus/nd/devices/region1", {"size": 270_582_939_648})
    for number in range(4):
        tree.put(f"sys/bus/nd/devices/nmem{number}/state", "idle")
    block = "sys/block"
    nvme = {"dev": "259:0", "size": 1_875_385_008, "removable": 0, "ro": 0, "hidden": 0, "serial": "S1"}
    tree.puts(f"{block}/nvme0n1", nvme)
    tree.puts(f"{block}/nvme0n1/queue", {"scheduler": "[none] mq-deadline kyber", "rotational": 0})
    tree.puts(f"{block}/nvme0n1/queue", {"logical_block_size": 512})
    tree.puts(f"{block}/nvme0n1/nvme0n1p1", {"dev": "259:1", "size": 2048, "partition": 1})
    tree.puts(f"{block}/nvme0c0n1", {"dev": "259:7", "size": 1_875_385_008, "hidden": 1})
    tree.puts(f"{block}/sda", {"dev": "8:0", "size": 4096, "removable": 0, "ro": 0})
    tree.puts(f"{block}/sda/queue", {"scheduler": "mq-deadline kyber [bfq] none", "rotational": 1})
    tree.puts(f"{block}/md0", {"dev": "9:0", "size": 8192})
    tree.puts(f"{block}/md0/md", {"level": "raid1"})
    tree.puts(f"{block}/md0/slaves", {"sda": ""})
    tree.puts(f"{block}/dm-1", {"dev": "253:1", "size": 16_777_216})
    tree.puts(f"{block}/dm-1/dm", {"name": "vg-swap"})
    tree.puts(f"{block}/loop0", {"dev": "7:0", "size": 0})
    tree.puts(f"{block}/loop0/loop", {"backing_file": "/var/lib/images/a.img"})
    tree.puts(f"{block}/mmcblk0", {"dev": "179:0", "size": 62_333_952})
    tree.puts(f"{block}/cciss!c0d0", {"dev": "104:0", "size": 1024})
    _network(tree)


def _network(tree: Tree) -> None:
    base = "sys/class/net"
    up = {"mtu": 9000, "type": 1, "operstate": "up", "duplex": "full", "uevent": "INTERFACE=x"}
    tree.puts(f"{base}/eno1", {**up, "ifindex": 2, "iflink": 2, "address": "b0:26:28:00:00:01", "speed": 25000})
    tree.link(f"{base}/eno1/device/driver", "../../../bus/pci/drivers/i40e")
    tree.link(f"{base}/eno1/master", "../bond0")
    tree.puts(f"{base}/eno2", {**up, "ifindex": 3, "iflink": 3, "address": "b0:26:28:00:00:02", "speed": -1})
    tree.put(f"{base}/eno2/device/vendor", "0x8086")
    tree.puts(f"{base}/bond0", {**up, "ifindex": 4, "iflink": 4, "address": "b0:26:28:00:00:01", "speed": 25000})
    tree.put(f"{base}/bond0/bonding/mode", "802.3ad 4")
    vlan = {"uevent": "DEVTYPE=vlan\nINTERFACE=bond0.7", "ifindex": 5, "iflink": 4, "address": "b0:26:28:00:00:01"}
    tree.puts(f"{base}/bond0.7", {**up, **vlan, "speed": 25000})
    tree.link(f"{base}/bond0.7/lower_bond0", "../bond0")
    tree.puts(f"{base}/veth1234", {**up, "ifindex": 9, "iflink": 8, "address": "5a:00:00:00:00:09", "speed": 10000})
    bridge = {"uevent": "DEVTYPE=bridge", "ifindex": 6, "iflink": 6, "address": "02:42:00:00:00:01"}
    tree.puts(f"{base}/docker0", {**up, **bridge})
    lo = {"mtu": 65536, "type": 772, "operstate": "unknown", "ifindex": 1, "iflink": 1, "address": "00:00:00:00:00:00"}
    tree.puts(f"{base}/lo", lo)
    tree.put(f"{base}/bonding_masters", "bond0")


def epyc(path: Path) -> Tree:
    """AMD, one socket of 32 cores with SMT as four nodes (NPS4): two complexes (CCX) of four cores a node, each with an
    L3 of its own. Threads of a core are n and n + 32. No EDAC, no cpufreq; SMBIOS knows the modules."""
    tree = Tree(path)
    tree.basics("x86_64", 263_000_000)
    online = range(64)
    tree.cpus(online, 64)
    blocks = []
    for cpu in online:
        core = cpu % 32
        threads = (core, core + 32)
        complex_ = [one for one in online if one % 32 // 4 == core // 4]
        lists = {"thread_siblings_list": listed(threads), "core_siblings_list": listed(online)}
        tree.cpu(cpu, {"core_id": core, "physical_package_id": 0, "die_id": 0, "cluster_id": 65535, **lists})
        tree.caches(cpu, threads, complex_, ("32K", "512K", "16384K"))
        blocks.append(_x86_block(cpu, "AMD EPYC 7543 32-Core Processor", "AuthenticAMD", 0, core, 2794.75 + cpu))
    tree.put("proc/cpuinfo", "\n".join(blocks))
    tree.put("sys/devices/system/node/online", "0-3")
    for node in range(4):
        cpus = [one for one in online if one % 32 // 8 == node]
        tree.node(node, cpus, 65_700_000, " ".join("10" if other == node else "12" for other in range(4)))
    for number in range(9):  # the ninth socket is empty
        size = 0 if number == 8 else 32768
        tree.put(f"sys/firmware/dmi/entries/17-{number}/raw", memory_device(size_mib=size, kind=0x1A, speed=3200))
    return tree


def memory_device(*, size_mib: int, kind: int, speed: int) -> bytes:
    """An SMBIOS structure of type 17, version 3.2 long enough, with two empty texts behind it."""
    data = bytearray(0x54)
    data[0:2] = bytes((17, len(data)))
    size = size_mib if size_mib < 0x7FFF else 0x7FFF
    data[0x0C:0x0E] = size.to_bytes(2, "little")
    data[0x12] = kind
    data[0x15:0x17] = speed.to_bytes(2, "little")
    data[0x1C:0x20] = size_mib.to_bytes(4, "little")
    data[0x20:0x22] = (speed - 267).to_bytes(2, "little")
    return bytes(data) + b"\0\0"


@dataclass(frozen=True)
class _Arm:
    part: str
    capacity: int
    khz: int


def big_little(path: Path) -> Tree:
    """ARM64, four small cores in one cluster, two big ones in another; the device tree gives no package. cpuinfo has no
    field of x86's; the L2 is the cluster's, with no size known for the small ones; no nodes, no DMI."""
    tree = Tree(path)
    tree.basics("aarch64", 3_900_000)
    online = range(6)
    tree.cpus(online, 6)
    small, big = _Arm("0xd03", 446, 1_416_000), _Arm("0xd08", 1024, 1_800_000)
    blocks = []
    for cpu in online:
        kind = small if cpu < 4 else big
        cluster = [one for one in online if (one < 4) == (cpu < 4)]
        lists = {"core_cpus_list": cpu, "package_cpus_list": listed(online), "cluster_cpus_list": listed(cluster)}
        tree.cpu(cpu, {"core_id": cpu - cluster[0], "physical_package_id": 0, "cluster_id": cluster[0] // 4, **lists})
        tree.put(f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity", kind.capacity)
        frequency = {"cpuinfo_max_freq": kind.khz, "cpuinfo_min_freq": 408_000}
        tree.puts(f"sys/devices/system/cpu/cpu{cpu}/cpufreq", frequency)
        tree.cache(cpu, 0, 1, "Data", "32K", [cpu])
        tree.cache(cpu, 1, 1, "Instruction", "48K", [cpu])
        tree.cache(cpu, 2, 2, "Unified", None if cpu < 4 else "1024K", cluster)
        blocks.append(
            f"processor\t: {cpu}\nBogoMIPS\t: 48.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
            f"CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {kind.part}\nCPU revision\t: 4\n"
        )
    tree.put("proc/cpuinfo", "\n".join(blocks))
    tree.put("proc/device-tree/model", b"Pine64 RockPro64 v2.1\0")
    tree.put("proc/device-tree/system-id", b"rk3399-0042\0")
    return tree


def s390(path: Path) -> Tree:
    """IBM Z: two drawers of one book of two sockets of two cores, with two threads each. Socket and core ids begin anew
    in each book; books and drawers have lists of their own; cpuinfo has its own words."""
    tree = Tree(path)
    tree.basics("s390x", 16_000_000)
    online = range(16)
    tree.cpus(online, 16, 64)
    head = ["vendor_id       : IBM/S390", "# processors    : 16", "bogomips per cpu: 24038.00"]
    head += [f"processor {cpu}: version = FF,  identification = 2733E8,  machine = 8561" for cpu in online]
    blocks = ["\n".join(head) + "\n"]
    for cpu in online:
        core, socket, book, drawer = cpu // 2 % 2, cpu // 4 % 2, cpu // 8, cpu // 8
        ids = {"core_id": core, "physical_package_id": socket, "book_id": book, "drawer_id": drawer}
        lists = {
            "thread_siblings_list": listed([cpu // 2 * 2, cpu // 2 * 2 + 1]),
            "core_siblings_list": listed(range(cpu // 4 * 4, cpu // 4 * 4 + 4)),
            "book_siblings_list": listed(range(cpu // 8 * 8, cpu // 8 * 8 + 8)),
            "drawer_siblings_list": listed(range(cpu // 8 * 8, cpu // 8 * 8 + 8)),
        }
        tree.cpu(cpu, {**ids, **lists})
        blocks.append(
            f"cpu number      : {cpu}\nphysical id     : {socket}\ncore id         : {core}\nbook id         : {book}\n"
            f"drawer id       : {drawer}\ncpu MHz dynamic : 5200\ncpu MHz static  : 5200\n"
        )
    tree.put("proc/cpuinfo", "\n".join(blocks))
    tree.put("sys/devices/system/node/online", "0")
    tree.node(0, online, 16_000_000, "10", huge=None)
    tree.puts("sys/block/dasda", {"dev": "94:0", "size": 43_269_120})
    return tree


def single(path: Path) -> Tree:
    """A VM of one CPU on a kernel without SMP topology, NUMA, DMI, EDAC and cpufreq."""
    tree = Tree(path)
    tree.basics("x86_64", 500_000)
    tree.puts("sys/devices/system/cpu", {"online": "0", "present": "0", "possible": "0"})
    tree.put("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: QEMU Virtual CPU\n")
    tree.puts("sys/block/vda", {"dev": "254:0", "size": 2048})
    return tree
