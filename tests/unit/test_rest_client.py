"""Both REST clients against a server of the test: what they ask, what they make of answers, and every way to fail."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from pycadvisor_fast.errors import ConfigError, SelectionError
from pycadvisor_fast.rest import AsyncClient, Client, RestAnswerError, RestError, RestUnavailableError, models
from tests.unit.rest_fake import FakeServer

Ask = Callable[..., Any]


def ask_blocking(url: str, method: str, *words: Any, options: dict[str, Any] | None = None, **args: Any) -> Any:
    with Client(url, **(options or {})) as client:
        found = getattr(client, method)(*words, **args)
        return list(found) if inspect.isgenerator(found) else found


def ask_async(url: str, method: str, *words: Any, options: dict[str, Any] | None = None, **args: Any) -> Any:
    async def main() -> Any:
        async with AsyncClient(url, **(options or {})) as client:
            found = getattr(client, method)(*words, **args)
            return [one async for one in found] if inspect.isasyncgen(found) else await found

    return asyncio.run(main())


@pytest.fixture(params=[ask_blocking, ask_async], ids=["blocking", "asyncio"])
def ask(request: pytest.FixtureRequest) -> Ask:
    found: Ask = request.param
    return found


def test_both_clients_have_the_same_methods() -> None:
    def shape(kind: type) -> dict[str, inspect.Signature]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {
            name: inspect.signature(one).replace(return_annotation="")
            for name, one in methods
            if not name.startswith("_")
        }

    assert shape(Client) == shape(AsyncClient)


REQUESTS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str, Any]] = [
    ("container", ("/docker/a b",), {"num_stats": 2}, "POST /api/v1.3/containers/docker/a%20b", "{}", {"num_stats": 2}),
    ("container", (), {}, "POST /api/v1.3/containers/", "{}", {}),
    (
        "subcontainers", ("/x",), {"start": 1_000_000_001, "end": 2 * 10**9},
        "POST /api/v1.3/subcontainers/x", "[]",
        {"start": "1970-01-01T00:00:01.000000001Z", "end": "1970-01-01T00:00:02.000000000Z"},
    ),
    ("docker", (), {"num_stats": -1}, "POST /api/v1.3/docker/", "{}", {"num_stats": -1}),
    ("docker_container", ("web",), {}, "POST /api/v1.3/docker/web", '{"/docker/1":{}}', {}),
    ("machine", (), {}, "GET /api/v1.3/machine", "{}", None),
    (
        "events", ("/x",), {"max_events": -1, "types": ["oomKill"], "subcontainers": False},
        "GET /api/v1.3/events/x?oom_kill_events=true&max_events=-1", "[]", None,
    ),
    (
        "events", (), {"start": 0},
        "GET /api/v1.3/events/?subcontainers=true&all_events=true&max_events=10"
        "&start_time=1970-01-01T00%3A00%3A00.000000000Z",
        "[]", None,
    ),
    ("version", (), {}, "GET /api/v2.1/version", '"0.1"', None),
    ("attributes", (), {}, "GET /api/v2.1/attributes", "{}", None),
    ("machine_stats", (), {"count": 1}, "GET /api/v2.1/machinestats?count=1", "null", None),
    (
        "stats", ("web",), {"naming": "docker", "recursive": True, "count": 3, "max_age": 0.5},
        "GET /api/v2.1/stats/web?type=docker&recursive=true&count=3&max_age=500000000ns", "{}", None,
    ),
    ("specs", ("/",), {"recursive": False}, "GET /api/v2.1/spec/?recursive=false", "{}", None),
    ("summary", ("/x",), {}, "GET /api/v2.1/summary/x", "{}", None),
    ("storage", (), {}, "GET /api/v2.1/storage", "[]", None),
    ("storage", ("root",), {}, "GET /api/v2.1/storage?label=root", "[]", None),
    ("storage_by_uuid", ("a-b",), {}, "GET /api/v2.1/storage?uuid=a-b", "{}", None),
    ("processes", ("web", "docker"), {}, "GET /api/v2.1/ps/web?type=docker", "[]", None),
    ("app_metrics", ("/x",), {}, "GET /api/v2.1/appmetrics/x", "{}", None),
    ("is_healthy", (), {}, "GET /healthz", "ok", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "words", "args", "line", "answer", "body"), REQUESTS)
def test_what_is_asked(
    ask: Ask, method: str, words: tuple[Any, ...], args: dict[str, Any], line: str, answer: str, body: Any
) -> None:
    with FakeServer(body=answer.encode()) as server:
        ask(server.url, method, *words, **args)
    (asked,) = server.asked
    assert f"{asked.method} {asked.target}" == line
    assert (json.loads(asked.body) if asked.body else None) == body


def test_every_method_is_asked_for() -> None:
    names = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    assert {request[0] for request in REQUESTS} | {"stream_events", "close"} == names


def test_answers_are_typed(ask: Ask) -> None:
    text = b'{"/docker/1":{"name":"/docker/1","stats":[{"timestamp":"1970-01-01T00:00:05Z","memory":{"usage":7}}]}}'
    with FakeServer(body=text) as server:
        found = ask(server.url, "docker")
    sample = models.ContainerStats(timestamp=5 * 10**9, memory=models.MemoryStats(usage=7))
    assert found == {"/docker/1": models.ContainerInfo(name="/docker/1", stats=(sample,))}


def test_a_prefix_is_kept(ask: Ask) -> None:
    with FakeServer() as server:
        ask(f"{server.url}/behind/a/proxy/", "machine")
    assert server.asked[0].target == "/behind/a/proxy/api/v1.3/machine"


def test_events_are_read_as_they_come_whatever_the_pieces(ask: Ask) -> None:
    lines = b"".join(
        b'{"container_name":"/\xc2\x85%d","timestamp":"1970-01-01T00:00:0%dZ","event_type":"oomKill","event_data":{"oom":'
        b'{"pid":%d}}}\n' % (n, n, n)
        for n in range(1, 4)
    )
    with FakeServer(pieces=[lines[:30], lines[30:200], lines[200:], b"\n"]) as server:
        events = ask(server.url, "stream_events", types=["oomKill"])
    assert server.asked[0].target == "/api/v1.3/events/?subcontainers=true&oom_kill_events=true&stream=true"
    assert [event.timestamp for event in events] == [10**9, 2 * 10**9, 3 * 10**9]
    assert [event.event_data.oom_kill.pid for event in events] == [1, 2, 3]


def test_a_stream_that_breaks_off_is_said(ask: Ask) -> None:
    with FakeServer(pieces=[b'{"container_name":"/1"}\n'], cut=True) as server, pytest.raises(RestUnavailableError):
        ask(server.url, "stream_events")


def test_a_stream_that_is_refused(ask: Ask) -> None:
    with FakeServer(status=500, body=b"no streams here\n") as server, pytest.raises(RestError, match="no streams here"):
        ask(server.url, "stream_events")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b'failed to get container "/x" with error: unknown container "/x"\n', 'unknown container "/x"'),
        (401, b"", "status 401: no text"),
        (400, b"x" * 100_000, "xxx..."),
        (502, b"\xff\xfe", "status 502"),
    ],
)
def test_a_refusal_says_where_and_why(ask: Ask, status: int, body: bytes, said: str) -> None:
    with FakeServer(status=status, body=body) as server, pytest.raises(RestError) as caught:
        ask(server.url, "container", "/x")
    assert caught.value.status == status
    assert said in str(caught.value)
    assert f"POST {server.url}/api/v1.3/containers/x" in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"num_cores":"2"}', b"", b"[" * 100_000])
def test_an_answer_of_something_else(ask: Ask, body: bytes) -> None:
    with FakeServer(body=body) as server, pytest.raises(RestAnswerError, match="is this a cAdvisor"):
        ask(server.url, "machine")


def test_a_redirect_is_not_followed(ask: Ask) -> None:
    with FakeServer(status=307, headers={"Location": "/containers/"}) as server, pytest.raises(RestAnswerError):
        ask(server.url, "machine")
    assert len(server.asked) == 1


def test_nobody_there(ask: Ask) -> None:
    with socket.socket() as holder:  # bound and not listening: nobody else gets the port
        holder.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{holder.getsockname()[1]}"
        with pytest.raises(RestUnavailableError, match=f"GET {url}/api/v1.3/machine: not reachable"):
            ask(url, "machine")


def test_a_server_that_does_not_answer(ask: Ask) -> None:
    with (
        FakeServer(hold=threading.Event()) as server,
        pytest.raises(TimeoutError, match=r"no answer within 0\.2 s"),
    ):
        ask(server.url, "machine", options={"timeout": 0.2})


@pytest.mark.parametrize("name", ["/../etc", "/a/./b", ".."])
def test_a_name_that_would_be_another_path(ask: Ask, name: str) -> None:
    with FakeServer() as server, pytest.raises(SelectionError, match="names no container"):
        ask(server.url, "container", name)
    assert not server.asked


def test_a_type_of_event_that_does_not_exist(ask: Ask) -> None:
    with FakeServer() as server, pytest.raises(SelectionError, match="oomKill"):
        ask(server.url, "events", types=["oom_kill"])


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://x", ""])
def test_an_address_that_is_none(ask: Ask, url: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        ask(url, "machine")


def test_basic_and_bearer(ask: Ask) -> None:
    with FakeServer() as server:
        ask(server.url, "machine", options={"auth": ("ada", "geheim:ü")})
        ask(server.url, "machine", options={"token": "abc"})
        ask(server.url, "machine", options={"headers": {"X-Team": "a"}})
    basic, bearer, own = (asked.headers for asked in server.asked)
    assert base64.b64decode(basic["Authorization"].removeprefix("Basic ")).decode() == "ada:geheim:ü"
    assert bearer["Authorization"] == "Bearer abc"
    assert own["X-Team"] == "a"


def test_digest_answers_the_challenge(ask: Ask) -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
    with FakeServer(status=401, headers={"WWW-Authenticate": challenge}) as server, pytest.raises(RestError):
        ask(server.url, "machine", options={"auth": httpx2.DigestAuth("ada", "x")})
    assert 'username="ada"' in server.asked[1].headers["Authorization"]


def test_what_is_secret_is_not_in_what_is_printed() -> None:
    secrets: list[dict[str, Any]] = [{"token": "secret"}, {"auth": ("a", "secret")}, {"headers": {"X": "secret"}}]
    for options in secrets:
        with Client(**options) as client:
            assert "secret" not in repr(client.connection)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """(certificate, key) for 127.0.0.1, its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subject = ["-subj", "/CN=one", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-nodes", *made, *subject, "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def test_tls_trusts_only_the_authority_given(ask: Ask, authority: tuple[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    context.load_verify_locations(authority[0])
    context.verify_mode = ssl.CERT_REQUIRED
    with FakeServer(context=context) as server:
        assert ask(server.url, "machine", options={"ca": authority[0], "cert": authority}) == models.MachineInfo()
        with pytest.raises(RestUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
            ask(server.url, "machine")
        with pytest.raises(ConfigError, match=r"gone\.pem"):
            ask(server.url, "machine", options={"ca": f"{Path(authority[0]).parent}/gone.pem"})


def test_a_unix_socket(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                assert connection.recv(10_000).startswith(b"GET /api/v2.1/version HTTP/1.1\r\n")
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"1"')

        thread = threading.Thread(target=serve)
        thread.start()
        assert ask(f"unix:{path}", "version") == "1"
        thread.join()


def test_without_httpx_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['httpx2'] = None\n"
        "import pycadvisor_fast\n"
        "try: import pycadvisor_fast.rest\n"
        "except pycadvisor_fast.errors.MissingDependencyError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'pycadvisor-fast[rest]'" in done.stdout
