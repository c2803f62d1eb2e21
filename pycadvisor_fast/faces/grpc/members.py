"""Who is in a selection, as of one version of the containers; what changed between two of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pycadvisor_fast.native.encoder import Table
from pycadvisor_fast.v1 import service_pb2 as pb

from .messages import container_infos, identity

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.feed import Feed

Select = Callable[[Sequence["Container"]], Sequence["Container"]]

_serials = itertools.count(1)
_DIFFS_KEPT = 8  # subscribers in step ask for the same one; laggards for a few more


class Members:
    """The containers of a selection at one moment. Immutable; the same object for as long as nothing changes."""

    def __init__(self, containers: tuple[Container, ...], table: Table, every: Sequence[Container]) -> None:
        self.containers = containers
        self.table = table
        self._every = every
        self.serial = next(_serials)  # unlike id(), never used again
        self._tails: dict[int, bytes] = {}
        self._introduction: bytes | None = None

    def introduction(self) -> bytes:
        """Encoded ``added`` with all members: for a subscriber's first batch."""
        if self._introduction is None:
            added = container_infos(self.containers, self._every)
            self._introduction = pb.StatsBatch(added=added).SerializeToString()
        return self._introduction

    def changes(self, known: Members) -> bytes:
        """Encoded ``added``, ``changed`` and ``removed`` for a subscriber that knows ``known``."""
        if known is self:
            return b""
        tail = self._tails.get(known.serial)
        if tail is None:
            tail = self._changes(known).SerializeToString()
            if len(self._tails) >= _DIFFS_KEPT:
                self._tails.clear()
            self._tails[known.serial] = tail
        return tail

    def _changes(self, known: Members) -> pb.StatsBatch:
        before = {container.handle: container for container in known.containers}
        now = {container.handle: container for container in self.containers}
        live = {container.handle for container in self._every}
        added = [container for handle, container in now.items() if handle not in before]
        changed = [c for handle, c in now.items() if handle in before and before[handle] != c]
        return pb.StatsBatch(
            added=container_infos(added, self._every),
            changed=container_infos(changed, self._every),
            removed=[
                pb.ContainerRemoved(
                    handle=handle,
                    reason=pb.ContainerRemoved.REASON_UNSELECTED if handle in live else pb.ContainerRemoved.REASON_GONE,
                )
                for handle in before
                if handle not in now
            ],
        )


class Membership:
    """Follows a feed's containers for one selection. One thread at a time."""

    def __init__(self, feed: Feed, select: Select, *, handles_only: bool = False) -> None:
        self._feed = feed
        self._select = select
        self._handles_only = handles_only
        self._version: int | None = None
        self._identities: dict[int, tuple[Container, bytes]] = {}
        self._members: Members | None = None

    def current(self) -> Members:
        """The members now: the previous object when nothing about the selection has changed."""
        version = self._feed.containers_version()
        if self._members is not None and version == self._version:
            return self._members
        every = self._feed.containers()
        chosen = tuple(sorted(self._select(every), key=lambda container: container.slot))
        self._version = version
        if self._members is None or chosen != self._members.containers:
            self._members = Members(chosen, self._table(chosen), every)
        return self._members

    def _table(self, chosen: tuple[Container, ...]) -> Table:
        identities: dict[int, tuple[Container, bytes]] = {}
        for container in chosen:
            kept = self._identities.get(container.handle)
            if kept is None or kept[0] != container:
                kept = (container, identity(container, handles_only=self._handles_only))
            identities[container.handle] = kept
        self._identities = identities
        return Table(list(identities), [encoded for _, encoded in identities.values()])
