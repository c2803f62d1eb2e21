"""Durations as Go's time package reads them, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.durations import parse_duration, show_duration

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("-0", 0),
        ("300ms", 300 * 10**6),
        ("1.5s", 1_500_000_000),
        ("1m30s", 90 * SECOND),
        ("2h", 7200 * SECOND),
        (".5s", 500_000_000),
        ("1.s", SECOND),
        ("+1s", SECOND),
        ("-1s", -SECOND),
        ("1µs", 1000),
        ("1us", 1000),
        ("0.1ns", 0),
    ],
)
def test_durations_as_go_writes_them(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize("text", ["", "1", "s", "1 s", "1s ", "1x", "1d", "1m 30s", "--1s", "1e3s", "9999999999h", "."])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|longer"):
        parse_duration(text)


def test_a_number_without_a_unit_says_so() -> None:
    with pytest.raises(ValueError, match=r'a unit is missing: "10s"\?'):
        parse_duration("10")


@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_shown_durations_parse_back(ns: int) -> None:
    assert parse_duration(show_duration(ns)) == ns


@given(st.text(max_size=30))
def test_no_text_crashes_the_parser(text: str) -> None:
    try:
        parse_duration(text)
    except ValueError:
        pass
