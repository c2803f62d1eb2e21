"""Large answers of v1 and v2: the same bytes, a chunk at a time, and what becomes of one that cannot be finished."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pycadvisor_fast.errors import TornError
from pycadvisor_fast.faces.http.context import BusyError, Workers
from pycadvisor_fast.faces.rest import serving
from pycadvisor_fast.faces.rest.stats_json import in_chunks

from .rest_rig import RestFeed, asked, client, feeding, served

PATHS = (
    "/api/v1.3/subcontainers/",
    "/api/v1.3/docker/",
    "/api/v2.0/stats/?recursive=true",
    "/api/v2.1/stats/?recursive=true",
)


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[RestFeed]:
    with feeding(tmp_path) as made:
        yield made


@pytest.fixture
def http(feed: RestFeed) -> TestClient:
    return client(feed)


def chunks_of(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "in_chunks", lambda pieces: in_chunks(pieces, least))


@pytest.mark.parametrize("path", PATHS)
def test_chunks_are_the_answer(http: TestClient, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    chunks_of(1 << 30, monkeypatch)
    whole = http.get(path, headers={"Accept-Encoding": "identity"})
    assert int(whole.headers["content-length"]) == len(whole.content) > 1000
    chunks_of(100, monkeypatch)
    plain = http.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-length" not in plain.headers
    assert plain.headers["content-type"] == "application/json"
    assert plain.content == whole.content
    with http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == whole.content
    assert http.head(path).content == b""


def test_what_fails_before_the_first_chunk_is_an_error_as_ever(
    http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks_of(100, monkeypatch)
    answer = http.get("/api/v1.3/subcontainers/nowhere")
    text = 'failed to get subcontainers for container "/nowhere" with error: no containers found\n'
    assert (answer.status_code, answer.text) == (500, text)


def test_what_fails_later_cuts_the_connection(feed: RestFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(pieces: Iterable[bytes]) -> Iterator[bytes]:
        chunks = in_chunks(pieces, 100)
        yield next(chunks)
        yield next(chunks)
        raise TornError("the ring has moved on")

    async def run() -> None:
        monkeypatch.setattr(serving, "in_chunks", broken)
        async with served(feed) as place, asked(place, "/api/v1.3/docker/", "Accept-Encoding: identity") as stream:
            answer = await stream.everything()
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert not answer.endswith(b"0\r\n\r\n"), "a client must not take a part for the whole"

    asyncio.run(run())


def test_one_that_has_begun_waits_for_its_turn(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = http.get(PATHS[0]).content
    chunks_of(100, monkeypatch)
    calls, run = 0, Workers.run

    async def sometimes_busy(self: Workers, call: object) -> object:
        nonlocal calls
        calls += 1
        if calls % 2 == 0:
            raise BusyError
        return await run(self, call)  # type: ignore[arg-type]

    monkeypatch.setattr(Workers, "run", sometimes_busy)
    assert http.get(PATHS[0], headers={"Accept-Encoding": "identity"}).content == whole
    assert calls > 4
