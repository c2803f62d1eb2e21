"""The door in front of a live gRPC server: TLS, mTLS, tokens, passwords, the unix socket, and what each may see."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from pycadvisor_fast.client import Access, AsyncClient, Client, ServiceError
from pycadvisor_fast.door import tls
from pycadvisor_fast.errors import ConfigError
from pycadvisor_fast.process import ProcessList
from pycadvisor_fast.v1 import processes_pb2, service_pb2_grpc
from pycadvisor_fast.v1 import service_pb2 as pb

from .door_rig import HTPASSWD, OTHER_TOKEN, TOKEN, Certificates, certificates, door, written
from .grpc_rig import WAIT, Rig, run, running, take
from .handmade_ring import container

CODES = grpc.StatusCode
BEARER = (("authorization", f"Bearer {TOKEN}"),)
EVERYTHING = (("authorization", f"Bearer {OTHER_TOKEN}"),)


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    return certificates(tmp_path / "tls")


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    return written(tmp_path / "tokens", f"prometheus {TOKEN} stats\nops {OTHER_TOKEN} all\nnothing {'n' * 20} none\n")


@asynccontextmanager
async def behind(folder: Path, listen: str = "127.0.0.1:0", **given: Any) -> AsyncIterator[Rig]:
    """A server behind a door of these settings, with a process and a container that has a secret."""
    here = door(**given)
    async with running(folder, door=here, listen=listen) as rig:
        rig.feed.set_containers([container(0), container(1, envs={"PASSWORD": "hush"})])
        rig.feed.processes = lambda *_, **__: ProcessList((), 7, True, "")  # type: ignore[attr-defined]
        try:
            yield rig
        finally:
            here.close()


async def code_of(call: Any) -> tuple[grpc.StatusCode, str]:
    """What a call ends with."""
    try:
        async with asyncio.timeout(WAIT):
            await call
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    return CODES.OK, ""


def secure(target: str, made: Certificates, *own: Path) -> grpc.aio.Channel:
    pair = (own[1].read_bytes(), own[0].read_bytes()) if own else (None, None)
    return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(made.ca.read_bytes(), *pair))


def stub_of(channel: grpc.aio.Channel) -> Any:
    return service_pb2_grpc.ContainerStatsServiceStub(channel)  # type: ignore[no-untyped-call]


def test_every_call_is_behind_it(tmp_path: Path, tokens: Path) -> None:
    async def main() -> None:
        async with behind(tmp_path, token_file=tokens) as rig:
            for metadata in ((), (("authorization", "Bearer wrong"),), (("authorization", "nonsense"),), BEARER * 2):
                calls = [
                    rig.stub.GetStats(pb.GetStatsRequest(), metadata=metadata),
                    rig.stub.GetHost(pb.GetHostRequest(), metadata=metadata),
                    rig.stub.StreamStats(pb.StreamRequest(), metadata=metadata).read(),
                    rig.stub.StreamColumns(pb.StreamRequest(), metadata=metadata).read(),
                    rig.stub.ListProcesses(processes_pb2.ListProcessesRequest(), metadata=metadata),
                ]
                for call in calls:
                    code, details = await code_of(call)
                    assert code == CODES.UNAUTHENTICATED
                    assert details.endswith("send authorization: Bearer ...")
            assert rig.server.status()["subscribers"] == 0

    run(main())


def test_who_may_what(tmp_path: Path, tokens: Path) -> None:
    async def main() -> None:
        async with behind(tmp_path, token_file=tokens) as rig:
            rig.ticks([10])
            assert (await rig.stub.GetStats(pb.GetStatsRequest(), metadata=BEARER)).batches
            ps = processes_pb2.ListProcessesRequest()
            code, details = await code_of(rig.stub.ListProcesses(ps, metadata=BEARER))
            assert (code, details) == (CODES.PERMISSION_DENIED, 'the user "prometheus" lacks the scope "processes"')
            assert (await rig.stub.ListProcesses(ps, metadata=EVERYTHING)).time_unix_ns == 7
            nothing = (("authorization", f"Bearer {'n' * 20}"),)
            assert (await code_of(rig.stub.GetHost(pb.GetHostRequest(), metadata=nothing)))[
                0
            ] == CODES.PERMISSION_DENIED
            stream = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"]), metadata=BEARER)
            await rig.subscribed(1)
            rig.ticks([11, 12])
            assert [batch.tick for batch in await take(stream, 2)] == [11, 12]
            stream.cancel()

    run(main())


def test_environment_variables_are_for_those_who_may(tmp_path: Path, tokens: Path) -> None:
    async def envs(rig: Rig, metadata: Any) -> list[dict[str, str]]:
        listed = await rig.stub.ListContainers(pb.ListContainersRequest(), metadata=metadata)
        latest = await rig.stub.GetStats(pb.GetStatsRequest(), metadata=metadata)
        stream = rig.stub.StreamStats(pb.StreamRequest(groups=["cpu"]), metadata=metadata)
        (first,) = await take(stream, 1)
        stream.cancel()
        specs = await rig.stub.GetSpec(pb.GetSpecRequest(), metadata=metadata)
        found = [*listed.containers, *latest.batches[0].added, *first.added, *specs.specs]
        return [dict(info.envs) for info in found if info.handle & 0xFFFFFFFF == 1]

    async def main() -> None:
        async with behind(tmp_path, token_file=tokens) as rig:
            rig.ticks([10])
            mine = asyncio.create_task(envs(rig, EVERYTHING))
            others = asyncio.create_task(envs(rig, BEARER))
            await rig.subscribed(2)
            rig.ticks([11])
            assert await mine == [{"PASSWORD": "hush"}] * 4
            assert await others == [{}] * 4

    run(main())


def test_passwords_of_htpasswd_and_of_htdigest(tmp_path: Path) -> None:
    digest = hashlib.md5(b"dave:localhost:pw").hexdigest()
    for number, (given, right, wrong) in enumerate(
        [
            ({"http_auth_file": written(tmp_path / "htpasswd", HTPASSWD)}, ("alice", "secret"), ("alice", "x")),
            (
                {"http_digest_file": written(tmp_path / "htdigest", f"dave:localhost:{digest}\n")},
                ("dave", "pw"),
                ("e", ""),
            ),
        ]
    ):

        async def main(
            folder: Path = tmp_path / str(number), given: Any = given, right: Any = right, wrong: Any = wrong
        ) -> None:
            async with behind(folder, auth_failures_per_minute=1, **given) as rig:
                target = rig.server.addresses[0]
                async with AsyncClient(target, access=Access(user=right[0], password=right[1])) as client:
                    assert len(await client.containers()) == 2
                for words in ("UNAUTHENTICATED: wrong user or password", "RESOURCE_EXHAUSTED: too many wrong"):
                    async with AsyncClient(target, access=Access(user=wrong[0], password=wrong[1])) as client:
                        with pytest.raises(ServiceError, match=words):
                            await client.containers()

        (tmp_path / str(number)).mkdir()
        run(main())


def test_probes_and_reflection_by_the_flag(tmp_path: Path, tokens: Path) -> None:
    async def probe(channel: grpc.aio.Channel, metadata: Any = ()) -> list[grpc.StatusCode]:
        health: Any = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call]
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[no-untyped-call]
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        watch = health.Watch(health_pb2.HealthCheckRequest(), metadata=metadata)
        calls = [
            health.Check(health_pb2.HealthCheckRequest(), metadata=metadata),
            watch.read(),
            reflection.ServerReflectionInfo(iter([request]), metadata=metadata).read(),
        ]
        codes = [(await code_of(call))[0] for call in calls]
        watch.cancel()
        return codes

    async def main() -> None:
        for flag in ("false", "true"):
            folder = tmp_path / flag
            folder.mkdir()
            async with (
                behind(folder, token_file=tokens, health_without_auth=flag) as rig,
                grpc.aio.insecure_channel(rig.server.addresses[0]) as channel,
            ):
                expected = CODES.OK if flag == "true" else CODES.UNAUTHENTICATED
                assert await probe(channel) == [expected] * 3
                assert await probe(channel, BEARER) == [CODES.OK] * 3
                code, _ = await code_of(stub_of(channel).GetHost(pb.GetHostRequest()))
                assert code == CODES.UNAUTHENTICATED

    run(main())


def test_tls_for_tcp_and_none_for_the_unix_socket(tmp_path: Path, made: Certificates, tokens: Path) -> None:
    certificate, key = made.issue("server", "localhost", "127.0.0.1")
    path = tmp_path / "s"

    async def main() -> None:
        given = {"tls_cert": certificate, "tls_key": key, "token_file": tokens}
        async with behind(tmp_path, f"127.0.0.1:0,unix:{path}", **given) as rig:
            tcp, unix = rig.server.addresses
            access = Access(token=TOKEN, tls_ca=str(made.ca))
            for target in (tcp, unix):
                async with AsyncClient(target, access=access) as client:
                    assert len(await client.containers()) == 2
                with Client(target, access=access) as blocking:
                    assert len(await asyncio.to_thread(blocking.containers)) == 2
            code, _ = await code_of(rig.stub.GetHost(pb.GetHostRequest(), metadata=BEARER))
            assert code == CODES.UNAVAILABLE, "no plain text where TLS is set"
            stranger = certificates(tmp_path / "stranger")
            async with secure(tcp, stranger) as channel:
                assert (await code_of(stub_of(channel).GetHost(pb.GetHostRequest())))[0] == CODES.UNAVAILABLE

    run(main())


def test_certificates_of_clients(tmp_path: Path, made: Certificates) -> None:
    certificate, key = made.issue("server", "localhost", "127.0.0.1")
    rules = "cert dns:scraper.example.org prometheus\ncert cn:operations ops\n"
    users = written(tmp_path / "users", "user prometheus stats\nuser ops all\n" + rules)
    own = made.issue("scraper", "scraper.example.org")
    ops = made.issue("ops", "x.example", common_name="operations")
    unknown = made.issue("unknown", "y.example")
    strange = certificates(tmp_path / "stranger").issue("scraper", "scraper.example.org")

    async def main() -> None:
        given = {"tls_cert": certificate, "tls_key": key, "tls_client_ca": made.ca, "users_file": users}
        async with behind(tmp_path, **given) as rig:
            target, ps = rig.server.addresses[0], processes_pb2.ListProcessesRequest()
            async with secure(target, made, *own) as channel:
                assert (await code_of(stub_of(channel).GetHost(pb.GetHostRequest())))[0] == CODES.OK
                assert (await code_of(stub_of(channel).ListProcesses(ps)))[0] == CODES.PERMISSION_DENIED
            async with secure(target, made, *ops) as channel:
                assert (await code_of(stub_of(channel).ListProcesses(ps)))[0] == CODES.OK
            async with secure(target, made, *unknown) as channel:
                code, details = await code_of(stub_of(channel).GetHost(pb.GetHostRequest()))
                assert (code, details) == (
                    CODES.UNAUTHENTICATED,
                    "credentials are needed; send a client certificate",
                )
            for pair in ((), strange):
                async with secure(target, made, *pair) as channel:
                    assert (await code_of(stub_of(channel).GetHost(pb.GetHostRequest())))[0] == CODES.UNAVAILABLE

    run(main())


def test_a_certificate_replaced_while_a_stream_runs(
    tmp_path: Path, made: Certificates, tokens: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "LOOK_EVERY_SECONDS", 0.0)
    first, second = made, certificates(tmp_path / "second")
    certificate, key = first.issue("server", "127.0.0.1")

    async def reaches(target: str, authority: Certificates) -> grpc.StatusCode:
        async with secure(target, authority) as channel:
            return (await code_of(stub_of(channel).GetHost(pb.GetHostRequest(), metadata=BEARER)))[0]

    async def main() -> None:
        given = {"tls_cert": certificate, "tls_key": key, "token_file": tokens}
        async with behind(tmp_path, **given) as rig:
            target = rig.server.addresses[0]
            async with secure(target, first) as channel:
                stream = stub_of(channel).StreamStats(pb.StreamRequest(groups=["cpu"]), metadata=BEARER)
                await rig.subscribed(1)
                rig.ticks([10])
                await take(stream, 1)

                written(certificate, "garbage")
                assert await reaches(target, first) == CODES.OK, "the earlier one is kept"
                assert await reaches(target, second) == CODES.UNAVAILABLE

                new_certificate, new_key = second.issue("server", "127.0.0.1")
                written(key, new_key.read_bytes())
                assert await reaches(target, first) == CODES.OK, "half of a replacement is none"
                written(certificate, new_certificate.read_bytes())
                assert await reaches(target, second) == CODES.OK
                assert await reaches(target, first) == CODES.UNAVAILABLE

                rig.ticks([11])
                assert (await take(stream, 1))[0].tick == 11, "the stream that was open goes on"
                stream.cancel()

    run(main())


# ---- unix sockets

ASK = """
import os, sys
sys.path.insert(0, {root!r})
from pycadvisor_fast.client import Client
os.setgroups({groups}); os.setgid({gid}); os.setuid({uid})
with Client({target!r}, timeout=20) as client:
    try:
        print(len(client.containers()))
        client.processes()
        print("all")
    except Exception as error:
        print(error)
"""


async def ask_as(target: str, uid: int, gid: int, *groups: int) -> list[str]:
    """What a process of another account is told."""
    root = str(Path(__file__).resolve().parents[2])
    code = ASK.format(root=root, groups=list(groups), gid=gid, uid=uid, target=target)
    command = [sys.executable, "-c", code]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).splitlines()


@pytest.mark.root  # only root can try to connect as somebody else
def test_only_the_accounts_listed_can_connect(tmp_path: Path) -> None:
    # Not tmp_path: pytest keeps it to its owner, and the others have to reach the socket.
    folder = Path(f"/dev/shm/pcf-door-{os.getpid()}")
    folder.mkdir(mode=0o755)
    path = folder / "s"

    async def main() -> None:
        async with behind(tmp_path, f"unix:{path}", peer_uids="4242,@4343") as rig:
            target = rig.server.addresses[0]
            for uid, gid, groups in ((4242, 1, ()), (4244, 4343, ()), (4244, 1, (4343,))):
                answer = await ask_as(target, uid, gid, *groups)
                assert answer[0] == "2", answer
                assert 'the user "4242 or @4343" lacks the scope "processes"' in answer[1]
            (refused,) = await ask_as(target, 4244, 4244)
            assert "Permission denied" in refused

    try:
        run(main())
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()


def test_its_own_account_alone(tmp_path: Path, tokens: Path) -> None:
    path = tmp_path / "s"

    async def main() -> None:
        async with behind(tmp_path, f"unix:{path},127.0.0.1:0", peer_uids=str(os.geteuid()), token_file=tokens) as rig:
            assert path.stat().st_mode & 0o777 == 0o600
            unix, tcp = rig.server.addresses
            async with AsyncClient(unix) as client:
                assert len(await client.containers()) == 2
            async with AsyncClient(unix, access=Access(token="n" * 20)) as client:
                with pytest.raises(ServiceError, match="PERMISSION_DENIED"):
                    await client.containers()
            async with AsyncClient(tcp) as client:
                with pytest.raises(ServiceError, match="UNAUTHENTICATED"):
                    await client.containers()

    run(main())


def test_a_socket_where_no_list_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)

    async def main() -> None:
        with pytest.raises(ConfigError, match="the list of accounts cannot be put on the socket: Operation not supp"):
            async with behind(tmp_path, f"unix:{tmp_path}/s", peer_uids=str(os.geteuid() + 1)):
                pass

    run(main())


# ---- nothing set


def test_without_a_door_everybody_on_this_host_may_everything(tmp_path: Path) -> None:
    async def main() -> None:
        async with behind(tmp_path) as rig:
            assert (await code_of(rig.stub.ListProcesses(processes_pb2.ListProcessesRequest())))[0] == CODES.OK
            (info,) = [
                each
                for each in (await rig.stub.ListContainers(pb.ListContainersRequest())).containers
                if each.handle & 0xFFFFFFFF == 1
            ]
            assert dict(info.envs) == {"PASSWORD": "hush"}

    run(main())


def test_open_to_the_world_it_shows_numbers_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with behind(tmp_path, "0.0.0.0:0") as rig:
            target = rig.server.addresses[0].replace("0.0.0.0", "127.0.0.1")
            async with grpc.aio.insecure_channel(target) as channel:
                stub = stub_of(channel)
                code, details = await code_of(stub.ListProcesses(processes_pb2.ListProcessesRequest()))
                assert (code, details) == (
                    CODES.PERMISSION_DENIED,
                    'the user "anonymous" lacks the scope "processes"',
                )
                listed = await stub.ListContainers(pb.ListContainersRequest())
                assert [dict(info.envs) for info in listed.containers] == [{}, {}]
        assert "gRPC is open to everybody who reaches 0.0.0.0" in caplog.text

    run(main())
