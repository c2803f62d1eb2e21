"""``machine``: what the host is."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..config import Setting, Settings
from ..config.values import BOOL
from ..machine import reading
from ..machine.model import Machine
from . import access, exits, logs, machine_text, origin
from .addresses import AddressError
from .command import TARGET_FLAGS, Command, Invocation, settings_named


def run(invocation: Invocation) -> int:
    """Prints the machine, as the daemon knows it or as it is read here."""
    settings = invocation.settings
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    machine, label = _machine(settings, invocation.own)
    if invocation.own["json"]:
        print(json.dumps(plain(asdict(machine)), indent=1))
    else:
        print(machine_text.text(machine))
        print(f"from {label}", file=sys.stderr)
    return exits.OK


def plain(data: Any) -> Any:
    """What JSON shows: fields that are absent are left out."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items() if value is not None}
    if isinstance(data, (list, tuple)):
        return [plain(item) for item in data]
    return data


def _machine(settings: Settings, own: Mapping[str, Any]) -> tuple[Machine, str]:
    target = own["target"]
    address = target or next((a for a in settings["grpc_listen"] if origin.answers(a)), "")
    if target and not origin.answers(target, "target"):
        raise AddressError(f"nobody answers at {target}; is the daemon running? start it with: pycadvisor-fast run")
    if address:
        from ..client import Client
        from .machine_message import machine

        with Client(address, access=access.of(own)) as client:
            return machine(client.machine()), f"the daemon at {address}"
    sources = reading.Sources(settings["sysroot"], settings["machine_id_file"], settings["boot_id_file"])
    return reading.read(sources), "a look of its own: no daemon answers"


COMMAND = Command(
    name="machine",
    summary="show what the host is: processors, memory, disks, network devices, names",
    run=run,
    settings=settings_named(
        "grpc_listen",
        "sysroot",
        "machine_id_file",
        "boot_id_file",
        "config",
        "log_format",
        "log_level",
        "version",
    ),
    own=(
        *TARGET_FLAGS,
        Setting("json", BOOL, False, "Output", "print JSON; what is not known is left out"),
    ),
    about="Asks the daemon; without one reads the host's files itself. Stderr says which it was.",
    examples=("machine", "machine --json", "machine --sysroot=/rootfs"),
)
