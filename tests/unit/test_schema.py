"""Look-ups in the table of metrics."""

from __future__ import annotations

import pytest

from pycadvisor_fast import schema
from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.errors import SelectionError


def test_group_and_column_by_name() -> None:
    assert schema.group("memory").name == "memory"
    assert schema.column("memory.usage_bytes").group == "memory"
    for group in GROUPS:
        assert schema.group(group.name) is group
        assert [schema.column(f"{group.name}.{column.name}") for column in group.columns] == list(group.columns)
        assert [column.index for column in group.columns] == list(range(len(group.columns)))


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["pids"], ["pids.current"]),
        (["cpu.usage_ns", "cpu.usage_ns"], ["cpu.usage_ns"]),
        (["pids.current", "cpu.usage_ns"], ["cpu.usage_ns", "pids.current"]),
        (["*.rx_bytes"], ["network.rx_bytes"]),
        (
            ["cpu.*_ns"],
            ["cpu.usage_ns", "cpu.user_ns", "cpu.system_ns", "cpu.nice_ns", "cpu.throttled_ns", "cpu.burst_ns"],
        ),
        ([], []),
    ],
)
def test_columns(selectors: list[str], expected: list[str]) -> None:
    assert [f"{column.group}.{column.name}" for column in schema.columns(selectors)] == expected


def test_globs_over_groups() -> None:
    groups = {column.group for column in schema.columns(["memory*"])}
    assert groups == {group.name for group in GROUPS if group.name.startswith("memory")}
    assert {"memory", "memory_stat", "memory_events"} <= groups
    assert len(schema.columns(["*"])) == sum(len(group.columns) for group in GROUPS)
    assert schema.columns(["*.*"]) == schema.columns(["*"])


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("memroy", ["'memroy'", "did you mean 'memory'"]),
        ("memory.usage_byte", ["'memory.usage_byte'", "'memory.usage_bytes'"]),
        ("memroy.usage_bytes", ["no group 'memroy'", "'memory'"]),
        ("nothing_like_it_at_all", ["no group"]),
        ("*.nothing", ["no column '*.nothing'"]),
        ("zz*", ["'zz*'"]),
        ("", ["empty"]),
        (".", ["no column"]),
    ],
)
def test_errors_name_what_is_near(selector: str, words: list[str]) -> None:
    with pytest.raises(SelectionError) as caught:
        schema.columns([selector])
    for word in words:
        assert word in str(caught.value)


def test_single_lookups_fail_alike() -> None:
    with pytest.raises(SelectionError, match="did you mean 'pressure'"):
        schema.group("presure")
    with pytest.raises(SelectionError, match=r"did you mean 'cpu\.usage_ns'"):
        schema.column("cpu.usage")


def test_by_group() -> None:
    chosen = schema.columns(["pids", "memory.usage_bytes", "memory.swap_bytes"])
    assert schema.by_group(chosen) == {"memory": ("usage_bytes", "swap_bytes"), "pids": ("current",)}
