"""GetStats: the latest values, or batches from the history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pycadvisor_fast.errors import TornError
from pycadvisor_fast.native.encoder import Encoder

from . import batches
from .batches import Content
from .members import Members
from .schedule import Schedule, Spec

RESPONSE_BYTES = 4_000_000  # gRPC clients refuse messages above 4 MiB unless told otherwise
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Span:
    """Which batches: those after ``since``, or of the last ``last_ns``, at most ``limit`` (0 = as many as fit)."""

    since: int | None = None
    last_ns: int = 0
    limit: int = 0

    @property
    def is_latest(self) -> bool:
        """Only the newest values are asked for."""
        return self.since is None and not self.last_ns


def latest(encoder: Encoder, content: Content, schedule: Schedule, members: Members) -> bytes:
    """A GetStatsResponse with one batch of each group's newest row; without a batch before the first tick."""
    for _ in range(_ATTEMPTS):
        spec = schedule.latest()
        if spec is None:
            break
        try:
            batch = batches.encode(encoder, content, schedule, spec, members)
        except TornError:
            continue
        return batches.response([batch.data + members.introduction()], more=False)
    return batches.response([], more=False)


def window(encoder: Encoder, content: Content, schedule: Schedule, members: Members, span: Span) -> bytes:
    """A GetStatsResponse with the batches of ``span``; the first says who the containers are and what is gone."""
    newest, size, more = schedule.newest(), 0, False
    begin = span.since if span.since is not None else max(0, newest - span.last_ns // schedule.base_ns)
    missed = _missed(schedule, begin)
    parts: list[bytes] = []
    for spec in _specs(schedule, begin, newest):
        try:
            data = batches.encode(encoder, content, schedule, spec, members).data
        except TornError:
            missed += 1
            continue
        own = (b"" if parts else members.introduction()) + batches.tail(missed=missed)
        if parts and (size + len(data) > RESPONSE_BYTES or len(parts) == span.limit):
            more = True
            break
        missed = 0
        parts.append(data + own)
        size += len(parts[-1])
    return batches.response(parts, more=more)


def _missed(schedule: Schedule, begin: int) -> int:
    oldest = schedule.oldest()
    return schedule.count(begin, oldest - 1) if oldest and begin >= 0 else 0


def _specs(schedule: Schedule, begin: int, newest: int) -> Iterator[Spec]:
    for point in schedule.held(max(begin, schedule.oldest() - 1), newest):
        if spec := schedule.spec(point):
            yield spec
