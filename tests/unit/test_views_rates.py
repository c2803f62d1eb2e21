"""Rates, percentiles and the largest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.native import ABSENT
from pycadvisor_fast.sampling import GroupRing, attach
from pycadvisor_fast.views.percentiles import percentiles, percentiles_of, rate_percentiles
from pycadvisor_fast.views.rates import _change, _per_second, pair, rates, window_rates
from pycadvisor_fast.views.top import top
from tests.unit.ring_writer import Writer


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with Writer(tmp_path / "ring") as made:
        made.open("cpu")
        for path in ("/a", "/b", "/c"):
            slot, generation = made.claim(path)
            made.row("cpu", slot, generation)
        yield made


def cpu(writer: Writer) -> GroupRing:
    return attach(writer.path).group("cpu")


def test_rates_use_the_true_times(writer: Writer) -> None:
    writer.begin("cpu", 1)
    writer.store("cpu", 0, {"usage_ns": 1000}, offset_usec=0)
    writer.store("cpu", 1, {"usage_ns": 1000}, offset_usec=500)
    writer.end("cpu")
    writer.begin("cpu", 3)
    writer.store("cpu", 0, {"usage_ns": 3000}, offset_usec=0)
    writer.store("cpu", 1, {"usage_ns": 3000}, offset_usec=1500)
    writer.end("cpu")
    group = cpu(writer)
    got = rates(group.snapshot(1), group.snapshot(3), "usage_ns")
    np.testing.assert_allclose(got, [2000 / 0.002, 2000 / 0.003])


def test_backwards_absent_and_new_are_nan(writer: Writer) -> None:
    writer.tick("cpu", 1, {0: {"usage_ns": 50}, 1: {}})
    writer.tick("cpu", 2, {0: {"usage_ns": 40}, 1: {"usage_ns": 5}, 2: {"usage_ns": 7}})
    group = cpu(writer)
    before, after = group.snapshot(1), group.snapshot(2)
    assert np.isnan(rates(before, after, "usage_ns")).tolist() == [True, True, True]
    assert np.isnan(rates(after, after, "usage_ns")).all()  # no time has passed
    assert np.isnan(rates(after, before, "usage_ns")).all()
    assert pair(before, after).matched.tolist() == [True, True, False]


def test_a_new_tenant_starts_anew(writer: Writer) -> None:
    writer.tick("cpu", 1, {0: {"usage_ns": 50}, 1: {"usage_ns": 1}})
    group = cpu(writer)
    before = group.snapshot(1)
    writer.release(0, 1, 2)
    assert writer.claim("/new", 9, 2) == (0, 2)
    writer.row("cpu", 0, 2, tick=2)
    writer.tick("cpu", 2, {0: {"usage_ns": 5000}, 1: {"usage_ns": 2}})
    got = rates(before, group.snapshot(2), "usage_ns")
    assert np.isnan(got[0])
    np.testing.assert_allclose(got[1], 1000.0)


def test_large_counters_keep_their_precision(writer: Writer) -> None:
    large = 2**63
    writer.tick("cpu", 1, {0: {"usage_ns": large}})
    writer.tick("cpu", 2, {0: {"usage_ns": large + 1}})
    group = cpu(writer)
    assert pair(group.snapshot(1), group.snapshot(2)).change("usage_ns").tolist() == [1.0]


def test_rates_of_two_groups_are_refused(writer: Writer) -> None:
    writer.open("pids")
    writer.row("pids", 0, 1)
    writer.tick("cpu", 1, {0: {}})
    writer.tick("pids", 1, {0: {"current": 1}})
    ring = attach(writer.path)
    with pytest.raises(SelectionError, match="not of cpu and pids"):
        rates(ring.latest("cpu"), ring.latest("pids"), "usage_ns")


def test_window_rates(writer: Writer) -> None:
    for tick, usage in ((1, 10), (2, 30), (3, 20), (5, 60)):
        rows = {0: {"usage_ns": usage}}
        if tick != 2:
            rows[1] = {"usage_ns": tick}
        writer.tick("cpu", tick, rows)
    window = cpu(writer).window(columns=["usage_ns"])
    got = window_rates(window, "usage_ns")
    np.testing.assert_allclose(got, [[20000, np.nan], [np.nan, np.nan], [20000, 1000]])
    np.testing.assert_allclose(rate_percentiles(window, "usage_ns", [50, 100]), [[20000, 1000], [20000, 1000]])
    np.testing.assert_allclose(percentiles(window, "usage_ns", [0, 50, 100])[:, 0], [10, 25, 60])


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 2**64 - 3)), min_size=2, max_size=6),
    st.lists(st.integers(0, 999), min_size=6, max_size=6),
)
def test_rates_are_never_negative(values: list[int | None], offsets: list[int]) -> None:
    """Window rates against the definition, in Python integers."""
    raw = np.array([[ABSENT if value is None else value] for value in values], np.uint64)
    times = [index * 1000 + offset for index, offset in enumerate(offsets)]
    seconds = np.diff(np.array(times[: len(values)], np.float64))[:, None] / 1e6
    got = _per_second(_change(raw[:-1], raw[1:], np.ones((len(values) - 1, 1), bool)), seconds)[:, 0]
    for index, (then, now) in enumerate(pairwise(values)):
        if then is None or now is None or now < then or times[index + 1] <= times[index]:
            assert np.isnan(got[index])
        else:
            assert got[index] == pytest.approx((now - then) / ((times[index + 1] - times[index]) / 1e6))
            assert got[index] >= 0


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
        elements=st.one_of(st.just(float("nan")), st.floats(-1e12, 1e12)),
    ),
    st.lists(st.floats(0, 100), min_size=1, max_size=3),
)
def test_percentiles_agree_with_numpy(values: np.ndarray, q: list[float]) -> None:  # type: ignore[type-arg]
    got = percentiles_of(values, q)
    for column in range(values.shape[1]):
        known = values[:, column][~np.isnan(values[:, column])]
        expected = np.percentile(known, q) if len(known) else np.full(len(q), np.nan)
        np.testing.assert_allclose(got[:, column], expected, rtol=1e-9, atol=1e-3)


def test_percentiles_at_the_edges() -> None:
    inf = np.inf
    np.testing.assert_array_equal(percentiles_of(np.array([[inf], [inf], [1.0]]), [0, 100]), [[1.0], [inf]])
    np.testing.assert_array_equal(percentiles_of(np.array([[inf], [inf]]), [50]), [[inf]])
    assert percentiles_of(np.empty((0, 3)), [50]).shape == (1, 3)
    assert percentiles_of(np.empty((3, 2)), []).shape == (0, 2)
    with pytest.raises(SelectionError, match="between 0 and 100"):
        percentiles_of(np.ones((1, 1)), [101])


def test_top() -> None:
    values = np.array([3.0, np.nan, 9.0, 3.0, np.inf, 1.0])
    assert top(values, 3).tolist() == [4, 2, 0]
    assert top(values, 4).tolist() == [4, 2, 0, 3]
    assert top(values, 99).tolist() == [4, 2, 0, 3, 5]
    assert top(values, 0).tolist() == []
    assert top(np.full(3, np.nan), 2).tolist() == []
