"""Embeds a collector: samples this host ten times a second, then prints who used the most CPU, on average and at peak.

python examples/embed.py [seconds]
"""

from __future__ import annotations

import sys

import numpy as np

from pycadvisor_fast import Collector
from pycadvisor_fast.views.rates import rates, window_rates
from pycadvisor_fast.views.top import top

INTERVAL = 0.1  # seconds


def main(seconds: float = 5.0) -> None:
    """Samples for ``seconds`` and prints a table."""
    with Collector(interval=INTERVAL) as collector:
        first = collector.wait()  # blocks until the first samples are there
        before = collector.latest("cpu")
        collector.wait(first + round(seconds / INTERVAL), timeout=seconds + 10)
        after = collector.latest("cpu")

        cores = rates(before, after, "usage_ns") / 1e9  # ns of CPU a second -> cores; one value for each row
        window = collector.window("cpu", seconds)
        ticks = np.nan_to_num(window_rates(window, "usage_ns"))  # [ticks - 1, rows]
        peaks = dict(zip(window.slots.tolist(), (ticks.max(axis=0, initial=0.0) / 1e9).tolist(), strict=True))
        names = {container.slot: container.display_name for container in collector.containers()}
        memory = collector.latest("memory")

        print(f"{'cores':>8} {'peak':>8} {'MiB':>10}  container")
        for row in top(cores, 10).tolist():
            slot = int(after.slots[row])
            bytes_used = memory.row(slot).get("usage_bytes") or 0
            print(f"{cores[row]:8.3f} {peaks[slot]:8.3f} {bytes_used / 2**20:10.1f}  {names.get(slot, 'gone')}")
        status = collector.status()
        each = status["cpu_ns"] / 1e6 / max(1, status["ticks"])
        print(f"{len(names)} containers, {status['ticks']} ticks of {each:.2f} ms CPU, {status['skipped']} skipped")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
