"""/metrics: what an answer costs, against the same through prometheus_client, and what it does to memory and ticks."""

from __future__ import annotations

import gc
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from pycadvisor_fast import Collector
from pycadvisor_fast.config.kinds import GROUPS_OF_KIND
from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.exposition.query import Query, parse
from pycadvisor_fast.faces.exposition.scrape import Scraper
from pycadvisor_fast.native.exposition import OPENMETRICS, PROTOBUF, TEXT
from pycadvisor_fast.spec import Spec

from .cgroups import Cgroups
from .report import Part, Table, Target

_LABELS = {
    "com.docker.compose.project": "shop",
    "com.docker.compose.service": "checkout",
    "com.docker.compose.version": "2.29.1",
    "org.opencontainers.image.version": "24.04",
}
_FAST_S = 0.1
_QUIET_S = 60.0
_SCRAPERS = 10


@dataclass(frozen=True)
class Settings:
    """What the face is told; all kinds are on, as in the daemon."""

    compat: str = "fixed"
    store_labels: bool = True
    kept_labels: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset(GROUPS_OF_KIND)
    version: str = "bench"
    dead_container_grace_ns: int = 0


class Dressed:
    """A feed whose containers look as if Docker had named them: image, name and four labels."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._dressed: dict[int, Spec] = {}
        self._last: tuple[Sequence[Spec], tuple[Spec, ...]] = ((), ())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collector, name)

    def specs(self) -> tuple[Spec, ...]:
        """The same objects until something changes, as the collector's own are."""
        specs = self._collector.specs()
        if self._last[0] is not specs:
            self._last = (specs, tuple(self._dress(spec) for spec in specs))
        return self._last[1]

    def containers(self) -> list[Container]:
        """Those of the specs."""
        return [spec.container for spec in self.specs()]

    def _dress(self, spec: Spec) -> Spec:
        container = spec.container
        if container.path == "/":
            return spec
        named = {"name": f"shop-checkout-{container.slot}", "image": "registry.example.com/shop/checkout:1.2.3"}
        return replace(spec, container=replace(container, namespace="docker", labels=_LABELS, **named))


def measure(count: int, seconds: float) -> Part:
    """``count`` containers; ``seconds`` for each measurement of ticks."""
    part = Part("Scrapes")
    with Cgroups(count, is_busy=True, name="scraping") as cgroups:
        include = (f"/{cgroups.parent}/*", "/")
        with Collector(include=include, docker=None, history=10) as collector:
            _settle(collector, count)
            dressed = Dressed(collector)
            _quiet(dressed, _QUIET_S if count >= 1000 else 5.0)
            figures = _answers(part, Scraper(dressed, Settings()), collector)  # type: ignore[arg-type]
        with Collector(include=include, docker=None, history=10, interval=_FAST_S) as collector:
            _settle(collector, count)
            delay = _ticks(part, Scraper(Dressed(collector), Settings()), collector, seconds)  # type: ignore[arg-type]
    is_full = count >= 1000
    for name, limit, unit in (
        ("/metrics of 1000 containers, uncached, CPU", 20, "ms"),
        ("/metrics of 1000 containers, cached, CPU", 2, "ms"),
        ("/metrics of 1000 containers, memory beyond sampling, as Prometheus asks (gzip)", 12, "MB"),
        ("/metrics against prometheus_client, times faster", 25, "x"),
    ):
        measured = figures[name] if is_full else None
        part.targets.append(Target(name, limit, measured, unit, at_least=unit == "x"))
    name = "10 scrapers a second delay a 10 Hz tick, p99"
    part.targets.append(Target(name, 1, delay if is_full else None, "ms"))
    return part


def _settle(collector: Collector, count: int) -> None:
    tick = collector.wait(timeout=60)
    while len(collector.containers()) < count:
        tick = collector.wait(tick, timeout=60)
    collector.wait(tick + 2, timeout=60)
    collector.specs()


def _quiet(dressed: Dressed, seconds: float) -> None:
    """Waits until the collector has what it will have (its rounds are up to a minute apart), so that what grows
    afterwards is the scrapes'."""
    last, steady, until = _anonymous_mb(), 0, time.monotonic() + seconds
    while steady < 20 and time.monotonic() < until:
        dressed.specs(), dressed.filesystems(), dressed.machine(), dressed.status()
        time.sleep(1)
        gc.collect()
        now = _anonymous_mb()
        steady = steady + 1 if abs(now - last) < 0.1 else 0
        last = now


def _answers(part: Part, scraper: Scraper, collector: Collector) -> dict[str, float]:
    """Adds the table of answers; the figures of the targets."""
    asked = Query()
    gc.collect()
    before = _anonymous_mb()
    packed = _uncached(collector, lambda: scraper.answer(asked, TEXT, is_packed=True))
    memory_packed = _memory_mb(collector, lambda: scraper.answer(asked, TEXT, is_packed=True)) - before
    rows: list[tuple[Any, ...]] = [("text, gzip", *packed)]
    for name, form in (("text", TEXT), ("OpenMetrics", OPENMETRICS), ("protobuf", PROTOBUF)):
        rows.append((name, *_uncached(collector, lambda form=form: scraper.answer(asked, form))))  # type: ignore[misc]
    memory_plain = _anonymous_mb() - before
    few = parse([("name[]", "container_cpu_usage_seconds_total"), ("name[]", "container_memory_working_set_bytes")])
    rows.append(("two metrics only, text", *_uncached(collector, lambda: scraper.answer(few, TEXT))))

    text = bytes(scraper.answer(asked, TEXT))
    cached = _cached(collector, lambda: scraper.answer(asked, TEXT, is_packed=True))
    client = _by_client(text)
    samples = text.count(b"\n") - 2 * text.count(b"# TYPE")
    rows.append(("the same by prometheus_client, text", client, len(text) / 1e6))
    ours = rows[1][1]
    part.tables.append(
        Table(
            f"One answer: {samples} samples, {len(text) / 1e6:.1f} MB of text (median)",
            ("what", "CPU, ms", "MB"),
            tuple(rows),
            "prometheus_client: a registry with one custom collector that has all families ready in memory, values and "
            "labels included; ours takes them from the ring. gzip: level 1, by ISA-L.",
        )
    )
    part.notes += [
        f"asked again within the tick: {cached:.3f} ms",
        f"memory beyond sampling: {memory_packed:.1f} MB with gzip, {memory_plain:.1f} MB after plain answers too: "
        "those are kept as a whole until the next tick",
    ]
    return {
        "/metrics of 1000 containers, uncached, CPU": ours,
        "/metrics of 1000 containers, cached, CPU": cached,
        "/metrics of 1000 containers, memory beyond sampling, as Prometheus asks (gzip)": memory_packed,
        "/metrics against prometheus_client, times faster": client / ours,
    }


def _uncached(collector: Collector, answer: Callable[[], memoryview], rounds: int = 7) -> tuple[float, float]:
    """Median CPU milliseconds of the first answer of a tick, and its megabytes."""
    times, size = [], 0
    for turn in range(rounds + 1):
        collector.wait(collector.wait(), timeout=60)
        began = time.thread_time_ns()
        data = answer()
        if turn:
            times.append((time.thread_time_ns() - began) / 1e6)
        size = len(data)
        del data  # as a server lets go of what it has sent
    return statistics.median(times), size / 1e6


def _memory_mb(collector: Collector, answer: Callable[[], memoryview]) -> float:
    """Median over some ticks: the collector itself takes a few megabytes for a moment now and then."""
    found = []
    for _ in range(7):
        collector.wait(collector.wait(), timeout=60)
        answer()
        found.append(_anonymous_mb())
    return statistics.median(found)


def _cached(collector: Collector, answer: Callable[[], memoryview]) -> float:
    """Median CPU milliseconds of an answer that is there."""
    times = []
    for _ in range(5):
        collector.wait(collector.wait(), timeout=60)
        answer()
        for _ in range(10):
            began = time.thread_time_ns()
            answer()
            times.append((time.thread_time_ns() - began) / 1e6)
    return statistics.median(times)


class _Ready:
    """A custom collector as prometheus_client's documentation has it, whose families are ready in memory."""

    def __init__(self, text: str) -> None:
        self._families = list(text_string_to_metric_families(text))

    def collect(self) -> list[Metric]:
        """What a scrape calls."""
        return self._families


def _by_client(text: bytes) -> float:
    """Median CPU milliseconds of prometheus_client for the same samples."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ready(text.decode()))  # type: ignore[arg-type]
    times = []
    for turn in range(4):
        began = time.thread_time_ns()
        generate_latest(registry)
        if turn:
            times.append((time.thread_time_ns() - began) / 1e6)
    return statistics.median(times)


def _anonymous_mb() -> float:
    """Memory of this process that is neither the ring nor files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1000
    return 0.0


def _ticks(part: Part, scraper: Scraper, collector: Collector, seconds: float) -> float:
    """Adds the table of lateness; milliseconds by which scrapes put off the 99th percentile."""
    alone = _lateness(collector, seconds)
    stop = threading.Event()

    def scrape() -> None:
        while not stop.wait(1.0):
            scraper.answer(Query(), TEXT, is_packed=True)

    threads = [threading.Thread(target=scrape) for _ in range(_SCRAPERS)]
    for thread in threads:
        thread.start()
        time.sleep(1.0 / _SCRAPERS)
    with_them = _lateness(collector, seconds)
    stop.set()
    for thread in threads:
        thread.join()
    rows = [
        (name, len(found), statistics.median(found), _p99(found), max(found))
        for name, found in (("nobody", alone), ("ten scrapers, each once a second, gzip", with_them))
    ]
    part.tables.append(
        Table("How late ticks at 10 Hz begin, ms", ("who scrapes", "ticks", "median", "p99", "latest"), tuple(rows))
    )
    return max(0.0, _p99(with_them) - _p99(alone))


def _lateness(collector: Collector, seconds: float) -> list[float]:
    """Milliseconds after its deadline of each tick of the group cpu."""
    found, tick = [], collector.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tick = collector.wait(tick, timeout=60)
        found.append((collector.latest("cpu").monotonic_ns % round(_FAST_S * 1e9)) / 1e6)
    return found


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]
