"""From mkdir to a followed container, and to its first row in the ring."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable

from pycadvisor_fast import Collector

from .cgroups import Cgroups, hierarchies
from .report import Part, Table

_INTERVAL = 0.01


def measure(count: int) -> Part:
    """``count`` cgroups made one after the other while a collector samples every 10 ms."""
    part = Part("Discovery")
    known: list[float] = []
    sampled: list[float] = []
    with Cgroups(1, name="discovery") as cgroups, Collector(interval=_INTERVAL, docker=None, history=1) as collector:
        parent = cgroups.paths[0]
        collector.sample()
        for index in range(count):
            path = f"{parent}/n{index}"
            began = _make(path)
            known.append(_until(lambda path=path: _slot(collector, path) >= 0) - began)  # type: ignore[misc]
            slot = _slot(collector, path)
            sampled.append(_until(lambda slot=slot: _is_sampled(collector, slot)) - began)  # type: ignore[misc]
            _remove(path)
            _until(lambda path=path: _slot(collector, path) < 0)  # type: ignore[misc]
        mechanism = str(collector.status()["discovery"].get("mechanism", "events"))
    part.tables.append(
        Table(
            f"{count} cgroups in {len(hierarchies())} hierarchies, by {mechanism}, 100 Hz",
            ("from the last mkdir to", "median, ms", "p99, ms", "most, ms"),
            (("followed", *_spread(known)), ("first row in the ring", *_spread(sampled))),
        )
    )
    return part


def _make(path: str) -> float:
    for mount, _ in hierarchies():
        (mount / path.lstrip("/")).mkdir()
    return time.monotonic()


def _remove(path: str) -> None:
    for mount, _ in hierarchies():
        with contextlib.suppress(FileNotFoundError):
            (mount / path.lstrip("/")).rmdir()


def _slot(collector: Collector, path: str) -> int:
    found = collector.container(path)
    return -1 if found is None else found.slot


def _is_sampled(collector: Collector, slot: int) -> bool:
    return slot in collector.latest("pids").slots


def _until(condition: Callable[[], bool]) -> float:
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("not seen within ten seconds")
        time.sleep(0.0002)
    return time.monotonic()


def _spread(seconds: list[float]) -> tuple[float, float, float]:
    ordered = sorted(value * 1000 for value in seconds)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1]
