"""deploy/pycadvisor-fast.service under a real systemd: its hardening leaves the daemon all that it needs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

import pycadvisor_fast

pytestmark = [pytest.mark.guest_inside, pytest.mark.systemd]

UNIT = "pycadvisor-fast.service"
UNITS = Path("/run/systemd/system")
COMMAND = f"{sys.executable} -m pycadvisor_fast"


def systemctl(*arguments: str) -> str:
    """Standard output of systemctl; the test fails with its error and the unit's log when it fails."""
    done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
    log = Path("/run/pcf-service.log")
    said = log.read_text() if log.exists() else ""
    assert done.returncode == 0, f"systemctl {' '.join(arguments)}: {done.stderr}\n{said}"
    return done.stdout


def property_of(name: str) -> str:
    return systemctl("show", "--value", "-p", name, UNIT).strip()


@pytest.fixture(scope="module")
def service(project_root: Path) -> Iterator[None]:
    """The unit as it is shipped, but with this tree's program, no config file, and a log that can be read here."""
    unit = (project_root / "deploy" / UNIT).read_text()
    program = f"{COMMAND} run --grpc_listen=unix:/run/pycadvisor-fast/grpc.sock"
    lines = [f"ExecStart={program}" if line.startswith("ExecStart=") else line for line in unit.splitlines()]
    (UNITS / UNIT).write_text("\n".join(lines) + "\n")
    folder = UNITS / f"{UNIT}.d"
    folder.mkdir()
    # The tree under test may lie below /root, /home or /tmp; the rest of a boot (sysinit.target) takes a minute here.
    (folder / "test.conf").write_text(
        "[Unit]\nDefaultDependencies=no\n"
        f"[Service]\nProtectHome=no\nPrivateTmp=no\nWorkingDirectory={project_root}\nTimeoutStartSec=180\n"
        "StandardError=file:/run/pcf-service.log\nStandardOutput=file:/run/pcf-service.log\n"
    )
    systemctl("daemon-reload")
    systemctl("start", UNIT)
    yield
    systemctl("stop", UNIT)


def abilities(facts: Mapping[str, Any]) -> dict[str, str]:
    """Ability of the host to answer (yes, no, unknown), of the facts in a host report."""
    return {name: fact["answer"] for name, fact in facts["abilities"].items()}


def test_it_is_ready_and_stays(service: None) -> None:
    assert property_of("ActiveState") == "active", Path("/run/pcf-service.log").read_text()
    time.sleep(2)
    assert property_of("NRestarts") == "0"


def test_it_samples_its_own_cgroup(service: None) -> None:
    ring = pycadvisor_fast.attach("/dev/shm/pycadvisor-fast")
    paths = {container.path for container in ring.containers()}
    assert f"/system.slice/{UNIT}" in paths
    assert "/" in paths


def test_hardening_costs_no_capability_of_the_host(service: None) -> None:
    """What the kernel can do, the unit lets the daemon do: probed under it and beside it, the facts are the same."""
    beside = subprocess.run([*COMMAND.split(), "host", "--json"], capture_output=True, text=True, check=True)
    with pycadvisor_fast.Client("unix:/run/pycadvisor-fast/grpc.sock") as client:
        hardened = MessageToDict(client.host().facts)
    assert abilities(hardened) == abilities(json.loads(beside.stdout)["facts"])


def test_it_ends_within_a_second(service: None) -> None:
    """Runs last. SIGTERM ends it cleanly: systemd saw exit status 0, and no kill."""
    systemctl("stop", UNIT)
    assert property_of("Result") == "success"
    assert property_of("ExecMainStatus") == "0"
    assert Path("/dev/shm/pycadvisor-fast/cpu.ring").exists(), "the ring stays for the next start"
