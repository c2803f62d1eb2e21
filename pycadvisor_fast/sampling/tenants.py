"""slots.dir as containers, read again only where it changed."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from ..container import Container
from ..native.region import Record, Slots, is_host_network


class Tenants:
    """The containers of a slots.dir. Safe to use from several threads."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self._lock = threading.Lock()
        self._seq = -1
        self._seqs: NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._all: dict[int, tuple[Container, bool]] = {}

    @property
    def version(self) -> int:
        """Changes whenever the containers change."""
        return self.slots.seq

    def containers(self, gone: bool) -> list[Container]:
        """In slot order; with ``gone`` also the last tenants of slots nobody has now."""
        with self._lock:
            self._update()
            return [container for _, (container, is_live) in sorted(self._all.items()) if is_live or gone]

    def _update(self) -> None:
        seq = self.slots.seq
        if seq == self._seq:
            return
        seqs = self.slots.record_seqs()
        known = np.ones(len(seqs), np.uint32)  # odd: never equal to a record at rest
        known[: len(self._seqs)] = self._seqs
        for slot in np.flatnonzero(seqs != known).tolist():
            record = self.slots.read(slot)
            if record is None:
                self._all.pop(slot, None)
            else:
                self._all[slot] = (container(record), record.is_live)
        # What was odd changed while we looked: the next look reads it again.
        seqs[seqs % 2 == 1] = 1
        self._seqs, self._seq = seqs, seq


def container(record: Record) -> Container:
    """A record as plain data."""
    return Container(
        path=record.path,
        slot=record.slot,
        generation=record.generation,
        runtime=record.runtime or "raw",
        id=record.id,
        name=record.name,
        image=record.image,
        created_ns=record.created_ns,
        netns=record.netns,
        netns_owner=record.netns_owner if record.netns else -1,
        is_host_network=is_host_network(record),
    )
