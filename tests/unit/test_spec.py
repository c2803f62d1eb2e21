"""Shares and weights, and what is said of a limit."""

from __future__ import annotations

import pytest

from pycadvisor_fast.spec import (
    UNLIMITED,
    IoLimit,
    Limits,
    plain,
    shares_of_weight,
    shares_of_weight_linear,
    weight_of_shares,
    weight_of_shares_linear,
)


@pytest.mark.parametrize(
    ("shares", "weight"), [(0, 1), (2, 1), (1024, 100), (262_144, 10_000), (10**9, 10_000), (512, 59), (2048, 174)]
)
def test_the_weight_of_shares_is_that_of_todays_runtimes(shares: int, weight: int) -> None:
    assert weight_of_shares(shares) == weight


@pytest.mark.parametrize(("weight", "shares"), [(1, 2), (100, 1024), (10_000, 262_144), (0, 2)])
def test_the_shares_of_a_weight(weight: int, shares: int) -> None:
    assert shares_of_weight(weight) == shares


def test_a_weight_survives_there_and_back() -> None:
    for weight in range(1, 10_001):
        assert abs(weight_of_shares(shares_of_weight(weight)) - weight) <= 1


def test_the_linear_formula_as_runtimes_had_it() -> None:
    assert [weight_of_shares_linear(shares) for shares in (2, 1024, 262_144)] == [1, 39, 10_000]
    assert [shares_of_weight_linear(weight) for weight in (1, 100, 10_000)] == [2, 2597, 262_144]


def test_plain_limits_hold_what_is_given() -> None:
    limits = Limits(cpu_shares=2, memory_bytes=UNLIMITED, io=(IoLimit("8:0", weight=7),), hugetlb_bytes={"2MB": 0})
    assert plain(limits) == {
        "cpu_shares": 2,
        "memory_bytes": UNLIMITED,
        "io": [{"device": "8:0", "weight": 7}],
        "hugetlb_bytes": {"2MB": 0},
    }
    assert plain(Limits()) == {}
