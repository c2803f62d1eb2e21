"""Which containers a selector chooses."""

from __future__ import annotations

from typing import Any

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.discovery.patterns import CONTAINER_RULES, IGNORED_RULES, OUTER_RULES, recognise
from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.views.selection import RUNTIMES, Selector, depth

CONTAINERS = tuple(
    Container(slot=slot, generation=1, **fields)
    for slot, fields in enumerate(
        [
            {"path": "/"},
            {"path": "/docker"},
            {
                "path": "/docker/abc123",
                "runtime": "docker",
                "id": "abc123",
                "name": "web-1",
                "image": "nginx:1.27",
                "labels": {"tier": "front", "empty": ""},
            },
            {
                "path": "/docker/abd456",
                "runtime": "docker",
                "id": "abd456",
                "name": "db",
                "image": "registry:5000/postgres",
                "labels": {"tier": "back"},
            },
            {"path": "/system.slice", "runtime": "systemd"},
            {"path": "/system.slice/ssh.service", "runtime": "systemd", "name": "ssh.service"},
        ]
    )
)


@pytest.mark.parametrize(
    ("conditions", "slots"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"paths": ("/",)}, [0]),
        ({"paths": ("/docker/*",)}, [2, 3]),
        ({"paths": ("/docker*",)}, [1, 2, 3]),
        ({"paths": ("/docker/ab[cx]*", "/system.slice")}, [2, 4]),
        ({"id_prefixes": ("abc",)}, [2]),
        ({"id_prefixes": ("ab", "zz")}, [2, 3]),
        ({"names": ("web-?",)}, [2]),
        ({"names": ("web",)}, []),
        ({"names": ("*",)}, [0, 1, 2, 3, 4, 5]),
        ({"images": ("nginx",)}, [2]),
        ({"images": ("nginx:*",)}, [2]),
        ({"images": ("nginx:1.26",)}, []),
        ({"images": ("registry:5000/postgres",)}, [3]),
        ({"images": ("registry",)}, []),
        ({"labels": ("tier",)}, [2, 3]),
        ({"labels": ("tier=front",)}, [2]),
        ({"labels": ("tier=*", "empty=")}, [2]),
        ({"labels": ("tier=front", "missing")}, []),
        ({"runtimes": ("docker",)}, [2, 3]),
        ({"runtimes": ("docker", "raw")}, [0, 1, 2, 3]),
        ({"runtimes": ("sys*",)}, [4, 5]),
        ({"max_depth": 0}, [0]),
        ({"max_depth": 1}, [0, 1, 4]),
        ({"leaves_only": True}, [2, 3, 5]),
        ({"leaves_only": True, "max_depth": 1}, []),
        ({"exclude": ("/docker/*", "ssh*")}, [0, 1, 4]),
        ({"runtimes": ("docker",), "exclude": ("db",)}, [2]),
    ],
)
def test_select(conditions: dict[str, Any], slots: list[int]) -> None:
    selector = Selector(**conditions)
    assert [container.slot for container in selector.select(CONTAINERS)] == slots
    assert selector.match(CONTAINERS) == selector.select(CONTAINERS)
    assert selector.is_everything == (not conditions)


def test_selectors_are_values() -> None:
    assert Selector(names=["a"]) == Selector(names=("a",))  # type: ignore[arg-type]
    assert len({Selector(names=("a",)), Selector(names=("a",)), Selector()}) == 2


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"names": "web"}, "names: give a tuple"),
        ({"paths": ("",)}, "paths: an entry is empty"),
        ({"images": (3,)}, "images: 3 is no text"),
        ({"max_depth": -1}, "max_depth: -1 is negative"),
        ({"runtimes": ("dokcer",)}, "no runtime 'dokcer'; did you mean 'docker'"),
        ({"labels": ("=x",)}, "labels: '=x' names no key"),
    ],
)
def test_errors(conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        Selector(**conditions)


def test_strange_globs_are_plain_text() -> None:
    odd = Container(path="/a[b", slot=0, generation=1, name="x(y")
    assert Selector(paths=("/a[b",), names=("x(y",)).select([odd]) == [odd]


def test_depth() -> None:
    assert [depth(path) for path in ("/", "/a", "/a/b", "/a/b/")] == [0, 1, 2, 2]


def test_every_runtime_that_a_path_can_tell_can_be_selected() -> None:
    told = {rule.runtime for rule in (*CONTAINER_RULES, *IGNORED_RULES, *OUTER_RULES)} | {recognise("/a").runtime}
    assert told <= set(RUNTIMES)
