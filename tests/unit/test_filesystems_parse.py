"""mountinfo and diskstats as text, and which mounts are shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pycadvisor_fast.filesystem import BlockDevice, Filesystem
from pycadvisor_fast.filesystems import diskstats, mountinfo
from pycadvisor_fast.filesystems.choosing import below, candidates, covers, labelled
from pycadvisor_fast.filesystems.devices import BlockDevices

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"

MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
25 27 0:23 / /dev/shm rw,relatime shared:3 master:1 - tmpfs tmpfs rw,size=24684096k
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 254:0 /var/lib/docker/volumes/a\040b /data rw,relatime - ext4 /dev/vda rw
29 27 0:25 / /run ro,nosuid - tmpfs tmpfs rw,size=4k
30 27 0:30 / /mnt/nas\134x rw shared:5 - nfs4 filer:/export/a rw,vers=4.2
31 30 0:31 / /mnt/empty rw - tmpfs  rw
32 27 0:32 / /var/lib/docker/overlay2/1/merged rw - overlay overlay rw,lowerdir=/l
33 27 0:33 / /var/lib/docker/overlay2/2/merged rw - overlay overlay rw,lowerdir=/l
34 27 0:40 /@home /home rw - btrfs /dev/sdb2 rw,subvol=/@home
35 27 0:40 / /srv rw - btrfs /dev/sdb2 rw,subvol=/
36 27 0:41 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
garbage
1 2 x:y / /broken rw - ext4 /dev/x rw
"""


def test_lines_are_read_with_escapes_and_any_number_of_optional_fields() -> None:
    mounts = mountinfo.parse(MOUNTS)
    assert [mount.id for mount in mounts] == [22, 25, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36]
    by_id = {mount.id: mount for mount in mounts}
    assert by_id[28].root == "/var/lib/docker/volumes/a b"
    assert by_id[30].mount_point == "/mnt/nas\\x"
    assert (by_id[30].type, by_id[30].source) == ("nfs4", "filer:/export/a")
    assert by_id[31].source == ""
    assert (by_id[27].major, by_id[27].minor) == (254, 0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"\040\011\012\134\043", " \t\n\\#"),
        ("caf\u00e9\\040x", "caf\u00e9 x"),
        (r"\303\251", "\u00e9"),
        (r"\377", "\udcff"),
        (r"\9\04", r"\9\04"),
    ],
)
def test_escapes(text: str, wanted: str) -> None:
    assert mountinfo.plain(text) == wanted


def test_one_entry_a_source_and_one_a_mount_point_for_tmpfs_and_overlay() -> None:
    found = {one.mounts[0].mount_point: one for one in candidates(mountinfo.parse(MOUNTS))}
    assert set(found) == {
        "/dev/shm",
        "/",
        "/run",
        "/mnt/nas\\x",
        "/mnt/empty",
        "/var/lib/docker/overlay2/1/merged",
        "/var/lib/docker/overlay2/2/merged",
        "/srv",  # the whole filesystem before a part of it, though mounted later
    }
    assert [mount.mount_point for mount in found["/"].mounts] == ["/", "/data"]


def test_of_two_mounts_on_one_point_the_later_is_asked_first() -> None:
    text = "5 1 0:5 / /x rw - tmpfs tmpfs rw\n6 5 0:6 / /x rw - tmpfs tmpfs rw\n"
    (only,) = candidates(mountinfo.parse(text))
    assert [mount.id for mount in only.mounts] == [6, 5]


def test_below_a_prefix_mount_points_are_the_hosts() -> None:
    text = (
        "1 0 0:1 / / rw - overlay overlay rw\n"
        "2 1 8:1 / /rootfs ro - ext4 /dev/sda1 rw\n"
        "3 2 8:2 / /rootfs/home ro - xfs /dev/sda2 rw\n"
        "4 1 8:3 / /rootfs2 ro - xfs /dev/sda3 rw\n"
    )
    mounts = mountinfo.parse(text)
    assert [mount.mount_point for mount in below(mounts, "/rootfs")] == ["/", "/home"]
    found = candidates(mounts, "/rootfs")
    assert [(one.mounts[0].mount_point, one.path(one.mounts[0])) for one in found] == [
        ("/", "/rootfs"),
        ("/home", "/rootfs/home"),
    ]
    assert candidates(mounts)[0].path(mounts[0]) == "/"


def test_labels_go_to_the_longest_mount_that_covers_a_place() -> None:
    places = {"docker-images": ("/var/lib/docker",), "crio-images": ("/var/lib/containers/storage",)}
    assert labelled(["/", "/var", "/var/lib/dock", "/home"], places) == {
        "/": ["root"],
        "/var": ["docker-images", "crio-images"],
    }
    assert labelled(["/", "/var/lib/docker"], {"docker-images": ("/var/lib/docker",)})["/var/lib/docker"] == [
        "docker-images"
    ]
    assert labelled([], places) == {}
    assert covers("/a", "/a")
    assert covers("/a", "/a/b")
    assert not covers("/a", "/ab")


DISKS = """\
   7       0 loop0 1 2 3 4 5 6 7 8 9 10 11
 259       0 nvme0n1 100 1 2000 50 200 2 4000 60 3 70 80 5 6 7 8 9 10
 259       1 nvme0n1p1 10 0 20 5 0 0 0 0 0 7 8 1 2 3 4
   9     127 md127 1 0 8 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 179       0 mmcblk0 1 0 8 0 0 0 0 0 0 0 0
   8       x sdx 1 0 8 0 0 0 0 0 0 0 0
   8       1 sda1 1 8 0 0
"""


def test_every_block_device_counts_whatever_its_name() -> None:
    found = {one.name: one for one in diskstats.parse(DISKS, lambda major, minor, name: "nvme0n1" * (minor == 1))}
    assert list(found) == ["loop0", "nvme0n1", "nvme0n1p1", "md127", "mmcblk0"]
    nvme = found["nvme0n1"]
    assert (nvme.major, nvme.minor, nvme.disk) == (259, 0, "")
    assert (nvme.reads, nvme.reads_merged, nvme.read_bytes, nvme.read_ms) == (100, 1, 2000 * 512, 50)
    assert (nvme.writes, nvme.writes_merged, nvme.written_bytes, nvme.write_ms) == (200, 2, 4000 * 512, 60)
    assert (nvme.in_flight, nvme.busy_ms, nvme.weighted_ms) == (3, 70, 80)
    assert (nvme.discards, nvme.discards_merged, nvme.discarded_bytes, nvme.discard_ms) == (5, 6, 7 * 512, 8)
    assert (nvme.flushes, nvme.flush_ms) == (9, 10)
    assert found["nvme0n1p1"].disk == "nvme0n1"
    assert (found["nvme0n1p1"].discards, found["nvme0n1p1"].flushes) == (1, None)  # a kernel before 5.5
    assert (found["loop0"].discards, found["loop0"].flushes) == (None, None)  # before 4.18


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/proc/diskstats")), ids=lambda path: path.parts[-3])
def test_captured_diskstats_are_read_whole(path: Path) -> None:
    lines = path.read_text().splitlines()
    found = diskstats.parse(path.read_text())
    assert [(one.major, one.minor, one.name) for one in found] == [
        (int(line.split()[0]), int(line.split()[1]), line.split()[2]) for line in lines
    ]
    assert sum(one.read_bytes for one in found) == sum(int(line.split()[5]) * 512 for line in lines)


def test_a_filesystem_has_the_uuid_of_its_device(tmp_path: Path) -> None:
    links = tmp_path / "dev/disk/by-uuid"
    links.mkdir(parents=True)
    (links / "12AB-34CD").symlink_to("../../sda1")
    devices = BlockDevices(str(tmp_path))
    none = BlockDevice("", 8, 0, "", *(0,) * 11)
    one, other = replace(none, name="sda1", minor=1), replace(none, name="sdb1", minor=17)
    mounted = [Filesystem("/dev/sda1", "ext4", "/", 8, 1), Filesystem("/dev/sdb1", "ext4", "/data", 8, 17)]
    assert [found.uuid for found in devices.joined(mounted, (one, other))] == ["12AB-34CD", ""]
    (links / "beef").symlink_to("../../sdb1")
    assert [found.uuid for found in devices.joined(mounted, (one, other))] == ["12AB-34CD", "beef"]
