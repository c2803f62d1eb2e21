"""Where the server listens, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import grpc
import grpc.aio
import pytest

from pycadvisor_fast.errors import ConfigError
from pycadvisor_fast.faces.grpc import addresses, serve
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1 import service_pb2_grpc

from .grpc_rig import run, running
from .handmade_ring import FakeFeed, RingWriter


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("127.0.0.1:8081,unix:/run/x.sock", ["127.0.0.1:8081", "unix:/run/x.sock"]),
        (" 127.0.0.1:1 , ", ["127.0.0.1:1"]),
        (":9090", ["[::]:9090"]),
        ("[::1]:9090", ["[::1]:9090"]),
        ("localhost:0", ["localhost:0"]),
        ("unix:///run/x.sock", ["unix:/run/x.sock"]),
        ("", []),
    ],
)
def test_addresses_from_text(text: str, targets: list[str]) -> None:
    assert [address.target for address in addresses.parse(text)] == targets


@pytest.mark.parametrize(
    "text",
    ["8081", "localhost", "host:port", "host:70000", "host:-1", "unix:relative.sock", "unix:", "unix:/" + "x" * 120],
)
def test_malformed_addresses_are_named(text: str) -> None:
    with pytest.raises(ConfigError, match="grpc_listen"):
        addresses.parse(text)


def refusal(tmp_path: Path, listen: str) -> str:
    """What serve() says when it does not start. The feed must have no listener left."""
    writer = RingWriter(tmp_path / "ring", {"cpu": 100})
    feed = FakeFeed(writer)
    with pytest.raises(ConfigError) as caught:
        asyncio.run(_serve(feed, listen))
    assert feed.listeners == 0
    writer.close()
    return str(caught.value)


async def _serve(feed: FakeFeed, listen: str) -> None:
    await serve(feed, listen)


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert f"127.0.0.1:{port}: Address already in use" in refusal(tmp_path, f"127.0.0.1:{port}")


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    assert "192.0.2.1:0: Cannot assign" in refusal(tmp_path, "192.0.2.1:0")


def test_nothing_to_listen_on(tmp_path: Path) -> None:
    assert "no address" in refusal(tmp_path, " , ")


def test_a_socket_that_somebody_listens_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(path))
        busy.listen()
        assert "another process listens" in refusal(tmp_path, f"unix:{path}")
        assert path.exists()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    path.write_text("precious")
    assert "is no socket" in refusal(tmp_path, f"unix:{path}")
    assert path.read_text() == "precious"


def test_one_address_of_several_may_be_done_without(tmp_path: Path) -> None:
    async def main() -> None:
        listen = f"127.0.0.1:0,unix:{tmp_path}/file/x.sock"
        (tmp_path / "file").write_text("")
        async with running(tmp_path, listen=listen, require_all=False) as rig:
            assert len(rig.server.addresses) == 1
            assert "x.sock" in rig.server.notes[0]

    run(main())


def test_a_unix_socket_is_made_protected_and_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "run" / "grpc.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))  # left behind: nobody listens

    async def main() -> None:
        async with running(tmp_path, listen=f"unix:{path}") as rig:
            mode = path.stat().st_mode
            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o660
            assert len((await rig.stub.ListContainers(pb.ListContainersRequest())).containers) == 3

    run(main())
    assert not path.exists()


def test_tcp_and_unix_together(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, listen=f"127.0.0.1:0,unix:{tmp_path}/new/dir/x.sock") as rig:
            for target in rig.server.addresses:
                async with grpc.aio.insecure_channel(target) as channel:
                    stub = service_pb2_grpc.ContainerStatsServiceStub(channel)  # type: ignore[no-untyped-call]
                    await stub.GetStatus(pb.GetStatusRequest())

    run(main())
    assert not list((tmp_path / "new" / "dir").iterdir())
