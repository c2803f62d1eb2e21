"""Digests against all the values they are of: exact where they say so, within their bound elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.views.digests import RELATIVE_ERROR, Digests, digest, merge

QUANTILES = (0.0, 1.0, 50.0, 90.0, 95.0, 99.0, 100.0)


def of(digests: Digests, handle: int) -> int:
    """The row of a handle."""
    return int(np.flatnonzero(digests.handles == handle)[0])


def check(digests: Digests, handle: int, values: np.ndarray) -> None:
    row = of(digests, handle)
    assert digests.count[row] == len(values)
    assert digests.least[row] == values.min()
    assert digests.most[row] == values.max()
    assert digests.mean[row] == pytest.approx(values.mean())
    assert digests.deviation[row] == pytest.approx(values.std(), rel=1e-6, abs=1e-9)
    wanted = np.percentile(values, QUANTILES, method="lower")
    assert digests.quantiles(QUANTILES)[:, row] == pytest.approx(wanted, rel=RELATIVE_ERROR, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_of_any_distribution(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.column_stack(
        [
            random.lognormal(0, 3, 500),
            random.integers(0, 3, 500).astype(float),
            random.uniform(1e9, 2e9, 500),
            np.full(500, 4096.0),
            random.exponential(1e-4, 500),
            np.zeros(500),
        ]
    )
    handles = np.array([50, 3, 7, 1 << 40, 9, 2], np.uint64)
    found = digest(values, handles)
    assert found.handles.tolist() == sorted(handles.tolist())
    for column, handle in enumerate(handles.tolist()):
        check(found, handle, values[:, column])


def test_absent_values_are_not_counted() -> None:
    values = np.array([[1.0, np.nan, np.nan], [np.nan, np.nan, np.inf], [3.0, np.nan, 5.0]])
    found = digest(values, np.array([1, 2, 3], np.uint64))
    assert found.handles.tolist() == [1, 3]
    assert found.count.tolist() == [2, 1]
    check(found, 1, np.array([1.0, 3.0]))
    check(found, 3, np.array([5.0]))


def test_merging_is_as_exact_as_one_digest_of_everything() -> None:
    random = np.random.default_rng(11)
    every: dict[int, list[float]] = {}
    parts = []
    for _ in range(30):
        handles = random.permutation(np.arange(1, 41, dtype=np.uint64))[: random.integers(1, 40)]
        values = random.lognormal(2, 2, (random.integers(1, 60), len(handles)))
        values[random.random(values.shape) < 0.2] = np.nan
        parts.append(digest(values, handles))
        for column, handle in enumerate(handles.tolist()):
            every.setdefault(handle, []).extend(values[~np.isnan(values[:, column]), column])
    hours = [merge(parts[:7]), merge(parts[7:20]), merge(parts[20:])]
    found = merge(hours)
    assert found.handles.tolist() == sorted(handle for handle, values in every.items() if values)
    for handle in found.handles.tolist():
        check(found, handle, np.array(every[handle]))


def test_many_rows_with_values_far_apart() -> None:
    """So many buckets that they are sorted and not counted in a table."""
    values = np.vstack([np.full(5000, 1e-6), np.logspace(-5, 15, 5000)])
    found = digest(values, np.arange(5000, dtype=np.uint64))
    check(found, 0, values[:, 0])
    check(found, 4999, values[:, 4999])


def test_of_nothing() -> None:
    for empty in (digest(np.zeros((0, 3)), np.arange(3, dtype=np.uint64)), merge([])):
        assert len(empty) == 0
        assert empty.quantiles([50.0]).shape == (1, 0)
        assert len(merge([empty, empty])) == 0


def test_percentiles_beyond_a_hundred_are_refused() -> None:
    with pytest.raises(SelectionError):
        digest(np.ones((1, 1)), np.ones(1, np.uint64)).quantiles([101.0])
