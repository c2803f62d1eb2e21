"""Answers to scrapes: made once a tick for each question, handed to all who ask it until the next tick.

Runs in whatever thread asks; one answer is made at a time, and those who ask the same meanwhile get that one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.errors import PycadvisorError, TornError
from pycadvisor_fast.native import exposition as native
from pycadvisor_fast.native.encoder import GroupAt, Regions
from pycadvisor_fast.native.exposition import Given, Writer

from . import compression
from .contents import Contents
from .given import lone
from .paper import Paper
from .query import Query

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed

log = logging.getLogger(__name__)

_ATTEMPTS = 5
_MOST_ANSWERS = 8  # kept at a time: questions that differ within one tick
_MOST_BYTES = 32 << 20  # and what they may take together


class Settings(Protocol):
    """What is needed of the HTTP face's settings."""

    @property
    def compat(self) -> str: ...
    @property
    def store_labels(self) -> bool: ...
    @property
    def kept_labels(self) -> Iterable[str]: ...
    @property
    def kinds(self) -> frozenset[str]: ...
    @property
    def version(self) -> str: ...
    @property
    def dead_container_grace_ns(self) -> int: ...


@dataclass(slots=True)
class Answer:
    """An answer as it was asked for first: plain, or compressed; in both ways once both were asked for."""

    plain: memoryview | None = None
    packed: memoryview | None = None

    def get(self, *, is_packed: bool) -> memoryview:
        """It in one of the two ways."""
        if is_packed:
            if self.packed is None:
                assert self.plain is not None
                self.packed = memoryview(compression.compressed([self.plain])[0])
            return self.packed
        if self.plain is None:
            assert self.packed is not None
            self.plain = memoryview(compression.plain(self.packed))
        return self.plain

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return sum(view.nbytes for view in (self.plain, self.packed) if view is not None)


class Scraper:
    """Any thread may ask."""

    def __init__(self, feed: Feed, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._feed = feed
        self._clock = clock
        self._contents = Contents(feed, settings)
        self._lock = threading.Lock()
        self._sampling = threading.Lock()
        self._sampled_from = 0.0  # when the last pass that was asked for began
        self._writer: Writer | None = None
        self._answers: OrderedDict[tuple[int, Query], Answer] = OrderedDict()
        self._position: tuple[int, ...] = ()
        self._paper = Paper()
        self._expected: dict[int, int] = {}  # bytes, by format
        self._counts = {"scrapes": 0, "cached": 0, "scrape_cpu": 0, "size": 0}

    def answer(self, query: Query, form: int, *, is_packed: bool = False) -> memoryview:
        """An answer, gzip when ``is_packed``. Raises PycadvisorError when there is none to be had."""
        if query.max_age_ns is not None:
            self._freshen(query.max_age_ns)
        with self._lock:
            self._counts["scrapes"] += 1
            began = time.thread_time_ns()
            found = self._answer(query, form, is_packed=is_packed).get(is_packed=is_packed)
            self._shrink()
            self._counts["scrape_cpu"] += time.thread_time_ns() - began
            return found

    def _answer(self, query: Query, form: int, *, is_packed: bool) -> Answer:
        writer = self._opened()
        for attempt in range(_ATTEMPTS):
            groups = [GroupAt(index, region.latest) for index, region in writer.regions.by_group.items()]
            position = (self._feed.containers_version(), *(group.tick for group in groups))
            if position != self._position:
                self._answers.clear()  # before the next one is made: two of them would be twice the memory
                self._position = position
            kept = self._answers.get((form, query))
            if kept is not None:
                self._counts["cached"] += 1
                self._answers.move_to_end((form, query))
                return kept
            try:
                pieces = self._write(writer, query, form, [group for group in groups if group.tick])
                self._answers[form, query] = self._made(pieces, form, is_packed=is_packed)
            except TornError:
                log.debug("a tick was overwritten while a scrape was made of it, attempt %d", attempt + 1)
                continue
            return self._answers[form, query]
        raise PycadvisorError(f"the ring moved on {_ATTEMPTS} times while an answer was made; keep more history in it")

    def _made(self, pieces: Iterator[Any], form: int, *, is_packed: bool) -> Answer:
        """Compressed piece by piece where that is what is asked for: it is never there as a whole."""
        if is_packed:
            self._paper.put_away()
            packed, size = compression.compressed(pieces)
            answer = Answer(packed=memoryview(packed))
        else:
            plain = self._paper.written(pieces, self._expected.get(form, 0))
            answer, size = Answer(plain), plain.nbytes
        self._counts["size"] = size
        self._expected[form] = max(size + size // 16, self._expected.get(form, 0) * 3 // 4)
        return answer

    def _write(self, writer: Writer, query: Query, form: int, groups: list[GroupAt]) -> Iterator[Any]:
        contents = self._contents
        table = contents.table(query, form)
        groups = [group for group in groups if group.group in table.groups or GROUPS[group.group].name == "cpu"]
        part, now = contents.part(query, form), self._clock()
        given: dict[str, Given] = contents.given(part, form, now, dict(self._counts))
        given |= contents.exits(query, form, now)
        given["container_error"] = lone(int(contents.has_failed))
        flags = native.CREATED if query.with_created else 0
        flags |= native.TIMESTAMPS if contents.is_strict else 0
        return writer.write(form, table, part.members, groups, given, contents.names(form), flags)

    def _opened(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(Regions(self._feed.ring.path, self._feed.ring.groups))
        return self._writer

    def _freshen(self, max_age_ns: int) -> None:
        """Has a pass taken when the newest is older; who waits meanwhile shares the next one."""
        asked = time.monotonic()
        with self._sampling:
            if self._sampled_from >= asked or self._age_ns() <= max_age_ns:
                return
            self._sampled_from = time.monotonic()
            self._feed.sample()

    def _age_ns(self) -> float:
        """Of the newest tick; infinite before the first."""
        regions = self._opened_safely().regions.by_group.values()
        times = [info.monotonic_ns for region in regions if (info := region.tick(region.latest)) is not None]
        return time.monotonic_ns() - max(times) if times else float("inf")

    def _opened_safely(self) -> Writer:
        with self._lock:
            return self._opened()

    def _shrink(self) -> None:
        """Lets the answers go that were asked for longest ago, when they are too many or too big."""
        while len(self._answers) > 1 and (
            len(self._answers) > _MOST_ANSWERS or sum(one.size for one in self._answers.values()) > _MOST_BYTES
        ):
            self._answers.popitem(last=False)
