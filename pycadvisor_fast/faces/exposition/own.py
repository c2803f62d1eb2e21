"""Series about the machine's activity, the sampling, and this process: a few lines, whoever is selected."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pycadvisor_fast.native.exposition import PLAIN, Given

from .family import ROOT, Family, Series, col, counter, gauge, given, of
from .given import lone


def _host(column: str, decimals: int = 0, **more: Any) -> Series:
    return col(f"host.{column}", decimals, is_of_machine=True, **more)


HOST = of(
    "",
    "The machine's activity",
    counter(
        "pycadvisor_machine_cpu_seconds_total",
        "CPU time of the machine in which no process ran, all cores.",
        *(_host(f"{mode}_ns", 9, labels=(("mode", mode),)) for mode in ("idle", "iowait", "steal")),
    ),
    counter(
        "pycadvisor_machine_core_seconds_total",
        "CPU time used on each core of the machine.",
        col("cpu_percpu.usage_ns", 9, key=PLAIN, key_label="core", is_of_machine=True, needs=ROOT),
    ),
    counter("pycadvisor_machine_context_switches_total", "Context switches.", _host("context_switches")),
    counter("pycadvisor_machine_forks_total", "Tasks created since boot.", _host("forks")),
    gauge("pycadvisor_machine_tasks_running", "Tasks that can run.", _host("running")),
    gauge("pycadvisor_machine_tasks_blocked", "Tasks that wait for IO.", _host("blocked")),
    gauge(
        "pycadvisor_machine_load_average",
        "Load average over 1, 5 and 15 minutes.",
        *(_host(f"load{minutes}_hundredths", 2, labels=(("window", f"{minutes}m"),)) for minutes in (1, 5, 15)),
    ),
    gauge("pycadvisor_machine_memory_free_bytes", "Memory not in use at all.", _host("memory_free_bytes")),
    gauge(
        "pycadvisor_machine_memory_available_bytes",
        "Memory to be had without swapping.",
        _host("memory_available_bytes"),
    ),
)


def _tick(column: str, decimals: int = 0, **more: Any) -> Series:
    return col(f"tick.{column}", decimals, key=PLAIN, key_label="group", is_of_machine=True, **more)


TICKS = of(
    "",
    "Sampling itself",
    counter("pycadvisor_ticks_total", "Ticks done.", _tick("ticks")),
    counter("pycadvisor_ticks_skipped_total", "Ticks skipped because an earlier one ran over.", _tick("skipped")),
    counter("pycadvisor_tick_cpu_seconds_total", "CPU time spent on sampling the group.", _tick("cpu_ns", 9)),
    counter("pycadvisor_tick_wall_seconds_total", "Time spent on sampling the group.", _tick("wall_ns", 9)),
    gauge("pycadvisor_tick_lateness_seconds", "How late the latest tick began.", _tick("lateness_ns", 9)),
    gauge("pycadvisor_tick_lateness_max_seconds", "How late a tick ever began.", _tick("lateness_max_ns", 9)),
    counter(
        "pycadvisor_ticks_within_total",
        "Ticks that were at most so late.",
        *(
            _tick(f"late_{column}", labels=(("seconds", seconds),))
            for column, seconds in (
                ("100us", "0.0001"),
                ("1ms", "0.001"),
                ("10ms", "0.01"),
                ("100ms", "0.1"),
                ("1s", "1"),
            )
        ),
    ),
    counter("pycadvisor_tick_rows_total", "Rows written.", _tick("rows")),
    counter("pycadvisor_tick_reads_total", "Kernel files read.", _tick("reads")),
    counter("pycadvisor_tick_read_errors_total", "Reads that failed; gone cgroups not counted.", _tick("read_errors")),
    counter("pycadvisor_tick_left_out_total", "Values that did not fit their cell.", _tick("unrepresentable")),
)


def _self(name: str, source: str = "/proc/self", **more: Any) -> Series:
    return given(f"own.{name}", source, **more)


PROCESS = of(
    "",
    "This process",
    counter("process_cpu_seconds_total", "CPU time of this process, all threads.", _self("cpu", decimals=9)),
    gauge("process_resident_memory_bytes", "Resident memory.", _self("resident")),
    gauge("process_virtual_memory_bytes", "Virtual memory.", _self("virtual")),
    gauge("process_start_time_seconds", "When it started, as Unix time.", _self("started")),
    gauge("process_open_fds", "Open file descriptors.", _self("fds")),
    gauge("process_max_fds", "Most file descriptors it may open.", _self("most_fds")),
    gauge("pycadvisor_containers", "Containers that are followed.", _self("containers", "the collector")),
    gauge("pycadvisor_ring_bytes", "Memory of the ring.", _self("ring", "the collector")),
    counter("pycadvisor_refused_total", "Containers that found no room.", _self("refused", "the collector")),
    counter("pycadvisor_labels_left_out_total", "Labels left out for their size.", _self("cut", "the collector")),
    counter("pycadvisor_scrapes_total", "Scrapes answered.", _self("scrapes", "this page")),
    counter(
        "pycadvisor_scrapes_cached_total", "Of these, with an answer that was there.", _self("cached", "this page")
    ),
    counter(
        "pycadvisor_scrape_cpu_seconds_total",
        "CPU time of making answers.",
        _self("scrape_cpu", "this page", decimals=9),
    ),
    gauge("pycadvisor_scrape_size_bytes", "Size of the answer made before this one.", _self("size", "this page")),
    is_timed=False,
)

FAMILIES: tuple[Family, ...] = (*HOST, *TICKS, *PROCESS)


def samples(status: Mapping[str, Any], scrapes: Mapping[str, int]) -> dict[str, Given]:
    """Of PROCESS. ``status``: of the collector; ``scrapes``: "scrapes", "cached", "scrape_cpu" (ns), "size" so far."""
    of_collector = {"containers": "containers", "ring": "ring_bytes", "refused": "refused", "cut": "labels_left_out"}
    values: dict[str, int | float] = {**_process(status.get("started", 0.0)), **scrapes}
    values.update({name: status[key] for name, key in of_collector.items() if key in status})
    return {f"own.{name}": lone(value) for name, value in values.items()}


def _process(started: float) -> dict[str, int | float]:
    """/proc/self of the process we are in, and what the system calls say of it."""
    size, resident = (int(pages) for pages in Path("/proc/self/statm").read_text().split()[:2])
    page = os.sysconf("SC_PAGE_SIZE")
    out: dict[str, int | float] = {
        "cpu": time.process_time_ns(),
        "resident": resident * page,
        "virtual": size * page,
        "fds": _open_files(),
        "most_fds": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    }
    return {**out, "started": started} if started else out


def _open_files() -> int:
    """Since Linux 6.2 the directory's size says it (fs/proc/fd.c); before, it is counted."""
    folder = Path("/proc/self/fd")
    return folder.stat().st_size or sum(1 for _ in folder.iterdir())
