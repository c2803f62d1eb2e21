"""docs/compatibility.md: its generated parts are of now, and nothing that cAdvisor has is passed over."""

from __future__ import annotations

import re
from pathlib import Path

from pycadvisor_fast.cli import compatibility
from pycadvisor_fast.config import SETTINGS
from pycadvisor_fast.faces.exposition.tables import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / compatibility.PAGE).read_text(encoding="utf-8")


def test_the_page_is_as_the_tables_are() -> None:
    assert compatibility.page(TEXT) == TEXT, f"run python -m {compatibility.__name__}"


def test_all_three_parts_are_in_the_page() -> None:
    assert set(re.findall(r"<!-- generated: (\w+) -->", TEXT)) == {"flags", "series", "absent"}


def test_every_flag_and_every_series_of_cadvisor_is_named_once() -> None:
    for setting in SETTINGS:
        assert compatibility.flags().count(f"`{setting.name}`") >= setting.is_cadvisors, setting.name
    named = re.findall(r"`((?:container|machine|cadvisor)_\w+)`", compatibility.series().split("\n", 2)[2])
    theirs = [one.name for one in FAMILIES if one.name.startswith(("container_", "machine_", "cadvisor_"))]
    assert set(theirs) <= set(named)


def test_what_a_flag_does_otherwise_is_said_of_flags_there_are() -> None:
    assert set(compatibility._DIFFERS) <= {setting.name for setting in SETTINGS if setting.is_cadvisors}


def test_links_of_the_new_pages_lead_somewhere() -> None:
    for name in ("compatibility.md", "migrate-from-cadvisor.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (ROOT / "docs" / target).exists(), f"{name}: {target}"
