"""/proc/cpuinfo, which each architecture writes in words of its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# Documentation/arch/arm64/cpu-feature-registers.rst and Arm's register MIDR_EL1: who designed the core.
_IMPLEMENTERS = {
    0x41: "ARM",
    0x42: "Broadcom",
    0x43: "Cavium",
    0x46: "Fujitsu",
    0x48: "HiSilicon",
    0x4E: "NVIDIA",
    0x50: "APM",
    0x51: "Qualcomm",
    0x53: "Samsung",
    0x56: "Marvell",
    0x61: "Apple",
    0x6D: "Microsoft",
    0x70: "Phytium",
    0xC0: "Ampere",
}
_PARTS = {  # of implementer 0x41, as Arm's technical reference manuals give MIDR_EL1.PartNum
    0xD03: "Cortex-A53",
    0xD04: "Cortex-A35",
    0xD05: "Cortex-A55",
    0xD07: "Cortex-A57",
    0xD08: "Cortex-A72",
    0xD09: "Cortex-A73",
    0xD0A: "Cortex-A75",
    0xD0B: "Cortex-A76",
    0xD0C: "Neoverse-N1",
    0xD40: "Neoverse-V1",
    0xD41: "Cortex-A78",
    0xD44: "Cortex-X1",
    0xD46: "Cortex-A510",
    0xD47: "Cortex-A710",
    0xD48: "Cortex-X2",
    0xD49: "Neoverse-N2",
    0xD4F: "Neoverse-V2",
}
_FREQUENCY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:MHz)?")
_FREQUENCY_KEYS = ("cpu mhz static", "cpu mhz", "clock")
_MODEL_KEYS = ("model name", "cpu model", "uarch", "cpu", "processor")


@dataclass(frozen=True)
class CpuInfo:
    """What it says. ``by_cpu``: the fields of each CPU by its number, keys in lower case; ``shared``: the others."""

    by_cpu: dict[int, dict[str, str]] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)

    def first(self, key: str) -> str | None:
        """The value of the first CPU that has the field, else the shared one."""
        for fields in self.by_cpu.values():
            if fields.get(key):
                return fields[key]
        return self.shared.get(key) or None

    def distinct(self, key: str) -> int:
        """How many different numbers the field has; lines without a number do not count."""
        return len({value for fields in self.by_cpu.values() if (value := fields.get(key, "")).isdecimal()})

    def ident(self, cpu: int, key: str) -> int | None:
        """A field of one CPU as a number; None = it has none."""
        value = self.by_cpu.get(cpu, {}).get(key, "")
        return int(value) if value.isdecimal() else None

    @property
    def vendor_id(self) -> str | None:
        """x86 and s390 name it; ARM gives a number instead, which ``model`` translates."""
        return self.first("vendor_id")

    def model(self, cpu: int | None = None) -> str | None:
        """What a CPU is called; without a number: the first one's name."""
        numbers: Sequence[int] = [cpu] if cpu is not None else list(self.by_cpu)
        for number in numbers:
            name = _name(self.by_cpu.get(number, {}))
            if name:
                return name
        return _name(self.shared)

    def khz(self, cpu: int | None = None) -> int | None:
        """The clock as cpuinfo has it: of one CPU, or of the first that has any."""
        blocks = list(self.by_cpu.values()) if cpu is None else [self.by_cpu.get(cpu, {})]
        for fields in (*blocks, self.shared):
            for key in _FREQUENCY_KEYS:
                match = _FREQUENCY.fullmatch(fields.get(key, ""))
                if match and float(match[1]) > 0:
                    return round(float(match[1]) * 1000)
        return None


def parse(text: str) -> CpuInfo:
    """Blocks of "key : value". A block belongs to the CPU its "processor" (s390: "cpu number") names."""
    info = CpuInfo()
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            key, colon, value = line.partition(":")
            if not colon:
                continue
            number = re.fullmatch(r"processor (\d+)", key.strip())  # s390: one line a CPU in the first block
            if number:
                info.by_cpu.setdefault(int(number[1]), {}).setdefault("machine", value.strip())
            else:
                fields.setdefault(" ".join(key.split()).lower(), value.strip())
        named = fields.get("cpu number", fields.get("processor", ""))
        if named.isdecimal():
            info.by_cpu.setdefault(int(named), {}).update(fields)
        else:
            info.shared.update(fields)
    return info


def _name(fields: dict[str, str]) -> str | None:
    implementer, part = _hex(fields.get("cpu implementer")), _hex(fields.get("cpu part"))
    if implementer is not None and part is not None:
        maker = _IMPLEMENTERS.get(implementer, f"implementer 0x{implementer:02x}")
        known = _PARTS.get(part) if implementer == 0x41 else None
        return f"{maker} {known}" if known else f"{maker} part 0x{part:03x}"
    for key in _MODEL_KEYS:
        value = fields.get(key, "")
        if value and not value.isdecimal():
            return value
    return None


def _hex(text: str | None) -> int | None:
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None
