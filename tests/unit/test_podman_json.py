"""What podman's API may answer: anything in any place is an identity or an error that says where, nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.discovery.runtimes.http import HttpError
from pycadvisor_fast.discovery.runtimes.podman_json import engine, inspected, listed, pod, pods
from tests.unit.podman_fake import FakePodman

A, POD = "a1" * 32, "d4" * 32
STRANGE = (
    None,
    True,
    -1,
    2**70,
    1.5,
    "",
    "x\n\ud800",
    "2023-13-99T99:99:99Z",
    [],
    [[]],
    [7, "A=1", "=", None],
    {},
    {"": {}},
)


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    podman = FakePodman(Path("/nowhere"))
    podman.pods[POD] = {"name": "shop", "labels": {"app": "shop"}}
    podman.add(A, "web", labels={"a": "b"}, pod=POD, exit_code=3)
    targets = (f"/containers/{A}/json", "/containers/json", f"/pods/{POD}/json", "/pods/json", "/version")
    return {target: json.loads(podman._route(target, False)[1]) for target in targets}


def spoilt(value: Any, top: Any = None, path: tuple[Any, ...] = ()) -> Iterator[Any]:
    """``value`` with each part of it in turn replaced by each strange thing."""
    top = value if top is None else top
    for strange in STRANGE:
        yield replaced(top, path, strange)
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from spoilt(part, top, (*path, key))


def replaced(top: Any, path: tuple[Any, ...], strange: Any) -> Any:
    if not path:
        return strange
    made = copy.deepcopy(top)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = strange
    return made


def test_anything_in_any_place_is_read_or_refused(answers: dict[str, Any]) -> None:
    parsers = zip((inspected, listed, pod, pods, engine), answers.values(), strict=True)
    read, complaints = 0, []
    for parse, answer in parsers:
        for one in spoilt(answer):
            try:
                parse(json.dumps(one).encode(), "here")
                read += 1
            except HttpError as error:
                complaints.append(str(error))
    assert read > 500
    assert len(complaints) > 20
    assert all(complaint.startswith("here: ") for complaint in complaints)


def test_times_in_any_zone_and_ends_that_are_none() -> None:
    state = {"StartedAt": "2023-11-14T23:13:20+01:00", "FinishedAt": "2023-11-14T22:13:21Z", "Running": False}
    identity, end = inspected(json.dumps({"Id": A, "State": state}).encode(), "here")
    assert identity.started_ns == 1_700_000_000_000_000_000
    assert end is not None
    assert (end.exit_code, end.is_oom_killed, end.time_ns) == (None, False, 1_700_000_001_000_000_000)
    for other in ({"Running": True}, {"Paused": True}, {"FinishedAt": "0001-01-01T00:00:00Z"}):
        assert inspected(json.dumps({"Id": A, "State": state | other}).encode(), "here")[1] is None


@pytest.mark.parametrize(("api", "expected"), [("5.4.0", "5.4.0"), ("../../x", "9.9"), (7, "9.9")])
def test_the_version_in_addresses_is_one(api: Any, expected: str) -> None:
    component = {"Name": "Podman Engine", "Version": "9.9", "Details": {"APIVersion": api}}
    assert engine(json.dumps({"Components": [component]}).encode(), "here").api == expected
