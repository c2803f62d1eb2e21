"""The specs of all containers, kept ready: whoever asks gets objects that are made already.

The thread "pcf-specs" compares the newest tick of the group ``limits`` with the one before, all containers in one step,
and makes a new Spec only for those of which something differs. Files that no group holds are read when a container
appears and then one minute apart; those of the group too, of one that is asked for before the group has a tick of it. A
container's identity counts as it is when somebody asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from ..columns import Column
from ..container import Container
from ..errors import PycadvisorError
from ..schema import group
from ..spec import UNLIMITED, Limits, Spec, plain, shares_of_weight, weight_of_shares
from .limit_files import ABSENT, FileLimits

log = logging.getLogger(__name__)

LOOK_S = 1.0  # how soon a new tick of the group limits is taken over; its interval is 10 s by default
ROUND_S = 10.0  # how often everything is gone through without one: files grow old
FILES_S = 60.0
_COLUMNS = (  # of the group limits: those that are limits and not what became of them
    "memory_bytes", "memory_soft_bytes", "memory_low_bytes", "memory_min_bytes", "memsw_bytes", "swap_bytes",
    "cpu_shares", "cpu_weight", "cpu_quota_usec", "cpu_period_usec", "cpu_burst_usec", "pids",
)  # fmt: skip
LIMIT_COLUMNS = tuple(column for name in _COLUMNS for column in group("limits").columns if column.name == name)
Row = tuple[int, ...]


class Rows(Protocol):
    """What is needed of sampling.Snapshot of the group limits."""

    @property
    def tick(self) -> int: ...
    @property
    def handles(self) -> Any: ...
    def integers(self, name: str) -> Any: ...


class Files(Protocol):
    """What is needed of limit_files.LimitFiles."""

    def read(self, path: str) -> FileLimits: ...
    def row(self, path: str, columns: Iterable[Column]) -> Row: ...


class Specs:
    """``containers`` and ``latest`` say who there is and what the group limits holds (raising where it is off)."""

    def __init__(
        self,
        containers: Callable[[], Sequence[Container]],
        latest: Callable[[], Rows],
        files: Files,
        *,
        is_v2: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._containers = containers
        self._latest = latest
        self._files = files
        self._is_v2 = is_v2
        self._clock = clock
        self._changed: Callable[[str, str], None] = lambda path, words: None
        self._lock = threading.Lock()
        self._rows: dict[int, Row] = {}
        self._young: dict[int, Row] = {}  # of those that have none yet
        self._read: dict[int, tuple[float, FileLimits]] = {}
        self._limits: dict[int, Limits] = {}
        self._specs: dict[int, Spec] = {}
        self._made: tuple[Sequence[Container], int, tuple[Spec, ...]] = ((), -1, ())
        self._version = 0
        self._tick = 0
        self._next_round = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def on_change(self, changed: Callable[[str, str], None]) -> None:
        """``changed(path, words)`` is told of each container of which a limit has become another one."""
        self._changed = changed

    # ---- life ----
    def start(self) -> None:
        """Starts the thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="pcf-specs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; what is known stays."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self.refresh()
            except PycadvisorError as error:
                log.debug("limits were not compared: %s", error)
            except Exception:
                log.exception("keeping the specs failed; trying again in %g s", LOOK_S)

    # ---- asked from outside ----
    def all(self) -> tuple[Spec, ...]:
        """Of all live containers in ascending slot order; the same objects until something of them changes."""
        containers = self._containers()
        before, version, specs = self._made
        if before is containers and version == self._version:
            return specs
        with self._lock:
            specs = tuple(self._spec(container) for container in containers)
            if len(self._specs) > len(containers):
                self._forget({container.handle for container in containers})
            self._made = (containers, self._version, specs)
        return specs

    def of(self, container: Container) -> Spec:
        """Of one container."""
        with self._lock:
            return self._spec(container)

    # ---- keeping ----
    def refresh(self) -> None:
        """One round: takes over the newest limits, and reads files that are old; tells of what has changed."""
        snapshot, now = self._latest(), self._clock()
        if snapshot.tick == self._tick and now < self._next_round:
            return
        self._next_round = now + ROUND_S
        told: list[tuple[str, str]] = []
        rows = self._rows if snapshot.tick == self._tick else rows_of(snapshot)
        containers = self._containers()
        for container in containers:
            told += [(container.path, words) for words in self._renew(container, rows)]
        with self._lock:
            self._tick, self._rows = snapshot.tick, rows
            self._young = {handle: row for handle, row in self._young.items() if handle not in rows}
            if len(self._limits) > len(containers):
                self._forget({container.handle for container in containers})
        for path, words in told:
            self._changed(path, words)

    def _renew(self, container: Container, rows: Mapping[int, Row]) -> list[str]:
        handle, now = container.handle, self._clock()
        read_at, files = self._read.get(handle, (0.0, None))
        is_old = files is None or now - read_at >= FILES_S
        young = self._young.get(handle, ())
        row = rows.get(handle, young)
        if not is_old and row == self._rows.get(handle, young):
            return []
        found = self._files.read(container.path) if is_old else files
        assert found is not None
        limits = limits_of(row, found, is_v2=self._is_v2)
        with self._lock:
            before = self._limits.get(handle)
            self._read[handle] = (now if is_old else read_at, found)
            if limits == before:
                return []
            self._limits[handle] = limits
            self._version += 1
        was_known = before is not None and handle in self._rows
        return list(differences(before, limits, is_v2=self._is_v2)) if was_known and before is not None else []

    def _spec(self, container: Container) -> Spec:
        handle = container.handle
        limits = self._limits.get(handle)
        if limits is None or (handle not in self._rows and handle not in self._young):
            limits = self._first(container)
        known = self._specs.get(handle)
        if known is not None and known.container is container and known.limits is limits:
            return known
        spec = self._specs[handle] = make(container, limits)
        return spec

    def _first(self, container: Container) -> Limits:
        """Before the thread has seen it, or the ring: it is new, or nobody runs the thread."""
        handle = container.handle
        if handle not in self._read:
            self._read[handle] = (self._clock(), self._files.read(container.path))
        if not self._rows:
            try:
                self._rows = rows_of(self._latest())
            except PycadvisorError as error:
                log.debug("no limits yet: %s", error)
        row = self._rows.get(handle)
        if row is None:
            row = self._young[handle] = self._files.row(container.path, LIMIT_COLUMNS)
        limits = self._limits[handle] = limits_of(row, self._read[handle][1], is_v2=self._is_v2)
        return limits

    def _forget(self, live: set[int]) -> None:
        for kept in (self._read, self._limits, self._specs, self._young):
            for handle in [one for one in kept if one not in live]:
                del kept[handle]


def rows_of(snapshot: Rows) -> dict[int, Row]:
    """The limits of each row by handle, in the order of _COLUMNS."""
    columns = [snapshot.integers(name).tolist() for name in _COLUMNS]
    return dict(zip(snapshot.handles.tolist(), zip(*columns, strict=True), strict=True))


def limits_of(row: Row, files: FileLimits, *, is_v2: bool) -> Limits:
    """What the ring and the files say together."""
    at = {name: value for name, value in zip(_COLUMNS, row, strict=False) if value != ABSENT}
    shares, weight, memory, both = (at.get(n) for n in ("cpu_shares", "cpu_weight", "memory_bytes", "memsw_bytes"))
    swap = at.get("swap_bytes")
    if swap is None and both is not None and memory is not None:
        swap = UNLIMITED if UNLIMITED in (both, memory) else max(0, both - memory)
    return Limits(
        cpu_shares=shares if shares is not None or weight is None else shares_of_weight(weight),
        cpu_weight=weight if weight is not None or shares is None else weight_of_shares(shares),
        cpu_quota_usec=at.get("cpu_quota_usec"),
        cpu_period_usec=at.get("cpu_period_usec"),
        cpu_burst_usec=at.get("cpu_burst_usec"),
        cpu_mask=files.cpu_mask,
        memory_bytes=memory,
        memory_reservation_bytes=at.get("memory_low_bytes") if is_v2 else at.get("memory_soft_bytes"),
        memory_high_bytes=at.get("memory_soft_bytes") if is_v2 else None,
        memory_low_bytes=at.get("memory_low_bytes"),
        memory_min_bytes=at.get("memory_min_bytes"),
        swap_bytes=swap,
        memory_and_swap_bytes=both,
        pids=at.get("pids"),
        io_weight=files.io_weight,
        io=files.io,
        hugetlb_bytes=files.hugetlb_bytes,
    )


def make(container: Container, limits: Limits) -> Spec:
    """The spec of a container."""
    is_root = container.path == "/"
    owns_network = container.netns_owner == container.slot and not container.is_host_network
    return Spec(
        container,
        limits,
        has_cpu=limits.cpu_shares is not None or is_root,
        has_memory=limits.memory_bytes is not None,
        has_pids=limits.pids is not None,
        has_io=limits.io_weight is not None or bool(limits.io),
        has_hugetlb=bool(limits.hugetlb_bytes),
        has_network=is_root or owns_network,
        has_filesystem=is_root or bool(container.layer_path),
        has_health=bool(container.health),
    )


def differences(before: Limits, now: Limits, *, is_v2: bool) -> list[str]:
    """ "memory_bytes: 1024 -> max" for each limit that is another one; what is worked out of another is told once."""
    old, new = plain(before), plain(now)
    names = [name for name in (*old, *(n for n in new if n not in old)) if old.get(name) != new.get(name)]
    derived = ("cpu_shares", "memory_reservation_bytes") if is_v2 else ("cpu_weight", "swap_bytes")
    names = [name for name in names if name not in derived]
    return [f"{name}: {_shown(old.get(name))} -> {_shown(new.get(name))}" for name in names]


def _shown(value: object) -> str:
    return "-" if value is None else "max" if value == UNLIMITED else str(value)
