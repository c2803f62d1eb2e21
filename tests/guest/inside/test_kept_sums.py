"""What filesystems count themselves: project quotas of ext4 and xfs, quota groups of btrfs, against du."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.filesystem import TreeUsage
from pycadvisor_fast.filesystems.measuring import TreeMeasuring
from pycadvisor_fast.native.usage import Tree, TreeWalker

pytestmark = [pytest.mark.guest_inside, pytest.mark.one_guest]

WAIT = 240.0  # an emulated machine; no test waits for it otherwise
GET, SET = 0x801C581F, 0x401C5820  # FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR of linux/fs.h
INHERITED = 0x200  # FS_XFLAG_PROJINHERIT
MIB = 1 << 20


@contextmanager
def mounted(kind: str, *make: str, options: str = "defaults") -> Iterator[Path]:
    """A filesystem of that kind on a loop device in memory."""
    for module in ("loop", kind, "quota_v2"):
        subprocess.run(["modprobe", module], check=True)
    image, target = Path(f"/dev/shm/pcf-{kind}.image"), Path(f"/dev/shm/pcf-{kind}")
    target.mkdir()
    with image.open("wb") as file:
        file.truncate(320 * MIB)  # the least that mkfs.xfs takes
    try:
        subprocess.run([f"mkfs.{kind}", "-q", *make, image], check=True)
        subprocess.run(["mount", "-t", kind, "-o", f"loop,{options}", image, target], check=True)
        try:
            yield target
        finally:
            subprocess.run(["umount", target], check=True)
    finally:
        target.rmdir()
        image.unlink()


@pytest.fixture(scope="module", params=["ext4", "xfs"])
def quotas(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A filesystem that keeps project quotas."""
    assert "PCF_GUEST" in os.environ, "this test loads modules into the kernel that it runs on"
    make = ("-O", "quota,project", "-E", "quotatype=prjquota") if request.param == "ext4" else ()
    with mounted(request.param, *make, options="prjquota") as target:
        yield target


def give_project(folder: Path, project: int) -> None:
    """As Docker gives one to the directory of a layer with a size."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    attributes = bytearray(28)
    fcntl.ioctl(fd, GET, attributes)
    flags, *middle = struct.unpack_from("<III", attributes)
    struct.pack_into("<IIII", attributes, 0, flags | INHERITED, *middle, project)
    fcntl.ioctl(fd, SET, attributes)
    os.close(fd)


def layer(folder: Path, project: int, *, size: int = 3 * MIB) -> Path:
    """A directory as overlay2 makes it, with ``size`` bytes, a hole, a second name and a few files in its diff."""
    folder.mkdir(parents=True)
    if project:
        give_project(folder, project)
    for name in ("diff", "work"):
        (folder / name).mkdir()
    (folder / "link").write_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    diff = folder / "diff"
    (diff / "data").write_bytes(os.urandom(size))
    (diff / "again").hardlink_to(diff / "data")
    with (diff / "hole").open("wb") as hole:
        hole.truncate(50 * MIB)
    (diff / "deep/er").mkdir(parents=True)
    for number in range(20):
        (diff / "deep/er" / f"{number}").write_text("x")
    os.sync()
    return diff


def measured(path: Path, *, only_walk: bool = False) -> Tree:
    walker = TreeWalker(1.0, io_share=1.0)
    try:
        walker.begin(str(path), only_walk=only_walk)
        assert select.select([walker], [], [], WAIT)[0]
        is_done, tree = walker.look()
        assert is_done
        return tree
    finally:
        walker.close()


def du(path: Path, *options: str) -> int:
    done = subprocess.run(["du", "-sx", *options, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def test_a_projects_sum_is_what_du_says_of_its_directory(quotas: Path) -> None:
    diff = layer(quotas / "one", 1001)
    tree = measured(diff)
    assert (tree.source, tree.error, tree.entries) == ("quota", "", 0), "nothing was walked"
    assert tree.project == (diff.stat().st_dev, 1001)
    assert tree.bytes == du(diff.parent, "--block-size=1")  # with "work" and "link" beside it
    assert tree.inodes == du(diff.parent, "--inodes")
    assert tree.apparent_bytes is None
    above = measured(diff.parent)
    assert (above.source, above.bytes) == ("quota", tree.bytes)
    (diff / "more").write_bytes(os.urandom(MIB))
    os.sync()
    grown = measured(diff)
    assert grown.bytes == du(diff.parent, "--block-size=1") >= tree.bytes + MIB
    assert grown.inodes == (tree.inodes or 0) + 1


def test_a_walk_can_be_wanted_all_the_same(quotas: Path) -> None:
    diff = layer(quotas / "walked", 1002)
    tree = measured(diff, only_walk=True)
    assert (tree.source, tree.project) == ("walk", None)
    assert (tree.bytes, tree.inodes) == (du(diff, "--block-size=1"), du(diff, "--inodes"))


def test_what_is_in_a_wider_project_or_in_none_is_walked(quotas: Path) -> None:
    none = layer(quotas / "none", 0)
    wide = quotas / "wide"
    wide.mkdir()
    give_project(wide, 1003)
    for diff in (none, layer(wide / "two", 0), none.parent / "diff" / "deep"):
        tree = measured(diff)
        assert (tree.source, tree.project) == ("walk", None), diff
        assert (tree.bytes, tree.inodes) == (du(diff, "--block-size=1"), du(diff, "--inodes"))
    log = wide / "log"
    log.mkdir()
    (log / "file").write_text("x")
    assert measured(log).source == "walk", "only overlay2 and volumes have a directory above them for themselves"
    assert measured(wide).source == "quota"


def test_layers_that_were_given_one_project_are_walked(quotas: Path) -> None:
    layers = [layer(quotas / f"twin-{number}", 1004, size=MIB * (1 + number)) for number in range(2)]
    alone = layer(quotas / "alone", 1005)
    live = tuple(Container(f"/{slot}", slot, 1, layer_path=str(path)) for slot, path in enumerate([*layers, alone]))
    measuring = TreeMeasuring(lambda: live, interval_s=0.2, cpu_share=1.0)
    measuring.start()
    try:
        found = until_sources(measuring, live, ["walk", "walk", "quota"])
    finally:
        measuring.stop()
    assert [one.bytes for one in found[:2]] == [du(path, "--block-size=1") for path in layers]
    assert found[2].bytes == du(alone.parent, "--block-size=1")


def until_sources(measuring: TreeMeasuring, live: tuple[Container, ...], wanted: list[str]) -> list[TreeUsage]:
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        found = [measuring.current()[one.handle][0] for one in live if one.handle in measuring.current()]
        if [one.source for one in found] == wanted:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not so: {measuring.current()}, {measuring.status()}")


def test_a_subvolumes_quota_group() -> None:
    assert "PCF_GUEST" in os.environ, "this test loads modules into the kernel that it runs on"
    with mounted("btrfs") as target:
        image, copy = target / "image", target / "copy"
        btrfs("subvolume", "create", image)
        (image / "base").write_bytes(os.urandom(4 * MIB))
        (image / "folder").mkdir()
        btrfs("subvolume", "snapshot", image, copy)
        assert measured(copy).source == "walk", "quotas are off"
        btrfs("quota", "enable", target)
        btrfs("quota", "rescan", "-w", target)
        (copy / "written").write_bytes(os.urandom(3 * MIB))
        os.sync()
        tree = measured(copy)
        assert (tree.source, tree.inodes, tree.apparent_bytes, tree.project) == ("qgroup", None, None, None)
        own = tree.own_bytes
        assert own is not None
        assert 3 * MIB <= own < 4 * MIB, "what it shares with the image is not its own"
        assert own + 4 * MIB <= tree.bytes < own + 5 * MIB
        assert measured(copy / "folder").source == "walk", "no subvolume of its own"
        walked = measured(copy, only_walk=True)
        assert (walked.source, walked.own_bytes, walked.inodes) == ("walk", None, 4)
        assert 0 <= tree.bytes - walked.bytes < MIB, "a quota group counts the trees of the filesystem as well"


def btrfs(*arguments: str | Path) -> None:
    subprocess.run(["btrfs", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
