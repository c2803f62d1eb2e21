"""What eBPF finds on each guest's kernel and on this one, as docs/ebpf.md shows it.

python -m tests.guest.offers
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.guest import vm

GUESTS = (vm.Guest("6.1", "v2"), vm.Guest("6.1", "v1"), vm.Guest("6.12", "v2"), vm.Guest("7", "v2"))
FACTS = ("btf", "bpf", "bpf_tracing", "css_iter", "memcg_kfuncs", "cgroup_iter")
COMMAND = (sys.executable, "-m", "pycadvisor_fast", "host", "--json")


def found_in(guest: vm.Guest) -> dict[str, Any]:
    """The facts of ``host --json`` in a guest."""
    with tempfile.TemporaryDirectory(prefix="pcf-guest-") as folder:
        result = vm.run(guest, COMMAND, folder=Path(folder))
    return facts(result.output)


def facts(output: str) -> dict[str, Any]:
    """The part of the output that is JSON, past warnings."""
    found: dict[str, Any] = json.loads(output[output.index("{") :])["facts"]
    return found


def main() -> None:
    """Prints the table: a line for each fact, a column for each kernel."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        kernels = [*pool.map(found_in, GUESTS)]
    here = subprocess.run(COMMAND, capture_output=True, text=True, check=True)
    kernels.append(facts(here.stdout))
    print("| fact |", " | ".join(f"{each['kernel']}, {each['layout']}" for each in kernels), "|")
    print("|---" * (len(kernels) + 1) + "|")
    for name in FACTS:
        shown = (each["abilities"][name] for each in kernels)
        print(f"| `{name}` |", " | ".join(": ".join(filter(None, fact.values())) for fact in shown), "|")


if __name__ == "__main__":
    main()
