"""Scrapes of a real collector over real cgroups: the kernel's numbers, containers that come and go, many scrapers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.faces.exposition.query import Query, parse
from pycadvisor_fast.faces.exposition.scrape import Scraper
from pycadvisor_fast.native.exposition import OPENMETRICS, PROTOBUF, TEXT
from pycadvisor_fast.views.selection import Selector
from tests.host.cgroup_tree import CgroupTree
from tests.host.memory_limit import LIMIT, hog, limited
from tests.unit.exposition_rig import Settings, samples_of

pytestmark = pytest.mark.root
WAIT = 30.0
FORMS = (TEXT, OPENMETRICS, PROTOBUF)


@contextmanager
def scraping(
    cgroups: CgroupTree, interval: float | dict[str, float] = 0.1, **more: object
) -> Iterator[tuple[Collector, Scraper]]:
    options = {"docker": None, "history": 10, "include": (f"{cgroups.name}*",), **more}
    with Collector(interval=interval, **options) as collector:
        collector.wait(timeout=WAIT)
        yield collector, Scraper(collector, Settings())


def of(scraper: Scraper, path: str, query: Query | None = None, form: int = TEXT) -> dict[str, float]:
    """Values by name of the series of one container; those of one name added up (cores, interfaces)."""
    found = samples_of(bytes(scraper.answer(query or Query(), form)), form)
    out: dict[str, float] = {}
    for (name, labels), value in found.items():
        if ("id", path) in labels:
            out[name] = out.get(name, 0) + value
    return out


def test_a_scrape_says_what_the_kernel_says(cgroups: CgroupTree) -> None:
    path = cgroups.make("busy")
    cgroups.spawn("busy", "sh", "-c", "while :; do :; done")
    with scraping(cgroups) as (collector, scraper):
        fresh = parse([("max_age", "0s")])
        before = of(scraper, path, fresh)
        assert before["container_last_seen"] > 1.7e9
        first = collector.wait()
        collector.wait(first + 5, timeout=WAIT)
        after = of(scraper, path, fresh)
        usage = _read(cgroups, path, "memory.current", "memory.usage_in_bytes")
        if usage is not None:
            assert 0 < after["container_memory_usage_bytes"] < 2**40
            assert after["container_memory_working_set_bytes"] <= after["container_memory_usage_bytes"]
        if "container_cpu_usage_seconds_total" in before:
            assert after["container_cpu_usage_seconds_total"] > before["container_cpu_usage_seconds_total"]
        for form in FORMS:
            assert set(of(scraper, path, form=form)) == set(after)


def _read(cgroups: CgroupTree, path: str, *names: str) -> int | None:
    for mount in cgroups.mounts:
        for name in names:
            file = Path(f"{mount}{path}/{name}")
            if file.exists():
                return int(file.read_text())
    return None


def test_every_group_on_this_host_has_its_series(cgroups: CgroupTree) -> None:
    """All groups that can be switched on: each of the three formats is read without a complaint."""
    path = cgroups.make("all")
    cgroups.spawn("all", "sleep", "1000")
    intervals = {group.name: 0.1 for group in GROUPS if group.interval_ms != 0}
    slow = dict.fromkeys(("tcp", "tcp6", "udp", "udp6", "tcp_advanced", "tasks", "schedstat"), 0.5)
    with scraping(cgroups, {**intervals, **slow}) as (collector, scraper):
        extras = parse([("extras", "true"), ("created", "true")])
        begun = collector.wait()
        collector.wait(begun + 20, timeout=WAIT)
        found = of(scraper, path, extras)
        assert len(found) > 20
        assert "container_processes" in found
        assert found["container_processes"] == 1
        for form in FORMS:
            assert len(samples_of(bytes(scraper.answer(extras, form)), form)) > 100


def test_containers_come_and_go_between_scrapes(cgroups: CgroupTree) -> None:
    with scraping(cgroups) as (collector, scraper):
        for number in range(3):
            path = cgroups.make(f"guest-{number}")
            tick = collector.wait()
            while collector.container(path) is None:
                tick = collector.wait(tick, timeout=WAIT)
            collector.wait(tick + 2, timeout=WAIT)
            assert of(scraper, path), path
            cgroups.remove(f"guest-{number}")
            while collector.container(path) is not None:
                tick = collector.wait(tick, timeout=WAIT)
            assert not of(scraper, path)


def test_many_scrapers_while_it_ticks_fast(cgroups: CgroupTree) -> None:
    """A hundred ticks a second and the shortest history: answers are whole, or begun again."""
    paths = [cgroups.make(f"one-{number}") for number in range(20)]
    errors: list[BaseException] = []

    def scrape(form: int) -> None:
        try:
            for number in range(15):
                is_packed = number % 2 == 0
                data = scraper.answer(parse([("extras", "true")]), form, is_packed=is_packed)
                if not is_packed:
                    found = samples_of(bytes(data), form)
                    assert {dict(labels).get("id") for _, labels in found} >= set(paths)
        except BaseException as error:
            errors.append(error)

    with scraping(cgroups, interval=0.01, history=0.1) as (_, scraper):
        threads = [threading.Thread(target=scrape, args=(form,)) for form in (TEXT, PROTOBUF, TEXT)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors, errors[0]


WORK = """
import sys
held = bytearray(20 << 20)
for _ in range(40):
    sum(range(40000))
sys.exit(7)
"""


def test_a_container_that_is_gone_before_the_scrape_is_accounted_for(cgroups: CgroupTree) -> None:
    """Made, used up and removed between two scrapes: its end is in the next one, in each format, and then no more."""
    settings = Settings(dead_container_grace_ns=3 * 10**9)
    with scraping(cgroups) as (collector, _):
        scraper = Scraper(collector, settings)
        extras = parse([("extras", "true")])
        assert "pycadvisor_container_exit_code" not in of(scraper, cgroups.path("brief"), extras)
        before = time.time()
        path = cgroups.make("brief")
        process = cgroups.spawn("brief", sys.executable, "-S", "-c", WORK)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        cgroups.remove("brief")
        found: dict[str, float] = {}
        tick, end = collector.wait(), time.monotonic() + WAIT
        while "pycadvisor_container_exit_time_seconds" not in found:
            assert time.monotonic() < end, "it ended, and no scrape says so"
            tick = collector.wait(tick, timeout=WAIT)
            found = of(scraper, path, extras)
        last = {name.removeprefix("pycadvisor_container_exit_"): value for name, value in found.items()}
        assert last["code"] == process.returncode == 7
        assert before - 1 < last["time_seconds"] < time.time() + 1
        cpu = used.ru_utime + used.ru_stime
        if "cpu_seconds" in last:  # the shell before it entered the cgroup is in what wait4 counts
            assert 0.7 * cpu < last["cpu_seconds"] < 1.1 * cpu + 0.005
        if "memory_peak_bytes" in last:
            assert last["memory_peak_bytes"] > 20 << 20
        assert of(scraper, path, parse([("type", "docker"), ("extras", "true")])) == {}
        for form in FORMS:
            assert set(of(scraper, path, extras, form)) == set(found)
        while of(scraper, path, extras):
            assert time.monotonic() < end, "the grace period has passed"
            tick = collector.wait(tick, timeout=WAIT)


def test_kills_of_a_container_that_is_gone_before_the_scrape(cgroups: CgroupTree) -> None:
    """And of no cgroup that the options leave out."""
    extras = parse([("extras", "true"), ("group", "exit")])
    with scraping(cgroups) as (collector, scraper), CgroupTree() as others:
        path = limited(cgroups, "small")
        left_out = others.make("left-out")
        others.spawn("left-out", "true").wait(WAIT)
        others.remove("left-out")
        assert hog(cgroups, "small").wait(WAIT) == -signal.SIGKILL
        cgroups.remove("small")
        tick, end = collector.wait(), time.monotonic() + WAIT
        while not (found := of(scraper, path, extras)):
            assert time.monotonic() < end, "it ended, and no scrape says so"
            tick = collector.wait(tick, timeout=WAIT)
        assert found["pycadvisor_container_exit_oom_kills"] == 1
        assert found["pycadvisor_container_exit_code"] == 128 + signal.SIGKILL
        assert found["pycadvisor_container_exit_memory_limit_bytes"] == LIMIT
        assert collector.past_events(["container_exit"], containers=Selector(paths=(left_out,)))
        assert not of(scraper, left_out, extras)
