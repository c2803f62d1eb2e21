"""Values as Go reads and writes them, against a small model of its grammar written another way."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pycadvisor_fast.faces.rest.errors import RestError
from pycadvisor_fast.faces.rest.event_requests import event_request
from pycadvisor_fast.faces.rest.go_values import (
    ZERO_TIME_NS,
    parse_bool,
    parse_duration,
    parse_integer,
    parse_time,
    query_pairs,
    quoted,
)
from pycadvisor_fast.faces.rest.options import Query, body_span, moment_ns, request_options

UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
numbers = st.tuples(
    st.text("0123456789", max_size=12),
    st.booleans(),
    st.text("0123456789", max_size=12),
    st.sampled_from(sorted(UNITS)),
).filter(lambda part: bool(part[0] or (part[1] and part[2])))


@given(st.sampled_from(["", "+", "-"]), st.lists(numbers, min_size=1, max_size=4))
@example("-", [("9223372036", True, "854775808", "s")])
@example("", [("9223372036", True, "854775808", "s")])
def test_durations_that_the_grammar_has(sign: str, parts: list[tuple[str, bool, str, str]]) -> None:
    text = sign + "".join(f"{whole}{'.' * dot}{part if dot else ''}{unit}" for whole, dot, part, unit in parts)
    exact = sum(
        (Fraction(int(whole or 0)) + Fraction(int(part or 0) if dot else 0, 10 ** len(part))) * UNITS[unit]
        for whole, dot, part, unit in parts
    )
    if exact >= 2**63 + (sign == "-"):
        with pytest.raises(ValueError, match="time: invalid duration"):
            parse_duration(text)
    elif exact < 2**63 - 2048:  # fractions are added up in floats, as Go does
        found = parse_duration(text)
        assert abs(abs(found) - exact) <= len(parts) * max(1, exact * Fraction(2) ** -50)
        assert (found <= 0) if sign == "-" else (found >= 0)


@given(st.text('0123456789.+-nuµmsh xé"\\\n', max_size=12))
def test_durations_of_any_text_are_read_or_refused_in_gos_words(text: str) -> None:
    try:
        words = ""
        assert -(2**63) <= parse_duration(text) < 2**63
    except ValueError as error:
        words = str(error)
    beginnings = ("time: invalid duration ", "time: missing unit in ", "time: unknown unit ")
    assert not words or (words.startswith(beginnings) and words.isascii() and words.isprintable())


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("-0", 0),
        ("+0", 0),
        ("1.5s", 1_500_000_000),
        ("1m30s", 90_000_000_000),
        ("1.s", 1_000_000_000),
        (".5s", 500_000_000),
        ("-2h45m", -9_900_000_000_000),
        ("1ns1us1µs1ms", 1_002_001),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("0.100000000000000000000h", 360_000_000_000),
        ("0.3333333333333333333h", 1_200_000_000_000),
        ("0" * 5000 + "1s", 1_000_000_000),
    ],
)
def test_durations(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("s", 'time: invalid duration "s"'),
        (".", 'time: invalid duration "."'),
        ("+.s", 'time: invalid duration "+.s"'),
        ("3", 'time: missing unit in duration "3"'),
        ("1s5", 'time: missing unit in duration "1s5"'),
        ("3000000h", 'time: invalid duration "3000000h"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("1 s", 'time: unknown unit " s" in duration "1 s"'),
        ("1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'),
        ('1"', 'time: unknown unit "\\"" in duration "1\\""'),
        ("9" * 5000 + "s", 'time: invalid duration "' + "9" * 5000 + 's"'),
    ],
)
def test_durations_that_are_none(text: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(text)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("text", "go"),
    [
        ("x", '"x"'),
        ('a"\\\n\t\r\a', '"a\\"\\\\\\n\\t\\r\\a"'),
        ("\x00\x7f", '"\\x00\\x7f"'),
        ("é日\U0001f600", '"é日\U0001f600"'),
        ("\u00a0\u2028\ufeff\U000e0001", '"\\u00a0\\u2028\\ufeff\\U000e0001"'),
        ("\udcff", '"\\xff"'),
    ],
)
def test_quoted(text: str, go: str) -> None:
    assert quoted(text) == go


@given(st.text())
def test_what_is_quoted_is_one_line(text: str) -> None:
    assert quoted(text).isprintable() or any(0xD800 <= ord(character) <= 0xDFFF for character in text)


@given(st.integers(-(2**70), 2**70), st.sampled_from([32, 64]))
def test_integers_have_so_many_bits(value: int, bits: int) -> None:
    fits = -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
    for text in (str(value), f"+{value}" if value >= 0 else str(value)):
        try:
            assert parse_integer(text, bits) == value
            assert fits
        except ValueError:
            assert not fits


@pytest.mark.parametrize("text", ["", "+", "1_0", "0x1", "٣", " 1", "1 ", "1e3", "--1"])
def test_integers_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_integer(text, 64)


def test_bools() -> None:
    assert [parse_bool(word) for word in ("1", "t", "T", "TRUE", "true", "True")] == [True] * 6
    assert [parse_bool(word) for word in ("0", "f", "F", "FALSE", "false", "False")] == [False] * 6
    assert [parse_bool(word) for word in ("", "yes", "tRUE", "2")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00.000000001+01:00", 1),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2026-11-30T04:00:00-05:30", 1_796_031_000 * 10**9),
        ("0001-01-01T00:00:00Z", ZERO_TIME_NS),
        ("2026-01-01T00:00:00.1234567899Z", 1_767_225_600_123_456_789),
    ],
)
def test_times(text: str, ns: int) -> None:
    assert parse_time(text) == ns


@pytest.mark.parametrize("text", ["", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "1", "-1"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


def test_bounds_of_time() -> None:
    assert moment_ns("1.5") == 1_500_000_000
    assert moment_ns("0001-01-01T00:00:00Z") == 0
    assert moment_ns("-5") == moment_ns("1969-01-01T00:00:00Z") == moment_ns("0") == 1
    assert moment_ns("9" * 30) == 2**63 - 1
    for text in ("", ".", "-", "1e5", "inf", "nan", "9" * 400):
        with pytest.raises(ValueError):
            moment_ns(text)


@given(st.binary(max_size=60))
def test_queries_of_any_bytes_are_read(query: bytes) -> None:
    found = Query(query)
    for read in (request_options, event_request):
        status = 200
        try:
            read(found)
        except RestError as error:
            status = error.status
        assert status in (200, 400, 500)


@given(st.binary(max_size=60))
def test_bodies_of_any_bytes_are_read_or_refused(body: bytes) -> None:
    text, count = "", -1
    try:
        count = body_span(body).count
    except RestError as error:
        text = error.text
    assert count >= -1
    assert not text or text.startswith(("unable to decode the json value: ", "num_stats: "))


@given(
    st.sampled_from(["", "name", "docker", "podman", "x", "é"]),
    st.one_of(st.none(), st.integers(-(2**33), 2**33)),
    st.sampled_from(["", "true", "false", "1"]),
    st.one_of(st.none(), st.integers(0, 10**12)),
)
def test_options_against_a_model(kind: str, count: int | None, recursive: str, seconds: int | None) -> None:
    from urllib.parse import urlencode

    given_count = {} if count is None else {"count": count}
    given_age = {} if seconds is None else {"max_age": f"{seconds}ms"}
    query = Query(urlencode({"type": kind, "recursive": recursive, **given_count, **given_age}).encode())
    if kind not in ("", "name", "docker", "podman") or (count is not None and not -1 <= count < 2**31):
        with pytest.raises(RestError):
            request_options(query)
        return
    options = request_options(query)
    assert options.kind == (kind or "name")
    assert options.span.count == (64 if count is None else count)
    assert options.is_recursive is (recursive == "true")
    assert options.max_age_ns == (None if seconds is None else seconds * 10**6)


def test_pairs_of_a_query() -> None:
    assert query_pairs("a=1&b&&c=%20+%2B&d;e=1&f=%g&%e9=x=y") == [
        ("a", "1"),
        ("b", ""),
        ("c", "  +"),
        ("\udce9", "x=y"),
    ]
