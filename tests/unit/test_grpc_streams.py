"""Streams: what arrives, in what order, who shares it, and what a slow subscriber costs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import numpy as np
import pytest

from pycadvisor_fast.faces.grpc import hub as hub_module
from pycadvisor_fast.faces.grpc import subscriber as subscriber_module
from pycadvisor_fast.v1 import service_pb2 as pb

from .grpc_rig import WAIT, Rig, run, running, take
from .handmade_ring import container, rows_for


def test_a_batch_for_each_tick(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu", "io"]))
            await rig.subscribed(1)
            rig.ticks(range(1, 4))
            first, second, third = await take(call, 3)
            assert [batch.tick for batch in (first, second, third)] == [1, 2, 3]
            assert [c.name for c in first.added] == ["web-0", "web-1", "web-2"]
            assert first.stream.epoch
            assert first.stream.base_interval_ns == 100_000_000
            assert not first.replayed
            assert not second.added
            assert not second.HasField("stream")
            assert [g.group for g in second.groups] == ["cpu", "io"]
            assert second.time_unix_ns == 1_700_000_000_200_000_000
            assert second.containers[1].cpu.usage_ns == 10**9 + 2000
            assert second.containers[1].io[0].device == "8:0"
            assert not second.containers[1].HasField("memory"), "not asked for"
            assert [b.missed_ticks for b in (first, second, third)] == [0, 0, 0]

    run(main())


def test_slow_groups_come_when_they_are_due(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["limits", "cpu"]))
            await rig.subscribed(1)
            for tick in range(9, 12):
                rows: Any = rows_for([0], tick)
                if tick == 10:
                    rows["limits", 0, 1, ""] = {"memory_bytes": 4096}
                rig.feed.tick(tick, rows)
            batches = await take(call, 3)
            assert [[g.group for g in b.groups] for b in batches] == [["cpu"], ["cpu", "limits"], ["cpu"]]

    run(main())


def test_an_interval_takes_the_latest_tick_of_each_group(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], interval_ms=250))
            await rig.subscribed(1)
            rig.ticks([1, 2, 3, 4, 5])
            rig.ticks([7])  # 6 was skipped by the collector: the batch has tick 5
            await asyncio.sleep(0)
            rig.ticks([8, 9])
            batches = await take(call, 3)
            assert [b.tick for b in batches] == [3, 6, 9]
            assert [b.groups[0].tick for b in batches] == [3, 5, 9]
            assert batches[0].stream.interval_ticks == 3

    run(main())


def test_replay_then_follow_without_a_gap(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.ticks(range(1, 31))
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], since=4))
            got = await take(call, 5)
            rig.ticks(range(31, 34))  # while it is still busy with the past
            got += await take(call, 24)
            rig.ticks(range(34, 36))
            got += await take(call, 2)
            assert [b.tick for b in got] == list(range(5, 36))
            assert [b.tick for b in got if b.replayed] == list(range(5, 31))
            assert all(b.containers[2].cpu.periods == b.tick for b in got)
            assert sum(b.missed_ticks for b in got) == 0

    run(main())


def test_what_the_ring_no_longer_holds_is_reported_missed(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, ring_len=16) as rig:
            rig.ticks(range(1, 41))
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], since=4))
            (first,) = await take(call, 1)
            assert first.tick > 5
            assert first.missed_ticks == first.tick - 5

    run(main())


def test_since_of_another_epoch_starts_anew(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.ticks(range(1, 11))
            other = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], since=4, epoch="another"))
            future = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], since=4_000_000))
            await rig.subscribed(2)
            rig.ticks([11])
            for call in (other, future):
                (first,) = await take(call, 1)
                assert (first.tick, first.stream.restarted, first.replayed, first.missed_ticks) == (11, True, False, 0)

    run(main())


def test_containers_join_change_and_leave_a_running_stream(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, slots=2) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(selector=pb.Selector(names=["web-*"]), groups=["cpu"]))
            await rig.subscribed(1)
            rig.ticks([1])
            await take(call, 1)

            async def after(containers: list[Any], tick: int) -> Any:
                rig.feed.set_containers(containers)
                rig.ticks([tick])
                return (await take(call, 1))[0]

            web = [container(slot) for slot in range(3)]
            batch = await after(web, 2)
            assert [c.name for c in batch.added] == ["web-2"]
            assert len(batch.containers) == 3
            batch = await after([web[0], container(1, image="nginx:2"), web[2]], 3)
            assert [(c.name, c.image) for c in batch.changed] == [("web-1", "nginx:2")]
            assert not batch.added
            batch = await after([container(0, name="db-0"), web[2]], 4)
            assert [(r.handle, r.reason) for r in batch.removed] == [
                (web[0].handle, pb.ContainerRemoved.REASON_UNSELECTED),
                (web[1].handle, pb.ContainerRemoved.REASON_GONE),
            ]
            assert [c.name for c in batch.containers] == ["web-2"]
            batch = await after([container(0, name="db-0"), web[2]], 5)
            assert not batch.added
            assert not batch.removed
            batch = await after([container(0, generation=2), web[2]], 6)
            assert [c.handle for c in batch.added] == [2 << 32]

    run(main())


def test_fifty_subscribers_share_the_very_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    finish = subscriber_module.Subscriber._finish

    def noting(self: Any, batch: Any) -> bytes:
        data = finish(self, batch)
        if batch.tick == 2:
            sent.append(data)
        return data

    monkeypatch.setattr(subscriber_module.Subscriber, "_finish", noting)

    async def main() -> None:
        async with running(tmp_path) as rig:
            request = pb.StreamRequest(selector=pb.Selector(paths=["/docker/*"]), groups=["cpu"])
            calls = [rig.stub.StreamStats(request) for _ in range(50)]
            await rig.subscribed(50)
            assert rig.server.status()["selections"] == 1
            for tick in (1, 2, 3):
                rig.ticks([tick])
                batches = [(await take(call, 1))[0] for call in calls]
                assert {b.tick for b in batches} == {tick}
            status = rig.server.status()
            assert status["batches_encoded"] == 3
            assert status["batches_sent"] == 150
            assert len(sent) == 50
            assert all(data is sent[0] for data in sent)
            for call in calls:
                call.cancel()
            await rig.subscribed(0)
            assert rig.server.status()["selections"] == 0

    run(main())


def test_ticks_that_nobody_sampled_are_not_missed(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, ring_len=16) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"]))
            await rig.subscribed(1)
            for tick in (500_000, 500_001, 900_000):  # up for a while; and once the collector was stopped
                rig.ticks([tick])
                (batch,) = await take(call, 1)
                assert (batch.tick, batch.missed_ticks) == (tick, 0)

    run(main())


def test_a_loop_that_stood_still_skips_and_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"]))
            await rig.subscribed(1)
            rig.ticks([10])
            await take(call, 1)
            for number in range(11, 50):
                rig.feed.writer.write(number, rows_for(range(3), number))
            rig.ticks([50])  # the first that the server hears of
            (batch,) = await take(call, 1)
            assert (batch.tick, batch.missed_ticks) == (50, 39)

    run(main())


def test_streams_that_go_while_they_wait_leave_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            request = pb.StreamRequest(groups=["cpu"], interval_ms=86_400_000)
            staying = rig.stub.StreamStats(request)
            await rig.subscribed(1)
            for _ in range(20):
                call = rig.stub.StreamStats(request)
                await rig.subscribed(2)
                call.cancel()
                await rig.subscribed(1)
            (channel,) = rig.server._hub.channels.values()
            assert len(channel._waiting) == 1
            staying.cancel()
            await rig.subscribed(0)
            assert not rig.server._hub.channels

    run(main())


def test_nobody_asks_nothing_is_encoded(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            rig.ticks(range(1, 20))
            await asyncio.sleep(0.05)
            assert rig.server.status()["batches_encoded"] == 0

    run(main())


def test_a_subscriber_that_stops_reading_disturbs_nobody(tmp_path: Path) -> None:
    async def main() -> None:
        # Large batches fill the stuck stream's flow-control window, after which its write waits.
        async with running(tmp_path, slots=60) as rig:
            options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 4096)]
            async with grpc.aio.insecure_channel(rig.server.addresses[0], options=options) as other:
                stuck = other.unary_stream(
                    "/pycadvisor_fast.v1.ContainerStatsService/StreamStats",
                    request_serializer=pb.StreamRequest.SerializeToString,
                    response_deserializer=pb.StatsBatch.FromString,
                )(pb.StreamRequest())
                brisk = rig.stub.StreamStats(pb.StreamRequest())
                await rig.subscribed(2)
                tick = 0
                while rig.server.status()["batches_sent"] == 2 * tick and tick < 2000:
                    tick += 1
                    rig.ticks([tick])
                    (batch,) = await take(brisk, 1)
                    assert (batch.tick, batch.missed_ticks) == (tick, 0)
                    await asyncio.sleep(0)
                assert tick < 2000, "the stuck stream never filled up"
                for _ in range(30):  # it misses these
                    tick += 1
                    rig.ticks([tick])
                    (batch,) = await take(brisk, 1)
                    assert (batch.tick, batch.missed_ticks) == (tick, 0)
                seen, missed = [], 0
                rig_ticks = asyncio.create_task(keep_ticking(rig, brisk, tick))
                async with asyncio.timeout(WAIT):
                    while not missed:
                        batch = await stuck.read()
                        seen.append(batch.tick)
                        missed = batch.missed_ticks
                rig_ticks.cancel()
                assert seen[:-1] == list(range(1, len(seen))), "nothing lost before it stopped"
                assert missed == seen[-1] - seen[-2] - 1
                assert missed > 20
                assert rig.server.status()["missed_ticks"] == missed

    async def keep_ticking(rig: Rig, brisk: Any, tick: int) -> None:
        while True:
            tick += 1
            rig.ticks([tick])
            await take(brisk, 1)
            await asyncio.sleep(0.01)

    run(main())


def test_changed_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], changed_only=True, rates=True))
            await rig.subscribed(1)
            for tick, usage in ((1, (1, 1, 1)), (2, (1, 2, 1)), (3, (1, 2, 1)), (4, (5, 2, 9))):
                rig.feed.tick(tick, {("cpu", s, 1, ""): {"usage_ns": usage[s]} for s in range(3)})
            late = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], changed_only=True, rates=True))
            batches = await take(call, 4)
            await rig.subscribed(2)
            rig.feed.set_containers([*rig.feed.containers(), container(3)])
            rig.feed.tick(5, {("cpu", s, 1, ""): {"usage_ns": (5, 2, 9, 4)[s]} for s in range(4)})
            batches += await take(call, 1)
            names = [[c.name for c in b.containers] for b in batches]
            assert names == [["web-0", "web-1", "web-2"], ["web-1"], [], ["web-0", "web-2"], ["web-3"]]
            assert batches[1].containers[0].cpu_rates.usage_ns_per_sec == pytest.approx(10)
            (first,) = await take(late, 1)
            assert len(first.containers) == 4, "its first batch is whole"

    run(main())


def test_a_changed_only_subscriber_that_missed_ticks_misses_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "BACKLOG", 1)

    async def main() -> None:
        async with running(tmp_path) as rig:
            hub = rig.server._hub
            query = subscriber_query()
            subscriber = subscriber_module.Subscriber(hub, query, None, "")
            rig.feed.tick(1, {("cpu", s, 1, ""): {"usage_ns": 1} for s in range(3)})
            await rig.until(lambda: subscriber.channel.position == 1)
            await subscriber.next()
            rig.feed.tick(2, {("cpu", s, 1, ""): {"usage_ns": 1 + (s == 1)} for s in range(3)})
            rig.feed.tick(3, {("cpu", s, 1, ""): {"usage_ns": 1 + (s == 1)} for s in range(3)})
            await rig.until(lambda: subscriber.channel.position == 3)
            batch = pb.StatsBatch.FromString(await subscriber.next())
            assert (batch.tick, batch.missed_ticks) == (3, 1)
            assert [c.name for c in batch.containers] == ["web-1"], "it changed in the batch that was missed"
            subscriber.close()

    def subscriber_query() -> Any:
        from pycadvisor_fast.faces.grpc.requests import stream_query

        return stream_query(pb.StreamRequest(groups=["cpu"], changed_only=True), is_columns=False)

    run(main())


def test_columns(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamColumns(pb.StreamRequest(columns=["cpu.usage_ns", "io.*bytes"], rates=True))
            await rig.subscribed(1)
            rig.ticks([1, 2])
            first, second = await take(call, 2)
            assert len(first.added) == 3
            assert first.stream.epoch
            cpu, io = second.groups
            assert np.frombuffer(cpu.columns[0].values, "<u8").tolist() == [2000, 10**9 + 2000, 2 * 10**9 + 2000]
            assert np.frombuffer(cpu.rates[0].values, "<f8").tolist() == pytest.approx([10_000.0] * 3)
            assert list(io.keys) == ["8:0"] * 3
            assert [item.number for item in io.columns] == [1, 2, 3, 7, 8]

    run(main())


def test_handles_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"], handles_only=True))
            await rig.subscribed(1)
            rig.ticks([1])
            (batch,) = await take(call, 1)
            assert [(c.handle, c.name, c.id) for c in batch.containers] == [(1 << 32 | s, "", "") for s in range(3)]

    run(main())


def test_shutdown_ends_streams_with_ok_and_a_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            call = rig.stub.StreamStats(pb.StreamRequest())
            await rig.subscribed(1)
            rig.ticks([1])
            await take(call, 1)
            async with asyncio.timeout(WAIT):
                await rig.server.stop(0.2)
                assert await call.read() is grpc.aio.EOF
                assert await call.code() == grpc.StatusCode.OK
                assert ("pcf-reason", "shutdown") in tuple(tuple(item) for item in await call.trailing_metadata())

    run(main())


def test_more_streams_than_the_server_takes(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, max_subscribers=2) as rig:
            calls = [rig.stub.StreamStats(pb.StreamRequest()) for _ in range(2)]
            await rig.subscribed(2)
            with pytest.raises(grpc.aio.AioRpcError, match="2 streams are open"):
                await rig.stub.StreamStats(pb.StreamRequest()).read()
            calls[0].cancel()
            await rig.subscribed(1)

    run(main())
