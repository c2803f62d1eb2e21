"""cAdvisor's two lists of event limits: what they mean, in both spellings of the kinds, and what is refused."""

from __future__ import annotations

import pytest

from pycadvisor_fast.config import BY_NAME, load
from pycadvisor_fast.config.retention import AGES, COUNTS, limit_of
from pycadvisor_fast.errors import ConfigError

HOUR = 3600 * 10**9


def test_both_spellings_name_the_same_kind() -> None:
    assert AGES.parse("default=24h,oomKill=1h") == AGES.parse("default=24h,oom_kill=1h")
    assert COUNTS.parse("containerDeletion=5, container_start = 6") == {"container_exit": 5, "container_start": 6}


def test_the_later_entry_wins_and_default_covers_the_rest() -> None:
    limits = AGES.parse("oom=1h,default=24h,oom=2h")
    assert limit_of(limits, "oom", 0) == 2 * HOUR
    assert limit_of(limits, "exec", 0) == 24 * HOUR
    assert limit_of(AGES.parse("oom=1h"), "exec", 7) == 7


def test_nothing_kept_and_no_limit() -> None:
    assert COUNTS.parse("default=0,oom=-1") == {"default": 0, "oom": -1}
    assert AGES.parse("default=0") == {"default": 0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no kind"),
        ("24h", "not KIND=LIMIT"),
        ("default=", "not KIND=LIMIT"),
        ("=24h", "not KIND=LIMIT"),
        ("oomkil=1h", 'no event kind "oomkil"; did you mean "oomKill"'),
        ("default=24", "unit is missing"),
        ("default=-1h", "negative"),
    ],
)
def test_ages_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        AGES.parse(text)


@pytest.mark.parametrize(("text", "reason"), [("default=-2", "neither"), ("default=many", "whole number")])
def test_counts_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        COUNTS.parse(text)


def test_toml_has_a_table_an_array_or_a_text() -> None:
    assert COUNTS.convert({"default": 10, "oomKill": -1}) == COUNTS.convert(["default=10", "oomKill=-1"])
    assert COUNTS.convert("default=10,oomKill=-1") == {"default": 10, "oom_kill": -1}
    with pytest.raises(ValueError, match="an integer was given"):
        COUNTS.convert(5)


def test_they_act_and_default_as_cadvisors() -> None:
    assert BY_NAME["event_storage_age_limit"].type.show(load([], {})["event_storage_age_limit"]) == "default=24h"
    settings = load([("event_storage_event_limit", "default=5,oomKill=9")], {})
    assert settings["event_storage_event_limit"] == {"default": 5, "oom_kill": 9}
    assert not settings.warnings


def test_the_error_names_the_flag() -> None:
    with pytest.raises(ConfigError, match=r'^--event_storage_age_limit: there is no event kind "x".*default=24h'):
        load([("event_storage_age_limit", "x=1h")], {})
