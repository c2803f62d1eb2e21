"""Embeds a collector: samples this host ten times a second for five seconds, then prints who used the most CPU.

python examples/embed.py [seconds]
"""

from __future__ import annotations

import sys

import numpy as np

from pycadvisor_fast import Collector


def busiest(collector: Collector, seconds: float, count: int = 10) -> list[tuple[float, float, str]]:
    """(cores used, MiB charged, name) of the containers that used the most CPU in the last ``seconds``."""
    window = collector.window("cpu", seconds)
    usage = window.column("usage_ns")  # [ticks, rows], NaN where a row was not sampled
    elapsed_ns = (window.monotonic_ns - window.monotonic_ns[0])[:, np.newaxis]
    first = np.argmax(window.present, axis=0)  # a container that came later is measured from its first sample
    rows = np.arange(usage.shape[1])
    cores = (usage[-1] - usage[first, rows]) / np.maximum(1, elapsed_ns[-1] - elapsed_ns[first, 0])

    memory = collector.latest("memory")
    mib = dict(zip(memory.slots.tolist(), (memory.column("usage_bytes") / 2**20).tolist(), strict=True))
    containers = {container.slot: container for container in collector.containers()}
    found = [
        (float(used), mib.get(slot, float("nan")), containers[slot].display_name)
        for used, slot in zip(cores.tolist(), window.slots.tolist(), strict=True)
        if slot in containers and used == used  # NaN: gone before the last tick
    ]
    return sorted(found, reverse=True)[:count]


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with Collector(interval=0.1) as collector:
        tick = collector.wait()
        collector.wait(tick + round(seconds / 0.1), timeout=seconds + 10)
        print(f"{'cores':>8} {'MiB':>10}  container")
        for cores, mib, name in busiest(collector, seconds):
            print(f"{cores:8.3f} {mib:10.1f}  {name}")
        status = collector.status()
        print(
            f"{len(collector.containers())} containers, {status['ticks']} ticks, "
            f"{status['cpu_ns'] / 1e6 / max(1, status['ticks']):.2f} ms CPU each, {status['skipped']} skipped"
        )


if __name__ == "__main__":
    main()
