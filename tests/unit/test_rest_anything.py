"""Anything below /api/: answered in the form of its version, never with a traceback or a path of the host."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pycadvisor_fast.faces.rest import framing
from pycadvisor_fast.faces.rest.v3.describing import _FLAGS, _NUMBERS, _REPEATED, _TEXTS
from pycadvisor_fast.faces.rest.v3.facts import DOCUMENTS

from . import fake_events
from .rest_rig import CONTAINERS, client, feeding

OLD_OPTIONS = (
    *("type", "count", "recursive", "max_age", "start_time", "end_time", "uuid", "label", "max_events", "all_events"),
    *("subcontainers", "oom_events", "creation_events"),
)
VALUES = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "-2", "1", "true", "docker", "10s", "cpu", "/", "*", "2026-01-01T00:00:00Z", "9" * 40]
    ),
    st.text(max_size=12),
)
NAMES = st.one_of(
    st.sampled_from([one.path.strip("/") for one in CONTAINERS]),
    st.sampled_from(["web", "aa", "etc/passwd", "..", "x/../../etc", "a\x00b", "\udcff", "x" * 3000]),
    st.text(max_size=10),
)
KINDS = sorted({kind for kinds in framing.REQUEST_TYPES.values() for kind in kinds})
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])


@pytest.fixture(scope="module")
def http() -> Iterator[TestClient]:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, feeding(Path(folder)) as feed:
        log = fake_events.FakeLog()
        bus = feed.events_bus = fake_events.bus(log)
        log.add("oom_kill")
        yield client(feed)
        log.stop()
        bus.stop()


def query(options: dict[str, str]) -> str:
    return urlencode(options, errors="surrogatepass")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*framing.REQUEST_TYPES, "v9", "v1", ""]),
    st.one_of(st.sampled_from(KINDS), st.text(max_size=5)),
    NAMES,
    st.dictionaries(st.sampled_from(OLD_OPTIONS), VALUES, max_size=4),
    METHODS,
    st.binary(max_size=20),
)
def test_old_routes(
    http: TestClient, version: str, kind: str, name: str, options: Any, method: str, body: bytes
) -> None:
    path = "/".join(quote(part, errors="surrogateescape") for part in ("/api", version, kind, name))
    answer = http.request(method, f"{path}?{query(options)}", content=body)
    assert answer.status_code in (200, 301, 307, 400, 404, 500), answer.text
    assert "internal error" not in answer.text
    assert "Traceback" not in answer.text
    assert "root:" not in answer.text
    if answer.status_code == 200 and method != "HEAD" and answer.headers["content-type"] == "application/json":
        answer.json()
    if answer.status_code == 500:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


NEW_OPTIONS = sorted({*_REPEATED, *_TEXTS, *_FLAGS, *_NUMBERS})


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.sampled_from([*DOCUMENTS, "columns", "events", ""]), st.text(max_size=5)),
    st.dictionaries(st.sampled_from(NEW_OPTIONS), VALUES, max_size=3),
    METHODS,
)
def test_new_routes(http: TestClient, name: str, options: Any, method: str) -> None:
    answer = http.request(method, f"/api/v3/{quote(name)}?{query(options)}")
    assert answer.status_code in (200, 301, 307, 400, 404, 405, 413), answer.text
    if method == "HEAD" or answer.status_code in (301, 307):
        return
    if answer.status_code == 200:
        assert answer.content
    elif answer.headers["content-type"] == "application/json":
        assert set(answer.json()["error"]) == {"code", "message"}
    else:  # a path that no route sees: a zero byte, for one
        assert answer.status_code in (400, 404)
