"""The whole API of a live daemon, as its own document (/openapi.json) has it, asked whatever may be asked.

Every answer has to be one: of a documented status, without a traceback, and never "internal error". Where cAdvisor
answers 500 with a plain sentence, so do we, and the document says so.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.host.cgroup_tree import CgroupTree
from tests.host.test_cli_daemon import Daemon

pytestmark = pytest.mark.root

FOLDER = Path(f"/dev/shm/pcf-test-{os.getpid()}-property")
OF_THE_SERVER = {301, 304, 307, 400, 405, 413, 414, 415, 431}  # before any route: paths, sizes, methods
READ_AT_MOST = 1 << 20
HOSTILE = [
    *("", "0", "-1", "-99999999999999999999", "1e9", "NaN", "true", "null", "{}", "[", "*", "9" * 30, "a" * 3000),
    *("\0", "%00", "..", "../../etc/passwd", "/", "//", "unix:/x", "' OR 1=1", "<script>", "\r\nX: y"),
    *("\u2028", "\U0001f4a9", "2026-11-30T00:00:00Z", "1h"),
]


@dataclass(frozen=True)
class Operation:
    """One path and method of the document."""

    path: str
    method: str
    told: dict[str, Any] = field(hash=False)

    def __repr__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.told["responses"] if status != "default"} | OF_THE_SERVER

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [one for one in self.told.get("parameters", []) if one["in"] == place]


@dataclass(frozen=True)
class Request:
    """What is sent."""

    operation: Operation
    method: str
    target: str
    fields: dict[str, str]
    body: bytes


class Live:
    """A daemon that serves HTTP, with a cgroup that has something in it."""

    def __init__(self, folder: Path, path: str) -> None:
        self.daemon = Daemon(folder, "--port=0", "--housekeeping_interval=100ms")
        address = self.daemon.ready().rpartition("http://")[2].split(",")[0].strip()
        self.host, _, port = address.rpartition(":")
        self.port = int(port)
        self.container = path
        status, body = self.ask("GET", "/openapi.json")
        assert status == 200
        document = json.loads(body)
        self.operations = [
            Operation(path, method.upper(), told)
            for path, entry in document["paths"].items()
            for method, told in entry.items()
        ]

    def ask(
        self, method: str, target: str, fields: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Status and the beginning of the body; of a stream, which may never send anything, none."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            # Not request(): it refuses to send what a client of ours would not send.
            head = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", "Connection: close"]
            head += [f"{name}: {value}" for name, value in (fields or {}).items()]
            head += [f"Content-Length: {len(body)}"] if body else []
            connection.connect()
            connection.sock.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
            response = http.client.HTTPResponse(connection.sock, method=method)
            response.begin()
            return response.status, b"" if response.chunked else response.read(READ_AT_MOST)
        finally:
            connection.close()


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    FOLDER.mkdir()
    with CgroupTree() as tree:
        path = tree.make("asked")
        tree.spawn("asked", "sleep", "1000")
        running = Live(FOLDER, path)
        yield running
        assert running.daemon.end() == 0
    subprocess.run(["rm", "-rf", str(FOLDER)], check=True)


def values_of(schema: dict[str, Any], example: Any = None) -> st.SearchStrategy[str]:
    """What fits a schema, and less often what does not."""
    kinds = schema.get("type", "string")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    fitting: list[st.SearchStrategy[str]] = [st.sampled_from([str(one) for one in schema.get("enum", ["x"])])]
    if kind == "array":
        fitting.append(values_of(schema.get("items", {})))
    elif kind == "integer":
        fitting.append(st.integers(-(2**70), 2**70).map(str))
    elif kind == "number":
        fitting.append(st.floats().map(str))
    elif kind == "boolean":
        fitting.append(st.sampled_from(["true", "false", "1", "T", "yes"]))
    if example is not None:
        fitting.append(st.just(str(example)))
    return st.one_of(*fitting * 4, st.sampled_from(HOSTILE), st.text(max_size=20))


@st.composite
def requests(draw: st.DrawFn, operations: list[Operation], container: str) -> Request:
    operation = draw(st.sampled_from(operations))
    known = st.sampled_from(["", container.lstrip("/"), container.lstrip("/").partition("/")[0]])
    names = st.one_of(known, known, known, st.sampled_from(["nobody", *HOSTILE]), st.text(max_size=30))
    path = operation.path
    for one in operation.parameters("path"):
        text = draw(names).encode("utf-8", "replace").decode()
        path = path.replace("{" + one["name"] + "}", quote(text, safe=draw(st.sampled_from(["", "/"]))))
    query: list[tuple[str, str]] = []
    for one in operation.parameters("query"):
        if draw(st.integers(0, 4)) == 0:
            query += [
                (one["name"], value)
                for value in draw(st.lists(values_of(one["schema"], one.get("example")), min_size=1, max_size=2))
            ]
    if draw(st.integers(0, 9)) == 0:
        query.append((draw(st.sampled_from(HOSTILE)), draw(st.sampled_from(HOSTILE))))
    method = (
        operation.method if draw(st.integers(0, 9)) else draw(st.sampled_from(["PUT", "DELETE", "HEAD", "OPTIONS"]))
    )
    body = draw(st.one_of(st.just(b""), bodies(operation)))
    target = path + ("?" + urlencode(query, errors="replace") if query else "")
    fields = draw(st.fixed_dictionaries({}, optional={
        "Accept": st.sampled_from(["*/*", "application/json", "text/html", "application/msgpack", "a/b;q=x"]),
        "Accept-Encoding": st.sampled_from(["gzip", "gzip;q=0", "*", ";;;", "br"]),
        "If-None-Match": st.sampled_from(["*", '"x"', 'W/"', ","]),
        "Last-Event-ID": st.sampled_from(["0", "-1", "x", "9" * 40]),
        "Range": st.just("bytes=0-1"),
    }))  # fmt: skip
    return Request(operation, method, target, fields, body)


def bodies(operation: Operation) -> st.SearchStrategy[bytes]:
    """JSON that a v1 client could send, JSON that it could not, and no JSON."""
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(HOSTILE),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
    content = operation.told.get("requestBody", {}).get("content", {})
    names = [name for one in content.values() for name in one.get("schema", {}).get("properties", {})]
    typed = st.fixed_dictionaries({}, optional=dict.fromkeys(names, json_values))
    return st.one_of(typed.map(as_json), json_values.map(as_json), st.binary(max_size=40))


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def statuses_of(live: Live, request: Request) -> set[int]:
    """Those of the operation, and of the one whose path it became: {rest} may stand for a route of its own."""
    path = unquote(request.target.partition("?")[0])
    matching = [one for one in live.operations if re.fullmatch(re.sub(r"\{\w+\}", ".*", one.path), path, re.DOTALL)]
    nearest = max(matching, key=lambda one: len(one.path.partition("{")[0]), default=request.operation)
    return request.operation.statuses | nearest.statuses


def check(live: Live, request: Request, status: int, body: bytes) -> None:
    """What holds of every answer."""
    said = f"{request}: {status} {body[:300]!r}"
    assert b"Traceback" not in body, said
    assert b"internal error" not in body, said
    assert b".py" not in body or status == 200, said
    assert b"root:x:0" not in body, said
    assert status in statuses_of(live, request), said


@pytest.mark.slow
def test_whatever_is_asked_is_answered(live: Live) -> None:
    @settings(
        max_examples=1500, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(requests(live.operations, live.container))
    def ask(request: Request) -> None:
        status, body = live.ask(request.method, request.target, request.fields, request.body)
        check(live, request, status, body)

    ask()
    nothing_went_wrong(live)


def test_every_operation_answers_what_its_examples_ask(live: Live) -> None:
    assert len(live.operations) > 30
    for operation in live.operations:
        path = operation.path
        for one in operation.parameters("path"):
            name = str(one.get("example") or live.container).lstrip("/")
            path = path.replace("{" + one["name"] + "}", quote(name))
        examples = [(one["name"], one["example"]) for one in operation.parameters("query") if "example" in one]
        for query in ([], examples):
            request = Request(operation, operation.method, f"{path}?{urlencode(query)}", {}, b"")
            status, body = live.ask(request.method, request.target)
            check(live, request, status, body)
    nothing_went_wrong(live)


def nothing_went_wrong(live: Live) -> None:
    """In the daemon's own eyes."""
    assert live.ask("GET", "/healthz") == (200, b"ok")
    log = live.daemon.log.read_text()
    assert "Traceback" not in log, log[-4000:]
    assert live.daemon.process.poll() is None
