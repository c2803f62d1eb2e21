"""Which rights each way of looking needs, found by dropping all others; and what is said where one cannot be gone.

docs/ebpf.md has the same table. A tier works with its rights alone, as a user without any other, and stops working
without each single one of them: that is what makes the set the smallest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.host.test_cli_daemon import PROGRAM, environment

pytestmark = pytest.mark.root

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
Found = Mapping[str, Any]


def with_only(*rights: str) -> tuple[str, ...]:
    """Words that run a command as nobody, with these capabilities and no way to any other."""
    kept = ",".join(("-all", *(f"+{right}" for right in rights)))
    return (*NOBODY, f"--bounding-set={kept}", f"--inh-caps={kept}", f"--ambient-caps={kept}")


def without(*rights: str) -> tuple[str, ...]:
    """Words that run a command as root without these capabilities."""
    dropped = ",".join(f"-{right}" for right in rights)
    return ("setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}")


def host(prefix: tuple[str, ...], **more: str) -> Found:
    """What ``host --json`` finds when it is run so."""
    done = subprocess.run(
        [*prefix, *PROGRAM, "host", "--json"],
        capture_output=True, text=True, timeout=300, env=environment(**more), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Found = json.loads(done.stdout)
    return found


def walked(found: Found) -> set[str]:
    """Groups that have columns from the walk through kernel memory."""
    return {name for name, group in found["plan"]["groups"].items() if group["walked"]}


def teller(found: Found, kind: str) -> str:
    """What tells a kind of event."""
    return str(found["events"]["kinds"][kind]["source"])


class Tier(NamedTuple):
    """A way of looking, the rights it needs, and how to see that it works."""

    name: str
    needs: tuple[str, ...]
    works: Callable[[Found], bool]


KERNEL_LOG = ("syslog",) if Path("/proc/sys/kernel/dmesg_restrict").read_text().strip() == "1" else ()
TIERS = (
    Tier("files", (), lambda found: "usage_bytes" in found["plan"]["groups"]["memory"]["columns"]),
    Tier(
        "walk by eBPF",
        ("bpf", "perfmon"),
        lambda found: {"cpu", "memory", "memory_stat", "pids", "pressure"} <= walked(found),
    ),
    Tier("events by eBPF", ("bpf", "perfmon"), lambda found: teller(found, "oom_kill") == "bpf"),
    Tier("OOM kills by the kernel's log", KERNEL_LOG, lambda found: teller(found, "oom_kill") == "kmsg"),
    Tier("cgroup events without eBPF", (), lambda found: teller(found, "cgroup_created") == "watch"),
    Tier(
        "cgroup events by fanotify",
        ("sys_admin",),
        lambda found: found["facts"]["abilities"]["fanotify"]["answer"] == "yes",
    ),
    Tier(
        "network of other namespaces",
        ("sys_admin",),
        lambda found: found["facts"]["abilities"]["setns"]["answer"] == "yes",
    ),
)


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
def test_a_tier_works_with_its_rights_alone(tier: Tier) -> None:
    assert tier.works(host(with_only(*tier.needs)))


@pytest.mark.parametrize(
    ("tier", "right"),
    [(tier, right) for tier in TIERS for right in tier.needs],
    ids=lambda part: getattr(part, "name", part),
)
def test_a_tier_needs_each_of_its_rights(tier: Tier, right: str) -> None:
    """Nothing else stands in for it, and everything else goes on: files are read."""
    found = host(with_only(*(other for other in tier.needs if other != right)))
    assert not tier.works(found)
    assert "usage_bytes" in found["plan"]["groups"]["memory"]["columns"]


# ---- reasons


def test_a_missing_right_is_named() -> None:
    for missing, said in (
        ((), "CAP_BPF and CAP_PERFMON are missing"),
        (("bpf",), "CAP_PERFMON is missing"),
        (("perfmon",), "CAP_BPF is missing"),
    ):
        fact = host(with_only(*missing))["facts"]["abilities"]["bpf"]
        assert fact["answer"] == "no"
        assert said in fact["reason"]


def test_root_without_both_is_no_better() -> None:
    found = host(without("bpf", "perfmon", "sys_admin"))
    assert "CAP_BPF and CAP_PERFMON are missing" in found["facts"]["abilities"]["bpf"]["reason"]
    assert walked(found) == set()


FORBID_BPF = """
import ctypes, os, struct, sys
# Classic BPF over struct seccomp_data: its first word is the number of the system call.
filter = b"".join(struct.pack("HBBI", *line) for line in (
    (0x20, 0, 0, 0), (0x15, 0, 1, 321), (0x06, 0, 0, 0x50000 | 1), (0x06, 0, 0, 0x7FFF0000)))
kept = ctypes.create_string_buffer(filter)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(kept))
assert libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())  # PR_SET_SECCOMP, a filter
os.execvp(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the filter has x86-64's number of bpf(); CI is x86-64")
def test_a_filter_of_system_calls_is_named_and_files_are_read(tmp_path: Path) -> None:
    script = tmp_path / "forbid.py"
    script.write_text(FORBID_BPF)
    prefix = (sys.executable, str(script))
    found = host(prefix)
    assert found["facts"]["abilities"]["bpf"] == {"answer": "no", "reason": "a seccomp filter forbids bpf()"}
    sampled_from_files(prefix, found)


def test_hidden_btf_is_named_and_files_are_read() -> None:
    hide = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'
    prefix = ("unshare", "--mount", "bash", "-c", hide, "bash")
    found = host(prefix)
    abilities = found["facts"]["abilities"]
    assert abilities["btf"]["reason"] == "hidden: something else is mounted over /sys/kernel/btf"
    assert abilities["bpf"]["answer"] == "yes"
    assert "needs the kernel's BTF" in abilities["bpf_tracing"]["reason"]
    sampled_from_files(prefix, found)


def sampled_from_files(prefix: tuple[str, ...], found: Found) -> None:
    """Nothing comes from eBPF; what files give is there and true."""
    assert walked(found) == set()
    assert "usage_bytes" in found["plan"]["groups"]["memory"]["columns"]
    assert "bpf" not in {facts["source"] for facts in found["events"]["kinds"].values()}
    verified = subprocess.run(
        [*prefix, *PROGRAM, "host", "--verify"],
        capture_output=True, text=True, timeout=300, env=environment(), check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout
    assert ", 0 wrong" in verified.stdout
