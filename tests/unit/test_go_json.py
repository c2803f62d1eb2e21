"""Go's JSON rules, against examples worked out by the rules of encoding/json, and against Python's parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.faces.rest import go_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(-1e15, 1e15),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (0.1, "0.1"),
        (12.34, "12.34"),
        (1e-6, "0.000001"),
        (1.5e-5, "0.000015"),
        (9.9e-7, "9.9e-7"),
        (1e-7, "1e-7"),
        (-1.25e-10, "-1.25e-10"),
        (1e16, "10000000000000000"),
        (1.2345e20, "123450000000000000000"),
        (-123456789012345680000.0, "-123456789012345680000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (5e-324, "5e-324"),
        (2251799813685248.5, "2251799813685248.5"),
    ],
)
def test_floats(value: float, text: str) -> None:
    assert go_json.dumps(value) == text.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_floats_that_are_no_numbers(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        go_json.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", '""'),
        ("plain", '"plain"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("<a href='x'>&", "\"\\u003ca href='x'\\u003e\\u0026\""),
        ("\n\r\t\b\f", '"\\n\\r\\t\\b\\f"'),
        ("\x00\x1f\x7f", '"\\u0000\\u001f\x7f"'),
        ("\u2028\u2029\u2027", '"\\u2028\\u2029\u2027"'),
        ("gr\u00fc\u00df \U0001f600", '"gr\u00fc\u00df \U0001f600"'),
        ("e\udcffth\udc80", '"e\\ufffdth\\ufffd"'),
        ("\ufffd", '"\ufffd"'),
    ],
)
def test_strings(value: str, text: str) -> None:
    assert go_json.dumps(value) == text.encode()
    assert go_json.text(value) == text.encode()


def test_other_values() -> None:
    value = {"b": [1, 2**64 - 1, -5, None], "a": {"x": (True, False)}, "raw": b'{"y":1}', "<": {}}
    assert go_json.dumps(value) == (
        b'{"b":[1,18446744073709551615,-5,null],"a":{"x":[true,false]},"raw":{"y":1},"\\u003c":{}}'
    )
    with pytest.raises(TypeError, match="cannot write set as JSON"):
        go_json.dumps({1})


def test_maps_are_sorted_by_their_bytes() -> None:
    keys = ["b", "a", "Z", "", "\u00e9", "\U0001f600", "\uffee", "a.b", "10", "9"]
    assert list(go_json.sorted_map(dict.fromkeys(keys, 1))) == sorted(keys, key=lambda key: key.encode())


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, '"0001-01-01T00:00:00Z"'),
        (1, '"1970-01-01T00:00:00.000000001Z"'),
        (1_700_000_000_000_000_000, '"2023-11-14T22:13:20Z"'),
        (1_700_000_000_120_000_000, '"2023-11-14T22:13:20.12Z"'),
    ],
)
def test_times(ns: int, text: str) -> None:
    assert go_json.time(ns) == text.encode()


@given(JSON)
def test_what_is_written_is_what_is_read(value: Any) -> None:
    assert json.loads(go_json.dumps(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_in_the_shortest_form(value: float) -> None:
    text = go_json.dumps(value).decode()
    assert float(text) == value
    digits = len([c for c in text.partition("e")[0].strip("-0.") if c.isdigit()])
    assert digits <= len([c for c in repr(value).partition("e")[0] if c.isdigit()]) or abs(value) >= 1e16


@given(st.text())
def test_nothing_a_page_could_run(value: str) -> None:
    assert not set("<>&\u2028\u2029") & set(go_json.text(value).decode())
