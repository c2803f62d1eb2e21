"""cAdvisor's answers, joined from specs, references, filesystems and samples."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.rest import stats_json
from pycadvisor_fast.faces.rest.stats_json import Answers, Range
from pycadvisor_fast.filesystem import Storage

from .handmade_ring import FakeFeed, RingWriter, container, rows_for
from .test_rest_storage_json import DEAD, ROOT, SDA1, TMP, TREES

EVERY = Range(-1)
WEB = container(
    2, path="/docker/web", namespace="docker", labels={"a": "1"}, envs={"KEY": "v"}, layer_path="/l", health="healthy"
)
CONTAINERS = (
    Container("/", 0, 1),
    Container("/docker", 1, 1),
    WEB,
    Container("/docker/web/inner", 3, 1),
    Container("/a<b>", 4, 1),
)


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[FakeFeed]:
    writer = RingWriter(tmp_path, dict.fromkeys(("cpu", "memory", "io", "pids"), 100))
    made = FakeFeed(writer, CONTAINERS)
    made.storage = Storage((ROOT, TMP, DEAD), (dataclasses.replace(SDA1, minor=0),), containers={WEB.handle: TREES})
    for tick in (5, 6):
        writer.write(tick, rows_for(range(5), tick))
    yield made
    writer.close()


@pytest.fixture
def answers(feed: FakeFeed) -> Iterator[Answers]:
    made = Answers(feed)  # type: ignore[arg-type]
    yield made
    made.close()


def read(pieces: Iterator[bytes] | bytes) -> Any:
    return json.loads(pieces if isinstance(pieces, bytes) else b"".join(pieces))


def test_a_container_of_v1(answers: Answers, feed: FakeFeed) -> None:
    web = read(answers.info_v1(feed.specs()[2], EVERY))
    assert list(web) == ["id", "name", "aliases", "namespace", "spec", "stats"]
    assert (web["name"], web["namespace"]) == ("/docker/web", "docker")
    assert web["spec"] == read(answers.spec_v1(feed.specs()[2]))
    assert [sample["cpu"]["cfs"]["periods"] for sample in web["stats"]] == [5, 6]
    newest = web["stats"][-1]
    assert newest["diskio"]["io_service_bytes"][0]["device"] == "/dev/sda1"
    assert newest["health"] == {"status": "healthy"}
    assert newest["filesystem"][0]["usage"] == 320
    assert newest["timestamp"] == "2023-11-14T22:13:20.6Z"


def test_subcontainers_are_direct_children_by_name(answers: Answers, feed: FakeFeed) -> None:
    root, docker, web, inner, odd = (read(answers.info_v1(spec, Range(0))) for spec in feed.specs())
    assert [one["name"] for one in root["subcontainers"]] == ["/a<b>", "/docker"]
    assert docker["subcontainers"] == [read(answers.reference(WEB))]
    for leaf in (web, inner, odd):
        assert "subcontainers" not in leaf
        assert "stats" not in leaf
    feed.set_containers([*CONTAINERS, Container("/new", 5, 1)])
    names = [one["name"] for one in read(answers.info_v1(feed.specs()[0], Range(0)))["subcontainers"]]
    assert names == ["/a<b>", "/docker", "/new"]


def test_the_roots_filesystems_are_the_hosts(answers: Answers, feed: FakeFeed) -> None:
    (sample,) = read(answers.info_v1(feed.specs()[0], Range(1)))["stats"]
    assert [one["device"] for one in sample["filesystem"]] == ["/dev/sda1", "/run"]
    (sample,) = read(answers.info_v1(feed.specs()[1], Range(1)))["stats"]
    assert "filesystem" not in sample


def test_lists_and_maps_of_v1(answers: Answers, feed: FakeFeed) -> None:
    specs = feed.specs()
    listed = read(answers.list_v1(specs, EVERY))
    assert [one["name"] for one in listed] == [spec.container.path for spec in specs]
    mapped = read(answers.map_v1(specs, EVERY))
    assert list(mapped) == sorted(mapped)
    assert {one["name"]: one for one in listed} == mapped
    assert b'"/a\\u003cb\\u003e":{' in b"".join(answers.map_v1(specs, EVERY))
    assert b"".join(answers.list_v1([], EVERY)) == b"[]"
    assert b"".join(answers.map_v1([], EVERY)) == b"{}"


def test_stats_of_v20(answers: Answers, feed: FakeFeed) -> None:
    found = read(answers.stats_v20(feed.specs(), Range(1)))
    assert list(found) == sorted(spec.container.path for spec in feed.specs())
    (sample,) = found["/docker/web"]
    assert sample["has_diskio"] is True
    assert sample["has_filesystem"] is False, "as the spec says"
    assert sample["filesystem"][0]["base_usage"] == 300
    assert read(answers.stats_v20(feed.specs()[:1], Range(0))) == {"/": []}


def test_stats_of_v21(answers: Answers, feed: FakeFeed) -> None:
    feed._specs[WEB.handle] = dataclasses.replace(feed.spec_of(WEB), has_filesystem=True)
    found = read(answers.stats_v21(feed.specs(), EVERY))
    assert "/" not in found
    web = found["/docker/web"]
    assert web["spec"] == read(answers.spec_v2(feed.specs()[2]))
    assert [list(sample) for sample in web["stats"]] == [["timestamp", "diskio", "memory", "filesystem", "resctrl"]] * 2
    assert web["stats"][0]["filesystem"]["totalUsageBytes"] == 320
    assert read(answers.stats_v21(feed.specs()[:1], EVERY)) == {}
    assert "stats" not in read(answers.stats_v21(feed.specs(), Range(0)))["/docker"]


def test_machine_stats(answers: Answers, feed: FakeFeed) -> None:
    found = read(answers.machine_stats(Range(1)))
    assert [list(sample) for sample in found] == [["timestamp", "memory", "filesystem"]]
    assert [one["device"] for one in found[0]["filesystem"]] == ["/dev/sda1", "/run"]
    assert answers.machine_stats(Range(0)) == b"null"
    feed.set_containers([])
    assert answers.machine_stats(EVERY) == b"null"


def test_storage(answers: Answers, feed: FakeFeed) -> None:
    assert [one["device"] for one in read(answers.storage() or b"")] == ["/dev/sda1", "/run", "nas:/export"]
    assert [one["mountpoint"] for one in read(answers.storage("docker-images") or b"")] == ["/"]
    assert answers.storage("crio-images") is None
    assert feed.asked_fresh == [False], "asked once a second at most"
    answers.storage(fresh=True)
    assert feed.asked_fresh == [False, True]


def test_specs_by_name_and_envs(answers: Answers, feed: FakeFeed) -> None:
    found = read(answers.specs_v2(feed.specs()))
    assert list(found) == sorted(found)
    assert "envs" not in found["/docker/web"]
    assert read(answers.specs_v2(feed.specs(), with_envs=True))["/docker/web"]["envs"] == {"KEY": "v"}
    for pieces in (answers.list_v1, answers.map_v1, answers.stats_v21):
        assert b"KEY" not in b"".join(pieces(feed.specs(), EVERY))
        assert b'"KEY":"v"' in b"".join(pieces(feed.specs(), EVERY, with_envs=True))


def test_a_container_without_samples_is_there_all_the_same(answers: Answers, feed: FakeFeed) -> None:
    feed.set_containers([Container("/young", 9, 1)])
    (young,) = read(answers.list_v1(feed.specs(), EVERY))
    assert list(young) == ["name", "spec"]
    assert read(answers.stats_v20(feed.specs(), EVERY)) == {"/young": []}


@pytest.mark.parametrize("least", [1, 5, 1000])
def test_chunks_are_the_same_bytes(least: int) -> None:
    pieces = [b"{", b"x" * 7, b"", b",", b"y" * 3, b"}"]
    chunks = list(stats_json.in_chunks(pieces, least))
    assert b"".join(chunks) == b"".join(pieces)
    assert all(len(chunk) >= least for chunk in chunks[:-1])
    assert list(stats_json.in_chunks([])) == []


def test_what_is_kept_follows_what_is_known(answers: Answers, feed: FakeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats_json, "_STORAGE_S", -1.0)

    def usage() -> int:
        found = read(answers.map_v1([feed.specs()[2]], Range(1)))["/docker/web"]
        return int(found["stats"][0]["filesystem"][0]["base_usage"])

    assert usage() == 300
    grown = (dataclasses.replace(TREES[0], bytes=301), TREES[1])
    feed.storage = dataclasses.replace(feed.storage, containers={WEB.handle: grown})
    assert usage() == 301
    renamed = dataclasses.replace(WEB, name="renamed", health="unhealthy")
    feed.set_containers([*CONTAINERS[:2], renamed, *CONTAINERS[3:]])
    web = read(answers.info_v1(feed.specs()[2], Range(1)))
    assert web["aliases"] == ["renamed", WEB.id]
    assert web["stats"][0]["health"] == {"status": "unhealthy"}
