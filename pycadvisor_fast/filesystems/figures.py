"""What was found out about trees, and which is to be measured next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..filesystem import TreeUsage
from .trees import Place, Wanted

_HUNG_FACTOR = 60
_NOTHING = TreeUsage("", "")


class Figures:
    """Figures by place, shown by container. For one thread; ``by_handle`` for any."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._found: dict[Place, TreeUsage] = {}  # numbers alone: whose they are stands in what is wanted
        self._walk_due_ns: dict[Place, int] = {}
        self._ask_due_ns: dict[Place, int] = {}
        self._wanted: Mapping[int, Sequence[Wanted]] = {}  # by handle
        self._holders: dict[Place, set[int]] = {}  # handles
        self._published: Mapping[int, tuple[TreeUsage, ...]] = {}
        self.ask_from_ns = 0
        """No runtime is to be asked before that."""

    def follow(self, wanted: Mapping[int, Sequence[Wanted]]) -> None:
        """This is what there is now, by handle; figures of everything else are forgotten. What is wanted of a container
        that has not changed is the same object as before."""
        before, self._wanted, self._holders = self._wanted, wanted, {}
        for handle, several in wanted.items():
            for one in several:
                if one.place is not None:
                    self._holders.setdefault(one.place, set()).add(handle)
        self._found = {place: self._found.get(place, _NOTHING) for place in self._holders}
        walked = [place for place in self._holders if place.asked is None]
        asked = [place for place in self._holders if place.asked is not None]
        self._walk_due_ns = {place: self._walk_due_ns.get(place, 0) for place in walked}
        self._ask_due_ns = {place: self._ask_due_ns.get(place, 0) for place in asked}
        self._published = {
            handle: self._published[handle] if before.get(handle) is several else self._shown(handle)
            for handle, several in wanted.items()
            if several
        }

    def places(self) -> Collection[Place]:
        """All that there is."""
        return self._found.keys()

    def expire(self, place: Place) -> None:
        """Its figure is doubtful: it is due at once."""
        due_ns = self._walk_due_ns if place.asked is None else self._ask_due_ns
        if place in due_ns:
            due_ns[place] = 0

    def due(self, now_ns: int) -> Place | None:
        """The one that has been waiting longest, those never measured first; None: none is due."""
        due_ns, place = self._next()
        return place if due_ns <= now_ns else None

    def next_due_ns(self) -> int | None:
        """When the next one is due; None: there is none."""
        due_ns, place = self._next()
        return None if place is None else due_ns

    def measured(self, place: Place, usage: TreeUsage, now_ns: int, *, is_hung: bool = False) -> None:
        """Keeps a figure. One that failed leaves the numbers of before, with its error; one that hung is not tried
        again soon."""
        old = self._found.get(place)
        if old is None:
            return  # the container has gone meanwhile
        if usage.error and old.measured_ns:
            usage = replace(old, error=usage.error)
        self._found[place] = usage
        due_ns = self._walk_due_ns if place.asked is None else self._ask_due_ns
        due_ns[place] = now_ns + self._interval_ns * (_HUNG_FACTOR if is_hung else 1)
        changed = {handle: self._shown(handle) for handle in self._holders[place]}
        self._published = {**self._published, **changed}

    def by_handle(self) -> Mapping[int, tuple[TreeUsage, ...]]:
        """Figures of each container: never changed, replaced."""
        return self._published

    def _next(self) -> tuple[int, Place | None]:
        walked = min(self._walk_due_ns, key=self._walk_due_ns.__getitem__, default=None)
        asked = min(self._ask_due_ns, key=self._ask_due_ns.__getitem__, default=None)
        walk_ns = 0 if walked is None else self._walk_due_ns[walked]
        ask_ns = 0 if asked is None else max(self._ask_due_ns[asked], self.ask_from_ns)
        if asked is None or (walked is not None and walk_ns <= ask_ns):
            return walk_ns, walked
        return ask_ns, asked

    def _shown(self, handle: int) -> tuple[TreeUsage, ...]:
        return tuple(
            one.tree if one.place is None else _filled(one.tree, self._found[one.place]) for one in self._wanted[handle]
        )


def _filled(tree: TreeUsage, found: TreeUsage) -> TreeUsage:
    """``tree`` with the numbers of another."""
    if found is _NOTHING:
        return tree
    return replace(
        tree,
        bytes=found.bytes,
        apparent_bytes=found.apparent_bytes,
        inodes=found.inodes,
        own_bytes=found.own_bytes,
        source=found.source,
        measured_ns=found.measured_ns,
        took_ns=found.took_ns,
        skipped=found.skipped,
        error=found.error,
    )
