"""What Docker's API answers, as identities."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.discovery.runtimes.docker_json import EventLines, inspected, listed, time_ns
from pycadvisor_fast.discovery.runtimes.http import HttpError

ID = "0a" * 32
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
KEYS = ["Id", "Names", "Image", "Labels", "Created", "HostConfig", "NetworkMode", "State", "Pid", "Config", "StartedAt"]
KEYS += ["Running", "FinishedAt", "ExitCode", "OOMKilled"]


def assert_named(parse: Callable[[], object]) -> None:
    """``parse`` ends well, or with an error that says where."""
    message = "here: "
    try:
        parse()
    except HttpError as error:
        message = str(error)
    assert message.startswith("here: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("2023-11-14T22:13:20.5Z", 1_700_000_000_500_000_000),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456_789),
        ("2023-11-15T00:13:20.000000001+02:00", 1_700_000_000_000_000_001),
        ("0001-01-01T00:00:00Z", 0),
        ("9999-99-99T00:00:00Z", 0),
        ("yesterday", 0),
        ("", 0),
    ],
)
def test_times(text: str, expected: int) -> None:
    assert time_ns(text) == expected


@given(ANY_JSON)
def test_any_json_is_an_answer_or_a_named_error(value: Any) -> None:
    data = json.dumps(value).encode()
    for parse in (
        lambda: listed(data, "here"),
        lambda: inspected(data, "here"),
        lambda: list(EventLines("here").feed(data + b"\n")),
    ):
        assert_named(parse)


@given(st.dictionaries(st.sampled_from(KEYS), ANY_JSON))
def test_fields_of_any_type_do_no_harm(fields: dict[str, Any]) -> None:
    entry = {**fields, "Id": ID}
    assert inspected(json.dumps(entry).encode(), "here")[0].id == ID
    assert [one.id for one in listed(json.dumps([entry]).encode(), "here")] == [ID]


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_a_named_error(data: bytes) -> None:
    assert_named(lambda: list(EventLines("here").feed(data)))


def test_events_cut_anywhere() -> None:
    event = {"Type": "container", "Action": "start", "Actor": {"ID": ID, "Attributes": {"name": "web", "image": "i"}}}
    data = (json.dumps(event) + "\n").encode() * 3
    for cut in range(len(data)):
        lines = EventLines("here")
        found = [*lines.feed(data[:cut]), *lines.feed(data[cut:])]
        assert [(one.action, one.id, one.name, one.image) for one in found] == [("start", ID, "web", "i")] * 3
