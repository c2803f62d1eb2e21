"""The machine is read once, again part by part when something changes, and never at the expense of what is known."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.machine import keeper as keeping
from pycadvisor_fast.machine.changes import Changes, is_link_change, parts_of_uevent
from pycadvisor_fast.machine.keeper import MachineKeeper
from pycadvisor_fast.machine.model import Filesystem, RuntimeVersion
from pycadvisor_fast.machine.reading import PARTS, Sources
from pycadvisor_fast.machine.root import Root
from pycadvisor_fast.machine.runtimes import versions

from . import machine_trees as trees
from .machine_trees import Tree

WAIT = 20.0  # until a hang is a failure


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class FakeChanges:
    """Changes that the test makes up."""

    def __init__(self, root: Root) -> None:
        self.missing = ["uevents: not here"]
        self._changed: set[str] = set()
        self._condition = threading.Condition()
        self.is_ended = self.is_closed = False

    def wait(self, seconds: float | None) -> set[str]:
        with self._condition:
            self._condition.wait_for(lambda: bool(self._changed) or self.is_ended, seconds)
            changed, self._changed = self._changed, set()
        return changed

    def tell(self, *parts: str) -> None:
        with self._condition:
            self._changed |= set(parts)
            self._condition.notify_all()

    def end(self) -> None:
        with self._condition:
            self.is_ended = True
            self._condition.notify_all()

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[FakeChanges]:
    made: list[FakeChanges] = []

    def make(root: Root) -> FakeChanges:
        made.append(FakeChanges(root))
        return made[-1]

    monkeypatch.setattr(keeping, "Changes", make)
    monkeypatch.setattr(keeping, "_SETTLES_WITHIN_SECONDS", 0.0)
    monkeypatch.setattr(keeping, "_SHARE", 0)
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return trees.single(tmp_path)


@pytest.fixture
def keeper(tree: Tree, changes: list[FakeChanges]) -> Iterator[MachineKeeper]:
    made = MachineKeeper(Sources(), 0.0, root=tree.root)
    made.start()
    yield made
    made.stop()


def test_a_change_has_its_part_read_again_and_no_other(
    keeper: MachineKeeper, tree: Tree, changes: list[FakeChanges]
) -> None:
    assert [disk.name for disk in keeper.machine().disks] == ["vda"]
    tree.puts("sys/block/vdb", {"dev": "254:16", "size": 4096})
    tree.put("proc/meminfo", "MemTotal: 1 kB\nSwapTotal: 0 kB")
    changes[0].tell("disks")
    until(lambda: len(keeper.machine().disks) == 2)
    assert keeper.machine().memory.capacity_bytes == 500_000 * 1024
    assert keeper.status()["parts_read"] == len(PARTS) + 1
    changes[0].tell("memory")
    until(lambda: keeper.machine().memory.capacity_bytes == 1024)


def test_a_file_that_does_not_answer_holds_up_no_end_and_nothing_is_left_open(
    tree: Tree, changes: list[FakeChanges], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_ENDS_WITHIN_SECONDS", 0.01)
    reading, answers, read_part = threading.Event(), threading.Event(), keeping.read_part

    def hangs(*arguments: Any) -> Any:
        reading.set()
        assert answers.wait(WAIT)
        return read_part(*arguments)

    monkeypatch.setattr(keeping, "read_part", hangs)
    keeper = MachineKeeper(Sources(), 0.0, root=tree.root)
    keeper.start()
    assert reading.wait(WAIT)
    keeper.stop()
    keeper.start()  # the first thread must not go on for the second
    assert not changes[0].is_closed
    answers.set()
    until(lambda: changes[0].is_closed)
    assert keeper.machine().hostname == "box"
    keeper.stop()
    until(lambda: changes[1].is_closed)


def test_all_is_read_again_after_the_interval(tree: Tree, changes: list[FakeChanges]) -> None:
    keeper = MachineKeeper(Sources(), 0.01, root=tree.root)
    keeper.start()
    try:
        assert keeper.machine().hostname == "box"
        tree.put("etc/hostname", "other")
        until(lambda: keeper.machine().hostname == "other")
    finally:
        keeper.stop()


def test_fresh_reads_now(keeper: MachineKeeper, tree: Tree) -> None:
    assert keeper.machine().hostname == "box"
    tree.put("etc/hostname", "other")
    assert keeper.machine().hostname == "box"
    assert keeper.machine(fresh=True).hostname == "other"


class CountingLock:
    """A lock that knows how many have come for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.came = 0

    def __enter__(self) -> None:
        self.came += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_several_who_ask_at_once_share_a_reading(keeper: MachineKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper.machine()
    goes_on, lock = threading.Event(), CountingLock()
    whole = keeping.read_part

    def slow(part: str, root: Root, sources: Sources) -> object:
        goes_on.wait(WAIT)
        return whole(part, root, sources)

    monkeypatch.setattr(keeping, "read_part", slow)
    monkeypatch.setattr(keeper, "_refreshing", lock)
    before = keeper.status()["parts_read"]
    asking = [threading.Thread(target=keeper.machine, kwargs={"fresh": True}) for _ in range(5)]
    for thread in asking:
        thread.start()
    until(lambda: lock.came == 5)
    goes_on.set()
    for thread in asking:
        thread.join(WAIT)
    # The first one's reading began before the others asked: one more serves them all.
    assert keeper.status()["parts_read"] == before + 2 * len(PARTS)


def test_without_its_thread_it_is_read_when_asked(tree: Tree) -> None:
    keeper = MachineKeeper(Sources(), 0.0, root=tree.root)
    assert keeper.machine().hostname == "box"
    assert keeper.status()["parts_read"] == len(PARTS)


def test_a_reader_that_fails_keeps_what_was_known(
    keeper: MachineKeeper, tree: Tree, changes: list[FakeChanges], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keeper.machine().hostname == "box"
    whole = keeping.read_part
    calls: list[str] = []

    def fails(part: str, root: Root, sources: Sources) -> object:
        calls.append(part)
        raise RuntimeError("no such luck")

    monkeypatch.setattr(keeping, "read_part", fails)
    changes[0].tell("identity")
    until(lambda: calls == ["identity"])
    assert keeper.machine().hostname == "box"
    monkeypatch.setattr(keeping, "read_part", whole)
    tree.put("etc/hostname", "again")
    changes[0].tell("identity")
    until(lambda: keeper.machine().hostname == "again")


def test_a_file_that_hangs_is_not_waited_for_without_end(
    tree: Tree, changes: list[FakeChanges], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    whole = keeping.read_part

    def hangs(part: str, root: Root, sources: Sources) -> object:
        goes_on.wait(WAIT)
        return whole(part, root, sources)

    monkeypatch.setattr(keeping, "read_part", hangs)
    monkeypatch.setattr(keeping, "_FIRST_WITHIN_SECONDS", 0.01)
    keeper = MachineKeeper(Sources(), 0.0, root=tree.root)
    keeper.start()
    found = keeper.machine()
    goes_on.set()
    assert found.time_ns == 0
    assert "not read yet" in found.notes[0]
    until(lambda: keeper.machine().time_ns > 0)
    keeper.stop()


def test_filesystems_and_runtimes_are_asked_each_time(tree: Tree) -> None:
    mounted: list[Filesystem] = []
    runtimes = [RuntimeVersion("docker", "27.3.1")]
    keeper = MachineKeeper(Sources(), 0.0, filesystems=lambda: mounted, runtimes=lambda: runtimes, root=tree.root)
    assert keeper.machine().filesystems == ()
    mounted.append(Filesystem("/dev/vda", "/", "ext4"))
    assert keeper.machine().filesystems == (mounted[0],)
    assert keeper.machine().runtimes == (runtimes[0],)


def test_status_names_what_is_not_seen_to_change(keeper: MachineKeeper) -> None:
    keeper.machine()
    assert keeper.status()["not_followed"] == ["uevents: not here"]
    assert set(keeper.status()["read_seconds"]) == set(PARTS)


def test_versions_of_runtimes_that_answer() -> None:
    status = {
        "podman": {"state": "connected", "detail": "podman", "version": "5.2.0", "api_version": "1.41"},
        "docker": {"state": "connected", "detail": "Docker 27.3.1"},
        "containerd": {"state": "missing", "detail": "/run/containerd/containerd.sock 1.7: No such file"},
        "crio": {"state": "connected", "detail": "CRI-O, storage overlay"},
        "cri": {"state": "connected", "detail": "containerd v1.7.24"},
        "podman-2": {"state": "connected", "detail": "Podman 5.2.0, which keeps no events"},
        "systemd": {"state": "connected", "detail": "systemd 252.39-1~deb12u1; managers of 3 users"},
        "users": {"state": "connected", "detail": "managers of 3 users"},
    }
    assert versions(status) == (
        RuntimeVersion("cri", "1.7.24"),
        RuntimeVersion("crio", ""),
        RuntimeVersion("docker", "27.3.1"),
        RuntimeVersion("podman", "5.2.0", "1.41"),
        RuntimeVersion("podman-2", "5.2.0"),
        RuntimeVersion("systemd", "252.39-1~deb12u1"),
        RuntimeVersion("users", ""),
    )


@pytest.mark.parametrize(
    ("subsystem", "parts"),
    [
        (b"cpu", {"processors"}),
        (b"memory", {"processors", "memory"}),
        (b"block", {"disks"}),
        (b"nd", {"memory"}),
        (b"net", set()),
        (b"\xff", set()),
    ],
)
def test_uevents_say_what_they_are_about(subsystem: bytes, parts: set[str]) -> None:
    data = b"change@/devices/x\0ACTION=change\0DEVPATH=/devices/x\0SUBSYSTEM=" + subsystem + b"\0SEQNUM=1\0"
    assert parts_of_uevent(data) == parts
    assert parts_of_uevent(b"libudev\0") == set()


def _link_message(kind: bytes, family: int = 0) -> bytes:
    """nlmsghdr, ifinfomsg, and IFLA_INFO_KIND as it stands inside IFLA_LINKINFO."""
    text = kind + b"\0"
    attribute = struct.pack("=HH", 4 + len(text), 1) + text + b"\0" * (-len(text) % 4)
    body = struct.pack("=BxHiII", family, 1, 7, 0, 0) + struct.pack("=HH", 4 + len(attribute), 18) + attribute
    return struct.pack("=IHHII", 16 + len(body), 16, 0, 0, 0) + body


def test_ends_of_veth_pairs_and_ports_of_bridges_are_no_change() -> None:
    assert is_link_change(_link_message(b"bridge"))
    assert not is_link_change(_link_message(b"veth"))
    assert not is_link_change(_link_message(b"bridge", family=7))
    assert not is_link_change(_link_message(b"veth") + _link_message(b"veth"))
    assert is_link_change(_link_message(b"veth") + _link_message(b"dummy"))
    assert is_link_change(struct.pack("=IHHII", 3, 0, 0, 0, 0) + b"junk")
    assert not is_link_change(b"")


def test_what_cannot_be_followed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket, "socket", refuses)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    changes = Changes(Root.below(tmp_path))
    assert [text.partition(": ")[2] for text in changes.missing] == [
        "Operation not permitted",
        "Operation not permitted",
        "No such file or directory",
        "No such file or directory",
    ]
    changes.end()
    assert changes.wait(None) == set()
    changes.close()
    changes.end()
    changes.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
