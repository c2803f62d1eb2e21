"""One batch as bytes: a header and a tail by protobuf, and between them what the C encoder makes of the rows.

Protobuf messages may be concatenated: fields 1 to 5 are the same for all subscribers, fields from 16 on are a
subscriber's own and empty nearly always. So in the normal case one bytes object goes to everybody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.errors import TornError
from pycadvisor_fast.native.encoder import CHANGED, RATES, Encoder, GroupAt
from pycadvisor_fast.v1 import service_pb2 as pb

if TYPE_CHECKING:
    from .members import Members
    from .schedule import Schedule, Spec

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """One encoded batch. ``data`` is the part that all subscribers share."""

    tick: int
    data: bytes
    members: Members
    sent: Mapping[int, int]
    """Newest tick of each group that a subscriber has after this batch (changed-only streams)."""
    encode_ns: int


class Content(NamedTuple):
    """What a selection asks the encoder for."""

    masks: Mapping[int, Any]  # by group index, see native.encoder.column_mask
    is_columns: bool = False
    changed_only: bool = False
    rates: bool = False


class Base(NamedTuple):
    """What a subscriber of a changed-only stream has already."""

    sent: Mapping[int, int]
    members: Members

    def key(self, spec: Spec) -> tuple[object, ...]:
        """Equal for subscribers who get the same bytes for ``spec``."""
        return (self.members.serial, *(self.sent.get(group, 0) for group, _ in spec.groups))


def encode(
    encoder: Encoder, content: Content, schedule: Schedule, spec: Spec, members: Members, base: Base | None = None
) -> Batch:
    """The shared part of the batch ``spec``. Raises TornError when the ring has moved on past it."""
    begin = time.perf_counter_ns()
    flags = (CHANGED if base is not None else 0) | (RATES if content.rates else 0)
    table = members.table if base is None else members.table.joined_since(base.members.table)
    groups = _groups(encoder, content, schedule, spec, base)
    function = encoder.columns if content.is_columns else encoder.containers
    for attempt in range(_ATTEMPTS):
        try:
            data = function(_header(content, spec), table, groups, flags)
            break
        except TornError:
            # An earlier tick that is gone is done without by the encoder; one of the batch itself ends it.
            if attempt + 1 == _ATTEMPTS or any(not encoder.regions.by_group[g].tick(t.tick) for g, t in spec.groups):
                raise
    sent = {**(base.sent if base else {}), **{group: tick.tick for group, tick in spec.groups}}
    return Batch(spec.tick, data, members, sent, time.perf_counter_ns() - begin)


def _groups(encoder: Encoder, content: Content, schedule: Schedule, spec: Spec, base: Base | None) -> list[GroupAt]:
    groups = []
    for index, tick in spec.groups:
        previous = base.sent.get(index, 0) if base is not None else 0
        is_whole = previous == 0
        if previous == 0 and content.rates:
            previous = schedule.previous(encoder.regions.by_group[index], tick.tick)
        groups.append(GroupAt(index, tick.tick, previous, content.masks[index], is_whole))
    return groups


def _header(content: Content, spec: Spec) -> bytes:
    newest = spec.time
    batch = pb.StatsBatch(tick=spec.tick, time_unix_ns=newest.time_ns, time_monotonic_ns=newest.monotonic_ns)
    if not content.is_columns:
        for group, tick in spec.groups:
            batch.groups.add(
                group=GROUPS[group].name,
                tick=tick.tick,
                time_unix_ns=tick.time_ns,
                time_monotonic_ns=tick.monotonic_ns,
            )
    return batch.SerializeToString()


def tail(*, missed: int = 0, replayed: bool = False, stream: pb.StreamStart | None = None) -> bytes:
    """The encoded last fields of a batch; empty when there is nothing to say."""
    if not missed and not replayed and stream is None:
        return b""
    return pb.StatsBatch(missed_ticks=missed, replayed=replayed, stream=stream).SerializeToString()


def response(batches: Sequence[bytes], *, more: bool) -> bytes:
    """Encoded StatsBatches as a GetStatsResponse."""
    parts = []
    for batch in batches:
        parts += [b"\x0a", _varint(len(batch)), batch]
    parts.append(pb.GetStatsResponse(more=more).SerializeToString())
    return b"".join(parts)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
