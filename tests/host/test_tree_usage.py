"""What trees hold, against du, on filesystems mounted for the test."""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pycadvisor_fast.container import Container
from pycadvisor_fast.filesystem import TreeUsage
from pycadvisor_fast.filesystems.measuring import TreeMeasuring
from pycadvisor_fast.native.usage import Tree, TreeWalker
from tests.host.mount_namespace import in_mount_namespace, mount, umount

WITHIN_S = 60.0
FILES = 100_000


def walked(path: Path, cpu_share: float = 1.0) -> Tree:
    walker = TreeWalker(cpu_share, io_share=1.0)
    try:
        walker.begin(str(path))
        assert select.select([walker], [], [], WITHIN_S)[0]
        is_done, tree = walker.look()
        assert is_done
        return tree
    finally:
        walker.close()


def du(path: Path, *options: str) -> int:
    done = subprocess.run(["du", "-sx", *options, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


@contextmanager
def ext4(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of its own on a loop device."""
    image, target = tmp_path / "image", tmp_path / "mounted"
    target.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    mount("-t", "ext4", "-o", "loop", image, target)
    try:
        yield target
    finally:
        umount(target)


@in_mount_namespace
def test_a_hundred_thousand_files_are_what_du_says(tmp_path: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=1g,nr_inodes=300000", "layer", tmp_path)
    for number in range(FILES // 500):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        at = os.open(folder, os.O_RDONLY)
        for name in range(500):
            os.close(os.open(f"{name}", os.O_CREAT | os.O_WRONLY, dir_fd=at))
        os.link("0", "again", src_dir_fd=at, dst_dir_fd=at)
        (folder / "1").write_bytes(b"x" * (number + 1))
        os.close(at)
    tree = walked(tmp_path)
    assert tree.error == ""
    assert tree.skipped == 0
    assert tree.inodes == FILES + FILES // 500 + 1
    assert tree.inodes == du(tmp_path, "--inodes")
    assert tree.bytes == du(tmp_path, "--block-size=1")
    assert tree.apparent_bytes == sum(range(1, FILES // 500 + 1))


@in_mount_namespace
def test_other_filesystems_and_bind_mounts_in_the_tree_are_not_the_trees(tmp_path: Path) -> None:
    layer, outside = tmp_path / "layer", tmp_path / "outside"
    for folder in (layer, outside, layer / "tmpfs", layer / "bind"):
        folder.mkdir()
    (outside / "big").write_bytes(b"x" * 100_000)
    (layer / "own").write_bytes(b"x" * 10)
    mount("-t", "tmpfs", "t", layer / "tmpfs")
    (layer / "tmpfs/file").write_bytes(b"x" * 50_000)
    mount("--bind", outside, layer / "bind")
    tree = walked(layer)
    assert (tree.inodes, tree.apparent_bytes, tree.skipped) == (2, 10, 2)


@in_mount_namespace
def test_on_ext4_blocks_and_holes_are_what_du_says(tmp_path: Path) -> None:
    with ext4(tmp_path) as target:
        with (target / "hole").open("wb") as file:
            file.truncate(5 << 20)
        (target / "data").write_bytes(os.urandom(100_000))
        os.sync()
        tree = walked(target)
        assert tree.bytes == du(target, "--block-size=1")
        assert tree.inodes == du(target, "--inodes")
        assert tree.apparent_bytes == (5 << 20) + 100_000


def container(slot: int, layer: Path | str = "", log: Path | str = "", **fields: str) -> Container:
    return Container(f"/c{slot}", slot, 1, layer_path=str(layer), log_path=str(log), **fields)  # type: ignore[arg-type]


def until_measured(measuring: TreeMeasuring, handle: int) -> tuple[TreeUsage, ...]:
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        found = measuring.current().get(handle, ())
        if found and all(one.measured_ns or one.error for one in found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"not measured: {measuring.current()}, {measuring.status()}")


def test_trees_of_containers_are_measured_as_they_come_and_go(tmp_path: Path) -> None:
    layer, logs = tmp_path / "layer", tmp_path / "logs" / ("a" * 64)
    for folder in (layer, logs):
        folder.mkdir(parents=True)
    (layer / "file").write_bytes(b"x" * 5000)
    (logs / "json.log").write_bytes(b"l" * 70)
    (logs / "json.log.1").write_bytes(b"l" * 30)
    one = container(0, layer, logs / "json.log", id="a" * 64)
    two = container(1, layer / "file", tmp_path / "nowhere")
    live = [(one,)]
    measuring = TreeMeasuring(lambda: live[0], interval_s=3600, cpu_share=1.0)
    measuring.start()
    try:
        found = until_measured(measuring, one.handle)
        assert [(tree.kind, tree.apparent_bytes, tree.inodes, tree.error) for tree in found] == [
            ("layer", 5000, 2, ""),
            ("log", 100, 3, ""),
        ]
        assert found[0].bytes == du(layer, "--block-size=1")
        assert 0 < found[0].measured_ns <= time.time_ns()

        live[0] = (one, two)
        assert [(tree.apparent_bytes, tree.error) for tree in until_measured(measuring, two.handle)] == [
            (5000, ""),
            (None, "No such file or directory"),
        ]
        assert measuring.current()[one.handle] == found  # not due for an hour
        live[0] = (two,)
        end = time.monotonic() + WITHIN_S
        while one.handle in measuring.current() and time.monotonic() < end:
            time.sleep(0.02)
        assert set(measuring.current()) == {two.handle}
    finally:
        measuring.stop()
    assert "pcf-trees" not in {thread.name for thread in threading.enumerate()}


def test_below_rootfs_paths_are_the_hosts(tmp_path: Path) -> None:
    (tmp_path / "var/layer").mkdir(parents=True)
    (tmp_path / "var/layer/file").write_bytes(b"x" * 40)
    one = container(0, "/var/layer")
    measuring = TreeMeasuring(lambda: (one,), str(tmp_path), interval_s=3600, cpu_share=1.0)
    measuring.start()
    try:
        (tree,) = until_measured(measuring, one.handle)
    finally:
        measuring.stop()
    assert (tree.path, tree.apparent_bytes) == ("/var/layer", 40)
