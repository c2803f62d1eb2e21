"""Answers to scrapes: one a tick for each question, torn ticks, freshness, failures, the page, and a golden one."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.errors import PycadvisorError, TornError
from pycadvisor_fast.faces.exposition import routes, scrape
from pycadvisor_fast.faces.exposition.paper import Paper
from pycadvisor_fast.faces.exposition.query import Query, parse
from pycadvisor_fast.native.exposition import OPENMETRICS, PROTOBUF, TEXT
from pycadvisor_fast.native.exposition import Writer as ScrapeWriter
from pycadvisor_fast.spec import UNLIMITED, Limits

from .exposition_rig import ROOT, Context, Page, Rig, Settings, ask, docker, every_row, limits, rig, samples_of

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures/exposition"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Rig]:
    containers = [docker(1, labels={"tier": "web"}), docker(2, namespace="podman", labels={"tier": "db"})]
    one = rig(tmp_path, containers)
    one.pass_over(every_row([ROOT, *containers]))
    yield one
    one.writer.close()


def page(one: Rig) -> Any:
    (route,) = routes(Context(one.feed, one.settings))
    return route.app  # type: ignore[attr-defined]


# ---- the cache
def test_one_answer_a_tick(made: Rig) -> None:
    first = made.scraper.answer(Query(), TEXT)
    assert made.scraper.answer(Query(), TEXT) is first, "not even another object"
    assert made.scraper.answer(Query(), OPENMETRICS) is not first
    made.pass_over(every_row([ROOT], base=5))
    assert bytes(made.scraper.answer(Query(), TEXT)) != bytes(first)


def test_packed_and_plain_are_the_same(made: Rig) -> None:
    packed = made.scraper.answer(Query(), TEXT, is_packed=True)
    assert made.scraper.answer(Query(), TEXT, is_packed=True) is packed
    assert gzip.decompress(packed) == bytes(made.scraper.answer(Query(), TEXT))
    made.pass_over(every_row([ROOT], base=5))
    plain = bytes(made.scraper.answer(Query(), TEXT))
    assert gzip.decompress(made.scraper.answer(Query(), TEXT, is_packed=True)) == plain


@pytest.mark.parametrize("expected", [0, 1, 5_000_000])
def test_pieces_on_paper(expected: int) -> None:
    pieces = [bytes([number]) * 700_000 for number in range(7)]
    paper = Paper()
    kept = paper.written(iter(pieces), expected)
    assert bytes(kept) == b"".join(pieces)
    assert kept.readonly
    assert bytes(paper.written([], expected)) == b""


def test_paper_is_written_over_when_nobody_reads_it() -> None:
    paper = Paper()
    first = paper.written([b"first"], 10)
    second = paper.written([b"other"], 10)
    assert (bytes(first), bytes(second)) == (b"first", b"other")
    sheet = paper._sheet
    del second
    assert bytes(paper.written([b"third"], 10)) == b"third"
    assert paper._sheet is sheet
    assert bytes(first) == b"first"
    paper.put_away()
    assert paper._sheet is sheet, "it may be wanted again soon"
    paper.put_away(0)
    assert paper._sheet is None


def test_a_container_that_comes_is_there_with_its_first_sample(made: Rig) -> None:
    made.scrape()
    new = docker(3)
    made.feed.set_containers([*made.feed.containers(), new])
    assert not [labels for _, labels in made.samples() if ("id", new.path) in labels]
    made.pass_over(every_row([ROOT, new]))
    assert [name for name, labels in made.samples() if ("id", new.path) in labels]


def test_a_slot_with_another_tenant(made: Rig) -> None:
    """Rows of the one who was there before are nobody's."""
    made.scrape()
    second = docker(1, generation=2, path="/docker/new")
    made.feed.set_containers([ROOT, second])
    made.pass_over(every_row([ROOT]))
    assert not [labels for _, labels in made.samples() if ("id", "/docker/new") in labels]


def test_a_new_name_shows_at_once(made: Rig) -> None:
    made.scrape()
    first, *others = made.feed.containers()[1:]
    made.feed.set_containers([ROOT, replace(first, name="renamed"), *others])
    names = {dict(labels).get("name") for _, labels in made.samples()}
    assert "renamed" in names
    assert first.name not in names


def test_few_answers_are_kept(made: Rig) -> None:
    for number in range(3 * scrape._MOST_ANSWERS):
        made.scrape(parse([("name[]", f"container_{number}")]))
    assert len(made.scraper._answers) == scrape._MOST_ANSWERS


# ---- torn ticks
def test_torn_ticks_are_taken_again(made: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []
    write = ScrapeWriter.write

    def torn(writer: ScrapeWriter, *args: Any) -> Iterator[Any]:
        attempts.append(1)
        yield from write(writer, *args)
        if len(attempts) < 3:
            raise TornError("it was overwritten")

    monkeypatch.setattr(ScrapeWriter, "write", torn)
    assert len(samples_of(made.scrape(), TEXT)) > 100
    assert len(attempts) == 3
    monkeypatch.setattr(scrape, "_ATTEMPTS", 1)
    attempts.clear()
    made.pass_over(every_row([ROOT]))
    with pytest.raises(PycadvisorError, match="keep more history"):
        made.scrape()


def test_a_tick_that_is_overwritten_within_an_answer(tmp_path: Path) -> None:
    """The ring goes round between two pieces of an answer: the answer is not given."""
    one = rig(tmp_path, [docker(1, labels={"long": "x" * 20_000})], ring_len=2)
    rows = every_row(one.feed.containers())
    one.pass_over(rows)
    writer = one.scraper._opened()
    groups = [scrape.GroupAt(index, region.latest) for index, region in writer.regions.by_group.items()]
    pieces = one.scraper._write(writer, Query(), TEXT, groups)
    next(pieces)
    for _ in range(3):
        one.pass_over(rows)
    with pytest.raises(TornError, match="overwritten"):
        list(pieces)
    assert one.scrape(), "the next one is whole"
    one.writer.close()


# ---- freshness
def test_max_age(made: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made.scraper, "_age_ns", lambda: 5e9)
    made.scrape(parse([("max_age", "10s")]))
    assert made.feed.sampled == 0
    made.scrape(parse([("max_age", "1s")]))
    assert made.feed.sampled == 1


def test_the_age_of_the_newest_tick(made: Rig) -> None:
    newest = 1_000 * 10**9 + made.writer.base_ns
    assert abs(made.scraper._age_ns() - (time.monotonic_ns() - newest)) < 60e9


def test_max_age_without_a_storm(made: Rig) -> None:
    """Who waits while a pass is taken shares the next one."""
    sample, gate, begun = made.feed.sample, threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        gate.wait(10)
        return sample()

    made.feed.sample = slow  # type: ignore[method-assign]
    threads = [threading.Thread(target=made.scrape, args=(parse([("max_age", "0s")]),)) for _ in range(8)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while sum(thread.is_alive() for thread in threads) < 8:
        threading.Event().wait(0.01)
    threading.Event().wait(0.1)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert made.feed.sampled <= 3


def test_many_at_once_get_the_same(made: Rig) -> None:
    found: list[memoryview] = []
    threads = [threading.Thread(target=lambda: found.append(made.scraper.answer(Query(), TEXT))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 16
    assert all(one is found[0] for one in found)


# ---- what is off, what fails
def test_kinds_that_are_off(made: Rig) -> None:
    kinds = made.settings.kinds - {"memory", "diskIO", "cpu_topology"}
    names = {name for name, _ in made.with_settings(kinds=kinds).samples()}
    assert "container_cpu_user_seconds_total" in names
    assert "container_fs_usage_bytes" in names
    assert not {
        name for name in names if name.startswith(("container_memory_usage", "container_fs_reads", "machine_node"))
    }
    assert "container_pressure_io_stalled_seconds_total" not in names, "it needs diskIO too"
    assert "container_pressure_cpu_stalled_seconds_total" in names
    assert "container_oom_events_total" in names


def test_groups_that_are_off(tmp_path: Path) -> None:
    one = rig(tmp_path, [docker(1)], groups=("cpu", "memory"))
    one.pass_over({("cpu", 1, 1, ""): {"user_ns": 1}, ("memory", 1, 1, ""): {"usage_bytes": 4096}})
    names = {name for name, _ in one.samples()}
    assert "container_memory_usage_bytes" in names
    assert not {"container_memory_working_set_bytes", "container_memory_rss"} & names
    one.writer.close()


def test_a_part_that_fails_costs_the_others_nothing(made: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def broken(**_: object) -> Any:
        raise OSError("it is broken")

    made.feed.filesystems = broken  # type: ignore[method-assign]
    found = made.samples()
    assert found["container_scrape_error", ()] == 1
    assert ("machine_scrape_error", ()) in found
    assert "container_fs_usage_bytes" not in {name for name, _ in found}
    assert "no filesystems in this scrape" in caplog.text
    made.feed.machine = broken  # type: ignore[method-assign]
    made.pass_over(every_row([ROOT]))
    found = made.samples()
    assert found["machine_scrape_error", ()] == 1
    assert "container_cpu_user_seconds_total" in {name for name, _ in found}


# ---- limits, filesystems, machine
def test_specs(made: Rig) -> None:
    first, second = made.feed.containers()[1:]
    made.feed.set_spec(first, limits(cpu_weight=39, cpu_shares=512, memory_bytes=UNLIMITED))
    made.feed.set_spec(second, Limits(cpu_quota_usec=UNLIMITED, cpu_period_usec=100_000))
    made.pass_over(every_row([ROOT, first, second]))
    found = {(name, dict(labels).get("id")): value for (name, labels), value in made.samples().items()}
    assert found["container_spec_cpu_quota", first.path] == 50_000
    assert found["container_spec_cpu_shares", first.path] == 512
    assert found["container_spec_memory_limit_bytes", first.path] == 0
    assert found["container_spec_memory_reservation_limit_bytes", first.path] == 0
    assert found["container_spec_memory_limit_bytes", "/"] == 8 << 30
    assert ("container_cpu_cfs_periods_total", first.path) in found
    assert ("container_spec_cpu_quota", second.path) not in found
    assert ("container_cpu_cfs_periods_total", second.path) not in found
    assert ("container_spec_memory_limit_bytes", second.path) not in found, "it is not known"
    strict = made.with_settings(compat="strict").samples()
    shares = {dict(labels)["id"]: v for (name, labels), v in strict.items() if name == "container_spec_cpu_shares"}
    assert shares[first.path] == 998, "the linear conversion of 39"


def test_times_and_health(made: Rig) -> None:
    first, second = made.feed.containers()[1:]
    born = replace(first, created_ns=0, health="healthy")
    started = replace(second, started_ns=1_695_000_000_900_000_000, health="starting")
    made.feed.set_containers([ROOT, born, started])
    made.pass_over(every_row([ROOT, born, started]))
    found = {(name, dict(labels).get("id")): value for (name, labels), value in made.samples().items()}
    assert found["container_start_time_seconds", started.path] == 1_695_000_000
    assert found["container_creation_time_seconds", started.path] == 1_690_000_000
    assert ("container_creation_time_seconds", born.path) not in found
    assert [found["container_health_state", path] for path in (born.path, started.path, "/")] == [1, 0, -1]
    strict = {
        (n, dict(labels).get("id")): v for (n, labels), v in made.with_settings(compat="strict").samples().items()
    }
    assert strict["container_creation_time_seconds", born.path] == -62_135_596_800


def test_filesystems_and_disks(made: Rig) -> None:
    found = made.samples()

    def of(name: str, **labels: str) -> float:
        return next(v for (n, pairs), v in found.items() if n == name and labels.items() <= dict(pairs).items())

    assert of("container_fs_usage_bytes", id="/", device="/dev/sda") == 1 << 39
    assert of("container_fs_limit_bytes", id="/", device="/run") == 1 << 20
    assert of("container_fs_usage_bytes", id="/docker/c1", device="/dev/sda") == 4096 + 512
    assert of("container_fs_inodes_total", id="/docker/c1") == 1000
    assert of("container_fs_read_seconds_total", id="/", device="/dev/sda") == 1.5
    assert of("container_fs_io_time_seconds_total", id="/", device="/dev/sda") == 4.5
    assert of("container_fs_sector_reads_total", device="/dev/sda") == 10
    assert not [
        labels for name, labels in found if name == "container_fs_read_seconds_total" and ("id", "/") not in labels
    ]


def test_the_machine(made: Rig) -> None:
    found = {(name, tuple(dict(labels).values())): value for (name, labels), value in made.samples().items()}
    names = {name for name, _ in found}
    assert {"machine_cpu_cores", "machine_memory_bytes", "machine_dimm_count", "machine_node_distance"} <= names
    assert "machine_nvm_capacity" not in names
    caches = [labels for name, labels in made.samples() if name == "machine_cpu_cache_capacity_bytes"]
    assert {(dict(one)["core_id"], dict(one)["level"]) for one in caches} == {("", "3"), ("0", "1"), ("1", "1")}
    info = next(dict(labels) for name, labels in made.samples() if name == "cadvisor_version_info")
    assert info["osVersion"] == 'Debian "13"'
    assert info["cadvisorVersion"] == "1.2.3"


# ---- selections
def test_selections(made: Rig) -> None:
    def paths(*pairs: tuple[str, str]) -> set[str]:
        return {dict(labels)["id"] for _, labels in made.samples(parse(pairs)) if "id" in dict(labels)}

    assert paths() == {"/", "/docker/c1", "/docker/c2"}
    assert paths(("type", "docker")) == {"/docker/c1"}
    assert paths(("type", "podman")) == {"/docker/c2"}
    assert paths(("container", "/docker/*")) == {"/docker/c1", "/docker/c2"}
    assert paths(("container", "web-2")) == {"/docker/c2"}
    assert paths(("label", "tier=web")) == {"/docker/c1"}
    assert paths(("label", "nobody")) == set()
    ticks = [name for name, _ in made.samples(parse([("label", "nobody")])) if name == "pycadvisor_ticks_total"]
    assert ticks, "what is the machine's own is there whoever is selected"


# ---- the page
def test_the_page(made: Rig) -> None:
    application = page(made)
    answer = ask(application, headers={"Accept": "text/plain"})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert "content-encoding" not in answer.headers
    assert len(samples_of(answer.body, TEXT)) > 300
    packed = ask(application, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == answer.body
    head = ask(application, method="HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", answer.headers["content-length"])
    assert ask(application, method="POST").body == answer.body
    wanted = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    assert len(samples_of(ask(application, headers={"Accept": wanted}).body, PROTOBUF)) > 300


def test_wrong_questions(made: Rig) -> None:
    def error(url: str) -> tuple[int, str, str]:
        found: Page = ask(page(made), url)
        return found.status, found.headers["content-type"], found.body.decode()

    plain = "text/plain; charset=utf-8"
    start = "No metrics gathered, last error:\n\n"
    assert error("/metrics?type=x") == (500, plain, f"{start}unknown 'type' \"x\"\n")
    assert error("/metrics?max_age=x") == (
        500, plain, f"{start}failed to parse 'max_age' option: time: invalid duration \"x\"\n",
    )  # fmt: skip
    assert error("/metrics?group=x")[0] == 400
    assert ask(page(made), "/metrics?type=docker&x=%FF%00").status == 200


def test_nothing_to_be_had(made: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(*_: Any) -> Iterator[Any]:
        raise TornError("it was overwritten")

    monkeypatch.setattr(ScrapeWriter, "write", torn)
    answer = ask(page(made))
    assert answer.status == 500
    assert answer.body.startswith(b"No metrics gathered, last error:\n\nthe ring moved on")
    assert "no answer to a scrape" in caplog.text


def test_extras_by_setting(made: Rig) -> None:
    one = made.with_settings(prometheus_extras=True)
    assert b"pycadvisor_container_pressure_ratio{" in ask(page(one)).body
    assert b"pycadvisor_container_pressure_ratio{" not in ask(page(one), "/metrics?extras=0").body


class User:
    """Somebody the door has let in."""

    def __init__(self, *scopes: str) -> None:
        self._scopes = scopes

    def may(self, scope: str) -> bool:
        return scope in self._scopes


def test_environment_only_for_those_who_may_see_it(made: Rig) -> None:
    first, *others = made.feed.containers()[1:]
    made.feed.set_containers([ROOT, replace(first, envs={"TOKEN": "secret"}), *others])
    application = page(made)
    assert b"secret" in ask(application).body, "there is no door"
    assert b"secret" in ask(application, user=User("metrics", "env")).body
    shown = ask(application, user=User("metrics")).body
    assert b"secret" not in shown
    assert b"container_env_" not in shown
    assert b'name="web-1"' in shown


def test_the_path_is_the_settings(made: Rig) -> None:
    (route,) = routes(Context(made.feed, Settings(prometheus_endpoint="/prom/m")))
    assert route.path == "/prom/m"  # type: ignore[attr-defined]


# ---- golden
@pytest.mark.parametrize(("name", "form"), [("text", TEXT), ("openmetrics", OPENMETRICS)])
def test_golden(tmp_path: Path, name: str, form: int) -> None:
    """A ring made by hand and the whole answer to it. To write them again: see golden_files()."""
    assert golden(tmp_path, form) == (FIXTURES / f"golden.{name}").read_bytes()


def golden(directory: Path, form: int) -> bytes:
    """What two containers and the machine look like; lines about this very process are left out."""
    containers = [
        docker(1, labels={"com.example.tier": "web", "com/example/tier": 'db "2"\n'}),
        docker(2, namespace=""),
    ]
    one = rig(directory, containers)
    one.feed.set_spec(containers[1], Limits(memory_bytes=UNLIMITED))
    one.pass_over(every_row([ROOT, *containers]))
    data = one.scrape(parse([("created", "1" if form == OPENMETRICS else "0")]), form)
    one.writer.close()
    skipped = (b"process_", b"pycadvisor_scrape", b"# TYPE process_", b"# HELP process_", b"# UNIT process_")
    return b"".join(line for line in data.splitlines(keepends=True) if not line.startswith(skipped))


def golden_files() -> None:
    """Writes them: .venv/bin/python -c "from tests.unit.test_exposition_scrape import *; golden_files()"."""
    import tempfile

    for name, form in (("text", TEXT), ("openmetrics", OPENMETRICS)):
        with tempfile.TemporaryDirectory() as folder:
            (FIXTURES / f"golden.{name}").write_bytes(golden(Path(folder), form))
