"""The watcher's set of cgroups, driven by events and walks that a test makes up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from pycadvisor_fast.discovery.watcher import Handle, Watcher
from pycadvisor_fast.errors import NativeError
from pycadvisor_fast.native.watch import CREATED, DELETED, OVERFLOW, Event


class FakeTree:
    """Hierarchies as sets of paths, with the events that changing them causes."""

    def __init__(self, mounts: int) -> None:
        self.mounts = [f"/nowhere/{index}" for index in range(mounts)]
        self.there: list[set[str]] = [set() for _ in range(mounts)]
        self.events: list[Event] = []
        self.changed = threading.Condition()
        self.woken = False
        self.closed = 0
        self.is_deaf = False

    # as native.watch.Watch
    mechanism = "fake"
    degraded = ""
    reason = ""

    def add_mount(self, mount: str) -> int:
        return self.mounts.index(mount)

    def read(self, timeout_s: float | None) -> list[Event]:
        with self.changed:
            self.changed.wait_for(lambda: self.events or self.woken, timeout_s)
            self.woken = False
            events, self.events = self.events, []
            return events

    def wake(self) -> None:
        with self.changed:
            self.woken = True
            self.changed.notify_all()

    def close(self) -> None:
        self.closed += 1

    def walk(self, mount: str) -> list[str]:
        return sorted(self.there[self.mounts.index(mount)])

    # what happens on the host
    def make(self, mount: int, path: str) -> None:
        self.there[mount].add(path)
        self._say(CREATED, mount, path)

    def remove(self, mount: int, path: str) -> None:
        self.there[mount].discard(path)
        self._say(DELETED, mount, path)

    def overflow(self) -> None:
        self._say(OVERFLOW, 0, "")

    def _say(self, kind: int, mount: int, path: str) -> None:
        if not self.is_deaf or kind == OVERFLOW:
            with self.changed:
                self.events.append(Event(kind, mount, path))
                self.changed.notify_all()


class Followed:
    """A sink that gives out handles and refuses what it is told to."""

    def __init__(self) -> None:
        self.paths: dict[str, Handle] = {}
        self.added: list[str] = []
        self.refreshed: list[str] = []
        self.refuse: set[str] = set()
        self.next = 0

    def add(self, path: str, created_ns: int) -> Handle | None:
        if path in self.refuse:
            return None
        assert path not in self.paths
        self.next += 1
        self.paths[path] = (self.next, 1)
        self.added.append(path)
        return self.paths[path]

    def refresh(self, handle: Handle) -> None:
        self.refreshed.append(next(path for path, known in self.paths.items() if known == handle))

    def vanished(self) -> list[Handle]:
        return []

    def remove(self, handle: Handle) -> None:
        path = next(path for path, known in self.paths.items() if known == handle)
        del self.paths[path]


def make(
    tree: FakeTree, sink: Followed, accept: Callable[[str], bool] = lambda _: True, rescan_s: float = 60.0
) -> Watcher:
    return Watcher(sink, tree.mounts, accept, rescan_s=rescan_s, open_watch=lambda _: tree, walk_mount=tree.walk)


def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come true")


def test_what_is_there_is_added_once_parents_first() -> None:
    tree, sink = FakeTree(2), Followed()
    tree.there = [{"/a", "/a/b"}, {"/a", "/c"}]
    assert make(tree, sink).begin() == 4
    assert sink.added.index("/a") < sink.added.index("/a/b")
    assert sorted(sink.added) == ["/", "/a", "/a/b", "/c"]
    assert sink.refreshed == []


def test_a_cgroup_lives_from_its_first_hierarchy_to_its_last() -> None:
    tree, sink = FakeTree(3), Followed()
    watcher = make(tree, sink)
    watcher.begin()
    watcher.start()
    tree.make(0, "/x")
    eventually(lambda: "/x" in sink.paths)
    tree.make(1, "/x")
    tree.make(2, "/x")
    eventually(lambda: sink.refreshed == ["/x"])
    tree.remove(0, "/x")
    tree.remove(1, "/x")
    tree.make(0, "/seen-both")
    eventually(lambda: "/seen-both" in sink.paths)
    assert "/x" in sink.paths
    tree.remove(2, "/x")
    eventually(lambda: "/x" not in sink.paths)
    watcher.stop()
    assert tree.closed == 1


def test_hierarchies_that_appear_together_are_one_refresh() -> None:
    tree, sink = FakeTree(6), Followed()
    watcher = make(tree, sink)
    watcher.begin()
    watcher.start()
    for mount in range(6):
        tree.make(mount, "/x")
    eventually(lambda: bool(sink.refreshed))
    time.sleep(0.1)
    assert sink.refreshed == ["/x"]
    watcher.stop()


def test_gone_while_it_was_opened_is_no_error_and_the_next_event_tries_again() -> None:
    tree, sink = FakeTree(2), Followed()
    sink.refuse = {"/x"}
    watcher = make(tree, sink)
    watcher.begin()
    watcher.start()
    tree.make(0, "/x")
    tree.make(0, "/y")
    eventually(lambda: "/y" in sink.paths)
    sink.refuse = set()
    tree.make(1, "/x")
    eventually(lambda: "/x" in sink.paths)
    watcher.stop()
    assert watcher.status()["errors"] == 0


def test_lost_events_are_made_good_by_a_walk() -> None:
    tree, sink = FakeTree(2), Followed()
    tree.there[0] = {"/old"}
    watcher = make(tree, sink)
    watcher.begin()
    watcher.start()
    tree.is_deaf = True
    tree.remove(0, "/old")
    tree.make(1, "/new")
    tree.overflow()
    eventually(lambda: sorted(sink.paths) == ["/", "/new"])
    watcher.stop()
    assert watcher.status()["overflows"] == 1


def test_the_safety_walk_finds_what_no_event_told() -> None:
    tree, sink = FakeTree(1), Followed()
    tree.is_deaf = True
    watcher = make(tree, sink, rescan_s=0.05)
    watcher.begin()
    watcher.start()
    tree.make(0, "/silent")
    eventually(lambda: "/silent" in sink.paths)
    tree.remove(0, "/silent")
    eventually(lambda: "/silent" not in sink.paths)
    watcher.stop()


def test_what_is_not_accepted_is_never_added() -> None:
    tree, sink = FakeTree(1), Followed()
    tree.there[0] = {"/no", "/yes"}
    watcher = make(tree, sink, lambda path: path != "/no")
    watcher.begin()
    watcher.start()
    tree.remove(0, "/no")
    tree.make(0, "/no")
    tree.make(0, "/also")
    eventually(lambda: "/also" in sink.paths)
    watcher.stop()
    assert sorted(sink.paths) == ["/", "/also", "/yes"]


def test_stopped_and_started_again_it_finds_what_it_missed() -> None:
    tree, sink = FakeTree(1), Followed()
    tree.there[0] = {"/a"}
    watcher = make(tree, sink)
    watcher.begin()
    watcher.start()
    watcher.stop()
    tree.remove(0, "/a")
    tree.make(0, "/b")
    tree.events.clear()
    watcher.begin()
    watcher.start()
    assert sorted(sink.paths) == ["/", "/b"]
    watcher.stop()


def test_where_nothing_can_be_watched_the_tree_is_walked() -> None:
    tree, sink = FakeTree(1), Followed()

    def refuse(_: str) -> FakeTree:
        raise NativeError(-1, "fanotify: not permitted")

    watcher = Watcher(sink, tree.mounts, lambda _: True, rescan_s=0.05, open_watch=refuse, walk_mount=tree.walk)
    watcher.begin()
    watcher.start()
    tree.make(0, "/x")
    eventually(lambda: "/x" in sink.paths)
    status = watcher.status()
    watcher.stop()
    assert status["mechanism"] == "walk"
    assert "fanotify: not permitted" in status["notes"][0]


def test_a_hierarchy_that_cannot_be_walked_takes_nothing_away() -> None:
    tree, sink = FakeTree(2), Followed()
    tree.there = [{"/a"}, {"/b"}]
    watcher = make(tree, sink)
    watcher.begin()

    def fail(mount: str) -> list[str]:
        if mount == tree.mounts[1]:
            raise NativeError(-5, "cannot walk it")
        return tree.walk(mount)

    watcher._walk_mount = fail
    watcher._rescan()
    assert sorted(sink.paths) == ["/", "/a", "/b"]
    assert watcher.status()["last_error"] == "cannot walk it"


def test_the_thread_survives_a_sink_that_fails() -> None:
    tree, sink = FakeTree(1), Followed()
    watcher = make(tree, sink)
    watcher.begin()
    real, calls = sink.add, []

    def add(path: str, created_ns: int) -> Handle | None:
        calls.append(path)
        if len(calls) == 1:
            raise RuntimeError("once")
        return real(path, created_ns)

    sink.add = add  # type: ignore[method-assign]
    watcher.start()
    tree.make(0, "/x")
    eventually(lambda: "/x" in sink.paths)
    watcher.stop()
    assert watcher.status()["errors"] == 1


def test_a_directory_takes_what_was_below_it_along() -> None:
    tree, sink = FakeTree(2), Followed()
    tree.there = [{"/a", "/a/b", "/a/b/c", "/ab"}, {"/a", "/a/b", "/a/b/c", "/ab"}]
    watcher = make(tree, sink)
    watcher.begin()
    watcher.start()
    tree.there = [{"/ab"}, {"/ab", "/a", "/a/b", "/a/b/c"}]
    tree.remove(0, "/a")
    tree.make(0, "/marker")
    eventually(lambda: "/marker" in sink.paths)
    assert "/a/b/c" in sink.paths
    tree.remove(1, "/a")
    eventually(lambda: sorted(sink.paths) == ["/", "/ab", "/marker"])
    watcher.stop()
    assert set(watcher._below) == {"/"}


def test_a_degraded_watch_is_told_and_walked_for() -> None:
    tree, sink = FakeTree(1), Followed()
    tree.degraded = "inotify: no more watches"
    watcher = make(tree, sink)
    watcher.begin()
    assert watcher.status()["notes"] == ["inotify: no more watches"]
    assert watcher._next_rescan - time.monotonic() < 2.0


STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 2), st.sampled_from(["/a", "/b", "/a/c", "/d"])), min_size=1, max_size=40
)


@given(before=STEPS, between=STEPS, after=STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_before_during_and_after_the_walk_the_end_is_right(before, between, after) -> None:  # type: ignore[no-untyped-def]
    """Events that tell again what the walk has seen, or of what is already gone, change nothing in the end."""
    tree, sink = FakeTree(3), Followed()

    def play(steps: list[tuple[bool, int, str]]) -> None:
        for is_made, mount, path in steps:
            if is_made:
                for name in ("/a", path) if path.startswith("/a/") else (path,):
                    if name not in tree.there[mount]:
                        tree.make(mount, name)
            elif path in tree.there[mount]:
                tree.there[mount] = {name for name in tree.there[mount] if not name.startswith(f"{path}/")}
                tree.remove(mount, path)

    play(before)
    tree.events.clear()
    real_walk, walked = tree.walk, []

    def walk(mount: str) -> list[str]:
        found = real_walk(mount)
        walked.append(mount)
        if len(walked) == 2:  # between the walks of two hierarchies
            play(between)
        return found

    watcher = Watcher(sink, tree.mounts, lambda _: True, open_watch=lambda _: tree, walk_mount=walk)
    watcher.begin()
    play(after)
    while tree.events:
        watcher._turn()
    assert set(sink.paths) == {"/"} | set().union(*tree.there)
