"""Containers that have ended, in a scrape: values, labels, the newest at a path, expiry, choice, what is not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.config import load
from pycadvisor_fast.container import Container
from pycadvisor_fast.event import UNLIMITED, ContainerExit, Event
from pycadvisor_fast.events import Bus, Retention
from pycadvisor_fast.faces.exposition import exits, exits_followed
from pycadvisor_fast.faces.exposition.query import parse
from pycadvisor_fast.faces.http.settings import http_settings
from pycadvisor_fast.native.exposition import OPENMETRICS, PROTOBUF, TEXT

from .exposition_rig import NOW, ROOT, Rig, Settings, ask, docker, every_row, families_of, is_close, rig
from .fake_events import FakeLog
from .test_exposition_scrape import User, page

SECOND = 10**9
NOW_NS = 1_700_000_100_250_000_000
FORMS = (TEXT, OPENMETRICS, PROTOBUF)
EXTRAS = ("extras", "true")
NAME = "pycadvisor_container_exit"
END = ContainerExit(
    exit_code=3,
    started_monotonic_ns=5 * SECOND,
    emptied_monotonic_ns=5 * SECOND + 50_000_000,
    cpu_ns=12_000_001,
    cpu_user_ns=8_000_001,
    memory_peak_bytes=4 << 20,
    memory_limit_bytes=UNLIMITED,
    oom_kills=0,
    processes=2,
    read_bytes=8192,
    write_bytes=0,
)


@dataclass
class Ended:
    """A page over a log of exits; ``names`` is who was at which path."""

    page: Rig
    log: FakeLog
    names: dict[str, Container]

    def end(self, path: str = "/docker/c7", payload: ContainerExit = END, ago_s: float = 1.0, **how: Any) -> Event:
        moment = {"time_ns": NOW_NS - round(ago_s * SECOND), "monotonic_ns": payload.emptied_monotonic_ns or 0}
        return self.log.add("container_exit", path, payload, **{**moment, **how})

    def at(self, now: float) -> None:
        """The next pass is at this time."""
        self.page.scraper._clock = lambda: now
        self.page.pass_over(every_row([ROOT]))

    def samples(
        self, *pairs: tuple[str, str], form: int = TEXT, with_envs: bool = True
    ) -> dict[tuple[str, str], float]:
        """By (what stands behind "pycadvisor_container_exit_", path); no series is there twice."""
        query = replace(parse([EXTRAS, *pairs]), with_envs=with_envs)
        found = self.page.samples(query, form)
        return {
            (name.removeprefix(f"{NAME}_"), dict(labels)["id"]): value
            for (name, labels), value in found.items()
            if name.startswith(f"{NAME}_")
        }

    def paths(self, *pairs: tuple[str, str]) -> set[str]:
        return {path for _, path in self.samples(*pairs)}

    def labels(self, path: str, *, with_envs: bool = True) -> dict[str, str]:
        found = self.page.samples(replace(parse([EXTRAS]), with_envs=with_envs))
        return next(dict(pairs) for name, pairs in found if name == f"{NAME}_code" and ("id", path) in pairs)


def ended_page(directory: Path, settings: Settings | None = None, retention: Retention | None = None) -> Ended:
    made = rig(directory, [docker(1)])
    names = {"/docker/c7": docker(7, labels={"tier": "batch", "com.x/y": "1"}, envs={"TOKEN": "secret"})}
    log = FakeLog()

    def who(_: Container, path: str) -> Container | None:
        """A part of a container is its container's."""
        return names.get(path) or names.get(path.rpartition("/")[0])

    made.feed.events_bus = Bus(log, who, retention)
    made.pass_over(every_row([ROOT, docker(1)]))
    made = replace(made, settings=settings or made.settings)
    return Ended(made, log, names)


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[Ended]:
    one = ended_page(tmp_path)
    yield one
    one.page.writer.close()


# ---- what is told
@pytest.mark.parametrize("form", FORMS)
def test_last_numbers(ended: Ended, form: int) -> None:
    ended.end()
    found = {name: value for (name, path), value in ended.samples(form=form).items() if path == "/docker/c7"}
    expected = {
        "code": 3,
        "time_seconds": NOW - 1,
        "start_time_seconds": NOW - 1.05,
        "lifetime_seconds": 0.05,
        "cpu_seconds": 0.012000001,
        "cpu_user_seconds": 0.008000001,
        "memory_peak_bytes": 4 << 20,
        "oom_kills": 0,
        "processes": 2,
        "io_read_bytes": 8192,
        "io_written_bytes": 0,
    }
    assert found.keys() == expected.keys(), "what the record lacks, and a limit that is not set, are absent"
    assert [name for name, value in expected.items() if not is_close(found[name], value)] == []


@pytest.mark.parametrize("form", FORMS)
def test_families_are_whole(ended: Ended, form: int) -> None:
    for number in range(40):
        ended.end(f"/docker/e{number}")
    data = ended.page.scrape(parse([EXTRAS]), form)
    found = {name: kind for name, (kind, _) in families_of(data, form).items() if name.startswith(f"{NAME}_")}
    assert set(found.values()) == {"gauge"}
    assert len(families_of(data, form)[f"{NAME}_code"][1]) == 40
    if form == OPENMETRICS:
        assert f"# UNIT {NAME}_memory_peak_bytes bytes\n".encode() in data
        assert f"# UNIT {NAME}_cpu_seconds seconds\n".encode() in data


def test_names_are_those_of_gauges() -> None:
    for family in exits.LAST:
        assert family.is_extra
        assert family.type == "gauge"
        assert family.name.startswith(f"{NAME}_")
        assert not family.name.endswith(("_total", "_count", "_sum"))
        has_unit = any(series.decimals for series in family.series) or "_bytes" in family.name
        assert bool(family.unit) == has_unit


def test_codes(ended: Ended) -> None:
    ended.end("/a", ContainerExit(signal=9))
    ended.end("/b", ContainerExit(signal=9, runtime_code=137))
    ended.end("/c", ContainerExit(cpu_ns=1))
    found = ended.samples()
    assert (found["code", "/a"], found["code", "/b"]) == (137, 137)
    assert ("code", "/c") not in found
    assert found["cpu_seconds", "/c"] == 1e-9


# ---- labels
def test_labels_are_those_of_the_living(ended: Ended) -> None:
    ended.end()
    labels = ended.labels("/docker/c7")
    assert labels == {
        "id": "/docker/c7", "name": "web-7", "image": "shop/web:1",
        "container_label_tier": "batch", "container_label_com_x_y": "1", "container_env_TOKEN": "secret",
    }  # fmt: skip
    alive = replace(ended.names["/docker/c7"], slot=1)
    ended.page.feed.set_containers([ROOT, alive])
    ended.page.pass_over(every_row([ROOT, alive]))
    living = next(dict(pairs) for name, pairs in ended.page.samples() if ("id", "/docker/c7") in pairs)
    assert {name: living[name] for name in labels} == labels


def test_label_policy(tmp_path: Path) -> None:
    one = ended_page(tmp_path, Settings(store_labels=False, kept_labels=("tier",)))
    one.end()
    assert "container_label_com_x_y" not in one.labels("/docker/c7")
    assert one.labels("/docker/c7")["container_label_tier"] == "batch"
    one.page.writer.close()


def test_environment_only_for_those_who_may_see_it(ended: Ended) -> None:
    ended.end()
    application = page(ended.page)
    url = f"/metrics?name[]={NAME}_code"
    application._scraper = ended.page.scraper  # its clock is set
    assert b"secret" in ask(application, url, user=User("metrics", "env")).body
    shown = ask(application, url, user=User("metrics")).body
    assert b'name="web-7"' in shown
    assert b"container_env_" not in shown


def test_a_name_and_a_code_that_come_late(ended: Ended) -> None:
    """For some seconds the record is read again; later it stays as it was."""
    event = ended.end("/docker/c9")
    assert "name" not in ended.labels("/docker/c9")
    ended.names["/docker/c9"] = docker(9)
    (kept,) = ended.log._by_kind["container_exit"]
    ended.log._by_kind["container_exit"] = [replace(kept, payload=replace(END, runtime_code=42))]
    ended.page.pass_over(every_row([ROOT]))
    assert ended.labels("/docker/c9")["name"] == "web-9"
    assert ended.samples()["code", "/docker/c9"] == 42
    ended.at(NOW + 60)
    assert ended.labels("/docker/c9")["name"] == "web-9"
    ended.names["/docker/c9"] = docker(9, name="too-late")
    ended.at(NOW + 61)
    assert ended.labels("/docker/c9")["name"] == "web-9"
    assert event.seq == 1


# ---- which
def test_of_two_at_one_path_the_newest(ended: Ended) -> None:
    ended.end(ago_s=50)
    ended.end(payload=ContainerExit(exit_code=1), ago_s=40)
    ended.end(payload=ContainerExit(exit_code=0), ago_s=3)
    for form in FORMS:
        found = ended.samples(form=form)
        assert found["code", "/docker/c7"] == 0
        assert ("cpu_seconds", "/docker/c7") not in found, "numbers of two ends are never mixed"


def test_expiry(ended: Ended) -> None:
    ended.end("/old", ago_s=121)
    ended.end("/docker/c7", ago_s=119)
    ended.end("/docker/c8", ago_s=5)
    assert ended.paths() == {"/docker/c7", "/docker/c8"}
    ended.at(NOW + 2)
    assert ended.paths() == {"/docker/c8"}
    ended.at(NOW + 116)
    assert ended.paths() == set()
    assert f"# TYPE {NAME}_".encode() not in ended.page.scrape(parse([EXTRAS]))


def test_an_answer_that_is_kept_lasts_no_longer_than_its_tick(ended: Ended) -> None:
    ended.end(ago_s=119)
    assert ended.paths() == {"/docker/c7"}
    ended.page.scraper._clock = lambda: NOW + 2
    assert ended.paths() == {"/docker/c7"}, "the same tick"
    ended.page.pass_over(every_row([ROOT]))
    assert ended.paths() == set()


def test_a_clock_that_was_set_back(ended: Ended) -> None:
    ended.end("/ahead", ago_s=-3600)
    assert ended.paths() == set()


def test_a_grace_of_its_own_and_none(tmp_path: Path) -> None:
    one = ended_page(tmp_path, Settings(dead_container_grace_ns=10 * SECOND))
    one.end("/a", ago_s=11)
    one.end("/b", ago_s=9)
    assert one.paths() == {"/b"}
    off = replace(one, page=one.page.with_settings(dead_container_grace_ns=0))
    reads = one.log.reads
    assert off.paths() == set()
    assert one.log.reads == reads
    one.page.writer.close()


def test_parts_of_containers_and_what_is_left_out(ended: Ended) -> None:
    ended.end("/docker/c7")
    ended.end("/docker/c7/init", ContainerExit(exit_code=9), ago_s=0.5)
    ended.end("/left-out/by-the-options")
    ended.end("/", ago_s=0.1)
    assert ended.paths() == {"/docker/c7"}
    assert ended.samples()["code", "/docker/c7"] == 3


def test_a_path_that_is_longer_than_the_record(ended: Ended) -> None:
    whole = docker(9, path="/x" * 300)
    cut = f"...{whole.path[-400:]}"
    ended.end(cut, ago_s=2, caveats=("path_cut",))
    assert ended.paths() == set(), "nobody knows whose it is"
    ended.names[cut] = whole
    ended.at(NOW + 1)
    assert ended.paths() == {whole.path}


def test_choice(ended: Ended) -> None:
    ended.end()
    ended.names["/libpod/c8"] = docker(8, path="/libpod/c8", namespace="podman", labels={"tier": "db"})
    ended.end("/libpod/c8")
    ended.end("/system.slice/tool.service")
    both = {"/docker/c7", "/libpod/c8"}
    assert ended.paths() == {*both, "/system.slice/tool.service"}
    assert ended.paths(("type", "docker")) == {"/docker/c7"}
    assert ended.paths(("container", "/docker/*")) == {"/docker/c7"}
    assert ended.paths(("container", "web-*")) == both
    assert ended.paths(("label", "tier=db")) == {"/libpod/c8"}
    assert ended.paths(("label", "nobody")) == set()


def test_choice_of_families(ended: Ended) -> None:
    ended.end()

    def names(*pairs: tuple[str, str]) -> set[str]:
        return {name for name, _ in ended.samples(*pairs)}

    assert names(("group", "cpu")) == {"cpu_seconds", "cpu_user_seconds"}
    assert names(("group", "oom_event")) == {"oom_kills"}
    assert names(("group", "exit")) == names()
    assert names(("group", "spec")) == set()
    assert names(("name[]", f"{NAME}_code")) == {"code"}
    assert names(("extras", "false"), ("name[]", f"{NAME}_io_*")) == {"io_read_bytes", "io_written_bytes"}


def test_kinds_that_are_off(ended: Ended) -> None:
    ended.end()
    quiet = replace(ended, page=ended.page.with_settings(kinds=ended.page.settings.kinds - {"memory", "diskIO"}))
    names = {name for name, _ in quiet.samples()}
    assert "code" in names
    assert not {"memory_peak_bytes", "io_read_bytes"} & names


# ---- how it is read
def test_nothing_is_read_unless_it_is_asked_for(ended: Ended) -> None:
    ended.end()
    reads = ended.log.reads
    ended.page.scrape()
    ended.page.scrape(parse([EXTRAS, ("group", "machine")]))
    ended.page.scrape(parse([EXTRAS, ("name[]", "container_*")]))
    assert ended.log.reads == reads
    assert ended.paths()
    assert ended.log.reads == reads + 1


def test_what_has_settled_is_read_once(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    after = Bus.after

    def noted(bus: Bus, seq: int, *args: Any, **how: Any) -> Sequence[Event]:
        asked.append(seq)
        return after(bus, seq, *args, **how)

    monkeypatch.setattr(Bus, "after", noted)
    for number in range(600):
        ended.end(f"/docker/e{number}", ago_s=100)
    last = ended.end(ago_s=1)
    assert len(ended.paths()) == 601
    assert asked == [0, 256, 512]
    ended.log.add("oom_kill")
    ended.at(NOW + 1)
    assert len(ended.paths()) == 601
    assert asked[3:] == [last.seq - 1]
    ended.at(NOW + 119)
    assert ended.paths() == {"/docker/c7"}
    ended.at(NOW + 120)
    assert ended.paths() == set()
    assert asked[-1] == ended.log.latest


def test_a_storm_is_bounded(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exits_followed, "MOST", 20)
    bounded = replace(ended, page=ended.page.with_settings())
    for number in range(50):
        ended.end(f"/docker/e{number}", ago_s=100 if number < 30 else 1)
    assert bounded.paths() == {f"/docker/e{number}" for number in range(30, 50)}
    left_out = ("pycadvisor_container_exits_left_out_total", ())
    assert bounded.page.samples(parse([EXTRAS]))[left_out] == 10, "the twenty newest have not settled yet"
    bounded.at(NOW + 15)
    assert bounded.page.samples(parse([EXTRAS]))[left_out] == 30
    bounded.at(NOW + 130)
    assert bounded.page.samples(parse([EXTRAS]))[left_out] == 30, "what has outlived its grace period is not missed"


def test_another_log(ended: Ended) -> None:
    ended.end("/before")
    ended.end("/before-too", ago_s=40)
    assert len(ended.paths()) == 2
    other = FakeLog()
    other.epoch = 0x999
    ended.page.feed.events_bus = Bus(other, lambda recorded, path: None)
    other.add("container_exit", "/after", END, time_ns=NOW_NS)
    ended.page.pass_over(every_row([ROOT]))
    assert ended.paths() == {"/after"}


def test_a_past_that_nobody_may_ask_for(tmp_path: Path) -> None:
    """cAdvisor's usual flags keep no events; what has just ended is in the page all the same."""
    one = ended_page(tmp_path, retention=Retention({"default": 0}, {"default": 0}))
    one.end()
    assert one.paths() == {"/docker/c7"}
    one.page.writer.close()


def test_without_events(ended: Ended) -> None:
    ended.page.feed.events_bus = None
    assert ended.samples() == {}


def test_a_log_that_fails_costs_the_others_nothing(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> list[Event]:
        raise OSError("it is broken")

    monkeypatch.setattr(Bus, "after", broken)
    found = ended.page.samples(parse([EXTRAS]))
    assert found["container_scrape_error", ()] == 1
    assert "container_cpu_user_seconds_total" in {name for name, _ in found}
    assert "no containers that have ended in this scrape" in caplog.text


@pytest.mark.parametrize(("flags", "expected"), [((), 120), ((("dead_container_grace", "0"),), 0)])
def test_the_setting(flags: tuple[tuple[str, str], ...], expected: int) -> None:
    assert http_settings(load(flags, {})).dead_container_grace_ns == expected * SECOND
