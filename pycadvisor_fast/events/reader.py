"""The log as events that know their containers: pages for those who follow, and the past."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from ..container import Container
from ..event import Event
from .retention import Retention

PAGE = 256  # records read at a time: some milliseconds of decoding
SCANNED_MOST = 64 * PAGE  # a question about the past looks at so many records, then says that there are more
_PAGES_KEPT = 16  # followers in step ask for the same one

Match = Callable[[Event], bool]
Resolve = Callable[[Container, str], Container | None]
"""(container as recorded, cgroup path) -> who that is, live or gone; None: no more is known."""


class Log(Protocol):
    """What is needed of native.events.EventLog."""

    @property
    def latest(self) -> int: ...
    @property
    def epoch(self) -> int: ...

    def read(
        self,
        *,
        after_seq: int = 0,
        before_seq: int = 0,
        kinds: Collection[str] = (),
        from_ns: int = 0,
        to_ns: int = 0,
        newest_first: bool = False,
        limit: int = PAGE,
    ) -> list[Event]: ...

    def wait(self, after_seq: int, timeout_ms: int) -> int | None: ...


class Page(NamedTuple):
    """All events of some kinds between two places of the log."""

    events: Sequence[Event]
    seq: int
    """There are no others of these kinds up to here."""


@dataclass(frozen=True, slots=True)
class PastQuery:
    """What of the past. Times are wall-clock ns, both included; 0 = no bound. Sequence numbers are excluded."""

    kinds: frozenset[str]
    from_ns: int = 0
    to_ns: int = 0
    after_seq: int = 0
    before_seq: int = 0
    limit: int = 1000
    is_newest_first: bool = False


class PastPage(NamedTuple):
    """An answer to a PastQuery."""

    events: Sequence[Event]
    has_more: bool
    """There may be more: ask again, beyond ``seq``."""
    seq: int
    """The last one looked at."""


class Reader:
    """Thread-safe."""

    def __init__(self, log: Log, resolve: Resolve, retention: Retention | None = None) -> None:
        self._log = log
        self._resolve = resolve
        self.retention = retention or Retention()
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[int, frozenset[str], int], Page] = OrderedDict()

    @property
    def latest(self) -> int:
        """Number of the newest event."""
        return self._log.latest

    @property
    def epoch(self) -> str:
        """Names the log: numbers of one mean nothing in another."""
        return f"{self._log.epoch:x}"

    def wait(self, after_seq: int, timeout_ms: int) -> int | None:
        """Number of the newest event once it is above ``after_seq``; None when that takes longer."""
        return self._log.wait(after_seq, timeout_ms)

    def page(self, after_seq: int, kinds: frozenset[str], latest: int) -> Page:
        """The events of ``kinds`` after ``after_seq``, ``latest`` being what the log had when the caller looked."""
        key = (after_seq, kinds, latest)
        with self._lock:  # decoded once for all who follow in step
            page = self._pages.get(key)
            if page is None:
                events = [self._named(event) for event in self._log.read(after_seq=after_seq, kinds=kinds, limit=PAGE)]
                last = events[-1].seq if events else 0
                page = self._pages[key] = Page(events, last if len(events) == PAGE else max(latest, last))
                if len(self._pages) > _PAGES_KEPT:
                    self._pages.popitem(last=False)
            return page

    def after(self, seq: int, kinds: frozenset[str], *, from_ns: int = 0) -> list[Event]:
        """The first PAGE events of ``kinds`` after ``seq`` and not before ``from_ns`` (wall clock), as they are now.

        For those who look from time to time: amended exit codes and late names are in, which a page may lack.
        """
        found = self._log.read(after_seq=seq, kinds=kinds, from_ns=from_ns, limit=PAGE)
        return [self._named(event) for event in found]

    def newest(self, kind: str, up_to_seq: int) -> Event | None:
        """The newest event of a kind that is not after ``up_to_seq``, as the log has it."""
        found = self._log.read(before_seq=up_to_seq + 1, kinds=(kind,), newest_first=True, limit=1)
        return found[0] if found else None

    def past(self, query: PastQuery, match: Match | None = None) -> PastPage:
        """Past events that retention lets one ask for."""
        kinds = self.retention.kept(query.kinds)
        after, before = query.after_seq, query.before_seq
        out: list[Event] = []
        seq = before if query.is_newest_first else after
        if not kinds:
            return PastPage((), False, seq)
        floors = {kind: time.time_ns() - self.retention.age_ns(kind) for kind in kinds}
        for _ in range(SCANNED_MOST // PAGE):
            found = self._log.read(
                after_seq=after,
                before_seq=before,
                kinds=kinds,
                from_ns=query.from_ns,
                to_ns=query.to_ns,
                newest_first=query.is_newest_first,
                limit=PAGE,
            )
            # By hand in the order asked for: a log may give each batch in its own.
            for event in sorted(found, key=lambda one: one.seq, reverse=query.is_newest_first):
                seq = event.seq
                named = self._named(event)
                if event.time_ns >= floors[event.kind] and (match is None or match(named)):
                    out.append(named)
                    if len(out) == query.limit:
                        return PastPage(out, True, seq)
            if len(found) < PAGE:
                return PastPage(out, False, seq)
            after, before = (after, seq) if query.is_newest_first else (seq, before)
        return PastPage(out, True, seq)

    def _named(self, event: Event) -> Event:
        """The event with what is known today of its container."""
        if event.container is None:
            return event
        known = self._resolve(event.container, event.cgroup_path)
        if known is None:
            return event
        return replace(event, container=_with_record(known, event.container))


def _with_record(known: Container, recorded: Container) -> Container:
    """What the record says of a name or id that is not known (any more), as after a restart."""
    if known.path != recorded.path:
        return known
    missing = {name: getattr(recorded, name) for name in ("id", "name") if not getattr(known, name)}
    return replace(known, **missing) if any(missing.values()) else known
