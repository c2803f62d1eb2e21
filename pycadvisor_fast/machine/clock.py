"""CPU frequency: cpufreq, else /proc/cpuinfo, else the device tree, else the firmware's tables.

Documentation/admin-guide/pm/cpufreq.rst has the files of a policy; ARM, RISC-V and MIPS have no frequency in cpuinfo.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import smbios
from .cpuinfo import CpuInfo
from .model import Clock, Cpu
from .root import Root
from .topology import cpu_directory

_SILENT = ("arm", "aarch64", "s390", "riscv", "mips")  # where cAdvisor looks for nothing in cpuinfo


def read(root: Root, info: CpuInfo, cpus: Iterable[Cpu], architecture: str | None) -> Clock:
    """The highest frequency of any CPU that is online, the lowest, and cAdvisor's number."""
    online = [cpu for cpu in cpus if cpu.is_online]
    highest, source = max((cpu.max_khz for cpu in online if cpu.max_khz), default=None), "cpufreq"
    if highest is None:
        highest, source = _cpuinfo(info), "cpuinfo"
    if highest is None:
        highest, source = _device_tree(root), "device-tree"
    if highest is None:
        highest, source = smbios.processor_khz(root), "smbios"
    if highest is None:
        root.notes.add("clock: neither cpufreq, cpuinfo, the device tree nor SMBIOS tells a frequency")
    bases = [root.count(cpu_directory(root) / f"cpu{cpu.number}/cpufreq/base_frequency") for cpu in online]
    return Clock(
        max_khz=highest,
        min_khz=min((cpu.min_khz for cpu in online if cpu.min_khz), default=None),
        base_khz=max((base for base in bases if base), default=None),
        source=source if highest is not None else "",
        cadvisor_khz=_cadvisor(root, info, architecture or ""),
    )


def _cadvisor(root: Root, info: CpuInfo, architecture: str) -> int:
    first = root.count(cpu_directory(root) / "cpu0/cpufreq/cpuinfo_max_freq")
    if first:
        return first
    return 0 if architecture.startswith(_SILENT) else info.khz() or 0


def _cpuinfo(info: CpuInfo) -> int | None:
    return max((khz for cpu in info.by_cpu if (khz := info.khz(cpu))), default=info.khz())


def _device_tree(root: Root) -> int | None:
    """cpus/cpu@N/clock-frequency: Hz, big-endian, 32 or 64 bits (devicetree specification, 3.8)."""
    base = root.sys / "firmware/devicetree/base/cpus"
    found = []
    for name in root.entries(base):
        if name.startswith("cpu@"):
            data = root.data(base / name / "clock-frequency") or b""
            if len(data) in (4, 8):
                found.append(int.from_bytes(data, "big") // 1000)
    return max(found, default=0) or None
