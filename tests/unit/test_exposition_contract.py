"""The table of series: cAdvisor's names, types and labels, each there or named among those that are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pycadvisor_fast import schema
from pycadvisor_fast.cli import document_prometheus
from pycadvisor_fast.config.kinds import GROUPS_OF_KIND
from pycadvisor_fast.faces.exposition.tables import ABSENT, FAMILIES
from pycadvisor_fast.native.exposition import OPENMETRICS, TEXT

CONTRACT = Path(__file__).resolve().parents[1] / "fixtures/exposition/cadvisor.txt"
NAME = re.compile(r"[a-z][a-z0-9_]*")
BY_NAME = {family.name: family for family in FAMILIES}


def contract() -> list[tuple[str, str, frozenset[str]]]:
    lines = [line.split(" ") for line in CONTRACT.read_text().splitlines() if not line.startswith("#")]
    return [(name, kind, frozenset(rest[0].split(",")) if rest else frozenset()) for name, kind, *rest in lines]


@pytest.mark.parametrize(
    ("name", "kind", "labels"), contract(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_cadvisors_series(name: str, kind: str, labels: frozenset[str]) -> None:
    missing = {one for names, _, _ in ABSENT for one in names.split(", ")}
    if name in missing:
        assert name not in BY_NAME
        return
    family = BY_NAME[name]
    assert family.type == kind
    assert set(family.label_names) == labels
    assert not family.is_extra


def test_nothing_pretends_to_be_cadvisors() -> None:
    theirs = {name for name, _, _ in contract()}
    ours = [family.name for family in FAMILIES if family.name not in theirs]
    assert all(name.startswith(("pycadvisor_", "process_")) for name in ours)


def test_the_contract_is_whole() -> None:
    assert len(contract()) > 120


def test_families_are_sound() -> None:
    assert len(BY_NAME) == len(FAMILIES)
    for family in FAMILIES:
        assert NAME.fullmatch(family.name)
        assert family.help.endswith(".")
        assert family.series
        assert family.topic
        assert family.kind in ("", *GROUPS_OF_KIND)
        assert family.also in ("", *GROUPS_OF_KIND)
        for series in family.series:
            assert bool(series.column) != bool(series.given)
            for name in series.columns:
                assert schema.column(name)
        row = family.row(OPENMETRICS, "in total")
        assert row.sample == family.name
        assert not row.unit or row.name.endswith(f"_{row.unit}"), "OpenMetrics wants units at the end of names"


def test_counters_are_counters_of_the_kernel() -> None:
    """A counter made of a gauge would look reset with each change, and the other way round nothing would be a rate."""
    named = {"container_network_advance_tcp_stats_total"}  # a gauge in cAdvisor
    for family in FAMILIES:
        for series in family.series:
            if not series.column or family.name in named:
                continue
            kinds = {schema.column(name).kind for name in (series.column, series.instead) if name}
            if family.type == "counter":
                assert kinds == {"counter"}, family.name
            else:
                assert "counter" not in kinds, family.name


def test_no_two_series_of_a_family_are_alike() -> None:
    for family in FAMILIES:
        rows = family.row(TEXT, "in total").series
        alike = [(row.labels, row.key, row.needs, row.given) for row in rows]
        assert len(set(alike)) == len(alike), family.name


def test_the_documentation_is_current(project_root: Path) -> None:
    page = (project_root / document_prometheus.MARKDOWN).read_text(encoding="utf-8")
    assert page == document_prometheus.markdown(), f"run python -m {document_prometheus.__name__}"
    for family in FAMILIES:
        assert f"`{family.name}`" in page
