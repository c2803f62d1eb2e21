"""Tells of every OOM kill on a host, and how each container ended.

    python examples/events.py [target] [count]     target: 127.0.0.1:8081 or unix:/run/pycadvisor-fast/grpc.sock

First what the host remembers of the last hour, then what happens, until ``count`` events were told (default: for ever).
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator

from pycadvisor_fast.client import Client, ServiceUnavailableError
from pycadvisor_fast.v1.events_pb2 import Event

KINDS = ("oom_kill", "container_exit")
HOUR = 3600.0


def told(client: Client) -> Iterator[Event]:
    """Past and present without a gap: the stream begins an hour ago and goes on with what happens."""
    for batch in client.stream_events(kinds=KINDS, since_time=time.time() - HOUR, heartbeat=10.0):
        for count in batch.missed:
            print(f"missed {count.count} events of kind {count.kind}", file=sys.stderr)
        yield from batch.events


def sentence(event: Event) -> str:
    """One line for people."""
    name = event.container.name or event.container.path or "the machine"
    when = time.strftime("%H:%M:%S", time.localtime(event.time_unix_ns / 1e9))
    if event.kind == "oom_kill":
        victim = event.oom_kill
        limit = f", limit {victim.limit_bytes >> 20} MiB" if victim.HasField("limit_bytes") else ""
        return f"{when} {name}: out of memory, killed {victim.comm} ({victim.tgid}){limit}"
    end = event.container_exit
    how = f"signal {end.signal}" if end.HasField("signal") else f"code {end.exit_code}"
    if not end.HasField("signal") and not end.HasField("exit_code"):
        how = "unknown code"
    cpu = f", {end.cpu_ns / 1e9:.2f} s of CPU" if end.HasField("cpu_ns") else ""
    return f"{when} {name}: ended with {how}{cpu}"


def main() -> int:
    target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8081"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else None
    try:
        with Client(target) as client:
            for event in itertools.islice(told(client), count):
                print(sentence(event), flush=True)
    except ServiceUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
