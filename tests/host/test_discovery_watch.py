"""The watcher on this host's real cgroup hierarchies: fanotify, inotify, churn."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.watcher import Handle, Watcher
from tests.host.cgroup_tree import CgroupTree
from tests.host.churn import churn

pytestmark = [pytest.mark.root, pytest.mark.guest_inside]


class Followed:
    """A sink that only remembers."""

    def __init__(self) -> None:
        self.paths: dict[str, Handle] = {}
        self.refreshed: list[Handle] = []
        self.changed = threading.Condition()
        self.added = 0

    def add(self, path: str, created_ns: int) -> Handle | None:
        with self.changed:
            assert path not in self.paths, f"{path} was added twice"
            self.added += 1
            self.paths[path] = (self.added, 1)
            self.changed.notify_all()
            return self.paths[path]

    def refresh(self, handle: Handle) -> None:
        self.refreshed.append(handle)

    def vanished(self) -> list[Handle]:
        return []

    def remove(self, handle: Handle) -> None:
        with self.changed:
            self.paths = {path: known for path, known in self.paths.items() if known != handle}
            self.changed.notify_all()

    def wait(self, condition: Callable[[dict[str, Handle]], bool], seconds: float = 20.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.paths), seconds), sorted(self.paths)


@pytest.fixture(params=["fanotify", "inotify"])
def watched(request: pytest.FixtureRequest, cgroups: CgroupTree) -> Iterator[tuple[Watcher, Followed, CgroupTree]]:
    cgroups.make("before/deep")
    sink = Followed()
    own = (cgroups.name, "/")
    watcher = Watcher(
        sink,
        [str(mount) for mount in cgroups.mounts],
        lambda path: path.startswith(own[0]),  # other rooms' tests make cgroups at the same time
        mechanism=request.param,
    )
    watcher.begin()
    watcher.start()
    yield watcher, sink, cgroups
    watcher.stop()


def test_what_was_there_what_comes_and_what_goes(watched: tuple[Watcher, Followed, CgroupTree]) -> None:
    watcher, sink, cgroups = watched
    assert {cgroups.path(), cgroups.path("before"), cgroups.path("before/deep")} == set(sink.paths)
    assert watcher.status()["mechanism"] in ("fanotify", "inotify")
    path = cgroups.make("new/one/two/three")
    sink.wait(lambda paths: path in paths)
    for below in ("new/one/two/three", "new/one/two", "new/one", "new"):
        cgroups.remove(below)
    sink.wait(lambda paths: not any("/new" in path for path in paths))
    assert watcher.status()["errors"] == 0


def test_the_hierarchies_of_a_cgroup_count_together(watched: tuple[Watcher, Followed, CgroupTree]) -> None:
    _, sink, cgroups = watched
    first, *others = cgroups.mounts
    if not others:
        pytest.skip("one hierarchy: pure v2; v1 and hybrid runs have several")
    path = cgroups.make("split", [first])
    sink.wait(lambda paths: path in paths)
    handle = sink.paths[path]
    cgroups.make("split", others)
    deadline = time.monotonic() + 20
    while handle not in sink.refreshed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert handle in sink.refreshed
    cgroups.remove("split", others)
    marker = cgroups.make("marker")
    sink.wait(lambda paths: marker in paths)
    assert sink.paths.get(path) == handle
    cgroups.remove("split", [first])
    sink.wait(lambda paths: path not in paths)


def test_a_path_that_is_made_again_is_another_container(watched: tuple[Watcher, Followed, CgroupTree]) -> None:
    _, sink, cgroups = watched
    path = cgroups.make("again")
    sink.wait(lambda paths: path in paths)
    handle = sink.paths[path]
    cgroups.remove("again")
    cgroups.make("again")
    sink.wait(lambda paths: path in paths and paths[path] != handle)


def test_many_come_and_go_and_nothing_stays(watched: tuple[Watcher, Followed, CgroupTree]) -> None:
    """100 a second for a few seconds (PCF_CHURN_SECONDS for longer): afterwards everything is as before."""
    watcher, sink, cgroups = watched
    seconds = float(os.environ.get("PCF_CHURN_SECONDS", "3"))
    before, files = set(sink.paths), _descriptors()
    churn(cgroups, seconds)
    marker = cgroups.make("marker")
    sink.wait(lambda paths: marker in paths)
    cgroups.remove("marker")
    sink.wait(lambda paths: set(paths) == before)
    assert watcher.status()["errors"] == 0
    assert {path for path in watcher._nodes if path.startswith(cgroups.name)} == before
    assert _descriptors() <= files  # what tests before had forgotten may be closed meanwhile


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
