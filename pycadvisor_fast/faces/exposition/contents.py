"""What goes into answers: families, containers and labels, samples that no ring holds; kept while they are the same."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pycadvisor_fast.container import Container
from pycadvisor_fast.filesystem import Storage
from pycadvisor_fast.native import exposition as native
from pycadvisor_fast.native.exposition import Given, Members, Names, Table
from pycadvisor_fast.spec import Spec

from . import filesystems, machine, own
from .exits import PREFIX, Exits
from .family import HAS_QUOTA, IN_TOTAL, NOT_ROOT, PER_CORE, ROOT
from .given import SpecSamples, has_quota, last_seen, lone
from .labels import LabelStore, Policy, escaped
from .query import Query
from .tables import FAMILIES

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed
    from pycadvisor_fast.machine.model import Machine

    from .scrape import Settings

log = logging.getLogger(__name__)

_MOST_PARTS = 16


class Part(NamedTuple):
    """The containers of one question, in one format."""

    specs: Sequence[Spec]  # those they were chosen from: the same objects while nothing has changed
    containers: list[Container]
    chosen: tuple[Spec, ...]
    members: Members
    spec_samples: SpecSamples


class Contents:
    """One thread at a time."""

    def __init__(self, feed: Feed, settings: Settings) -> None:
        self._feed = feed
        self._kinds = settings.kinds
        self._version = settings.version
        self.is_strict = settings.compat == "strict"
        layout = feed.host().get("facts", {}).get("layout", "v2")
        self._is_v2 = layout == "v2"
        has_cores = not self._is_v2 and "cpu_percpu" in feed.ring.groups and "percpu" in self._kinds
        self._shown = PER_CORE if has_cores else IN_TOTAL
        policy = Policy(store_labels=settings.store_labels, kept_labels=settings.kept_labels, is_strict=self.is_strict)
        self._labels = LabelStore(policy)
        self._exits = Exits(feed, policy, settings.dead_container_grace_ns)
        self._tables: OrderedDict[tuple[int, Query], Table] = OrderedDict()
        self._parts: OrderedDict[tuple[int, Query], Part] = OrderedDict()
        self._names: dict[int, tuple[dict[str, str], Names]] = {}
        self._storage = Storage()
        self._trees: dict[tuple[int, int], tuple[object, dict[str, Given]]] = {}
        self._machine: dict[int, tuple[Machine, dict[str, Given]]] = {}
        self.has_failed = False

    def table(self, query: Query, form: int) -> Table:
        """The families of a question, in the order of their names."""
        kept = self._tables.get((form, query))
        if kept is None:
            chosen = [
                family
                for family in FAMILIES
                if self._is_on(family.kind) and self._is_on(family.also) and query.wants(family)
            ]
            kept = self._tables[form, query] = Table([family.row(form, self._shown) for family in chosen])
            _shrink(self._tables)
        return kept

    def part(self, query: Query, form: int) -> Part:
        """The containers of a question."""
        specs = self._feed.specs()
        kept = self._parts.get((form, query))
        if kept is None or kept.specs is not specs:
            kept = self._parts[form, query] = self._part(query, form, specs)
            self._labels.keep_only([spec.container for spec in specs])
            _shrink(self._parts)
        return kept

    def _part(self, query: Query, form: int, specs: Sequence[Spec]) -> Part:
        """Those chosen, and the root in any case: the machine's own rows are in its name."""
        wanted = {container.handle for container in query.select(spec.container for spec in specs)}
        chosen = tuple(spec for spec in specs if spec.container.handle in wanted or spec.container.path == "/")
        containers = [spec.container for spec in chosen]
        flags = [_flags(spec) | (0 if spec.container.handle in wanted else native.HIDDEN) for spec in chosen]
        members = Members(
            [container.handle for container in containers],
            self._labels.blocks(containers, form, with_envs=query.with_envs),
            flags,
            [self._began(container) for container in containers],
        )
        return Part(specs, containers, chosen, members, SpecSamples(is_strict=self.is_strict, is_v2=self._is_v2))

    def _began(self, container: Container) -> int:
        """When its counters began; the machine's at boot."""
        if container.path == "/":
            return self._feed.machine().boot_time_ns or 0
        return container.created_ns

    def given(self, part: Part, form: int, now: float, scrapes: Mapping[str, int]) -> dict[str, Given]:
        """All samples that no ring holds. What fails is left out and said: one of them never costs the others."""
        self.has_failed = False
        out = dict(part.spec_samples.of(part.chosen))
        out["last_seen"] = last_seen(len(part.chosen), now)
        out.update(self._of_filesystems(part, form))
        out.update(self._of_machine(form))
        out.update(own.samples(self._feed.status(), scrapes))
        return out

    def _of_filesystems(self, part: Part, form: int) -> dict[str, Given]:
        if not self._kinds & {"disk", "diskIO"}:
            return {}
        try:
            self._storage = self._feed.filesystems()
            return filesystems.samples(
                self._storage,
                part.containers,
                form,
                with_disks="diskIO" in self._kinds,
                is_strict=self.is_strict,
            )
        except Exception:
            log.exception("no filesystems in this scrape")
            self.has_failed = True
            return {}

    def exits(self, query: Query, form: int, now: float) -> dict[str, Given]:
        """Of containers that have ended, after ``given``; nothing is looked at when no family asked for needs them."""
        if not any(name.startswith(PREFIX) for _, name in self.table(query, form).given):
            return {}
        try:
            return self._exits.samples(query, form, now)
        except Exception:
            log.exception("no containers that have ended in this scrape")
            self.has_failed = True
            return {}

    def _of_machine(self, form: int) -> dict[str, Given]:
        try:
            found = self._feed.machine()
            kept = self._machine.get(form)
            if kept is None or kept[0] != found:  # it may be another object each time
                made = machine.samples(found, form, is_strict=self.is_strict, version=self._version)
                kept = self._machine[form] = (found, made)
            return {**kept[1], "machine_error": lone(0)}
        except Exception:
            log.exception("nothing about the machine in this scrape")
            return {"machine_error": lone(1)}

    def names(self, form: int) -> Names:
        """Of block devices, as the filesystems of the last ``given`` have them."""
        names = filesystems.device_names(self._storage)
        kept = self._names.get(form)
        if kept is None or kept[0] != names:
            kept = self._names[form] = (names, Names({key: escaped(name, form) for key, name in names.items()}))
        return kept[1]

    def _is_on(self, kind: str) -> bool:
        return not kind or kind in self._kinds


def _flags(spec: Spec) -> int:
    flags = ROOT if spec.container.path == "/" else NOT_ROOT
    return flags | HAS_QUOTA if has_quota(spec) else flags


def _shrink(kept: OrderedDict[tuple[int, Query], Any]) -> None:
    while len(kept) > _MOST_PARTS:
        kept.popitem(last=False)
