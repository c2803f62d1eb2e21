"""Maps a running collector's ring into this process and prints who uses how much CPU, every second.

    python examples/attach.py [ring directory]

Nothing is asked of the collector: the numbers are read from its shared memory.
"""

from __future__ import annotations

import sys
import time

import pycadvisor_fast
from pycadvisor_fast.sampling import DEFAULT_PATH
from pycadvisor_fast.views.rates import rates
from pycadvisor_fast.views.top import top


def main(path: str = DEFAULT_PATH, rounds: int | None = None) -> None:
    """Prints the ten busiest containers once a second until interrupted (or ``rounds`` times)."""
    with pycadvisor_fast.attach(path) as ring:
        cpu = ring.group("cpu")
        before = cpu.snapshot()
        while rounds is None or rounds > 0:
            time.sleep(1)
            if ring.is_stale:  # the collector was restarted with other options
                ring.refresh()
                cpu = ring.group("cpu")
            if cpu.latest_tick <= before.tick:
                print("no new tick; is the collector running?" if ring.is_alive else "the collector has stopped")
                continue
            after = cpu.snapshot()
            percent = rates(before, after, "usage_ns") / 1e7  # ns a second -> percent of one core
            names = {container.slot: container.display_name for container in ring.containers()}
            print(f"tick {after.tick}: {len(after)} containers")
            for row in top(percent, 10).tolist():
                print(f"  {percent[row]:7.2f} %  {names.get(int(after.slots[row]), '?')}")
            before = after
            rounds = None if rounds is None else rounds - 1


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except KeyboardInterrupt:
        pass
    except pycadvisor_fast.errors.PycadvisorError as error:
        sys.exit(str(error))
