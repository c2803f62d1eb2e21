"""Reading /proc for processes: texts, whose they are, and what is hidden or gone; on made-up trees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.errors import PycadvisorError, SelectionError
from pycadvisor_fast.processes import Listing, proc
from pycadvisor_fast.processes.users import Users, parse
from pycadvisor_fast.views.naming import called

REST = "0 " * 9 + "150 50 0 0 20 0 3 0 {start} 1048576 10 " + "0 " * 14 + "7 0 0 0"
PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(tmp_path: Path, processes: dict[int, str]) -> Path:
    """A root with /proc of these processes (number -> text of its cgroup file)."""
    (tmp_path / "etc").mkdir(parents=True)
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n")
    files = {"stat": "cpu 1\nbtime 1700000000\n", "meminfo": "MemTotal: 1000 kB\n", "uptime": "100.00 50.00\n"}
    (tmp_path / "proc").mkdir()
    for name, text in files.items():
        (tmp_path / "proc" / name).write_text(text)
    for pid, cgroup in processes.items():
        process(tmp_path, pid, cgroup)
    return tmp_path


def process(root: Path, pid: int, cgroup: str) -> Path:
    directory = root / "proc" / str(pid)
    (directory / "fd").mkdir(parents=True)
    (directory / "stat").write_text(f"{pid} (a) b) S 1 {REST.format(start=5000)}\n")
    (directory / "status").write_text("Name:\ta\nUid:\t0\t33\t33\t33\n")
    (directory / "cmdline").write_bytes(b"python\0-c\0print('\xff')\0")
    (directory / "cgroup").write_text(cgroup)
    return directory


def box(path: str, slot: int, **fields: str) -> Container:
    return Container(path=path, slot=slot, generation=1, **fields)  # type: ignore[arg-type]


BOXES = (
    box("/", 0),
    box("/docker/web", 1, name="web", id="abcdef"),
    box("/docker/web/inner", 2),
    box("/docker/webber", 3),
)


def test_what_a_process_is(tmp_path: Path) -> None:
    root = tree(tmp_path, {1: "0::/\n", 42: "0::/docker/web\n"})
    found = Listing(str(root)).look(None, BOXES, fds=True)
    assert [each.pid for each in found.processes] == [1, 42]
    assert found.is_complete
    one = found.processes[1]
    assert (one.command, one.state, one.ppid, one.threads, one.processor) == ("a) b", "S", 1, 3, 7)
    assert (one.uid, one.user) == (33, "web")  # the effective one
    assert one.cpu_seconds == 200 / os.sysconf("SC_CLK_TCK")
    assert one.running_seconds == 50
    assert one.cpu_percent == pytest.approx(100 * one.cpu_seconds / 50)
    assert (one.rss_bytes, one.virtual_bytes) == (10 * PAGE, 1048576)
    assert one.memory_percent == pytest.approx(100 * 10 * PAGE / 1024000)
    assert one.started_unix_ns == 1_700_000_050 * 10**9
    assert one.arguments == ("python", "-c", "print('\udcff')")
    assert (one.container, one.container_name, one.cgroup_path) == (BOXES[1].handle, "web", "/docker/web")
    assert one.fd_count == 0


def test_whose_processes(tmp_path: Path) -> None:
    cgroups = {
        1: "0::/\n",
        2: "0::/docker/web\n",
        3: "0::/docker/web/inner/deeper\n",
        4: "0::/docker/webber\n",  # a longer name is another container
        5: "4:memory:/docker/web\n1:name=systemd:/\n",
        6: "4:memory:/\n1:name=systemd:/docker/web/inner\n",  # known by one hierarchy only
    }
    listing = Listing(str(tree(tmp_path, cgroups)))

    def pids(*wanted: Container, recursive: bool = True) -> list[int]:
        return [each.pid for each in listing.look(wanted, BOXES, recursive=recursive).processes]

    assert pids(BOXES[1]) == [2, 3, 5, 6]
    assert pids(BOXES[1], recursive=False) == [2, 5]
    assert pids(BOXES[2]) == [3, 6]
    assert pids(BOXES[3]) == [4]
    assert pids(BOXES[2], BOXES[3]) == [3, 4, 6]
    assert pids(BOXES[0]) == [1, 2, 3, 4, 5, 6]
    assert pids(BOXES[0], recursive=False) == [1]
    assert pids() == []


def test_those_that_go_are_left_out(tmp_path: Path) -> None:
    root = tree(tmp_path, {1: "0::/\n", 2: "0::/\n", 3: "0::/\n"})
    (root / "proc/2/stat").unlink()
    (root / "proc/3/status").write_text("nothing\n")
    found = Listing(str(root)).look(None, BOXES)
    assert [each.pid for each in found.processes] == [1]
    assert found.is_complete


def test_hidden_processes_are_told(tmp_path: Path) -> None:
    found = Listing(str(tree(tmp_path, {7: "0::/\n"}))).look(None, BOXES)  # hidepid=2: process 1 is not even listed
    assert [each.pid for each in found.processes] == [7]
    assert not found.is_complete
    assert "hidepid" in found.reason


def test_no_proc_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PycadvisorError, match="cannot be read"):
        Listing(str(tmp_path)).look(None, BOXES)


@pytest.mark.parametrize("text", ["", "1 (a", "1 (a) S", "1 (a) S x " + REST.format(start=1)])
def test_a_stat_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        proc.parse_stat(text)


def test_cgroups_best_first(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("9:cpu,cpuacct:/c\n4:memory:/m\n2:pids:/c\n0::/u:x\n")
    assert proc.cgroups(tmp_path) == ("/u:x", "/m", "/c")


def test_users(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    users = Users(path)
    users.refresh()
    assert users.name(0) == "0"
    path.write_text("root:x:0:0::/:/bin/sh\nalso:x:0:0::/:/bin/sh\nbroken\n+::::::\nx:y:z:0\n")
    users.refresh()
    assert users.name(0) == "root"
    assert users.name(1) == "1"
    assert parse("a:b:c\n") == {}


def test_containers_by_what_they_are_called() -> None:
    assert called(["web"], BOXES) == [BOXES[1]]
    assert called(["abc"], BOXES) == [BOXES[1]]
    assert called(["/docker/*", "web"], BOXES) == list(BOXES[1:])
    assert called([], BOXES) == []
    with pytest.raises(SelectionError, match=r"no container is called 'wob'; did you mean 'web'"):
        called(["wob"], BOXES)
    with pytest.raises(SelectionError, match="no container is called ''"):
        called([""], BOXES)
