"""Places in the log: what a follower gets, what it is told that it missed, what the kernel is asked for, the past."""

from __future__ import annotations

import threading
import time

import pytest

from pycadvisor_fast.errors import NotServedError, SelectionError
from pycadvisor_fast.event import KINDS, PROCESS_KINDS, USUAL_KINDS, Event, Lost
from pycadvisor_fast.events import PAGE, EventStream, PastQuery, Retention, kinds_of
from pycadvisor_fast.events.reader import SCANNED_MOST
from pycadvisor_fast.views.event_selection import matcher
from pycadvisor_fast.views.selection import Selector
from tests.unit.fake_events import FakeLog, bus

HOUR_NS = 3600 * 10**9
OOM = frozenset({"oom_kill"})


def seqs(events: list[Event] | tuple[Event, ...]) -> list[int]:
    return [event.seq for event in events]


# ---- kinds ----
def test_no_name_is_all_but_the_kinds_that_come_by_the_thousand() -> None:
    assert kinds_of(()) == USUAL_KINDS
    assert kinds_of(["all"]) == frozenset(KINDS)
    assert kinds_of(["oomKill", "exec"]) == {"oom_kill", "exec"}
    assert not USUAL_KINDS & PROCESS_KINDS


def test_an_unknown_kind_is_named_with_the_near_one() -> None:
    with pytest.raises(SelectionError, match=r"no event kind 'oom_kil'.*oom_kill.*container_exit"):
        kinds_of(["oom_kil"])


# ---- following ----
def test_a_follower_gets_what_happens_after_it_came_with_names() -> None:
    log = FakeLog()
    log.add()
    subscription = bus(log).follow(USUAL_KINDS)
    assert subscription.take() is None
    log.add(path="/docker/c3/inner")
    log.add(path="/nobody/knows")
    taken = subscription.take()
    assert taken is not None
    assert seqs(taken.events) == [2, 3]
    first, second = taken.events
    assert (first.name, first.container.image if first.container else "") == ("web-3", "nginx:1")
    assert (first.cgroup_path, second.name) == ("/docker/c3/inner", "/nobody/knows")
    assert not taken.is_replay
    assert not taken.missed
    assert subscription.take() is None


def test_what_others_ask_for_moves_it_on() -> None:
    log = FakeLog()
    subscription = bus(log).follow(OOM)
    for _ in range(3):
        log.add("empty")
    taken = subscription.take()
    assert taken is not None
    assert (list(taken.events), taken.seq) == ([], 3)


def test_history_is_followed_without_a_gap() -> None:
    log = FakeLog()
    for _ in range(PAGE + 10):
        log.add()
    follower = bus(log).follow(OOM, since=4)
    log.add()
    got, replayed = [], []
    while (taken := follower.take()) is not None:
        got += seqs(list(taken.events))
        replayed.append(taken.is_replay)
    assert got == list(range(5, PAGE + 12))
    assert replayed == [True, True]


def test_since_a_moment() -> None:
    log = FakeLog()
    now = time.time_ns()
    log.add(time_ns=now - 2 * HOUR_NS)
    log.add(time_ns=now - HOUR_NS)
    taken = bus(log).follow(OOM, since_ns=now - HOUR_NS - 1).take()
    assert taken is not None
    assert seqs(list(taken.events)) == [2]


def test_a_number_of_another_boot_is_followed_from_now_on() -> None:
    log = FakeLog()
    log.add()
    follower = bus(log).follow(OOM, since=99)
    assert follower.is_restarted
    log.add()
    taken = follower.take()
    assert taken is not None
    assert seqs(list(taken.events)) == [2]


def test_a_slow_one_is_told_exactly_what_it_missed_of_each_kind() -> None:
    log = FakeLog(room=5)
    log.add()
    follower = bus(log).follow(USUAL_KINDS)
    for _ in range(12):
        log.add()
    for _ in range(8):
        log.add("oom")
    log.add("empty")
    taken = follower.take()
    assert taken is not None
    assert taken.missed == {"oom_kill": 7, "oom": 3}
    assert len(taken.events) == 5 + 5 + 1
    log.add()
    again = follower.take()
    assert again is not None
    assert not again.missed


def test_what_the_log_still_has_is_caught_up_not_missed() -> None:
    log = FakeLog()
    follower = bus(log).follow(OOM)
    for _ in range(10 * PAGE):
        log.add()
    count = 0
    while (taken := follower.take()) is not None:
        assert not taken.missed
        count += len(taken.events)
    assert count == 10 * PAGE


def test_followers_in_step_share_one_reading() -> None:
    log = FakeLog()
    made = bus(log)
    followers = [made.follow(OOM) for _ in range(50)]
    log.add()
    before = log.reads
    taken = [follower.take() for follower in followers]
    assert log.reads == before + 1
    assert len({id(one.events[0]) for one in taken if one is not None}) == 1


# ---- what the kernel is asked for ----
def test_process_events_are_asked_for_while_somebody_follows_them() -> None:
    log = FakeLog()
    made = bus(log)
    assert log.wanted == []
    first = made.follow(frozenset({"exec", "oom"}))
    second = made.follow(frozenset({"exec", "exit"}))
    made.leave(first)
    made.leave(second)
    made.leave(made.follow(USUAL_KINDS))
    assert log.wanted == [{"exec"}, {"exec", "exit"}, frozenset()]


def test_process_events_always_or_never() -> None:
    log = FakeLog()
    made = bus(log, process_events="on")
    made.leave(made.follow(frozenset(KINDS)))
    assert log.wanted == [PROCESS_KINDS]
    off = bus(FakeLog(), process_events="off")
    with pytest.raises(NotServedError, match=r"exec, exit: .*process_events=off"):
        off.follow(frozenset({"exec", "exit", "oom"}))
    off.follow(USUAL_KINDS)


def test_the_thread_exists_only_while_somebody_listens() -> None:
    def is_there() -> bool:
        return any(thread.name == "pcf-events" for thread in threading.enumerate())

    log = FakeLog()
    made = bus(log)
    assert not is_there()
    heard = threading.Event()
    end = made.listen(lambda seq: heard.set())
    assert is_there()
    log.add()
    assert heard.wait(10)
    end()
    made.stop()
    assert not is_there()


# ---- streams for programs ----
def test_a_stream_waits_ends_and_counts() -> None:
    log = FakeLog(room=2)
    made = bus(log)
    subscription = made.follow(frozenset({"exec"}))
    stream = EventStream(made, subscription, on_close=lambda: made.leave(subscription), timeout=10)
    for _ in range(5):
        log.add("exec")
    with stream:
        assert next(stream).seq == 4
        assert stream.seq == 4
        assert stream.missed == {"exec": 3}
        assert next(stream).seq == 5
        threading.Timer(0.05, log.add, ("exec",)).start()
        assert next(stream).seq == 6
        stream.close()
        assert list(stream) == []
    assert log.wanted[-1] == frozenset()


def test_a_stream_without_events_says_so() -> None:
    made = bus(FakeLog())
    with pytest.raises(TimeoutError, match=r"no event within 0\.01 s"):
        next(EventStream(made, made.follow(OOM), timeout=0.01))


# ---- the past ----
def test_the_past_by_kind_time_place_and_count() -> None:
    log = FakeLog()
    now = time.time_ns()
    for index in range(10):
        log.add("oom_kill" if index % 2 else "oom", time_ns=now - (10 - index) * 10**9)
    made = bus(log)
    both = frozenset({"oom", "oom_kill"})
    assert seqs(list(made.past(PastQuery(both)).events)) == list(range(1, 11))
    assert seqs(list(made.past(PastQuery(OOM, is_newest_first=True, limit=2)).events)) == [10, 8]
    page = made.past(PastQuery(both, after_seq=2, before_seq=7, limit=3))
    assert (seqs(list(page.events)), page.has_more, page.seq) == ([3, 4, 5], True, 5)
    there = made.past(PastQuery(both, from_ns=now - 4 * 10**9, to_ns=now - 3 * 10**9))
    assert (seqs(list(there.events)), there.has_more) == ([7, 8], False)


def test_retention_by_kind_holds_for_questions_and_replays_not_for_what_happens_now() -> None:
    log = FakeLog()
    now = time.time_ns()
    log.add("oom", time_ns=now - 2 * HOUR_NS)
    log.add("oom_kill", time_ns=now - 2 * HOUR_NS)
    log.add("empty")
    retention = Retention({"default": HOUR_NS, "oom_kill": 3 * HOUR_NS}, {"default": 100, "empty": 0})
    made = bus(log, retention=retention)
    assert seqs(list(made.past(PastQuery(USUAL_KINDS)).events)) == [2]
    follower = made.follow(USUAL_KINDS, since=0)
    log.add("empty")
    got = []
    while (taken := follower.take()) is not None:
        got += seqs(list(taken.events))
    assert got == [2, 4]
    assert made.past(PastQuery(frozenset({"empty"}))).events == ()


def test_a_question_that_finds_little_is_answered_in_parts() -> None:
    log = FakeLog()
    for _ in range(SCANNED_MOST):
        log.add("empty", path="/a")
    log.add("empty", path="/b")
    made = bus(log)
    match = matcher(Selector(paths=("/b",)))
    first = made.past(PastQuery(USUAL_KINDS), match)
    assert (list(first.events), first.has_more, first.seq) == ([], True, SCANNED_MOST)
    second = made.past(PastQuery(USUAL_KINDS, after_seq=first.seq), match)
    assert (seqs(list(second.events)), second.has_more) == ([SCANNED_MOST + 1], False)


def test_log_limits_follow_the_settings() -> None:
    limits = Retention({"default": HOUR_NS}, {"default": -1, "oom": 5000, "exec": 0}).log_limits()
    assert (limits["oom_kill"], limits["oom"], limits["fork"]) == (65536, 5000, 65536)
    assert limits["exec"] > 0  # for those who follow it live
    assert Retention(counts={"default": -1}).log_limits(2**20)["oom"] == 1024
    assert "fork" not in Retention().log_limits()
    assert Retention({"default": 0}).log_age_ns() > 0


# ---- selection ----
def test_events_are_selected_by_their_container_or_their_cgroup() -> None:
    log = FakeLog()
    inner, other, machine = (log.add(path=path) for path in ("/docker/c3/inner", "/docker/c4", ""))
    made = bus(log)
    by_name = {event.seq: event for event in made.past(PastQuery(OOM)).events}

    def chosen(**conditions: tuple[str, ...]) -> list[int]:
        match = matcher(Selector(**conditions))  # type: ignore[arg-type]
        assert match is not None
        return [seq for seq, event in by_name.items() if match(event)]

    assert chosen(names=("web-3",)) == [inner.seq]
    assert chosen(paths=("/docker/c3",)) == [inner.seq]
    assert chosen(paths=("/docker/*/inner",)) == [inner.seq]
    assert chosen(paths=("/docker/*",), exclude=("web-3",)) == [other.seq]
    assert chosen(paths=("/",)) == [machine.seq]
    assert matcher(Selector()) is None
    with pytest.raises(SelectionError, match="leaves_only"):
        matcher(Selector(leaves_only=True))


def test_plain_data_holds_what_is_known_and_nothing_else() -> None:
    event = FakeLog().add("lost", path="", payload=Lost("exec", "bpf", 3, 9))
    plain = event.plain()
    assert plain.pop("time_unix_ns") == event.time_ns
    assert plain.pop("time_monotonic_ns") == event.monotonic_ns
    lost = {"kind": "exec", "source": "bpf", "count": 3, "total": 9}
    assert plain == {"seq": 1, "kind": "lost", "source": "bpf", "lost": lost}
