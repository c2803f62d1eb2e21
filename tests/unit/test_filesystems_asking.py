"""Filesystems that do not answer, asked through a stand-in for statfs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.filesystems.asking import Answer, Asker
from pycadvisor_fast.filesystems.mountinfo import Mount, parse
from pycadvisor_fast.filesystems.mounts import Mounted
from pycadvisor_fast.filesystems.storage import StorageWatch

WITHIN_S = 20.0


def mount(number: int, point: str, kind: str = "ext4", source: str = "") -> Mount:
    text = f"{number} 1 8:{number} / {point} rw - {kind} {source or f'/dev/sd{number}'} rw"
    return parse(text)[0]


def table(*mounts: Mount) -> str:
    return "".join(
        f"{one.id} 1 {one.major}:{one.minor} / {one.mount_point} rw - {one.type} {one.source} rw\n" for one in mounts
    )


class Kernel:
    """statfs where some mount points hang until they are let go."""

    def __init__(self) -> None:
        self.hung: dict[str, threading.Event] = {}
        self.asked: list[str] = []
        self.size = 1000
        self.elsewhere: set[int] = set()
        self.error: dict[str, Exception] = {}
        self.askers: list[Asker] = []

    def asker(self) -> Asker:
        """One that asks here, and is ended with the test."""
        self.askers.append(Asker(self))
        return self.askers[-1]

    def hang(self, point: str) -> None:
        self.hung[point] = threading.Event()

    def answer(self, point: str) -> None:
        self.hung.pop(point).set()

    def __call__(self, path: str, mount: Mount) -> Answer:
        self.asked.append(path)
        if path in self.error:
            raise self.error[path]
        gate = self.hung.get(path)
        if gate is not None:
            assert gate.wait(WITHIN_S * 3)
        if mount.id in self.elsewhere:
            return Answer(time_ns=5, error="another mount covers it", is_elsewhere=True)
        return Answer(capacity=self.size, free=400, available=300, inodes=10, inodes_free=4, time_ns=7)


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    for gate in kernel.hung.values():
        gate.set()
    for asker in kernel.askers:
        asker.stop()
    assert not any(asker.threads for asker in kernel.askers)


def test_one_that_hangs_keeps_the_others_from_nothing(kernel: Kernel) -> None:
    kernel.hang("/nas")
    mounted = Mounted(kernel.asker())
    points = ["/", "/a", "/nas", "/b", "/c"]
    mounts = [mount(number, point) for number, point in enumerate(points)]
    found = {one.mount_point: one for one in mounted.update(mounts, 0.5)}
    assert [found[point].capacity_bytes for point in ("/", "/a", "/b", "/c")] == [1000] * 4
    assert found["/nas"].capacity_bytes is None
    assert found["/nas"].hangs_since_ns > 0
    assert found["/nas"].is_stale
    assert found["/a"].hangs_since_ns == 0
    assert not found["/a"].is_stale

    mounted.update(mounts, 0.5)
    assert kernel.asked.count("/nas") == 1  # not asked again while a call is out
    assert kernel.asked.count("/a") == 2


def test_numbers_of_before_stay_and_say_how_old_they_are(kernel: Kernel) -> None:
    mounted = Mounted(kernel.asker())
    mounts = [mount(1, "/nas", "nfs4", "filer:/a")]
    (before,) = mounted.update(mounts, WITHIN_S)
    assert (before.capacity_bytes, before.asked_ns, before.hangs_since_ns) == (1000, 7, 0)
    kernel.hang("/nas")
    kernel.size = 2000
    (stale,) = mounted.update(mounts, 0.2)
    assert (stale.capacity_bytes, stale.asked_ns) == (1000, 7)
    assert stale.hangs_since_ns > 7
    kernel.answer("/nas")
    end = time.monotonic() + WITHIN_S
    again = stale
    while again.hangs_since_ns and time.monotonic() < end:  # the late answer counts in the pass after it
        time.sleep(0.01)
        (again,) = mounted.update(mounts, 0.2)
    assert (again.capacity_bytes, again.hangs_since_ns) == (2000, 0)


def test_threads_that_hang_are_bounded(kernel: Kernel) -> None:
    asker = kernel.asker()
    mounted = Mounted(asker)
    points = [f"/nas{number}" for number in range(60)]
    for point in points:
        kernel.hang(point)
    mounts = [mount(number, point) for number, point in enumerate(points)]
    for _ in range(12):
        found = mounted.update(mounts, 0.2)
    assert asker.threads <= 18
    assert len([one for one in found if one.hangs_since_ns]) == asker.threads
    assert {one.error for one in found if not one.hangs_since_ns} == {"not asked yet: too many filesystems hang"}


def test_what_is_covered_is_asked_through_another_mount_or_left_out(kernel: Kernel) -> None:
    kernel.elsewhere = {1, 3}
    mounted = Mounted(kernel.asker())
    mounts = [
        mount(1, "/a", source="/dev/sda"),
        mount(2, "/b", source="/dev/sda"),
        mount(3, "/c", source="/dev/sdb"),
    ]
    assert [one.mount_point for one in mounted.update(mounts, WITHIN_S)] == ["/b"]


def test_an_error_is_shown_and_the_older_numbers_stay(kernel: Kernel) -> None:
    mounted = Mounted(kernel.asker())
    mounts = [mount(1, "/a")]
    mounted.update(mounts, WITHIN_S)
    kernel.error["/a"] = RuntimeError("Stale file handle")
    (one,) = mounted.update(mounts, WITHIN_S)
    assert (one.error, one.capacity_bytes, one.is_stale) == ("Stale file handle", 1000, True)
    kernel.error.clear()
    (one,) = mounted.update(mounts, WITHIN_S)
    assert (one.error, one.is_stale) == ("", False)


def test_another_filesystem_under_the_same_name_has_none_of_the_old_numbers(kernel: Kernel) -> None:
    mounted = Mounted(kernel.asker())
    mounted.update([mount(1, "/x", "tmpfs", "tmpfs")], WITHIN_S)
    kernel.hang("/x")
    (one,) = mounted.update([mount(2, "/x", "tmpfs", "tmpfs")], 0.2)
    assert (one.minor, one.capacity_bytes, one.hangs_since_ns > 0) == (2, None, True)


def test_what_has_no_blocks_is_no_filesystem_to_show(kernel: Kernel) -> None:
    kernel.size = 0
    assert Mounted(kernel.asker()).update([mount(1, "/x", "fuse.unknown", "fuse.unknown")], WITHIN_S) == ()


def test_the_thread_goes_on_while_one_hangs_and_ends_without_it(kernel: Kernel, tmp_path: Path) -> None:
    kernel.hang("/nas")
    path = tmp_path / "mountinfo"
    path.write_text(table(mount(1, "/nas"), mount(2, "/a")))
    watch = StorageWatch(interval_s=600, ask=kernel, table=str(path))
    watch.start()
    found = {one.mount_point: one for one in watch.current().filesystems}
    assert found["/a"].capacity_bytes == 1000
    assert found["/nas"].hangs_since_ns
    assert watch.status()["hanging"] == ["/nas"]
    assert watch.notes() == ("/nas (ext4, /dev/sd1) does not answer",)
    kernel.size = 3000
    again = {one.mount_point: one for one in watch.fresh(WITHIN_S).filesystems}
    assert again["/a"].capacity_bytes == 3000
    watch.stop()
    assert "pcf-storage" not in {thread.name for thread in threading.enumerate()}
    assert again.keys() == {one.mount_point for one in watch.current().filesystems}  # known still


def test_a_mount_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    watch = StorageWatch(interval_s=600, table=str(tmp_path / "nowhere"))
    watch.start()
    found = watch.current()
    assert found.filesystems == ()
    assert "No such file" in found.notes[0]
    watch.stop()
