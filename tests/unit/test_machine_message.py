"""A machine over gRPC: every field there and back, absent ones absent, and the command that shows it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from pycadvisor_fast.cli import exits, machine_text, main
from pycadvisor_fast.cli.machine_message import machine as from_message
from pycadvisor_fast.client import AsyncClient
from pycadvisor_fast.faces.grpc.machine_message import machine_message
from pycadvisor_fast.machine import reading
from pycadvisor_fast.machine.model import Cloud, Cpu, Filesystem, Machine, RuntimeVersion, Topology
from pycadvisor_fast.v1 import machine_pb2

from . import machine_trees as trees
from .grpc_rig import run, running

KINDS = (trees.two_sockets, trees.epyc, trees.big_little, trees.s390, trees.single)


def full(path: Path) -> Machine:
    return replace(
        reading.read(root=trees.two_sockets(path).root),
        filesystems=(Filesystem("/dev/nvme0n1p1", "/", "ext4", 259, 1, 2**40, 65536),),
        runtimes=(RuntimeVersion("docker", "27.3.1", "1.47"),),
        cloud=Cloud("AWS", "dmi", "m5.large", "i-0123456789abcdef0", "eu-west-1", "eu-west-1b"),
        notes=("something",),
    )


def test_model_and_message_have_the_same_fields() -> None:
    def compare(kind: Any, descriptor: Any) -> int:
        assert [field.name for field in fields(kind)] == [field.name for field in descriptor.fields], kind
        hints = get_type_hints(kind)
        below = 0
        for field in descriptor.fields:
            hint = hints[field.name]
            inner = [one for one in (hint, *get_args(hint)) if is_dataclass(one)]
            assert bool(inner) == (field.message_type is not None), (kind, field.name)
            is_optional = type(None) in get_args(hint)
            assert is_optional <= field.has_presence, f"{kind.__name__}.{field.name} has to be optional in the .proto"
            below += compare(inner[0], field.message_type) if inner else 0
        return below + 1

    assert compare(Machine, machine_pb2.Machine.DESCRIPTOR) > 15


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(tmp_path: Path, kind: Any) -> None:
    machine = reading.read(root=kind(tmp_path).root)
    message = machine_pb2.Machine.FromString(machine_message(machine).SerializeToString())
    assert from_message(message) == machine


def test_every_field_there_and_back(tmp_path: Path) -> None:
    machine = full(tmp_path)
    assert from_message(machine_message(machine)) == machine
    assert from_message(machine_message(Machine())) == Machine()


def test_numbers_and_texts_that_protobuf_cannot_take_are_absent() -> None:
    odd = Machine(
        hostname="a\udcffb",
        topology=Topology(cores=2**40, cpus=(Cpu(2**40, True, max_khz=7),)),
        memory=Machine().memory,
    )
    message = machine_message(odd)
    assert message.hostname == "a?b"
    assert not message.topology.HasField("cores")
    assert (message.topology.cpus[0].number, message.topology.cpus[0].max_khz) == (0, 7)


def test_over_the_wire(tmp_path: Path) -> None:
    async def test() -> None:
        async with running(tmp_path / "ring") as rig:
            machine = full(tmp_path / "host")
            rig.feed.machines = [machine, Machine(hostname="fresh")]
            async with AsyncClient(rig.server.addresses[0]) as client:
                assert from_message(await client.machine()) == machine
                assert (await client.machine(fresh=True)).hostname == "fresh"

    run(test())


def test_text_for_people(tmp_path: Path) -> None:
    shown = machine_text.text(full(tmp_path))
    flat = "\n".join(" ".join(line.split()) for line in shown.splitlines())
    for line in (
        "hardware         Dell Inc. PowerEdge R740",
        "cloud            AWS m5.large i-0123456789abcdef0 eu-west-1b",
        "docker           27.3.1",
        "online           15 of 16 CPUs, offline: 15, 32 possible",
        "topology         2 sockets, 2 dies, 8 cores, threads share cores",
        "clock            3.90 GHz at most, base 2.60 GHz (cpufreq)",
        "L3               2 x 22.0M, shared by 7/8 CPUs",
        "Registered-DDR4  128G in 4 modules (edac)",
        "0     62.5G   8     10,21      0-3,8-11",
        "nvme0n1    259:0   nvme   894G   none       yes",
        "loop0",
        "eno1     ethernet  up     25000 Mbit/s  9000   b0:26:28:00:00:01  yes       i40e",
        "ext4  1.0T      /dev/nvme0n1p1  /",
    ):
        assert (" ".join(line.split()) in flat) == (line != "loop0"), f"{line}\n{shown}"
    assert shown.endswith("Notes\n  something")


def test_text_of_a_machine_that_tells_nothing() -> None:
    assert machine_text.text(Machine()) == ""
    assert "\x1b" not in machine_text.text(Machine(hostname="\x1b[2J"))


def test_the_command_reads_another_root(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trees.big_little(tmp_path)
    (tmp_path / "sys/devices").mkdir(exist_ok=True)
    words = ["machine", f"--sysroot={tmp_path}", "--grpc_listen=", "--json"]
    assert main(words) == exits.OK
    found = json.loads(capsys.readouterr().out)
    assert found["topology"]["clusters"] == 2
    assert "vendor_id" not in found
    assert main(words[:-1]) == exits.OK
    shown = capsys.readouterr()
    assert "ARM Cortex-A53" in shown.out
    assert shown.err == "from a look of its own: no daemon answers\n"


def test_the_command_asks_a_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def test() -> None:
        async with running(tmp_path / "ring") as rig:
            rig.feed.machines = [full(tmp_path / "host")]
            words = ["machine", f"--target={rig.server.addresses[0]}", "--json"]
            assert await asyncio.to_thread(main, words) == exits.OK

    run(test())
    found = json.loads(capsys.readouterr().out)
    assert found["cadvisor"] == {"physical_cores": 4, "sockets": 2}
    assert found["cloud"]["instance_type"] == "m5.large"


def test_a_target_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["machine", "--target=unix:/nowhere/at.all"]) == exits.ADDRESS
    assert "nobody answers at unix:/nowhere/at.all" in capsys.readouterr().err
