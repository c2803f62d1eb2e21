"""Which directory trees containers have, and in which order they are measured. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from ..container import Container
from ..filesystem import TreeUsage

_HUNG_FACTOR = 60


class Place(NamedTuple):
    """A tree of a container, with the path the host has for it."""

    handle: int
    kind: str
    path: str


def places(containers: Iterable[Container]) -> list[Place]:
    """The trees of all containers whose runtimes said where they are."""
    out = []
    for one in containers:
        if one.layer_path:
            out.append(Place(one.handle, "layer", one.layer_path))
        if one.log_path:
            out.append(Place(one.handle, "log", log_tree(one)))
    return out


def log_tree(container: Container) -> str:
    """The directory of the log where it is this container's alone, so that rotated logs count; else the log itself."""
    folder = posixpath.dirname(container.log_path)
    owners = [owner for owner in (container.id, container.pod_uid) if owner]
    return folder if any(owner in folder for owner in owners) else container.log_path


class Figures:
    """What was found out about trees, and which is to be measured next. For one thread; ``by_handle`` for any."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._figures: dict[Place, TreeUsage] = {}
        self._due_ns: dict[Place, int] = {}
        self._published: Mapping[int, tuple[TreeUsage, ...]] = {}

    def follow(self, wanted: Iterable[Place]) -> None:
        """These trees are there now; figures of others are forgotten."""
        self._figures = {place: self._figures.get(place) or TreeUsage(place.kind, place.path) for place in wanted}
        self._due_ns = {place: self._due_ns.get(place, 0) for place in self._figures}
        self._publish()

    def due(self, now_ns: int) -> Place | None:
        """The one that has been waiting longest, those never measured first; None: none is due."""
        place = min(self._due_ns, key=self._due_ns.__getitem__, default=None)
        return place if place is not None and self._due_ns[place] <= now_ns else None

    def next_due_ns(self) -> int | None:
        """When the next one is due; None: there is none."""
        return min(self._due_ns.values(), default=None)

    def measured(self, place: Place, usage: TreeUsage, now_ns: int, *, is_hung: bool = False) -> None:
        """Keeps a figure. One that failed leaves the numbers of before, with its error; one that hung is not tried
        again soon."""
        old = self._figures.get(place)
        if old is None:
            return  # the container has gone meanwhile
        if usage.error and old.measured_ns:
            usage = replace(old, error=usage.error)
        self._figures[place] = usage
        self._due_ns[place] = now_ns + self._interval_ns * (_HUNG_FACTOR if is_hung else 1)
        self._publish()

    def by_handle(self) -> Mapping[int, tuple[TreeUsage, ...]]:
        """Figures of each container: never changed, replaced."""
        return self._published

    def _publish(self) -> None:
        out: dict[int, list[TreeUsage]] = {}
        for place, usage in self._figures.items():
            out.setdefault(place.handle, []).append(usage)
        self._published = {handle: tuple(usages) for handle, usages in out.items()}
