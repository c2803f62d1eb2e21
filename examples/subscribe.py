"""Follows every container of a host over gRPC.

    python examples/subscribe.py [target] [batches]     target: 127.0.0.1:8081 or unix:/run/pycadvisor-fast/grpc.sock

First a line for each container and second, from typed messages; then the same as numpy columns: the five containers
that use most CPU, without an object for any container.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np

from pycadvisor_fast.client import Client, ServiceUnavailableError


def lines(client: Client, batches: int) -> None:
    """Typed messages: convenient, about a microsecond for each container."""
    stream = client.stream(groups=["cpu", "memory"], interval=1.0, rates=True)
    for batch in itertools.islice(stream, batches):
        for info in batch.added:
            print(f"+ {info.name or info.path} ({info.runtime})")
        for stats in batch.containers:
            cores = f"{stats.cpu_rates.usage_ns_per_sec / 1e9:.3f}" if stats.HasField("cpu_rates") else "-"
            used = f"{stats.memory.usage_bytes >> 20} MiB" if stats.memory.HasField("usage_bytes") else "-"
            print(f"{batch.tick} {stats.name}: {cores} cores, {used}")


def busiest(client: Client, batches: int) -> None:
    """Columns: one numpy array for each metric, whatever the number of containers."""
    stream = client.stream_columns(columns=["cpu.usage_ns"], interval=1.0, rates=True)
    for snapshot in itertools.islice(stream, batches):
        cpu = snapshot["cpu"]
        if "usage_ns" not in cpu.rates:
            continue  # the first sample has nothing to compare with
        rates = np.nan_to_num(cpu.rates["usage_ns"]) / 1e9
        for row in np.argsort(rates)[::-1][:5]:
            info = snapshot.containers[int(cpu.handles[row])]
            print(f"{snapshot.tick} {info.name or info.path}: {rates[row]:.3f} cores")


def main() -> int:
    target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8081"
    batches = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    try:
        with Client(target) as client:
            lines(client, batches)
            busiest(client, batches)
    except ServiceUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
