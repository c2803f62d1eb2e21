"""The thread that has the trees of all containers measured, one after another, for ever."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..container import Container
from ..errors import NativeError
from ..filesystem import TreeUsage
from ..native.usage import Tree, TreeWalker
from .figures import Figures
from .layers import Ask, layer_of, nobody
from .projects import Projects
from .trees import Asked, Place, Wanted, wanted

log = logging.getLogger(__name__)

_LOOK_S = 2.0  # how soon a container that came or went is noticed
_HANGS_AFTER_S = 120.0  # without a name looked at
_HANGS = "the filesystem does not answer"
_MOST_LEFT_BEHIND = 4  # walkers that hang in a filesystem


class TreeMeasuring:
    """Measures trees in the background. ``start`` and ``stop`` for one thread, ``current`` for any.

    ``containers``: the live ones, the same tuple until something changes. ``sysroot``: prefix of their paths.
    ``ask``: what a runtime says of a layer that has no directory; it takes ``cpu_share`` of the time at most, as if all
    the time until its answer were work. ``with_binds``: bind mounts are measured, too.
    """

    def __init__(
        self,
        containers: Callable[[], Sequence[Container]],
        sysroot: str = "",
        *,
        ask: Ask = nobody,
        interval_s: float = 60.0,
        cpu_share: float = 0.02,
        with_binds: bool = False,
        hangs_after_s: float = _HANGS_AFTER_S,
    ) -> None:
        self._containers = containers
        self._sysroot = sysroot
        self._ask = ask
        self._interval_s = interval_s
        self._cpu_share = cpu_share
        self._with_binds = with_binds
        self._hangs_after_s = hangs_after_s
        self._figures = Figures(round(interval_s * 1e9))
        self._projects = Projects()
        self._known: Sequence[Container] | None = None
        self._wanted: dict[int, tuple[Container, tuple[Wanted, ...]]] = {}  # by handle
        self._followed_at = -_LOOK_S
        self._walker: TreeWalker | None = None
        self._left_behind = 0
        self._measured = 0
        self._asked = 0
        self._cpu_ns = 0
        self._at = ""
        self._error = ""
        self._wake_fd = -1
        self._thread: threading.Thread | None = None
        self._is_ending = False

    def start(self) -> None:
        """Begins; returns at once."""
        if self._thread is None and self._interval_s and self._cpu_share:
            self._is_ending = False
            self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._thread = threading.Thread(target=self._run, name="pcf-trees", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends it; figures stay."""
        if self._thread is None:
            return
        self._is_ending = True
        os.eventfd_write(self._wake_fd, 1)
        self._thread.join()
        os.close(self._wake_fd)
        self._thread = None

    def current(self) -> Mapping[int, tuple[TreeUsage, ...]]:
        """Figures by handle of the container."""
        return self._figures.by_handle()

    def status(self) -> dict[str, Any]:
        """Counters for ``Collector.status``."""
        trees = self._figures.by_handle()
        return {
            "trees": sum(len(usages) for usages in trees.values()),
            "measured": self._measured,
            "asked": self._asked,
            "cpu_ns": self._cpu_ns,
            "at": self._at,
            "left_behind": self._left_behind,
            "error": self._error,
        }

    # ---- the thread ----
    def _run(self) -> None:
        try:
            while not self._is_ending:
                self._follow()
                place = self._figures.due(time.monotonic_ns())
                if place is None:
                    self._sleep()
                elif place.asked is not None:
                    self._ask_about(place, place.asked)
                else:
                    self._measure(place)
        except Exception as error:
            self._error = str(error) or type(error).__name__
            log.exception("trees of containers are not measured any more")
        finally:
            self._drop_walker()

    def _follow(self) -> None:
        """Takes over who is there, now and then: where containers come and go it is another tuple every time."""
        now = time.monotonic()
        if now - self._followed_at < _LOOK_S:
            return
        self._followed_at = now
        containers = self._containers()
        if containers is not self._known:
            self._known = containers
            self._wanted = {one.handle: self._wanted_of(one) for one in containers}
            self._figures.follow({handle: found for handle, (_, found) in self._wanted.items()})
            self._projects.keep(self._figures.places())

    def _wanted_of(self, container: Container) -> tuple[Container, tuple[Wanted, ...]]:
        known = self._wanted.get(container.handle)
        if known is not None and known[0] is container:
            return known
        return container, wanted(container, with_binds=self._with_binds)

    def _sleep(self) -> None:
        due = self._figures.next_due_ns()
        left = _LOOK_S if due is None else min(_LOOK_S, max(0.0, (due - time.monotonic_ns()) / 1e9))
        self._wait_for(left)

    def _wait_for(self, seconds: float, fd: int = -1) -> bool:
        """Whether ``fd`` became readable within that time."""
        poll = select.poll()
        poll.register(self._wake_fd, select.POLLIN)
        if fd >= 0:
            poll.register(fd, select.POLLIN)
        return fd in dict(poll.poll(seconds * 1000))

    def _ask_about(self, place: Place, asked: Asked) -> None:
        usage, took_ns = layer_of(self._ask, asked, lambda: self._is_ending)
        now = time.monotonic_ns()
        self._asked += 1
        self._figures.ask_from_ns = now + round(took_ns / self._cpu_share)
        if not self._is_ending:
            self._figures.measured(place, usage, now)

    def _measure(self, place: Place) -> None:
        try:
            if self._walker is None:
                self._walker = TreeWalker(self._cpu_share)
            self._at = place.path
            usage = self._counted(place, self._walker)
        except NativeError as error:
            usage = _failed(place, str(error))
        finally:
            self._at = ""
        if not self._is_ending:
            self._figures.measured(place, usage, time.monotonic_ns(), is_hung=usage.error == _HANGS)

    def _counted(self, place: Place, walker: TreeWalker) -> TreeUsage:
        """By the filesystem where it can tell, else by a walk: also where others are in the same project."""
        path = self._sysroot + place.path
        walker.begin(path)
        usage, tree = self._result(place, walker)
        if tree is None or tree.project is None:
            return usage
        for doubted in self._projects.join(place, tree.project):
            self._figures.expire(doubted)
        if not self._projects.is_shared(tree.project):
            return usage
        walker.begin(path, only_walk=True)
        return self._result(place, walker)[0]

    def _result(self, place: Place, walker: TreeWalker) -> tuple[TreeUsage, Tree | None]:
        """What the walker found; it is left behind when it gets no further."""
        seen, since = -1, time.monotonic()
        while not self._is_ending:
            self._wait_for(_LOOK_S, walker.fileno())
            is_done, tree = walker.look()
            if is_done:
                self._measured += 1
                self._cpu_ns += tree.cpu_ns
                return _usage(place, tree), tree
            if tree.entries != seen:
                seen, since = tree.entries, time.monotonic()
            elif time.monotonic() - since > self._hangs_after_s:
                self._leave_behind()
                return _failed(place, _HANGS), None
        walker.cancel()
        return _failed(place, "ended"), None

    def _leave_behind(self) -> None:
        self._drop_walker()
        self._left_behind += 1
        if self._left_behind >= _MOST_LEFT_BEHIND:
            raise RuntimeError(f"{self._left_behind} walks hang in filesystems that do not answer")

    def _drop_walker(self) -> None:
        if self._walker is not None:
            self._walker.close()
            self._walker = None


def _failed(place: Place, error: str) -> TreeUsage:
    return TreeUsage("", place.path, error=error)


def _usage(place: Place, tree: Tree) -> TreeUsage:
    if tree.error:
        return _failed(place, tree.error)
    return TreeUsage(
        kind="",
        path=place.path,
        bytes=tree.bytes,
        apparent_bytes=tree.apparent_bytes,
        inodes=tree.inodes,
        own_bytes=tree.own_bytes,
        source=tree.source,
        measured_ns=time.time_ns(),
        took_ns=tree.wall_ns,
        skipped=tree.skipped,
    )
