"""Options of a Collector: intervals, endpoints, and what is said about wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.errors import ConfigError
from pycadvisor_fast.options import CollectorOptions, Endpoint, duration_ns, options_from, parse_endpoint

ALL = [(group.name, group.interval_ms) for group in GROUPS]
MS = 1_000_000


def intervals(**options: Any) -> dict[str, int]:
    found = CollectorOptions(**options).resolve_intervals(ALL)
    return dict(zip((name for name, _ in ALL), found, strict=True))


@pytest.mark.parametrize(
    ("value", "ns"),
    [
        (1, 10**9),
        (0.05, 50 * MS),
        ("300ms", 300 * MS),
        ("1.5s", 1500 * MS),
        ("1m30s", 90_000 * MS),
        (".5h", 1_800_000 * MS),
        ("2us", 2000),
        ("0", 0),
        (0, 0),
    ],
)
def test_durations(value: float | str, ns: int) -> None:
    assert duration_ns(value, "x") == ns


@pytest.mark.parametrize(
    "value", ["", "1", "s", "1x", "-1s", "1s ago", -1, float("nan"), float("inf"), None, True, [1]]
)
def test_what_is_no_duration_is_named(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^history: "):
        duration_ns(value, "history")


def test_a_plain_interval_is_for_the_fast_groups_and_slows_the_slow_ones() -> None:
    assert intervals()["cpu"] == 1000 * MS
    assert intervals()["limits"] == 10_000 * MS
    fast = intervals(interval="100ms")
    assert (fast["cpu"], fast["limits"]) == (100 * MS, 10_000 * MS)
    slow = intervals(interval=30)
    assert (slow["cpu"], slow["limits"]) == (30_000 * MS, 30_000 * MS)


def test_intervals_by_group() -> None:
    some = intervals(interval={"cpu": 0.01, "limits": "500ms"})
    assert (some["cpu"], some["memory"], some["limits"]) == (10 * MS, 1000 * MS, 500 * MS)
    both = intervals(interval={"default": 0.2, "cpu": "20ms"})
    assert (both["cpu"], both["memory"]) == (20 * MS, 200 * MS)


def test_a_group_that_is_off_by_default_is_switched_on_by_its_name_alone() -> None:
    assert intervals()["scheduling"] == 0
    assert intervals(interval="100ms")["scheduling"] == 0
    assert intervals(interval={"default": 1, "cpu": 1})["scheduling"] == 0
    assert intervals(interval={"scheduling": "1s"})["scheduling"] == 1000 * MS


def test_groups_on_and_off() -> None:
    only = intervals(groups=["cpu", "memory"])
    assert {name for name, ns in only.items() if ns} == {"cpu", "memory"}
    usual = {name for name, ns in intervals().items() if not ns}  # those that cost too much for everybody
    off = intervals(disabled_groups={"cpu"})
    assert {name for name, ns in off.items() if not ns} == usual | {"cpu"}
    assert "scheduling" in usual
    assert "cpu" not in usual


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"interval": "1ms"}, "'1ms' is shorter than the shortest interval, 10ms"),
        ({"interval": 1e6}, "longest interval, 24h"),
        ({"history": "-1s"}, "history: '-1s' is negative"),
        ({"interval": 0.0105}, "whole number of milliseconds"),
        ({"interval": {"cpu": "x"}}, "interval of group 'cpu'"),
        ({"interval": None}, "interval: None"),
        ({"reader": "fast"}, "reader: 'fast' is none of auto"),
        ({"watch": "poll"}, "watch: 'poll'"),
        ({"max_containers": -1}, "max_containers: -1"),
        ({"ring_memory": "1G"}, "ring_memory: '1G'"),
        ({"history": 0}, "history: must be longer"),
        ({"include": "/docker/*"}, "include: '/docker/\\*' is not a list"),
        ({"docker": "/var/run"}, None),
        ({"docker": "npipe://x"}, "docker: 'npipe://x' is no endpoint"),
        ({"ring_dir": "here"}, "ring_dir: 'here' is not an absolute path"),
        ({"colour": "red"}, "no option 'colour'; options are interval"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], text: str | None) -> None:
    if text is None:
        options_from(None, options)
        return
    with pytest.raises(ConfigError, match=text):
        options_from(None, options)


@pytest.mark.parametrize("options", [{"interval": {"cup": 1}}, {"groups": ["cup"]}, {"disabled_groups": ["cup"]}])
def test_a_group_that_does_not_exist_is_named_with_those_that_do(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"there is no group 'cup'; groups are .*cpu"):
        intervals(**options)


def test_nothing_left_to_sample() -> None:
    with pytest.raises(ConfigError, match="nothing is left"):
        intervals(groups=[])


def test_keywords_go_over_options() -> None:
    base = CollectorOptions(interval=0.5, docker=None)
    merged = options_from(base, {"interval": 2})
    assert (merged.interval, merged.docker) == (2, None)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("unix:///var/run/docker.sock", Endpoint(path="/var/run/docker.sock")),
        ("/run/user/1000/docker.sock", Endpoint(path="/run/user/1000/docker.sock")),
        ("tcp://10.0.0.1:2375", Endpoint(host="10.0.0.1", port=2375)),
        ("tcp://[::1]:2375/", Endpoint(host="::1", port=2375)),
    ],
)
def test_endpoints(text: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text", ["", "docker", "unix://relative", "tcp://host", "tcp://host:0", "tcp://:2375", "tcp://h:99999"]
)
def test_no_endpoints(text: str) -> None:
    with pytest.raises(ConfigError, match="is no endpoint"):
        parse_endpoint(text)
