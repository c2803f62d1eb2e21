"""The command ``events``: its flags, its lines, and events from messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pycadvisor_fast.cli import events as command
from pycadvisor_fast.cli import flags
from pycadvisor_fast.cli.event_lines import line
from pycadvisor_fast.cli.origin_events import event as from_message
from pycadvisor_fast.cli.program import main
from pycadvisor_fast.container import Container
from pycadvisor_fast.errors import ConfigError, SelectionError
from pycadvisor_fast.event import (
    UNLIMITED,
    CgroupLife,
    ContainerExit,
    ContainerStart,
    Event,
    Exec,
    Exit,
    Fork,
    Lost,
    Note,
    Oom,
    OomKill,
    Payload,
    Throttle,
)
from pycadvisor_fast.faces.grpc.event_messages import event_message
from pycadvisor_fast.v1.events_pb2 import Event as EventMessage

from .test_grpc_events import PAYLOAD_SAMPLES

MIB = 2**20
WEB = Container("/docker/ab", 3, 2, "docker", "ab", "web")


def happened(kind: str, payload: Payload, **how: Any) -> Event:
    fields: dict[str, Any] = {
        "seq": 7,
        "kind": kind,
        "time_ns": 1_800_000_000_123_456_789,
        "monotonic_ns": 9,
        "logged_ns": 10,
        "container": WEB,
        "cgroup_path": WEB.path,
        "source": "bpf",
        "caveats": (),
        "payload": payload,
    }
    return Event(**{**fields, **how})


def asked(*words: str) -> Any:
    invocation = command.COMMAND.understand(flags.split(list(words), command.COMMAND.known), {})
    return command.asked_for(invocation.own, invocation.words)


# ---- flags ----
def test_containers_kinds_and_where_to_begin() -> None:
    found = asked("web", "/docker/*", "--kind", "oom_kill,exec", "--kind=container_exit", "--since", "10m")
    assert (found.selector.names, found.selector.paths) == (("web",), ("/docker/*",))
    assert found.kinds == ("oom_kill", "exec", "container_exit")
    assert (found.ago_ns, found.since_seq) == (600 * 10**9, None)
    assert asked("--since=0").since_seq == 0
    assert asked("--since=41").since_seq == 41
    assert asked().from_ns == 0


@pytest.mark.parametrize("text", ["", "-5m", "0s", "ten", "10", "1.5"])
def test_since_is_a_duration_or_a_number(text: str) -> None:
    if text == "10":
        assert command.parse_since(text) == ("seq", 10)
        return
    with pytest.raises(ValueError, match=r"duration|longer"):
        command.parse_since(text)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(SelectionError, match="no event kind 'oomkil'"):
        asked("--kind=oomkil")
    with pytest.raises(ConfigError, match='--since: "soon" is not a duration'):
        asked("--since=soon")


@pytest.mark.parametrize("flag", ["--kind=oomkil", "--since=soon", "--format=xml", "--count=-1"])
def test_wrong_words_end_with_2_and_one_line(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", flag]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


# ---- lines ----
@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            happened(
                "oom_kill",
                OomKill(
                    pid=42,
                    tgid=41,
                    comm="hog",
                    anon_rss_bytes=60 * MIB,
                    file_rss_bytes=MIB,
                    constraint="memcg",
                    memcg_path="/docker/ab",
                    limit_bytes=64 * MIB,
                    usage_bytes=64 * MIB,
                    trigger_pid=40,
                    trigger_comm="sh",
                ),
            ),
            "killed hog (41), rss 61.0M, limit 64.0M, usage 64.0M, asked for by sh (40)",
        ),
        (
            happened("oom_kill", OomKill(comm="hog", memcg_path="/docker", limit_bytes=UNLIMITED)),
            "killed hog, no limit, of /docker",
        ),
        (happened("oom_kill", OomKill(constraint="global")), "killed a process, the machine was out of memory"),
        (happened("oom", Oom(limit_bytes=MIB)), "nobody killed, limit 1.0M"),
        (happened("fork", Fork(5, 4, "sh")), "sh (5), child of 4"),
        (happened("exec", Exec(5, 4, "ls", 0, "/bin/ls")), "ls (5): /bin/ls"),
        (happened("exit", Exit(5, comm="ls", exit_code=0, run_ns=3_000_000)), "ls (5) exit 0, ran 3 ms"),
        (
            happened("exit", Exit(5, comm="ls", signal=11, is_core_dumped=True)),
            "ls (5) ended by SIGSEGV, core dumped",
        ),
        (happened("throttle_end", Throttle(53_000_000)), "for 53 ms"),
        (happened("container_start", ContainerStart(5, "init")), "init (5)"),
        (
            happened(
                "container_exit",
                ContainerExit(
                    signal=9,
                    started_monotonic_ns=0,
                    emptied_monotonic_ns=3_200_000_000,
                    cpu_ns=10**9,
                    memory_peak_bytes=64 * MIB,
                    memory_limit_bytes=64 * MIB,
                    oom_kills=1,
                    processes=5,
                    read_bytes=0,
                ),
            ),
            "ended by SIGKILL, lived 3.2 s, cpu 1.0 s, memory peak 64.0M, limit 64.0M, 1 OOM kill, 5 processes, read 0",
        ),
        (happened("container_exit", ContainerExit(runtime_code=137)), "exit 137 (SIGKILL)"),
        (happened("container_exit", ContainerExit()), "exit code not known"),
        (
            happened("lost", Lost("exec", "bpf", 3, 9)),
            "3 exec events of bpf could not be told, 9 so far",
        ),
        (happened("column_demoted", Note("cpu.usage_ns")), "cpu.usage_ns"),
        (happened("health_change", Note("starting -> healthy")), "starting -> healthy"),
    ],
    ids=lambda value: value.kind if isinstance(value, Event) else "",
)
def test_lines(event: Event, expected: str) -> None:
    assert line(event) == f"2027-01-15T08:00:00.123Z  {event.kind:<15}  {'web':<24}  {expected}"


def test_a_line_tells_the_cgroup_below_and_what_is_not_exact_and_obeys_no_terminal() -> None:
    part = happened("empty", CgroupLife(2, 1), cgroup_path="/docker/ab/x", source="watch", caveats=("late", "guessed"))
    assert line(part).endswith("  in /docker/ab/x  [watch: late, guessed]")
    evil = Container("/a\x1b[2J", 0, 0)
    assert "\x1b" not in line(happened("exec", Exec(1, comm="\x1b]0;"), container=evil))
    assert line(happened("lost", Lost("exec", "bpf", 1, 1), container=None, cgroup_path="")).split()[2] == "/"


@pytest.mark.parametrize("payload", PAYLOAD_SAMPLES, ids=lambda payload: type(payload).__name__)
def test_an_event_comes_out_of_its_message_as_it_went_in(payload: Payload) -> None:
    event = happened("k", payload, caveats=("late",), cgroup_id=5, hierarchy_id=6)
    back = from_message(EventMessage.FromString(event_message(event).SerializeToString()))
    if isinstance(payload, OomKill) and "\udce9" in payload.comm:
        assert isinstance(back.payload, OomKill)
        assert back.payload.comm == "hog?"
        return
    assert back == event
    assert json.loads(json.dumps(back.plain())) == event.plain()


def test_a_kind_that_this_program_does_not_know_is_shown_all_the_same() -> None:
    message = EventMessage(kind="frozen", seq=1, cgroup_path="/a")
    assert "frozen" in line(from_message(message))
