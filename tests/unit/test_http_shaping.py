"""Answers on their way out: fields, tags, gzip, faults, streams, addresses."""

from __future__ import annotations

import gzip
import json
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.errors import ConfigError
from pycadvisor_fast.faces.grpc.addresses import Address
from pycadvisor_fast.faces.http import limits, listening
from pycadvisor_fast.faces.http.shaping import accepts_gzip
from tests.unit.http_rig import BIG, Reply, Served, read_all, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/t/fault", "/%00", "/openapi.json", "/t/big"])
def test_every_answer_has_what_browsers_expect(served: Served, path: str) -> None:
    fields = served.get(path).fields
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["x-frame-options"] == "DENY"
    assert fields["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in fields["content-security-policy"]
    assert fields["cache-control"] in ("no-store", "no-cache")
    assert "server" not in fields
    assert fields["date"].endswith(" GMT")


def test_a_fault_leaves_an_id_and_nothing_else(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    reply = served.get("/t/fault")
    assert reply.status == 500
    found = re.fullmatch(r"internal error; the daemon's log has more under (\w{12})\n", reply.text)
    assert found
    assert found[1] in caplog.text
    assert "secret of the house" in caplog.text
    assert served.counts()["failures"] == 1


def test_a_fault_in_the_middle_cuts_the_connection(served: Served) -> None:
    """The client must not take half an answer for a whole one: no last chunk comes."""
    reply = served.get("/t/late")
    assert reply.status == 200
    assert b"a beginning" in reply.body
    assert b"secret" not in reply.data
    assert not reply.body.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize(
    ("field", "is_wanted"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP;q=0.1", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*;q=0", False),
        ("gzip;q=nonsense", False),
        ("br;q=1.0", False),
    ],
)
def test_who_takes_gzip(field: str, is_wanted: bool) -> None:
    assert accepts_gzip(field) is is_wanted


@pytest.mark.parametrize("times", [100, 10_000])
def test_gzip_for_those_who_take_it(served: Served, times: int) -> None:
    """On the loop and in a thread."""
    plain = served.get(f"/t/text?times={times}")
    small = served.get(f"/t/text?times={times}", "Accept-Encoding: gzip")
    assert "content-encoding" not in plain.fields
    assert small.fields["content-encoding"] == "gzip"
    assert small.fields["vary"] == plain.fields["vary"] == "Accept-Encoding"
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) == int(small.fields["content-length"])


def test_small_answers_and_streams_are_not_compressed(served: Served) -> None:
    assert "content-encoding" not in served.get("/healthz", "Accept-Encoding: gzip").fields
    assert "content-encoding" not in served.get("/t/big", "Accept-Encoding: gzip").fields, "no text"
    with served.connect() as sock:
        sock.sendall(b"GET /t/stream HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        assert b"content-encoding" not in sock.recv(4096)


def test_head_of_everything(served: Served) -> None:
    for path in ("/t/big", "/t/stream", "/t/text?times=1000", "/openapi.json"):
        reply = served.get(path, "Accept-Encoding: gzip", method="HEAD")
        assert (reply.status, reply.body) == (200, b""), path
    assert served.get("/t/big", method="HEAD").fields["content-length"] == str(len(BIG))


def test_what_is_known_already_is_304(served: Served) -> None:
    first = served.get("/openapi.json")
    tag = first.fields["etag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        reply = served.get("/openapi.json", f"If-None-Match: {known}")
        assert (reply.status, reply.body, reply.fields["etag"]) == (304, b"", tag)
    assert served.get("/openapi.json", 'If-None-Match: "other"').status == 200


def test_connections_are_kept(served: Served) -> None:
    with served.connect() as sock:
        for _ in range(3):
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            got = b""
            while not got.endswith(b"\r\n\r\nok"):
                got += sock.recv(65536)
            assert Reply(got).status == 200
    assert served.counts()["accepted"] == 1
    assert served.counts()["requests"] == 3


def test_http_1_0_is_answered_and_closed(served: Served) -> None:
    assert served.ask("GET /healthz HTTP/1.0\r\n\r\n").text == "ok"


def test_bodies_come_whole_and_in_chunks(served: Served) -> None:
    plain = "POST /t/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    chunked = "POST /t/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert served.ask(plain).text == "abc"
    assert served.ask(chunked + "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n").text == "abc"
    waits = "POST /t/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with served.connect() as sock:
        sock.sendall(waits.encode())
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"abc")
        assert Reply(read_all(sock)).text == "abc"


def test_the_largest_body_that_may_come(served: Served) -> None:
    body = b"x" * (1 << 20)
    head = b"POST /t/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert served.ask(head + body).body == body


def test_methods_a_route_does_not_serve(served: Served) -> None:
    reply = served.get("/openapi.json", method="DELETE")
    assert (reply.status, reply.fields["allow"]) == (405, "GET, HEAD")


# ---- the document


def test_the_document_names_every_route(served: Served) -> None:
    found = json.loads(served.get("/openapi.json").body)
    assert found["openapi"].startswith("3.1")
    assert {"/healthz", "/livez", "/readyz", "/validate/", "/openapi.json"} <= set(found["paths"])
    for path, entry in found["paths"].items():
        names = set(re.findall(r"\{(\w+)\}", path))
        for operation in entry.values():
            told = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert told == names, path
            assert operation["responses"]


def test_the_document_knows_the_prefix() -> None:
    with serving(prefix="/cad") as served:
        assert json.loads(served.get("/cad/openapi.json").body)["servers"] == [{"url": "/cad"}]


# ---- addresses


@pytest.mark.parametrize(
    ("listen_ip", "port", "more", "found"),
    [
        ("127.0.0.1", 8080, (), [Address("127.0.0.1", 8080)]),
        ("", 80, (), [Address("::", 80)]),
        ("[::1]", 80, ("unix:/run/x",), [Address("::1", 80), Address("", 0, "/run/x")]),
        ("127.0.0.1", 1, ("127.0.0.1:1", "10.0.0.1:2"), [Address("127.0.0.1", 1), Address("10.0.0.1", 2)]),
    ],
)
def test_where_to_listen(listen_ip: str, port: int, more: tuple[str, ...], found: list[Address]) -> None:
    assert listening.wanted(listen_ip, port, more) == found


@pytest.mark.parametrize(("port", "more"), [(65536, ()), (-1, ()), (80, ("nonsense",)), (80, ("unix:relative",))])
def test_what_is_no_address(port: int, more: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"port|http_listen"):
        listening.wanted("127.0.0.1", port, more)


def test_a_busy_port_is_an_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        places = [Address("", 0, f"{tmp_path}/http.sock"), Address("127.0.0.1", port)]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}: Address already in use; another process has it"):
            listening.open_all(places)
    assert not (tmp_path / "http.sock").exists()
    with pytest.raises(ConfigError, match="no address of this host"):
        listening.open_all([Address("no.such.host.invalid", 1)])
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1:1"):
        listening.open_all([Address("192.0.2.1", 1)])


def test_several_addresses_and_a_socket_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with serving(listen=("127.0.0.2:0", f"unix:{path}")) as served:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert len(served.server.addresses) == 3
        other = int(served.server.addresses[1].rpartition(":")[2])
        request = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.2", other)) as sock:
            sock.sendall(request)
            assert Reply(read_all(sock)).text == "ok"
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(path))
            sock.sendall(request)
            assert Reply(read_all(sock)).text == "ok"
    assert not path.exists()


def test_connections_leave_descriptors_to_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, most in ((1024, 128), (20_000, 1000), (4096, 256), (-1, 1000)):
        monkeypatch.setattr(limits.resource, "getrlimit", lambda which, soft=soft: (soft, soft))
        assert limits.connections_within_descriptors(1000) == most
