"""Names of the host: machine id, system uuid, boot id, kernel, operating system, hostname, hardware."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .model import Hardware
from .root import Root

MACHINE_ID_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")  # defaults of cAdvisor's flags
BOOT_ID_FILES = ("/proc/sys/kernel/random/boot_id",)
_UNINITIALIZED = "uninitialized"  # what machine-id(5) says of an image that has not booted yet
_OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")  # os-release(5): in this order


@dataclass(frozen=True)
class Identity:
    """Fields of Machine that name it."""

    hostname: str | None = None
    machine_id: str | None = None
    system_uuid: str | None = None
    boot_id: str | None = None
    boot_time_ns: int | None = None
    architecture: str | None = None
    kernel_version: str | None = None
    os_id: str | None = None
    os_name: str | None = None
    hardware: Hardware = field(default_factory=Hardware)


def read(root: Root, machine_id_files: Sequence[str], boot_id_files: Sequence[str]) -> Identity:
    """All of it; each file that is named is looked for below the root."""
    machine_id = _first(root, machine_id_files, "machine id")
    release = os_release(root)
    machine = architecture(root)
    return Identity(
        hostname=_hostname(root),
        machine_id=machine_id,
        system_uuid=_system_uuid(root, machine, machine_id),
        boot_id=_first(root, boot_id_files, "boot id"),
        boot_time_ns=_boot_time(root),
        architecture=machine,
        kernel_version=root.text(root.proc / "sys/kernel/osrelease"),
        os_id=release.get("ID"),
        os_name=release.get("PRETTY_NAME") or release.get("NAME"),
        hardware=root.part("hardware", _hardware, Hardware()),
    )


def dmi(root: Root, name: str) -> str | None:
    """An entry of /sys/class/dmi/id; ids and serial numbers are for root to read."""
    return root.text(root.sys / "class/dmi/id" / name)


def os_release(root: Root) -> Mapping[str, str]:
    """The host's os-release(5), {} where it has none."""
    for name in _OS_RELEASE:
        text = root.text(root.on_host(name))
        if text:
            return _assignments(text)
    root.notes.add(f"operating system: there is no {' nor '.join(_OS_RELEASE)} below {root.path}")
    return {}


def _assignments(text: str) -> dict[str, str]:
    out = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and re.fullmatch(r"[A-Z0-9_]+", key):
            try:
                out[key] = "".join(shlex.split(value)[:1])
            except ValueError:  # a quote that is not closed
                out[key] = value.strip("\"'")
    return out


def _first(root: Root, files: Sequence[str], what: str) -> str | None:
    """The first file that says something. /proc is where the root has it, or this container's."""
    for name in files:
        path = root.proc / name.removeprefix("/proc/") if name.startswith("/proc/") else root.on_host(name)
        text = root.text(path)
        if text and text != _UNINITIALIZED:
            return text.split()[0]
    root.notes.add(f"{what}: {', '.join(files) or 'no file'} below {root.path}: none says it")
    return None


def _hostname(root: Root) -> str | None:
    """The kernel's answer is that of the reader's UTS namespace: from a container, the host's file is asked first."""
    files = [root.proc / "sys/kernel/hostname"]
    if root.path != Path("/"):
        files.insert(0, root.on_host("/etc/hostname"))
    for path in files:
        text = root.text(path)
        if text:
            return text.split()[0]
    root.notes.add(f"hostname: {' and '.join(str(path) for path in files)} do not say it")
    return None


def architecture(root: Root) -> str | None:
    """/proc/sys/kernel/arch is there since Linux 6.1."""
    told = root.text(root.proc / "sys/kernel/arch")
    return told if told or not root.is_live else os.uname().machine


def _boot_time(root: Root) -> int | None:
    match = re.search(r"^btime (\d+)$", root.text(root.proc / "stat") or "", re.MULTILINE)
    return int(match[1]) * 10**9 if match else None


def _device_tree(root: Root, name: str) -> str | None:
    for base in (root.proc / "device-tree", root.sys / "firmware/devicetree/base"):
        text = root.text(base / name)
        if text:
            return text
    return None


def _system_uuid(root: Root, architecture: str | None, machine_id: str | None) -> str | None:
    """cAdvisor's order, which clients join on; then the hypervisor's, where cAdvisor has none."""
    return (
        dmi(root, "product_uuid")
        or _device_tree(root, "system-id")
        or _device_tree(root, "vm,uuid")
        or (machine_id if (architecture or "").startswith("s390") else None)
        or root.text(root.sys / "hypervisor/uuid", may_refuse=True)
    )


def _hardware(root: Root) -> Hardware:
    return Hardware(
        vendor=dmi(root, "sys_vendor"),
        product=dmi(root, "product_name") or _device_tree(root, "model"),
        product_version=dmi(root, "product_version"),
        board=dmi(root, "board_name"),
        bios=" ".join(text for name in ("bios_vendor", "bios_version") if (text := dmi(root, name))) or None,
        hypervisor=root.text(root.sys / "hypervisor/type", may_refuse=True),
    )
