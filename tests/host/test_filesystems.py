"""Real mounts in a mount namespace of their own: what is told of them is what df tells."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycadvisor_fast.filesystem import Filesystem
from pycadvisor_fast.filesystems.storage import StorageWatch
from tests.host.mount_namespace import in_mount_namespace, mount, umount

WITHIN_S = 20.0


@contextmanager
def watching(sysroot: str = "") -> Iterator[StorageWatch]:
    watch = StorageWatch(sysroot, interval_s=3600)  # what comes sooner comes from the mount table itself
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def by_point(watch: StorageWatch) -> dict[str, Filesystem]:
    return {one.mount_point: one for one in watch.fresh().filesystems}


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def df(path: Path | str, *fields: str) -> list[int]:
    command = ["df", "--block-size=1", f"--output={','.join(fields)}", str(path)]
    line = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1]
    return [int(word) for word in line.split()]


@in_mount_namespace
def test_numbers_are_those_of_df(tmp_path: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=8m,nr_inodes=100", "scratch", tmp_path)
    (tmp_path / "half").write_bytes(b"x" * 3_000_000)
    with watching() as watch:
        found = by_point(watch)
    one = found[str(tmp_path)]
    fields = ("size", "used", "avail", "itotal", "iused", "iavail")
    assert [
        one.capacity_bytes,
        one.used_bytes,
        one.available_bytes,
        one.inodes,
        one.inodes_used,
        one.inodes_free,
    ] == df(tmp_path, *fields)
    assert (one.type, one.source, one.capacity_bytes, one.inodes) == ("tmpfs", "scratch", 8 << 20, 100)
    root = found["/"]
    assert root.labels[0] == "root"
    assert root.capacity_bytes == df("/", "size")[0]
    assert not {"proc", "sysfs", "cgroup", "devpts", "nsfs"} & {one.type for one in found.values()}


@in_mount_namespace
def test_mounts_are_followed_as_they_come_and_go(tmp_path: Path) -> None:
    with watching() as watch:
        assert str(tmp_path) not in by_point(watch)

        def is_known() -> bool:
            return any(one.mount_point == str(tmp_path) for one in watch.current().filesystems)

        mount("-t", "tmpfs", "one", tmp_path)
        until(is_known)
        umount(tmp_path)
        until(lambda: not is_known())


@in_mount_namespace
def test_what_covers_another_mount_is_the_one_shown(tmp_path: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=4m", "below", tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "hidden", inner)
    mount("-t", "tmpfs", "-o", "size=2m", "above", tmp_path)
    with watching() as watch:
        found = by_point(watch)
        assert found[str(tmp_path)].capacity_bytes == 2 << 20
        assert found[str(tmp_path)].source == "above"
        assert str(inner) not in found  # nobody can reach it, and its path leads elsewhere
        umount(tmp_path)
        again = by_point(watch)
        assert again[str(tmp_path)].capacity_bytes == 4 << 20
        assert again[str(inner)].capacity_bytes == 1 << 20


@in_mount_namespace
def test_bind_mounts_of_one_filesystem_are_one_entry(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    mount("--bind", source, target)
    with watching() as watch:
        assert str(target) not in by_point(watch)


@in_mount_namespace
def test_a_full_one_says_so(tmp_path: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=1m,nr_inodes=4", "small", tmp_path)
    with pytest.raises(OSError) as caught:
        (tmp_path / "big").write_bytes(b"x" * (2 << 20))
    assert caught.value.errno == errno.ENOSPC
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    with watching() as watch:
        one = by_point(watch)[str(tmp_path)]
    assert (one.free_bytes, one.available_bytes, one.inodes_free) == (0, 0, 0)
    assert (one.used_bytes, one.inodes_used, one.is_stale) == (1 << 20, 4, False)


@in_mount_namespace
def test_under_rootfs_the_hosts_mounts_have_the_hosts_names(tmp_path: Path) -> None:
    root = tmp_path / "rootfs"
    root.mkdir()
    mount("-t", "tmpfs", "-o", "size=2m", "hostroot", root)
    for name in ("proc", "var", "var/lib", "var/lib/docker"):
        (root / name).mkdir()
    (root / "proc/diskstats").write_text("   8       1 sda1 1 0 8 0 0 0 0 0 0 0 0\n")
    mount("-t", "tmpfs", "-o", "size=3m", "images", root / "var/lib/docker")
    with watching(str(root)) as watch:
        found = by_point(watch)
        devices = watch.current().devices
    assert set(found) == {"/", "/var/lib/docker"}
    assert found["/"].capacity_bytes == 2 << 20
    assert found["/"].labels == ("root", "containerd-images", "crio-images")
    assert found["/var/lib/docker"].labels == ("docker-images",)
    assert found["/var/lib/docker"].capacity_bytes == 3 << 20
    assert [device.name for device in devices] == ["sda1"]


@in_mount_namespace
def test_a_disk_has_its_counters(tmp_path: Path) -> None:
    """A filesystem on a loop device, whose counters grow by what is written to it."""
    image, target = tmp_path / "image", tmp_path / "mounted"
    target.mkdir()
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    device = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True, check=True)
    loop = device.stdout.strip()
    try:
        mount("-t", "ext4", loop, target)
        with watching() as watch:
            before = by_point(watch)[str(target)]
            (target / "data").write_bytes(os.urandom(1 << 20))
            os.sync()
            after = by_point(watch)[str(target)]
        assert before.source == loop
        assert before.device is not None
        assert after.device is not None
        assert before.device.name == loop.removeprefix("/dev/")
        assert after.device.written_bytes - before.device.written_bytes >= 1 << 20
        assert after.free_bytes is not None
        assert before.free_bytes is not None
        assert before.free_bytes - after.free_bytes >= 1 << 20
        umount(target)
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)
