"""A collector that starts and waits until everything is named: ``python -m bench.identity_worker SOCKET PARENT COUNT``.

Prints {"seconds": from start to named, "bytes": growth of private memory} as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from pycadvisor_fast import Collector


def main(socket: str, parent: str, count: int) -> None:
    """Named is: by the list, with pid and start by an inspection of each."""
    with Collector(docker=f"unix://{socket}", history=2, include=(f"{parent}/*",), env_prefixes=("VARIABLE",)) as first:
        first.close()
    before = _private()
    began = time.monotonic()
    with Collector(
        docker=f"unix://{socket}", history=2, include=(f"{parent}/*",), env_prefixes=("VARIABLE",)
    ) as collector:
        while sum(bool(one.name and one.pid) for one in collector.containers()) < count:
            if time.monotonic() - began > 60:
                raise RuntimeError("not named within a minute")
            time.sleep(0.005)
        seconds = time.monotonic() - began
        grown = _private() - before
    print(json.dumps({"seconds": seconds, "bytes": grown}))


def _private() -> int:
    resident, shared = (int(pages) for pages in Path("/proc/self/statm").read_text().split()[1:3])
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
