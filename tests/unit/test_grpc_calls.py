"""Calls that are no streams, wrong requests, health and reflection."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.faces.grpc import window
from pycadvisor_fast.faces.sampler import Sampler
from pycadvisor_fast.v1 import processes_pb2
from pycadvisor_fast.v1 import service_pb2 as pb

from .grpc_rig import WAIT, run, running
from .handmade_ring import container

SERVICE = "pycadvisor_fast.v1.ContainerStatsService"
CODES = grpc.StatusCode


@pytest.mark.parametrize(
    ("request_fields", "code", "words"),
    [
        ({"groups": ["cpuu"]}, CODES.INVALID_ARGUMENT, "'cpuu'; did you mean 'cpu'"),
        ({"columns": ["cpu.usage"]}, CODES.INVALID_ARGUMENT, "'cpu.usage'; did you mean 'cpu.usage_ns'"),
        ({"columns": ["net.*"]}, CODES.INVALID_ARGUMENT, "net"),
        ({"groups": [""]}, CODES.INVALID_ARGUMENT, "groups: an entry is empty"),
        ({"groups": ["cpu"] * 10_001}, CODES.INVALID_ARGUMENT, "at most 10000"),
        ({"selector": {"paths": ["/a*"] * 257}}, CODES.INVALID_ARGUMENT, "selector.paths: 257 entries with wildcards"),
        ({"selector": {"names": ["*" * 1000] * 17}}, CODES.INVALID_ARGUMENT, "longer than 16384 characters"),
        ({"interval_ms": 4_000_000_000}, CODES.INVALID_ARGUMENT, "interval_ms: 4000000000"),
        ({"selector": {"names": ["x" * 2000]}}, CODES.INVALID_ARGUMENT, "selector.names"),
        ({"selector": {"names": [""]}}, CODES.INVALID_ARGUMENT, "selector.names: an entry is empty"),
        ({"selector": {"runtimes": ["dokcer"]}}, CODES.INVALID_ARGUMENT, "'dokcer'; did you mean 'docker'"),
        ({"groups": ["hugetlb"]}, CODES.FAILED_PRECONDITION, "not sampled on this host: hugetlb"),
    ],
)
def test_wrong_requests_are_told_what_is_wrong(
    tmp_path: Path, request_fields: dict[str, Any], code: grpc.StatusCode, words: str
) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            for call in (
                rig.stub.GetStats(pb.GetStatsRequest(**request_fields)),
                rig.stub.StreamStats(pb.StreamRequest(**request_fields)).read(),
                rig.stub.StreamColumns(pb.StreamRequest(**request_fields)).read(),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call
                assert caught.value.code() == code
                assert words in (caught.value.details() or "")
            assert rig.server.status()["selections"] == 0

    run(main())


def test_a_request_larger_than_the_bound_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            huge = pb.GetStatsRequest(selector=pb.Selector(paths=["x" * 2_000_000]))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await rig.stub.GetStats(huge)
            assert caught.value.code() == CODES.RESOURCE_EXHAUSTED

    run(main())


def test_latest_values_of_every_group(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            assert not (await rig.stub.GetStats(pb.GetStatsRequest())).batches, "no tick yet"
            rig.feed.tick(10, {("limits", 1, 1, ""): {"memory_bytes": 8192}, ("cpu", 1, 1, ""): {"usage_ns": 3}})
            rig.feed.tick(13, {("cpu", 1, 1, ""): {"usage_ns": 5}})
            (batch,) = (await rig.stub.GetStats(pb.GetStatsRequest(groups=["cpu", "limits"], rates=True))).batches
            assert batch.tick == 13
            assert {g.group: g.tick for g in batch.groups} == {"cpu": 13, "limits": 10}
            (stats,) = batch.containers
            assert (stats.cpu.usage_ns, stats.limits.memory_bytes) == (5, 8192)
            assert stats.cpu_rates.usage_ns_per_sec == pytest.approx(2 / 0.3)
            assert len(batch.added) == 3

    run(main())


def test_windows_are_paged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.ticks(range(1, 31))

            async def ask(**fields: Any) -> Any:
                return await rig.stub.GetStats(pb.GetStatsRequest(groups=["cpu"], **fields))

            assert [b.tick for b in (await ask(last_ms=500)).batches] == [26, 27, 28, 29, 30]
            assert [b.tick for b in (await ask(since=27)).batches] == [28, 29, 30]
            page = await ask(since=27, limit=2)
            assert ([b.tick for b in page.batches], page.more) == ([28, 29], True)
            assert len(page.batches[0].added) == 3
            assert not page.batches[1].added
            page = await ask(since=page.batches[-1].tick, limit=2)
            assert ([b.tick for b in page.batches], page.more) == ([30], False)
            assert [b.tick for b in (await ask(last_ms=1000, interval_ms=300)).batches] == [21, 24, 27, 30]
            monkeypatch.setattr(window, "RESPONSE_BYTES", 2000)
            page = await ask(since=0)
            assert page.more
            assert 2 <= len(page.batches) < 30
            with pytest.raises(grpc.aio.AioRpcError, match="one of the two"):
                await ask(since=1, last_ms=5)
            with pytest.raises(grpc.aio.AioRpcError, match="epoch"):
                await ask(since=1, epoch="other")

    run(main())


def test_a_fresh_sample_is_asked_of_the_feed(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            await rig.stub.GetStats(pb.GetStatsRequest(fresh=True))
            assert rig.feed.sampled == 1

    run(main())


def test_all_who_want_a_fresh_sample_share_the_next_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            begun, go = threading.Event(), threading.Event()

            def sample() -> int:
                begun.set()
                assert go.wait(WAIT)
                rig.feed.sampled += 1
                return 0

            server = rig.server._hub
            server.sample = Sampler(sample).sample
            first = asyncio.create_task(server.sample())
            await rig.until(begun.is_set)
            others = [asyncio.create_task(server.sample()) for _ in range(50)]
            gone = asyncio.create_task(server.sample())
            await asyncio.sleep(0)
            gone.cancel()
            async with asyncio.timeout(WAIT):
                await rig.stub.GetStatus(pb.GetStatusRequest())
                assert not first.done()
                go.set()
                await asyncio.gather(first, *others)
            assert rig.feed.sampled == 2

    run(main())


def test_many_plain_conditions_are_looked_up(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            paths = [f"/docker/x{number}" for number in range(9_999)]
            selector = pb.Selector(paths=[*paths, "/docker/c1"])
            answer = await rig.stub.ListContainers(pb.ListContainersRequest(selector=selector))
            assert [one.path for one in answer.containers] == ["/docker/c1"]

    run(main())


def test_containers(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.feed.set_containers(
                [
                    container(0, labels={"tier": "web"}, image="nginx:1", created_ns=5, netns=7, netns_owner=1),
                    container(1, name="b\udcffd", path="/docker/\udcff", runtime="podman"),
                ]
            )
            (first, second) = (await rig.stub.ListContainers(pb.ListContainersRequest())).containers
            assert (first.handle, first.labels["tier"], first.image) == (1 << 32, "web", "nginx:1")
            assert (first.created_unix_ns, first.network_namespace, first.network_owner) == (5, 7, 1 << 32 | 1)
            assert (second.name, second.path) == ("b?d", "/docker/?")
            assert not second.HasField("network_owner")
            chosen = pb.ListContainersRequest(selector=pb.Selector(labels=["tier=w*"]))
            assert [c.handle for c in (await rig.stub.ListContainers(chosen)).containers] == [1 << 32]
            rig.ticks([1])
            batch = (await rig.stub.GetStats(pb.GetStatsRequest(groups=["cpu"]))).batches[0]
            assert [c.name for c in batch.containers] == ["web-0", "b?d"]

    run(main())


def test_description_of_the_columns(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.ticks([1, 2])
            answer = await rig.stub.DescribeColumns(pb.DescribeColumnsRequest())
            assert [(g.name, g.number) for g in answer.groups] == [(g.name, g.number) for g in GROUPS]
            by_name = {group.name: group for group in answer.groups}
            cpu, io, hugetlb = by_name["cpu"], by_name["io"], by_name["hugetlb"]
            assert (cpu.interval_ns, cpu.latest_tick, cpu.key) == (100_000_000, 2, "")
            assert (io.key, hugetlb.interval_ns) == ("device", 0)
            assert all(column.present for column in cpu.columns)
            assert not any(column.present for column in hugetlb.columns)
            pressure = by_name["pressure"].columns[0]
            assert (pressure.type, pressure.kind) == (pb.ColumnDescription.TYPE_DOUBLE, pb.ColumnDescription.KIND_GAUGE)
            assert answer.base_interval_ns == 100_000_000

    run(main())


def test_host_and_status(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            host = await rig.stub.GetHost(pb.GetHostRequest())
            assert host.facts["kernel"] == "6.18"
            assert host.facts["huge"] == str(2**63)
            assert host.facts["nothing"] is None
            assert host.plan["groups"][0]["source"] == "file"
            assert list(host.notes) == ["history: new"]
            status = await rig.stub.GetStatus(pb.GetStatusRequest())
            assert not status.HasField("http")
            assert status.collector["runtimes"]["docker"] == "connected"
            assert status.server.subscribers == 0

    run(main())


def test_processes(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            answer = await rig.stub.ListProcesses(processes_pb2.ListProcessesRequest(containers=["web", "/x"]))
            (info,) = answer.processes
            assert (info.pid, info.parent_pid, info.uid, info.user, info.state) == (7, 1, 33, "w?b", "S")
            assert (info.cpu_percent, info.cpu_seconds, info.memory_percent) == (150.0, 3.0, 12.5)
            assert (info.rss_bytes, info.virtual_bytes, info.threads, info.processor) == (4096, 8192, 2, 1)
            assert (info.started_unix_ns, info.running_seconds, info.command) == (5, 2.0, "a")
            assert list(info.arguments) == ["web", "/x"]
            assert (info.cgroup_path, info.container, info.container_name) == ("/c", 9, "web")
            assert (answer.time_unix_ns, answer.incomplete, answer.reason) == (11, False, "hidden")
            assert not info.HasField("fd_count")
            request = processes_pb2.ListProcessesRequest(file_descriptors=True, not_recursive=True)
            answer = await rig.stub.ListProcesses(request)
            assert answer.processes[0].fd_count == 4
            assert answer.incomplete
            with pytest.raises(grpc.aio.AioRpcError, match="no container is called") as caught:
                await rig.stub.ListProcesses(processes_pb2.ListProcessesRequest(containers=["nobody"]))
            assert caught.value.code() == CODES.INVALID_ARGUMENT

    run(main())


def test_a_feed_that_fails_is_an_error_of_that_call_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:

            def broken() -> Any:
                raise RuntimeError("no host today")

            rig.feed.host = broken  # type: ignore[method-assign]
            with pytest.raises(grpc.aio.AioRpcError, match="no host today") as caught:
                await rig.stub.GetHost(pb.GetHostRequest())
            assert caught.value.code() == CODES.INTERNAL
            await rig.stub.GetStatus(pb.GetStatusRequest())

    run(main())


def test_health_and_reflection(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig, grpc.aio.insecure_channel(rig.server.addresses[0]) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            for service in ("", SERVICE):
                answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
            reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
            asked = reflection_pb2.ServerReflectionRequest(list_services="")
            async for answer in reflection.ServerReflectionInfo(iter([asked])):
                assert SERVICE in [service.name for service in answer.list_services_response.service]
            asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)
            async for answer in reflection.ServerReflectionInfo(iter([asked])):
                files = b"".join(answer.file_descriptor_response.file_descriptor_proto)
                assert b"StreamColumns" in files

    run(main())


def test_specs_are_encoded_once_and_selected(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.feed.set_containers(
                [container(0), container(1, labels={"a": "b"}, envs={"K": "v"}, restart_count=2, started_ns=7)]
            )
            answer = await rig.stub.GetSpec(pb.GetSpecRequest())
            assert [spec.handle for spec in answer.specs] == [one.handle for one in rig.feed.containers()]
            spec = answer.specs[1]
            assert (dict(spec.labels), dict(spec.envs), spec.restart_count) == ({"a": "b"}, {"K": "v"}, 2)
            assert (spec.limits.cpu_shares, spec.limits.memory_bytes) == (2, 2**64 - 1)
            assert not spec.limits.HasField("pids"), "absent is not zero"
            assert (spec.has_memory, spec.has_cpu, spec.started_unix_ns) == (True, False, 7)
            path = rig.feed.containers()[1].path
            chosen = await rig.stub.GetSpec(pb.GetSpecRequest(selector={"paths": [path]}))
            assert [one.path for one in chosen.specs] == [path]
            assert (await rig.stub.GetSpec(pb.GetSpecRequest(selector={"names": ["nobody"]}))).specs == []
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await rig.stub.GetSpec(pb.GetSpecRequest(selector={"names": [""]}))
            assert caught.value.code() == CODES.INVALID_ARGUMENT

    run(main())
