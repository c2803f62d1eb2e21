"""Sockets of a real container beside what ss says of its namespace, and the same by ``verify``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from pycadvisor_fast import Collector
from tests.host.cgroup_tree import CgroupTree

pytestmark = pytest.mark.root
GROUPS = ("tcp", "tcp6", "udp", "udp6", "tcp_advanced")
WAIT = 30.0
SERVER = """
import socket, subprocess, sys, time
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = socket.create_server(("127.0.0.1", 8080), backlog=100)
kept = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(20)]
kept += [server.accept()[0] for _ in range(20)]
kept[0].close()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 5353))
udp.sendto(b"unread" * 10, ("127.0.0.1", 5353))
kept += [socket.create_server(("::1", 8081), family=socket.AF_INET6)] if socket.has_ipv6 else []
print("ready", flush=True)
time.sleep(600)
"""
STATES = {
    "ESTAB": "established",
    "LISTEN": "listen",
    "CLOSE-WAIT": "close_wait",
    "FIN-WAIT-2": "fin_wait2",
    "TIME-WAIT": "time_wait",
    "SYN-SENT": "syn_sent",
    "SYN-RECV": "syn_recv",
    "FIN-WAIT-1": "fin_wait1",
    "LAST-ACK": "last_ack",
    "CLOSING": "closing",
}


def start(cgroups: CgroupTree) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        ["unshare", "-n", sys.executable, "-c", SERVER], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    cgroups.adopt("served", process)
    assert process.stdout is not None
    with process.stdout as told:
        assert told.readline() == b"ready\n"
    return process


def ss(pid: int, *what: str) -> list[str]:
    command = ["nsenter", "-t", str(pid), "-n", "ss", "-H", "-a", "-n", *what]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def test_sockets_are_those_that_ss_lists(cgroups: CgroupTree) -> None:
    path = cgroups.make("served")
    process = start(cgroups)
    interval = {"default": 0.1, **dict.fromkeys(GROUPS, 0.1)}
    with Collector(
        interval=interval, groups=("memory", *GROUPS), docker=None, include=(f"{cgroups.name}*",)
    ) as collector:
        container = collector.container(path)
        assert container is not None
        end = time.monotonic() + WAIT
        rows: dict[str, dict[str, Any]] = {}
        while len(rows) < len(GROUPS) and time.monotonic() < end:
            collector.sample()
            for group in GROUPS:
                row = collector.latest(group).row(container.slot)
                if row:
                    rows[group] = row
        for option, group in (("-4", "tcp"), ("-6", "tcp6")):
            listed = Counter(STATES[line.split()[0]] for line in ss(process.pid, "-t", option))
            assert {state: n for state, n in rows[group].items() if n} == listed
        assert rows["tcp"]["listen"] == 1
        assert rows["tcp"]["established"] == 38
        (udp,) = ss(process.pid, "-u", "-4")
        assert rows["udp"]["sockets"] == 1
        assert rows["udp"]["rx_queued_bytes"] == int(udp.split()[1]) > 0
        assert rows["udp"]["tx_queued_bytes"] == int(udp.split()[2])
        assert rows["tcp_advanced"]["passive_opens"] == 20
        told: list[object] = []
        outside, checked = collector.verify(told.append)
        assert (outside, told) == (0, [])
        assert checked > 100
        process.kill()
        process.wait()
        while time.monotonic() < end and collector.latest("tcp").row(container.slot):
            time.sleep(0.02)
        assert not collector.latest("tcp").row(container.slot)
