"""GetFilesystems: what is not known stays unset, and comes back as None; df prints it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pycadvisor_fast.cli import df
from pycadvisor_fast.cli.origin_filesystems import storage as as_plain
from pycadvisor_fast.filesystem import BlockDevice, Filesystem, Storage, TreeUsage
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1.filesystems_pb2 import GetFilesystemsRequest

from .grpc_rig import run, running
from .handmade_ring import container

DISK = BlockDevice("nvme0n1", 259, 0, "", 1, 2, 512, 4, 5, 6, 1024, 8, 9, 10, 11)
ROOT = Filesystem(
    source="/dev/nvme0n1",
    type="ext4",
    mount_point="/",
    major=259,
    minor=0,
    labels=("root",),
    capacity_bytes=1000 << 20,
    free_bytes=300 << 20,
    available_bytes=200 << 20,
    inodes=100,
    inodes_free=0,
    asked_ns=10**18,
    device=DISK,
    uuid="0b5a-77",
)
HUNG = Filesystem("filer:/a", "nfs4", "/mnt/\x1b[31mnas\udcff", 0, 40, hangs_since_ns=10**18 + 5)
LAYER = TreeUsage("layer", "/var/lib/x", 4096, 17, 3, "walk", 10**18, 10**6)
PENDING = TreeUsage("log", "/var/log/y")
VOLUME = TreeUsage(
    "volume", "/v/db/_data", 8192, None, None, "qgroup", 10**18, own_bytes=4096, name="db", destination="/data"
)
BIND = TreeUsage("bind", "/etc", destination="/host\x1b", is_read_only=True)
STORAGE = Storage(
    filesystems=(ROOT, HUNG),
    devices=(DISK, replace(DISK, name="nvme0n1p1", minor=1, disk="nvme0n1", discards=0, flushes=3)),
    taken_ns=10**18 + 7,
    containers={container(0).handle: (LAYER, PENDING), container(1).handle: (LAYER, VOLUME, BIND)},
    notes=("/mnt/nas does not answer",),
)


def test_what_is_served_is_what_is_known(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.feed.storage = STORAGE
            everything = await rig.stub.GetFilesystems(GetFilesystemsRequest())
            assert [one.handle for one in everything.containers] == [container(0).handle, container(1).handle]
            nas = everything.filesystems[1]
            assert not nas.HasField("capacity_bytes")
            assert not nas.HasField("inodes")
            assert nas.hangs_since_unix_ns == 10**18 + 5
            again = as_plain(everything)
            shown = replace(HUNG, mount_point=HUNG.mount_point.replace("\udcff", "?"))
            assert again == replace(STORAGE, filesystems=(ROOT, shown))

            selector = pb.Selector(names=["web-1"])
            one = await rig.stub.GetFilesystems(GetFilesystemsRequest(selector=selector, fresh=True))
            assert [found.handle for found in one.containers] == [container(1).handle]
            assert len(one.filesystems) == 2
            assert rig.feed.asked_fresh == [False, True]

    run(main())


def test_df_shows_what_is_absent_as_absent_and_obeys_no_name() -> None:
    lines = df.table(STORAGE, 10**18 + 90 * 10**9)
    assert lines[1].split() == ["/dev/nvme0n1", "ext4", "1.0G", "700M", "200M", "77.8", "100.0", "-", "root", "/"]
    assert lines[2].split() == ["filer:/a", "nfs4", "-", "-", "-", "-", "-", "never", "-", "/mnt/?[31mnas?"]
    stale = Storage((replace(ROOT, hangs_since_ns=10**18 + 5),))
    assert df.table(stale, 10**18 + 90 * 10**9)[1].split()[7:9] == ["90.0", "s"]


def test_df_lists_trees_by_container() -> None:
    lines = df.trees(STORAGE, [container(0), container(2)], 10**18 + 10**9)
    assert [line.split()[:3] for line in lines[1:]] == [["web-0", "layer", "4.0K"], ["web-0", "log", "-"]]
    assert lines[1].split()[5:7] == ["1.0", "s"]
    assert "not measured yet" in lines[2]


def test_df_says_where_volumes_are_and_that_bind_mounts_are_not_measured() -> None:
    volume, bind = df.trees(STORAGE, [container(1)], 10**18 + 10**9)[2:]
    assert volume.split() == [
        "web-1",
        "volume",
        "8.0K",
        "-",
        "-",
        "1.0",
        "s",
        "qgroup",
        *["/v/db/_data", "on", "/data", "(db)"],
    ]
    assert bind.endswith("not measured  /etc on /host?, read-only")


def test_json_holds_everything() -> None:
    found = df.plain(STORAGE, [container(0)])
    assert found["containers"] == {"/docker/c0": [df.asdict(LAYER), df.asdict(PENDING)]}
    assert found["devices"][1]["disk"] == "nvme0n1"
    assert found["filesystems"][1]["capacity_bytes"] is None
