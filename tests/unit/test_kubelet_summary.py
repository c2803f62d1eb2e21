"""The kubelet's Summary from a ring written by hand: who is in which pod, and every number of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.http.context import Context
from pycadvisor_fast.faces.kubelet import Kept, routes, summary
from pycadvisor_fast.faces.kubelet.pods import pods_of
from pycadvisor_fast.filesystem import Filesystem, Storage, TreeUsage
from pycadvisor_fast.machine.model import Machine, Memory
from pycadvisor_fast.spec import UNLIMITED
from tests.unit.handmade_ring import FakeFeed, RingWriter, groups_of

UID = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
POD = f"/kubepods/pod{UID}"
FAST = ("cpu", "memory", "memory_stat", "pressure", "pids", "network", "network_errors", "limits")
SECOND = 10**9


def member(slot: int, path: str, **fields: Any) -> Container:
    return Container(path=path, slot=slot, generation=1, **fields)


ROOT = member(0, "/", kind="root")
KUBEPODS = member(1, "/kubepods", runtime="kubepods", kind="slice")
POD_CGROUP = member(2, POD, runtime="kubepods", kind="pod", pod_uid=UID, created_ns=7 * SECOND)
IN_POD = {"runtime": "containerd", "pod_uid": UID, "pod_name": "shop-1", "pod_namespace": "prod", "netns_owner": 3}
SANDBOX = member(3, f"{POD}/s", kind="sandbox", created_ns=8 * SECOND, **IN_POD)
MAIN = member(4, f"{POD}/m", kind="container", container_name="main", started_ns=9 * SECOND, **IN_POD)
SIDE = member(5, f"{POD}/c", kind="container", container_name="side", created_ns=10 * SECOND, **IN_POD)
LONELY = member(6, "/x/y", runtime="containerd", kind="container", pod_uid=OTHER, pod_name="lonely", id="abc")
PODMAN = member(7, "/libpod_parent/z", runtime="podman", kind="container", pod_uid="ab" * 32)
RUNTIME = member(8, "/system.slice/containerd.service", runtime="systemd", kind="service")
EVERYONE = [ROOT, KUBEPODS, POD_CGROUP, SANDBOX, MAIN, SIDE, LONELY, PODMAN, RUNTIME]


def rows(tick: int) -> dict[tuple[str, int, int, str], dict[str, int]]:
    """A pass: container n has used n + 1 tenths of a core since the first tick, and (n + 1) MiB."""
    found: dict[tuple[str, int, int, str], dict[str, int]] = {}
    for one in EVERYONE:
        n, where = one.slot + 1, (one.slot, one.generation, "")
        found["cpu", *where] = {"usage_ns": n * 10**12 + n * tick * 10**7}  # ticks are 100 ms apart
        found["memory", *where] = {"usage_bytes": n << 20, "swap_bytes": 4096 * n}
        found["memory_stat", *where] = {"inactive_file_bytes": 4096, "anon_bytes": 8192, "pgfault": n, "pgmajfault": 0}
        found["pressure", *where] = {
            "cpu_some_usec": n, "cpu_some_avg10": 150, "cpu_some_avg60": 0, "cpu_some_avg300": 0,
            "io_full_usec": 5, "io_full_avg10": 1, "io_full_avg60": 0, "io_full_avg300": 0,
        }  # fmt: skip
        found["pids", *where] = {"current": n}
        limit = 64 << 20 if one is MAIN else UNLIMITED
        found["limits", *where] = {"memory_bytes": limit, "swap_bytes": limit}
    for slot, names in ((0, ("eth0", "wlan0")), (3, ("net1", "eth0"))):
        for at, name in enumerate(names):
            found["network", slot, 1, name] = {"rx_bytes": 100 + at, "tx_bytes": 200 + at}
            found["network_errors", slot, 1, name] = {"rx_errors": at, "tx_errors": 0}
    return found


def storage() -> Storage:
    disk = Filesystem("/dev/a", "ext4", "/", 8, 1, ("root",), False, 1000, 600, 500, 100, 40, asked_ns=3 * SECOND)
    images = replace(disk, source="/dev/b", mount_point="/var/lib/containerd", labels=("containerd-images",), inodes=7)
    trees = {
        MAIN.handle: (
            TreeUsage("layer", "/var/lib/containerd/l", 30, 29, 3, "walk", 5 * SECOND),
            TreeUsage("log", "/var/log/pods/m", 12, 11, 1, "walk", 6 * SECOND),
            TreeUsage("volume", "/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/scratch", 4, 4, 1, "walk", 1),
        ),
        SIDE.handle: (TreeUsage("layer", "/var/lib/containerd/k"),),  # not measured yet
    }
    return Storage((disk, images), containers=trees)


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[FakeFeed]:
    writer = RingWriter(tmp_path, dict.fromkeys(FAST, 100), ring_len=128)
    made = FakeFeed(writer, EVERYONE)
    made.storage = storage()
    made.machines = [Machine(hostname="Node-1", boot_time_ns=2 * SECOND, memory=Memory(1 << 30, 1 << 20))]
    with groups_of(writer) as ring:
        made.ring = ring  # type: ignore[assignment]
        yield made
    writer.close()


def filled(feed: FakeFeed, ticks: range = range(1, 121)) -> FakeFeed:
    for tick in ticks:
        feed.tick(tick, rows(tick))
    return feed


def test_a_pod_with_all_of_its_numbers(feed: FakeFeed) -> None:
    found = summary(filled(feed))
    pod, lonely = found["pods"]
    assert pod["podRef"] == {"name": "shop-1", "namespace": "prod", "uid": UID}
    assert pod["startTime"] == "1970-01-01T00:00:08Z"
    assert [one["name"] for one in pod["containers"]] == ["main", "side"]
    assert pod["cpu"]["usageNanoCores"] == 300_000_000
    assert pod["memory"]["usageBytes"] == 3 << 20
    assert "availableBytes" not in pod["memory"]
    assert pod["process_stats"] == {"process_count": 3}
    assert pod["network"]["name"] == "eth0"
    assert (pod["network"]["rxBytes"], pod["network"]["rxErrors"]) == (101, 1)
    assert [one["name"] for one in pod["network"]["interfaces"]] == ["eth0", "net1"]
    assert pod["swap"]["swapUsageBytes"] == 3 * 4096
    assert pod["ephemeral-storage"] == {
        "time": "1970-01-01T00:00:06Z", "availableBytes": 500, "capacityBytes": 1000, "usedBytes": 42,
        "inodesFree": 40, "inodes": 100, "inodesUsed": 4,
    }  # fmt: skip
    (volume,) = pod["volume"]
    assert (volume["name"], volume["usedBytes"], volume["capacityBytes"]) == ("scratch", 4, 1000)
    assert lonely["podRef"]["uid"] == OTHER
    assert lonely["containers"][0]["name"] == "abc"
    assert lonely["cpu"]["usageNanoCores"] == 700_000_000  # no cgroup of the pod's own: its containers' sum
    assert "network" not in lonely


def test_a_container_with_all_of_its_numbers(feed: FakeFeed) -> None:
    main = summary(filled(feed))["pods"][0]["containers"][0]
    time = "2023-11-14T22:13:32Z"
    assert main["startTime"] == "1970-01-01T00:00:09Z"
    assert main["cpu"] == {
        "time": time, "usageNanoCores": 500_000_000, "usageCoreNanoSeconds": 5 * 10**12 + 5 * 120 * 10**7,
        "psi": {"some": {"total": 5, "avg10": 1.5, "avg60": 0.0, "avg300": 0.0}},
    }  # fmt: skip
    working = (5 << 20) - 4096
    assert main["memory"] == {
        "time": time, "availableBytes": (64 << 20) - working, "usageBytes": 5 << 20, "workingSetBytes": working,
        "rssBytes": 8192, "pageFaults": 5, "majorPageFaults": 0,
    }  # fmt: skip
    assert main["io"]["psi"] == {"full": {"total": 5, "avg10": 0.01, "avg60": 0.0, "avg300": 0.0}}
    assert main["swap"] == {"time": time, "swapAvailableBytes": (64 << 20) - 5 * 4096, "swapUsageBytes": 5 * 4096}
    assert main["rootfs"] == {
        "time": "1970-01-01T00:00:05Z", "availableBytes": 500, "capacityBytes": 1000, "usedBytes": 30,
        "inodesFree": 40, "inodes": 7, "inodesUsed": 3,
    }  # fmt: skip
    assert main["logs"]["usedBytes"] == 12
    side = summary(feed)["pods"][0]["containers"][1]
    assert "rootfs" not in side
    assert "availableBytes" not in side["memory"]


def test_a_layer_that_only_its_snapshotter_knows_says_nothing_of_a_filesystem(feed: FakeFeed) -> None:
    layer = TreeUsage("layer", "", 30, None, None, "snapshotter", 5 * SECOND)
    feed.storage = replace(feed.storage, containers={MAIN.handle: (layer,)})
    main = summary(filled(feed))["pods"][0]["containers"][0]
    assert main["rootfs"] == {"time": "1970-01-01T00:00:05Z", "usedBytes": 30}


def test_the_node(feed: FakeFeed) -> None:
    node = summary(filled(feed))["node"]
    assert (node["nodeName"], node["startTime"]) == ("node-1", "1970-01-01T00:00:02Z")
    assert {one["name"]: one["cpu"]["usageNanoCores"] for one in node["systemContainers"]} == {
        "runtime": 900_000_000,
        "pods": 200_000_000,
    }
    assert node["memory"]["availableBytes"] == (1 << 30) - ((1 << 20) - 4096)
    assert node["swap"]["swapAvailableBytes"] == (1 << 20) - 4096
    assert node["fs"]["capacityBytes"] == 1000
    assert node["runtime"]["imageFs"]["inodes"] == 7
    assert node["network"]["interfaces"][1] == {
        "name": "wlan0", "rxBytes": 101, "rxErrors": 1, "txBytes": 201, "txErrors": 0,
    }  # fmt: skip


def test_cpu_and_memory_alone(feed: FakeFeed) -> None:
    found = summary(filled(feed), only_cpu_and_memory=True)
    assert set(found["node"]) == {"nodeName", "startTime", "systemContainers", "cpu", "memory"}
    assert set(found["pods"][0]) == {"podRef", "startTime", "containers", "cpu", "memory"}
    assert set(found["pods"][0]["containers"][0]) == {"name", "startTime", "cpu", "memory"}


def test_a_young_container_has_the_rate_of_its_last_tick_and_a_new_one_none(feed: FakeFeed) -> None:
    filled(feed, range(1, 119))
    young = member(9, f"{POD}/young", kind="container", container_name="young", **IN_POD)
    feed.set_containers([*EVERYONE, young])
    for tick in (119, 120):
        feed.tick(tick, rows(tick) | {("cpu", 9, 1, ""): {"usage_ns": tick * 10**7}})
        (found,) = [one for one in summary(feed)["pods"][0]["containers"] if one["name"] == "young"]
        assert ("usageNanoCores" in found["cpu"]) == (tick == 120)
    assert found["cpu"]["usageNanoCores"] == 100_000_000


def test_a_skipped_tick_and_a_short_history_still_give_rates(feed: FakeFeed) -> None:
    filled(feed, range(1, 6))
    feed.tick(9, rows(9))  # 6 to 8 were skipped
    main = summary(feed)["pods"][0]["containers"][0]
    assert main["cpu"]["usageNanoCores"] == 500_000_000


def test_without_a_single_tick_there_are_names_only(feed: FakeFeed) -> None:
    found = summary(feed)
    assert found["pods"][0]["containers"][0] == {
        "name": "main", "startTime": "1970-01-01T00:00:09Z",
        "rootfs": found["pods"][0]["containers"][0]["rootfs"], "logs": found["pods"][0]["containers"][0]["logs"],
    }  # fmt: skip
    assert "cpu" not in found["node"]


def test_the_latest_attempt_counts(feed: FakeFeed) -> None:
    older = replace(MAIN, slot=20, path=f"{POD}/old", attempt=0)
    newer = replace(MAIN, slot=21, path=f"{POD}/new", attempt=1)
    for order in ([older, newer], [newer, older]):
        (pod,) = pods_of(order)
        assert pod.containers == [newer]


def test_a_pod_in_the_hosts_network_has_none_of_its_own(feed: FakeFeed) -> None:
    feed.set_containers([replace(one, is_host_network=True, netns_owner=0) for one in EVERYONE])
    assert "network" not in summary(filled(feed))["pods"][0]


def test_over_http(feed: FakeFeed) -> None:
    filled(feed)
    context = Context(feed)

    async def main() -> None:
        transport = httpx2.ASGITransport(Starlette(routes=routes(context)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://daemon") as client:
            whole = await client.get("/stats/summary")
            assert whole.status_code == 200
            assert whole.headers["Content-Type"] == "application/json"
            assert whole.json() == json.loads(json.dumps(summary(feed)))
            small = await client.get("/stats/summary", params={"only_cpu_and_memory": "true"})
            assert "fs" not in small.json()["node"]
            assert (await client.get("/stats/summary?only_cpu_and_memory=maybe")).status_code == 400
            assert (await client.post("/stats/summary")).status_code == 405

    asyncio.run(main())
    context.workers.stop()


def test_an_answer_is_made_once_a_tick(feed: FakeFeed) -> None:
    kept = Kept(filled(feed))
    whole, small = kept.body(only_cpu_and_memory=False), kept.body(only_cpu_and_memory=True)
    assert kept.body(only_cpu_and_memory=False) is whole
    assert kept.body(only_cpu_and_memory=True) is small
    feed.tick(121, rows(121))
    again = kept.body(only_cpu_and_memory=False)
    assert again is not whole
    assert json.loads(again)["pods"][0]["cpu"]["usageCoreNanoSeconds"] == 3 * 10**12 + 3 * 121 * 10**7
    feed.set_containers(EVERYONE[:-1])
    assert kept.body(only_cpu_and_memory=False) is not again
