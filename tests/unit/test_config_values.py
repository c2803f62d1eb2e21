"""Values as Go's flag package reads them, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.config import values as v


@pytest.mark.parametrize("text", ["9ms", "0", "-1s", "10.5ms", "1500us", "25h"])
def test_intervals_are_whole_milliseconds_from_ten(text: str) -> None:
    with pytest.raises(ValueError, match=r"shorter|longer|whole"):
        v.parse_interval(text)


def test_shortest_interval() -> None:
    assert v.parse_interval("10ms") == 10 * 10**6


@pytest.mark.parametrize("text", ["1", "t", "T", "TRUE", "true", "True"])
def test_true(text: str) -> None:
    assert v.parse_bool(text) is True


@pytest.mark.parametrize("text", ["yes", "on", "tRUE", "", "2"])
def test_no_booleans(text: str) -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        v.parse_bool(text)


@pytest.mark.parametrize(
    ("text", "number"), [("10", 10), ("-1", -1), ("0x1f", 31), ("010", 8), ("0o10", 8), ("0b11", 3), ("1_000", 1000)]
)
def test_integers_as_go_reads_them(text: str, number: int) -> None:
    assert v.parse_int(text) == number


@pytest.mark.parametrize("text", ["", "1.0", "ten", "1e3", "9223372036854775808", "089"])
def test_no_integers(text: str) -> None:
    with pytest.raises(ValueError):
        v.parse_int(text)


@pytest.mark.parametrize(("text", "count"), [("1024", 1024), ("256MiB", 2**28), ("1g", 2**30), ("4K", 4096), ("0", 0)])
def test_sizes(text: str, count: int) -> None:
    assert v.parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "1.5G", "-1", "1TB", "MiB"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        v.parse_bytes(text)


@given(st.integers(min_value=0, max_value=2**50))
def test_shown_sizes_parse_back(count: int) -> None:
    assert v.parse_bytes(v.show_bytes(count)) == count


def test_group_intervals_apply_left_to_right() -> None:
    assert v.parse_intervals("cpu=10ms,all=1s,memory=2s") == {"all": 10**9, "memory": 2 * 10**9}
    assert v.parse_intervals("cpu=off, io=0") == {"cpu": 0, "io": 0}


@pytest.mark.parametrize("text", ["", "cpu", "cpu=", "=1s", "cpu=5ms", "cpu:1s"])
def test_no_group_intervals(text: str) -> None:
    with pytest.raises(ValueError):
        v.parse_intervals(text)


@given(st.text(max_size=30))
def test_no_text_crashes_a_parser(text: str) -> None:
    for parse in (v.parse_int, v.parse_bool, v.parse_bytes, v.parse_float, v.parse_intervals):
        try:
            parse(text)
        except ValueError:
            pass


def test_nearest_forgives_hyphens_and_case() -> None:
    assert v.nearest("Grpc-Listen", ["grpc_listen", "port"]) == '; did you mean "grpc_listen"?'
    assert v.nearest("zzz", ["grpc_listen", "port"]) == ""
