"""Events of a running collector: what libpcf is to do for them, who is told, and what discovery knows of containers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ..errors import NotServedError, UnsupportedError
from ..native.collector import EventSettings, NativeCollector
from ..native.events import EventWriter
from ..native.telling import Teller
from ..options import CollectorOptions, duration_ns
from .bcc_events import BccEvents
from .bus import Bus
from .reader import Resolve
from .retention import Retention

log = logging.getLogger(__name__)

# Names of sources by value of the option ``events``; None: all. What the collector works out itself is never off.
_ALWAYS = ("runtime", "derived", "collector")
_FALLBACK = ("connector", "kmsg", "memory_events", "watch")
_SOURCES: Mapping[str, tuple[str, ...] | None] = {
    "auto": None,
    "bpf": ("bpf", *_ALWAYS),
    "bcc": ("bcc", *_FALLBACK, *_ALWAYS),
    "fallback": (*_FALLBACK, *_ALWAYS),
}
_WHY = "no events: "  # how libpcf's note about it begins


def retention_of(options: CollectorOptions) -> Retention:
    """Limits as the options give them."""
    ages = {kind: duration_ns(age, f"event_ages[{kind!r}]") for kind, age in options.event_ages.items()}
    return Retention(ages, dict(options.event_counts))


def settings_of(options: CollectorOptions) -> EventSettings:
    """What libpcf is told."""
    if options.events == "off":
        return EventSettings(is_on=False)
    retention = retention_of(options)
    return EventSettings(
        sources=_SOURCES[options.events],
        age_ns=retention.log_age_ns(),
        limits=retention.log_limits(options.event_memory),
        max_bytes=options.event_memory,
    )


class Following:
    """What a collector has for events. Where it cannot have them it says why, and everything else goes on."""

    def __init__(self, native: NativeCollector, options: CollectorOptions, resolve: Resolve) -> None:
        self._writer: EventWriter | None = None
        self._bus: Bus | None = None
        self._bcc: BccEvents | None = None
        self._bcc_reason = ""
        self._facts = native.facts()
        self._options = options
        self._has_kernel_ooms = False
        self._why_off = "they are switched off (events=off)"
        if options.events == "off":
            return
        try:
            self._writer = writer = EventWriter(native)
        except UnsupportedError as error:
            notes = [note.removeprefix(_WHY) for note in native.notes() if note.startswith(_WHY)]
            self._why_off = notes[0] if notes else str(error)
            return
        self._bus = Bus(writer, resolve, retention_of(options), options.process_events)

    @property
    def bus(self) -> Bus | None:
        """None: there are no events."""
        return self._bus

    def opened(self) -> Bus:
        """The bus. Raises NotServedError with the reason why there is none."""
        if self._bus is None:
            raise NotServedError(f"there are no events here: {self._why_off}")
        return self._bus

    def start(self) -> None:
        """After the native collector has started: listeners are told from now on."""
        if self._writer is not None and self._bus is not None:
            self._try_bcc(self._writer)
            self._has_kernel_ooms = self._writer.facts()["kinds"]["oom_kill"]["source"] != "none"
            self._bus.start()

    def _try_bcc(self, writer: EventWriter) -> None:
        """Where eBPF serves nothing, or where it is asked for by name; what goes wrong is a note."""
        kinds = writer.facts()["kinds"]
        is_asked = self._options.events == "bcc"
        if not is_asked and (self._options.events != "auto" or any(kind["source"] == "bpf" for kind in kinds.values())):
            return
        memory = self._facts["controllers"].get("memory", {})
        try:
            self._bcc = BccEvents(
                Teller(writer, "bcc"),
                is_unified=self._facts["layout"] == "v2",
                root=memory.get("root", "/"),
            )
        except NotServedError as error:
            self._bcc_reason = f"bcc: {error}"
            (log.warning if is_asked else log.info)("events without bcc: %s", error)
            return
        writer.also_want = self._bcc.want
        self._bcc.start("asked for by name" if is_asked else kinds["oom_kill"]["reason"])

    def stop(self) -> None:
        """Before the native collector is stopped."""
        if self._bcc is not None:
            self._bcc.stop()
            self._bcc = None
        if self._bus is not None:
            self._bus.stop()

    def close(self) -> None:
        """Before the native collector is closed."""
        self.stop()
        if self._writer is not None:
            self._writer.close()
        self._writer = self._bus = None

    def status(self) -> dict[str, Any]:
        """What each kind comes from and why, what was lost; {"off": why} without events."""
        return self._bus.status() if self._bus is not None else {"off": self._why_off}

    def notes(self) -> list[str]:
        """Lines for people: degradations, what became of an earlier log."""
        notes = list(self._writer.facts()["notes"]) if self._writer is not None else []
        return [*notes, self._bcc_reason] if self._bcc_reason and self._options.events == "bcc" else notes

    def changed(self, kind: str, path: str, words: str, *, is_of_runtime: bool) -> None:
        """The container at ``path`` is told of in an event of ``kind``; a no-op without events."""
        if self._writer is not None:
            self._writer.append_note(kind, words, path=path, is_of_runtime=is_of_runtime)

    def ended(self, path: str, exit_code: int | None, *, is_oom_killed: bool) -> None:
        """A runtime says how the container at ``path`` ended; where nobody else saw why, it is told as an event."""
        if self._writer is None:
            return
        if is_oom_killed and not self._has_kernel_ooms:
            self._writer.append_oom_kill(path)
        if exit_code is not None:
            self._writer.runtime_exit(path, exit_code)
