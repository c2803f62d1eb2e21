"""v1.0 to v1.3: every route, its errors word by word, and what a hostile request gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from .rest_rig import CONTAINERS, TICKS, FakeDoor, RestFeed, client, feeding


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[RestFeed]:
    with feeding(tmp_path) as made:
        yield made


@pytest.fixture
def http(feed: RestFeed) -> TestClient:
    return client(feed)


def fails(http: TestClient, path: str, status: int, text: str, **how: Any) -> None:
    """An error as Go's http.Error writes it."""
    answer = http.post(path, **how) if how else http.get(path)
    assert (answer.status_code, answer.text) == (status, text + "\n"), path
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


LISTINGS = {
    "/api/": "Supported API versions: v1.0,v1.1,v1.2,v1.3,v2.0,v2.1",
    "/api/v1.0": 'Supported request types: "containers,machine"',
    "/api/v1.0/": 'Supported request types: "containers,machine"',
    "/api/v1.1": 'Supported request types: "containers,machine,subcontainers"',
    "/api/v1.2/": 'Supported request types: "containers,docker,machine,subcontainers"',
    "/api/v1.3": 'Supported request types: "containers,docker,events,machine,subcontainers"',
    "/api/v2.0": (
        'Supported request types: "appmetrics,attributes,events,machine,ps,spec,stats,storage,summary,version"'
    ),
    "/api/v2.1/": (
        'Supported request types: "appmetrics,attributes,events,machine,machinestats,ps,spec,stats,storage,'
        'summary,version"'
    ),
}


@pytest.mark.parametrize("path", LISTINGS)
def test_versions_and_request_types_are_listed(http: TestClient, path: str) -> None:
    fails(http, path, 400, LISTINGS[path])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/v9", 'unsupported API version "v9"'),
        ("/api/v9/containers", 'unsupported API version "v9"'),
        ("/api/v1.4/", 'unsupported API version "v1.4"'),
        ("/api/V1.3/machine", 'unsupported API version "V1.3"'),
        ("/api/v1.0/x", 'unknown request type "x"'),
        ("/api/v1.0/docker", 'unknown request type "docker"'),
        ("/api/v1.2/events", 'unknown request type "events"'),
        ("/api/v2.0/machinestats", 'unknown request type "machinestats"'),
        ("/api/v1.3/stats/", 'unknown request type "stats"'),
        ("/api/v1.0/%22%0a", 'unknown request type "\\"\\n"'),
        ("/api/v1.0/containers/x", 'failed to get container "/x" with error: unknown container "/x"'),
        (
            "/api/v1.3/containers/docker/a%20b",
            'failed to get container "/docker/a b" with error: unknown container "/docker/a b"',
        ),
        ("/api/v1.3/containers/%ff", 'failed to get container "/\\xff" with error: unknown container "/\\xff"'),
        (
            "/api/v1.3/containers/young",
            'failed to get container "/young" with error: unable to find data in memory cache',
        ),
        ("/api/v1.1/subcontainers/x", 'failed to get subcontainers for container "/x" with error: no containers found'),
        (
            "/api/v1.3/docker/x",
            'failed to get Docker container "x" with error: unable to find container "x" in "docker" namespace',
        ),
        (
            "/api/v1.2/docker/aa",
            'failed to get Docker container "aa" with error: '
            'unable to find container in "docker" namespace. Container "aa" is not unique',
        ),
        ("/api/v1.3/docker/a/b", "unknown request for Docker container [a b]"),
        (
            "/api/v1.3/docker/box",
            'failed to get Docker container "box" with error: unable to find container "box" in "docker" namespace',
        ),
    ],
)
def test_failures_have_their_very_text(http: TestClient, path: str, text: str) -> None:
    fails(http, path, 500, text)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_is_served_alike(http: TestClient, method: str) -> None:
    answer = http.request(method, "/api/v1.0/containers/foo")
    assert answer.status_code == 200
    assert answer.json()["name"] == "/foo"


def test_head_has_no_body(http: TestClient) -> None:
    answer = http.head("/api/v1.0/machine")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0


def test_a_container_with_its_direct_subcontainers(http: TestClient) -> None:
    answer = http.get("/api/v1.0/containers/")
    assert answer.headers["content-type"] == "application/json"
    assert not answer.text.endswith("\n")
    root = answer.json()
    assert (root["name"], len(root["stats"])) == ("/", len(TICKS))
    assert [one["name"] for one in root["subcontainers"]] == ["/docker", "/foo", "/foobar", "/young"]
    times = [sample["timestamp"].removesuffix("Z") for sample in root["stats"]]
    assert times == sorted(times)
    assert http.get("/api/v1.3/containers").json()["name"] == "/"


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v1.2", "v1.3"])
def test_each_version_has_those_below(http: TestClient, version: str) -> None:
    assert http.get(f"/api/{version}/containers/foo").status_code == 200
    assert http.get(f"/api/{version}/machine").json()["disk_map"] == {}


def test_subcontainers_end_at_the_boundary_of_a_path(http: TestClient) -> None:
    found = http.get("/api/v1.1/subcontainers/foo").json()
    assert {one["name"] for one in found} == {"/foo", "/foo/bar"}
    every = {one["name"] for one in http.get("/api/v1.3/subcontainers/").json()}
    assert every == {one.path for one in CONTAINERS} - {"/young"}  # what fails is left out


def test_docker_containers_by_cgroup_name(http: TestClient) -> None:
    every = http.get("/api/v1.2/docker").json()
    assert list(every) == sorted(one.path for one in CONTAINERS if one.namespace == "docker")
    for name in ("web-1", "aa11" + "0" * 60, "aa1", "web-1/"):
        found = http.get(f"/api/v1.3/docker/{name}").json()
        assert list(found) == ["/docker/aa11" + "0" * 60], name
        assert found["/docker/aa11" + "0" * 60]["aliases"] == ["web-1", "aa11" + "0" * 60]


def test_the_body_says_which_samples(http: TestClient) -> None:
    path = "/api/v1.0/containers/foo"
    every = http.get(path).json()["stats"]

    def samples(body: Any) -> list[Any]:
        answer = http.post(path, content=body if isinstance(body, str) else json.dumps(body))
        assert answer.status_code == 200, answer.text
        return list(answer.json().get("stats", []))

    assert samples({"num_stats": 3}) == every[-3:]
    assert samples({"NUM_STATS": 3, "other": [{}]}) == every[-3:]  # Go looks at no case and at nothing it does not know
    assert samples({"num_stats": -1}) == every
    assert samples({"num_stats": 2**62}) == every
    assert samples({"num_stats": 0}) == []
    assert samples(" \n\t") == samples("null") == samples("{}") == samples('{} and "more"') == every
    assert samples({"num_stats": None, "start": None}) == every
    bounds = {"start": every[4]["timestamp"], "end": every[9]["timestamp"]}
    assert samples(bounds) == every[4:10]
    assert samples({**bounds, "num_stats": 2}) == every[8:10]
    assert samples({"start": "0001-01-01T00:00:00Z", "end": "0001-01-01T00:00:00Z"}) == every
    assert samples({"end": "1970-01-01T00:00:00Z"}) == samples({"end": "0800-01-01T00:00:00Z"}) == []
    assert samples({"start": "9999-12-31T23:59:59Z"}) == []


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "x",
        "[1]",
        '"text"',
        "7",
        '{"num_stats": "3"}',
        '{"num_stats": 1.5}',
        '{"num_stats": true}',
        '{"num_stats": 1e400}',
        '{"num_stats": ' + "9" * 30 + "}",
        '{"num_stats": ' + "9" * 5000 + "}",
        '{"num_stats": NaN}',
        '{"start": 5}',
        '{"start": "yesterday"}',
        '{"start": "2026-13-01T00:00:00Z"}',
        '{"start": "2026-01-01T00:00:00+99:00"}',
        '{"end": "0000-01-01T00:00:00Z"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "\x1f\x8b\x08\x00\x00",
        "\udcff\udcfe",
    ],
    ids=lambda body: body[:24],
)
@pytest.mark.parametrize("path", ["/api/v1.0/containers/", "/api/v1.1/subcontainers/", "/api/v1.2/docker/web-1"])
def test_a_body_that_is_no_request(http: TestClient, path: str, body: str) -> None:
    answer = http.post(path, content=body.encode("utf-8", "surrogateescape"))
    assert answer.status_code == 500
    assert answer.text.startswith("unable to decode the json value: ")
    assert len(answer.text) < 400


@pytest.mark.parametrize("count", [-2, -(2**62)])
def test_counts_below_minus_one_are_refused(http: TestClient, count: int) -> None:
    text = f"num_stats: only -1 and larger values allowed, not {count}"
    fails(http, "/api/v1.0/containers/", 400, text, content=json.dumps({"num_stats": count}))


def test_paths_are_cleaned_before_they_are_looked_up(http: TestClient) -> None:
    for path in (
        "/api/v1.0/containers/foo/%2e%2e/foobar",
        "/api/v1.0/containers//foobar",
        "/api/v1.0/containers/./foobar",
    ):
        answer = http.get(path)
        assert answer.status_code in (200, 301), path
        where = answer.headers.get("location", "/api/v1.0/containers/foobar")
        assert where == "/api/v1.0/containers/foobar", path
    assert http.get("/api/v1.0/containers/%2e%2e/%2e%2e/etc/passwd").status_code == 301
    assert http.get("/api/v1.0/containers/foo%2Fbar").json()["name"] == "/foo/bar"
    assert http.get("/api/v1.0/containers/foo%00").status_code == 400
    assert http.get("/api/v1.0/containers/" + "x" * 10_000).status_code == 500


def test_environment_values_are_for_those_who_may_see_them(feed: RestFeed) -> None:
    import dataclasses

    shown = dataclasses.replace(CONTAINERS[2], envs={"SECRET": "42"})
    feed.set_containers([shown])
    path = "/api/v1.2/docker/web-1"
    assert client(feed).get(path).json()[shown.path]["spec"]["envs"] == {"SECRET": "42"}
    assert "42" not in client(feed, FakeDoor({"stats"})).get(path).text.replace(shown.id, "").partition('"stats"')[0]
    assert client(feed, FakeDoor({"stats", "env"})).get(path).json()[shown.path]["spec"]["envs"] == {"SECRET": "42"}


def test_a_prefix_stands_before_everything(feed: RestFeed) -> None:
    http = client(feed, prefix="/pcf")
    assert http.get("/pcf/api/v1.0/containers/foo").json()["name"] == "/foo"
    assert http.get("/pcf/api/v9").text == 'unsupported API version "v9"\n'
