"""``python -m bench.sockets [COUNT ...]``: what counting the sockets of a network namespace costs, by each way.

In a namespace of its own COUNT sockets (default: 50 and 50 000), half of them the other ends of the rest, on the
loopback interface. CPU time in the kernel of one round, the least of five, nothing parsed; then what the collector
thread uses for tcp and tcp6 of that namespace. Needs root.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pycadvisor_fast import Collector

from .cgroups import Cgroups, hierarchies

CLONE_NEWNET, PR_SET_PDEATHSIG = 0x40000000, 1
SOCK_DIAG, DUMP = 20, 0x301  # SOCK_DIAG_BY_FAMILY; NLM_F_REQUEST | NLM_F_DUMP
ALL, ESTABLISHED = 0xFFE, 1 << 1
PER_PROCESS = 4000  # connections; each takes two descriptors
"""One process could not open 100 000 files."""


def text(path: str) -> Callable[[], None]:
    """Reads a file whole."""

    def read() -> None:
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 18):
                pass

    return read


def dump(family: int, states: int) -> Callable[[], None]:
    """Has the kernel hand out the TCP sockets in some states."""

    def ask() -> None:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as netlink:
            body = struct.pack("=BBBBI48x", family, socket.IPPROTO_TCP, 0, 0, states)
            netlink.send(struct.pack("=IHHII", 16 + len(body), SOCK_DIAG, DUMP, 1, 0) + body)
            while struct.unpack_from("=IH", netlink.recv(1 << 17))[1] not in (2, 3):  # NLMSG_ERROR, NLMSG_DONE
                pass

    return ask


def least_ms(work: Callable[[], None], rounds: int = 5) -> float:
    """CPU time of this thread, the least of some rounds."""
    spent = []
    for _ in range(rounds):
        began = time.thread_time_ns()
        work()
        spent.append(time.thread_time_ns() - began)
    return min(spent) / 1e6


def connect(count: int, port: int) -> list[socket.socket]:
    """Connections within the namespace, both ends."""
    server = socket.create_server(("127.0.0.1", port), backlog=128)
    kept = [server]
    for _ in range(count):
        kept.append(socket.create_connection(("127.0.0.1", port)))
        kept.append(server.accept()[0])
    return kept


def fill(sockets: int) -> list[int]:
    """Processes that hold them."""
    held = []
    for first in range(0, sockets // 2, PER_PROCESS):
        ready, tell = os.pipe()
        pid = os.fork()
        if pid == 0:  # goes with its parent, which goes with its cgroup
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            kept = connect(min(PER_PROCESS, sockets // 2 - first), 2000 + first // PER_PROCESS)
            os.write(tell, b"x")
            while kept:
                signal.pause()
        os.close(tell)
        if os.read(ready, 1) != b"x":
            raise SystemExit("bench: a process could not open its sockets")
        held.append(pid)
    return held


def enter_new_namespace() -> None:
    """This process, in a network namespace of its own, with a loopback interface."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def measure(sockets: int, tell: int) -> None:
    """In a child: opens them, prints what each way costs, and waits to be killed."""
    enter_new_namespace()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    held = fill(sockets)
    ways = {
        "/proc/net/tcp": text("/proc/self/net/tcp"),
        "sock_diag, all handed out": dump(socket.AF_INET, ALL),
        "sock_diag, all but established": dump(socket.AF_INET, ALL & ~ESTABLISHED),
        "/proc/net/sockstat": text("/proc/self/net/sockstat"),
        "/proc/net/snmp and netstat": lambda: (text("/proc/self/net/snmp")(), text("/proc/self/net/netstat")())[0],
    }
    for name, way in ways.items():
        print(f"{sockets:7} sockets  {name:32} {least_ms(way):8.2f} ms", flush=True)
    os.write(tell, b"x")
    signal.sigwait({signal.SIGTERM})
    for pid in held:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def helper_cpu_ns() -> int:
    """CPU time of the thread that counts."""
    for task in Path("/proc/self/task").iterdir():
        if (task / "comm").read_text().strip() == "pcf-net":
            return int((task / "schedstat").read_text().split()[0])
    raise SystemExit("bench: there is no thread pcf-net")


def collector_ms(pid: int, rounds: int = 5) -> tuple[float, float]:
    """CPU time of the collector's thread for a round, and what it counted as established."""
    with Cgroups(1, name="sockets") as cgroups:
        path = cgroups.paths[0]
        for mount, _ in hierarchies():
            if (mount / path.strip("/")).is_dir():
                (mount / path.strip("/") / "cgroup.procs").write_text(str(pid))
        interval = {"default": 1.0, "tcp": 1.0, "tcp6": 1.0}
        with Collector(interval=interval, groups=("memory", "tcp", "tcp6"), docker=None, include=(path,)) as collector:
            container = collector.container(path)
            if container is None:
                raise SystemExit(f"bench: {path} is not followed")
            row: dict[str, object] = {}
            while not row:
                collector.sample()
                row = collector.latest("tcp").row(container.slot)
            spent = []
            for _ in range(rounds):
                began, tick = helper_cpu_ns(), collector.latest("tcp").tick
                while collector.latest("tcp").tick == tick:
                    time.sleep(0.05)
                spent.append(helper_cpu_ns() - began)
            return min(spent) / 1e6, float(str(row["established"]))


def main() -> int:
    """Measures each count given."""
    for sockets in [int(word) for word in sys.argv[1:]] or [50, 50_000]:
        ready, tell = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        pid = os.fork()
        if pid == 0:
            measure(sockets, tell)
        os.close(tell)
        if os.read(ready, 1) != b"x":
            return 1
        spent, established = collector_ms(pid)
        print(
            f"{sockets:7} sockets  {'the collector, tcp and tcp6':32} {spent:8.2f} ms  ({established:.0f} established)"
        )
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
