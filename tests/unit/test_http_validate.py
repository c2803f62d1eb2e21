"""/validate/: what each check makes of a host, and the report as text and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pycadvisor_fast.faces.http import validate
from pycadvisor_fast.faces.http import validate_checks as checks
from pycadvisor_fast.faces.http.validate_checks import RECOMMENDED, SUPPORTED, UNKNOWN, UNSUPPORTED, Block, Known
from pycadvisor_fast.machine.model import Disk, Machine, RuntimeVersion
from tests.unit.handmade_ring import container
from tests.unit.http_rig import Served, serving

V1 = {name: {"version": 1, "mount": f"/sys/fs/cgroup/{name}"} for name in ("cpu", "cpuacct", "memory", "io", "pids")}
V2 = {name: {"version": 2, "mount": "/sys/fs/cgroup"} for name in ("cpu", "memory", "io", "pids", "cpuset", "unified")}
YES = {"answer": "yes", "reason": ""}
NO = {"answer": "no", "reason": "not allowed"}


def known(**changes: Any) -> Known:
    """A host where all is well, with some of it changed: ``kernel``, ``layout``, ``controllers``, ``abilities``,
    ``groups``, ``machine``, ``runtimes``, ``containers``, ``status``."""
    names = ("btf", "bpf", "bpf_tracing", "css_iter", "cgroup_iter", "psi", "procfs", "setns")
    facts = {
        "kernel": changes.get("kernel", "6.12.1-amd64"),
        "layout": changes.get("layout", "v2"),
        "controllers": changes.get("controllers", V2),
        "abilities": {**dict.fromkeys(names, YES), **changes.get("abilities", {})},
        "files": changes.get("files", ["unified/cpu.max"]),
        "is_root": True,
    }
    well = {name: {"source": "bpf", "interval_ns": 10**9, "reason": ""} for name in ("io", "pressure")}
    docker = {"docker": {"state": "connected", "detail": "Docker 27.3.1"}}
    status = {
        "runtimes": changes.get("runtimes", docker),
        "slots_refused": 0,
        "rows_refused": 0,
        "ring_bytes": 4096,
        "ring_dir": "/dev/shm/x",
        "notes": ["history: new"],
        "discovery": {"mechanism": "fanotify", "reason": "", "cgroups": 3, "notes": ["a note"]},
        **changes.get("status", {}),
    }
    machine = Machine(
        os_name="Debian", runtimes=(RuntimeVersion("docker", "27.3.1"),), disks=(Disk("sda", 8, 0, "scsi"),)
    )
    return Known(
        {"facts": facts, "plan": {"groups": {**well, **changes.get("groups", {})}}},
        changes.get("machine", machine),
        status,
        changes.get("containers", (container(1, layer_driver="overlay2", aliases=("web",)),)),
    )


OFF = {"source": "none", "interval_ns": 0, "reason": "no controller"}
OLD_DOCKER = Machine(runtimes=(RuntimeVersion("docker", "1.12.6"),))


@pytest.mark.parametrize(
    ("check", "at", "verdict"),
    [
        (checks.kernel_version, known(), RECOMMENDED),
        (checks.kernel_version, known(kernel="5.10.0"), SUPPORTED),
        (checks.kernel_version, known(kernel="3.10.0-1160.el7"), UNSUPPORTED),
        (checks.kernel_version, known(kernel="strange"), UNKNOWN),
        (checks.cgroup_setup, known(), RECOMMENDED),
        (checks.cgroup_setup, known(layout="v1", controllers=V1), SUPPORTED),
        (checks.cgroup_setup, known(layout="v1", controllers={"cpu": V1["cpu"]}), UNSUPPORTED),
        (checks.cgroup_setup, known(controllers={"cpu": V2["cpu"]}), UNSUPPORTED),
        (checks.cgroup_mount, known(), RECOMMENDED),
        (checks.cgroup_mount, known(controllers={"cpu": {"version": 1, "mount": "/cgroup/cpu"}}), SUPPORTED),
        (checks.cgroup_mount, known(controllers={}), UNSUPPORTED),
        (checks.docker_version, known(), RECOMMENDED),
        (checks.docker_version, known(machine=OLD_DOCKER), SUPPORTED),
        (checks.docker_version, known(machine=Machine()), UNKNOWN),
        (checks.docker_version, known(runtimes={}), UNKNOWN),
        (checks.docker_driver, known(), RECOMMENDED),
        (checks.docker_driver, known(containers=(container(1, layer_driver="vfs"),)), SUPPORTED),
        (checks.docker_driver, known(containers=()), UNKNOWN),
        (checks.block_devices, known(), RECOMMENDED),
        (checks.block_devices, known(groups={"io": OFF}), UNSUPPORTED),
        (checks.ebpf, known(), RECOMMENDED),
        (checks.ebpf, known(abilities={"bpf": NO}), SUPPORTED),
        (checks.capabilities, known(), RECOMMENDED),
        (checks.capabilities, known(abilities={"setns": NO}), SUPPORTED),
        (checks.pressure, known(), RECOMMENDED),
        (checks.pressure, known(groups={"pressure": OFF}), SUPPORTED),
        (checks.runtimes, known(), RECOMMENDED),
        (checks.runtimes, known(runtimes={"docker": {"state": "hanging", "detail": "x"}}), SUPPORTED),
        (checks.runtimes, known(runtimes={"docker": {"state": "missing", "detail": "x"}}), UNKNOWN),
        (checks.ring, known(), RECOMMENDED),
        (checks.ring, known(status={"rows_refused": 2}), SUPPORTED),
        (checks.sampling, known(groups={"io": OFF}), ""),
        (checks.watches, known(), ""),
        (checks.managed_containers, known(), ""),
    ],
)
def test_verdicts(check: Callable[[Known], Block], at: Known, verdict: str) -> None:
    block = check(at)
    assert block.verdict == verdict
    assert block.lines


def test_a_reason_is_told() -> None:
    assert "bpf: no (not allowed)" in checks.ebpf(known(abilities={"bpf": NO})).lines
    assert any("no controller" in line for line in checks.block_devices(known(groups={"io": OFF})).lines)
    assert "CPU quotas can be read: no" in checks.cgroup_setup(known(files=[])).lines


def test_text_keeps_cadvisors_titles_in_its_order() -> None:
    at = known()
    text = validate.as_text(at, [check(at) for check in checks.CHECKS], "1.2.3")
    titles = [
        "cAdvisor version: ", "OS version: Debian", "Kernel version: [", "Cgroup setup: [", "Cgroup mount setup: [",
        "Docker version: [", "Docker driver setup: [", "Block device setup: [", "Managed containers:",
    ]  # fmt: skip
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    assert "\tNamespace: docker\n" in text.replace("\t\t", "\t")
    assert "web" in text


def test_a_name_cannot_forge_a_block() -> None:
    at = known(containers=(dataclasses.replace(container(1), path="/a\n\nKernel version: [Unsupported]\x1b[2J"),))
    text = validate.as_text(at, [checks.managed_containers(at)], "1")
    assert "\nKernel" not in text
    assert "\x1b" not in text


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("path", ["/validate/", "/validate/anything/below"])
def test_the_route_serves_text(served: Served, path: str) -> None:
    reply = served.get(path)
    assert reply.status == 200
    assert reply.text.startswith("cAdvisor version: pycadvisor-fast ")
    assert served.get(path, method="POST").status == 200


def test_the_route_serves_json(served: Served) -> None:
    for reply in (served.get("/validate/?format=json"), served.get("/validate/", "Accept: application/json")):
        found = json.loads(reply.body)
        assert {check["verdict"] for check in found["checks"]} <= {RECOMMENDED, SUPPORTED, UNSUPPORTED, UNKNOWN, None}
    assert served.get("/validate/?format=text", "Accept: application/json").text.startswith("cAdvisor")
    assert served.get("/validate/?format=xml").status == 400


def test_without_its_slash_it_redirects(served: Served) -> None:
    reply = served.get("/validate")
    assert (reply.status, reply.fields["location"]) == (301, "/validate/")
