"""Network devices of the host: /sys/class/net, Documentation/ABI/testing/sysfs-class-net.

Ends of veth pairs are left out: they are the containers', come and go with them, and their counters are the containers'
network group. Where no device is hardware (a system container, whose eth0 is such an end) they are kept.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .model import NetworkDevice
from .root import Root

_NOT_CADVISORS = ("lo", "veth", "docker", "nerdctl")
_ARP_TYPES = {1: "ethernet", 32: "infiniband", 512: "ppp", 768: "tunnel", 772: "loopback", 776: "tunnel", 778: "tunnel"}
_UNKNOWN_SPEED = 2**32 - 1  # SPEED_UNKNOWN (-1), as some drivers have it printed


def read(root: Root) -> tuple[NetworkDevice, ...]:
    """By name."""
    base = root.sys / "class/net"
    names = root.entries(base)
    keeps_veth = not any((base / name / "device").exists() for name in names)
    found = [root.part(f"network device {name}", partial(_device, base / name, keeps_veth), None) for name in names]
    return tuple(device for device in found if device is not None)


def _device(directory: Path, keeps_veth: bool, root: Root) -> NetworkDevice | None:
    names = set(root.entries(directory)) if directory.is_dir() else set()  # bonding_masters is a file
    is_veth = bool(names) and _is_veth(root, directory, names)
    if not names or (is_veth and not keeps_veth):
        return None
    is_virtual = "device" not in names
    return NetworkDevice(
        name=directory.name,
        index=root.count(directory / "ifindex"),
        kind="veth" if is_veth else _kind(root, directory, names, is_virtual),
        mac=_mac(root, directory),
        mtu=root.count(directory / "mtu"),
        speed_mbit=_speed(root, directory),
        duplex=_told(root.text(directory / "duplex", may_refuse=True)),
        state=_told(root.text(directory / "operstate")),
        driver=root.link_name(directory / "device/driver"),
        master=root.link_name(directory / "master"),
        is_virtual=is_virtual,
        is_in_cadvisor=not directory.name.startswith(_NOT_CADVISORS),
    )


def _is_veth(root: Root, directory: Path, names: set[str]) -> bool:
    """Its peer has another index, and it stands on no device below it as a vlan does (lower_*)."""
    if "device" in names or any(name.startswith("lower_") for name in names):
        return False
    if not {"ifindex", "iflink"} <= names or root.count(directory / "type") != 1:
        return False
    index, link = root.count(directory / "ifindex"), root.count(directory / "iflink")
    uevent = root.text(directory / "uevent") or ""
    return bool(index and link and index != link and "DEVTYPE=" not in uevent)


def _kind(root: Root, directory: Path, names: set[str], is_virtual: bool) -> str:
    uevent = root.text(directory / "uevent") or ""
    for line in uevent.splitlines():
        if line.startswith("DEVTYPE="):
            return line.removeprefix("DEVTYPE=")
    for marker, kind in (("bridge", "bridge"), ("bonding", "bond"), ("tun_flags", "tun")):
        if marker in names:
            return kind
    kind = _ARP_TYPES.get(root.count(directory / "type") or 0, "other")
    return "virtual" if kind == "ethernet" and is_virtual else kind


def _mac(root: Root, directory: Path) -> str | None:
    """None for devices without one (tunnels, ppp): their address file is empty."""
    return root.text(directory / "address")


def _speed(root: Root, directory: Path) -> int | None:
    """Reading it is refused (EINVAL) while there is no link, or by drivers that know none."""
    text = root.text(directory / "speed", may_refuse=True)
    if text is None or not text.isdecimal() or int(text) in (0, _UNKNOWN_SPEED):
        return None
    return int(text)


def _told(text: str | None) -> str | None:
    return None if text == "unknown" else text
