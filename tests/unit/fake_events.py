"""An event log in memory: what events.Bus needs of native.events.EventWriter, with room for a given number a kind."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from typing import Any

from pycadvisor_fast.container import Container
from pycadvisor_fast.errors import PycadvisorError
from pycadvisor_fast.event import KINDS, Event, Note, OomKill, Payload
from pycadvisor_fast.events import Bus, Retention


class FakeLog:
    """``add`` is what libpcf does when something happens."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.wanted: list[frozenset[str]] = []
        self.reads = 0
        self._by_kind: dict[str, list[Event]] = {}
        self._counts: dict[str, int] = {}
        self._latest = 0
        self._changed = threading.Condition()
        self._is_stopped = False

    def add(
        self, kind: str = "oom_kill", path: str = "/docker/c0", payload: Payload | None = None, **how: Any
    ) -> Event:
        with self._changed:
            self._latest += 1
            self._counts[kind] = self._counts.get(kind, 0) + 1
            now = how.pop("time_ns", time.time_ns())
            fields: dict[str, Any] = {
                "seq": self._latest,
                "kind": kind,
                "time_ns": now,
                "monotonic_ns": time.monotonic_ns(),
                "logged_ns": time.monotonic_ns(),
                "container": Container(path=path, slot=0, generation=0) if path not in ("", "/") else None,
                "cgroup_path": path,
                "source": "bpf",
                "caveats": (),
                "payload": payload or (OomKill(pid=7, tgid=7, comm="hog") if kind == "oom_kill" else Note(kind)),
                "nth": self._counts[kind],
            }
            event = Event(**{**fields, **how})
            kept = self._by_kind.setdefault(kind, [])
            kept.append(event)
            del kept[: -self.room]
            self._changed.notify_all()
            return event

    def stop(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    epoch = 0x1234

    @property
    def latest(self) -> int:
        return self._latest

    def read(
        self,
        *,
        after_seq: int = 0,
        before_seq: int = 0,
        kinds: Collection[str] = (),
        from_ns: int = 0,
        to_ns: int = 0,
        newest_first: bool = False,
        limit: int = 256,
    ) -> list[Event]:
        with self._changed:
            self.reads += 1
            found = [
                event
                for kind, events in self._by_kind.items()
                for event in events
                if (not kinds or kind in kinds)
                and event.seq > after_seq
                and (not before_seq or event.seq < before_seq)
                and event.time_ns >= from_ns
                and (not to_ns or event.time_ns <= to_ns)
            ]
        return sorted(found, key=lambda event: event.seq, reverse=newest_first)[:limit]

    def wait(self, after_seq: int, timeout_ms: int) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._latest > after_seq or self._is_stopped, timeout_ms / 1000)
            if self._is_stopped:
                raise PycadvisorError("no event will come: nobody writes the log")
            return self._latest if self._latest > after_seq else None

    def want(self, kinds: Collection[str]) -> None:
        self.wanted.append(frozenset(kinds))

    def facts(self) -> dict[str, Any]:
        kind = {"source": "bpf", "caveats": [], "reason": "", "seen": 5, "logged": 3, "lost": 2, "kept": 3, "limit": 9}
        return {"kinds": dict.fromkeys(KINDS, kind), "wanted": [], "notes": []}


def bus(log: FakeLog, *, retention: Retention | None = None, process_events: str = "demand") -> Bus:
    """A bus that names /docker/cN as handmade_ring.container does."""

    def who(recorded: Container, path: str) -> Container | None:
        if not path.startswith("/docker/c"):
            return None
        slot = int(path.removeprefix("/docker/c").partition("/")[0])
        return Container(f"/docker/c{slot}", slot, 1, "docker", f"{slot:064x}", f"web-{slot}", image="nginx:1")

    made = Bus(log, who, retention, process_events)
    made.start()
    return made
