"""The composition root: puts libpcf, discovery, the runtimes and the ring together, and is what others embed."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .columns import GROUPS
from .container import Container
from .discovery.attributes import Attributes
from .discovery.filters import Filters
from .discovery.limit_files import LimitFiles
from .discovery.registry import Registry
from .discovery.roster import Roster
from .discovery.runtimes.catalogue import make_runtimes
from .discovery.runtimes.loop import RuntimeLoop
from .discovery.specs import Specs
from .discovery.watcher import Watcher
from .errors import PycadvisorError
from .events import EventStream, PastPage, PastQuery, kinds_of
from .events.following import Following, settings_of
from .filesystems.measuring import TreeMeasuring
from .filesystems.storage import StorageWatch
from .machine import metadata
from .machine import runtimes as runtime_versions
from .machine.keeper import MachineKeeper
from .machine.model import Filesystem as MachineFilesystem
from .machine.reading import Sources
from .native.collector import CONTROLLERS, Disagreement, NativeCollector
from .native.ticks import TickNotifier
from .options import CollectorOptions, duration_ns, options_from
from .processes import Listing
from .sampling import Ring, attach
from .sampling.home import RingHome
from .summaries.gathering import Summaries
from .views.event_selection import matcher
from .views.naming import called
from .views.selection import Selector

if TYPE_CHECKING:
    from .event import Event
    from .events import Bus
    from .feed import Feed
    from .filesystem import Filesystem, Storage
    from .machine.model import Machine
    from .process import ProcessList
    from .sampling import Snapshot, Window
    from .spec import Spec
    from .views.summary import Summary

log = logging.getLogger(__name__)

SAMPLED = CONTROLLERS[:-1]  # name=systemd holds no numbers
_CLOSED = "the collector is closed; make a new one"
FRESH_NS = 1_000_000_000
WAIT_SLICE_MS = 250  # a wait for a tick looks this often whether the collector was stopped


class Collector:
    """Samples this host's containers into a ring of shared memory and keeps the list of who they are.

    ``with Collector(interval=0.1) as collector:`` samples until the block ends. Options are keywords, see
    ``CollectorOptions``; or one such object, with keywords over it. Several collectors may run in one process. All
    methods may be called from any thread and from any event loop's thread (``wait`` and ``sample`` block: call them in
    an executor there). It installs no signal handler and forks nothing; after a fork it belongs to the parent alone,
    and using it in the child raises PycadvisorError.

    Raises:
        ConfigError: an option is wrong (on construction; names of groups on ``open``).
        NativeError, RingError: the host cannot be sampled or the ring not made (``open``, ``start``).
    """

    def __init__(self, options: CollectorOptions | None = None, **keywords: Any) -> None:
        self._options = options_from(options, keywords)
        self._lock = threading.RLock()
        self._parts: _Parts | None = None
        self._finalizer: weakref.finalize[[_Parts], Collector] | None = None
        self._pid = os.getpid()
        self._is_closed = False

    @property
    def options(self) -> CollectorOptions:
        """What it was made with."""
        return self._options

    # ---- life ----
    def open(self) -> Self:
        """Makes the ring, probes the host and plans; starts nothing. Called by ``start``, and once is enough."""
        with self._lock:
            self._check_process()
            if self._is_closed:
                raise PycadvisorError(_CLOSED)
            if self._parts is None:
                self._parts = _Parts(self._options)
                self._finalizer = weakref.finalize(self, _close, self._parts)
        return self

    def start(self) -> Self:
        """Finds the containers and samples them from now on; returns when all that are there are followed."""
        with self._lock:
            self.open()
            assert self._parts is not None
            self._parts.start()
        return self

    def stop(self) -> None:
        """Ends sampling; what was sampled stays readable. ``start`` may follow."""
        with self._lock:
            self._check_process()
            if self._parts is not None:
                self._parts.stop()

    def close(self) -> None:
        """Ends everything and gives it back; a private ring is removed. In a forked child it does nothing."""
        if self._pid != os.getpid():
            return
        with self._lock:
            self._is_closed = True
            if self._finalizer is not None:
                self._finalizer()
            self._parts = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def is_running(self) -> bool:
        """Whether it samples now."""
        parts = self._parts
        return parts is not None and parts.is_running

    # ---- samples ----
    @property
    def ring(self) -> Ring:
        """The ring as numpy (see sampling.Ring)."""
        return self._opened().ring

    def latest(self, group: str) -> Snapshot:
        """The newest complete tick of a group, all containers. See sampling.Snapshot."""
        return self.ring.latest(group)

    def window(self, group: str, seconds: float) -> Window:
        """The ticks of the last ``seconds`` of a group. See sampling.Window."""
        return self.ring.window(group, seconds)

    def summary(self, metrics: Iterable[str] = ()) -> Mapping[str, Summary]:
        """By metric: averages and percentiles of all containers over the last minute, hour and day, and of how many
        samples: see views.summary. No metric named: all. Raises SelectionError for a name that is none."""
        return self._opened().summaries.summary(tuple(metrics))

    def wait(self, tick: int = 0, timeout: float | None = None) -> int:
        """Blocks until a tick after ``tick`` is complete and returns the newest one's number.

        Raises TimeoutError after ``timeout`` seconds, PycadvisorError when the collector does not run.
        """
        parts = self._opened()
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = WAIT_SLICE_MS if end is None else max(0, round((end - time.monotonic()) * 1000))
            latest = parts.native.wait(tick, min(left, WAIT_SLICE_MS))
            if latest is not None:
                return latest
            if left == 0:
                raise TimeoutError(f"no tick after {tick} within {timeout:g} s")

    def sample(self) -> int:
        """Returns when the groups of at most a second's interval have samples begun after the call: the newest tick.

        A group that has been sampled already in its present interval waits for its next tick, so this blocks for up to
        a second (up to the shortest interval, where all are longer).
        """
        parts = self._opened()
        return parts.native.sample(parts.fresh_groups)

    def add_tick_listener(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Calls ``listener(tick)`` from the thread "pcf-ticks" after each pass; it must only hand over and return.

        A listener that raises is logged and not called again. Returns a function that removes it.
        """
        return self._opened().notifier.add(listener)

    on_tick = add_tick_listener

    # ---- containers ----
    def containers(self) -> tuple[Container, ...]:
        """Live containers in ascending slot order; the same tuple until something changes."""
        parts = self._opened()
        parts.registry.follow_networks()
        return parts.roster.containers()

    def containers_version(self) -> int:
        """Grows whenever ``containers()`` would answer differently."""
        parts = self._opened()
        parts.registry.follow_networks()
        return parts.roster.version

    def container(self, text: str) -> Container | None:
        """The container with this cgroup path, name, id or id prefix (4 characters or more); None = there is none.

        Raises SelectionError when several match.
        """
        parts = self._opened()
        parts.registry.follow_networks()
        return parts.roster.find(text)

    def is_followed(self, path: str) -> bool:
        """Whether the options let a cgroup at this path be followed; it need not be there (any more)."""
        return self._opened().filters.accept(path)

    def specs(self) -> tuple[Spec, ...]:
        """What the live containers are allowed, in ascending slot order; see spec.Spec. Reads nothing that is known."""
        parts = self._opened()
        parts.registry.follow_networks()
        return parts.specs.all()

    def spec(self, text: str) -> Spec | None:
        """The same of the container with this path, name, id or id prefix; None = none. Raises SelectionError."""
        found = self.container(text)
        return None if found is None else self._opened().specs.of(found)

    def processes(self, *containers: str | Container, recursive: bool = True, fds: bool = False) -> ProcessList:
        """What runs in containers (none given: on the machine), from /proc at this moment. See process.Process.

        ``containers``: Container objects, or texts: cgroup paths and names (globs), beginnings of ids. ``recursive``:
        in cgroups below as well. ``fds``: also how many files each has open. Takes some 0.1 ms for each process of the
        host. Raises SelectionError for a text that names none, PycadvisorError when /proc cannot be read.
        """
        every = self.containers()
        wanted = called([each for each in containers if isinstance(each, str)], every)
        wanted += [each for each in containers if isinstance(each, Container)]
        return self._opened().listing.look(wanted if containers else None, every, recursive=recursive, fds=fds)

    # ---- events ----
    def events(
        self,
        kinds: Iterable[str] = (),
        *,
        containers: Selector | None = None,
        since: int | None = None,
        since_ns: int = 0,
        timeout: float | None = None,
    ) -> EventStream:
        """Events from now on, or after the event number ``since`` or the wall-clock ns ``since_ns``: an iterator.

        ``kinds``: names as in event.KINDS, "all"; none = all but fork, exec and exit. ``timeout``: seconds to wait for
        one, then TimeoutError. Close it (or use it in a ``with``): single process events cost while somebody follows
        them. Raises SelectionError for a wrong kind or selector, NotServedError where there are no such events.
        """
        bus = self._opened().following.opened()
        match = None if containers is None else matcher(containers)
        subscription = bus.follow(kinds_of(kinds), match, since=since, since_ns=since_ns)
        return EventStream(bus, subscription, on_close=lambda: bus.leave(subscription), timeout=timeout)

    def past_events(
        self,
        kinds: Iterable[str] = (),
        *,
        containers: Selector | None = None,
        from_ns: int = 0,
        to_ns: int = 0,
        count: int = 1000,
    ) -> list[Event]:
        """The newest ``count`` events between two wall-clock times (0 = no bound), oldest first, also of containers
        that are gone. Raises as ``events`` does."""
        query = PastQuery(kinds_of(kinds), from_ns, to_ns, limit=count, is_newest_first=True)
        match = None if containers is None else matcher(containers)
        out: list[Event] = []
        page = PastPage((), True, 0)
        while page.has_more and len(out) < count:
            query = replace(query, before_seq=page.seq, limit=count - len(out))
            page = self._opened().following.opened().past(query, match)
            out += page.events
        return out[::-1]

    @property
    def events_bus(self) -> Bus | None:
        """What faces take events from; None: there are none here (``status()["events"]`` says why)."""
        return self._opened().following.bus

    # ---- about the host and itself ----
    def filesystems(self, *, fresh: bool = False) -> Storage:
        """Mounted filesystems as they last answered, block devices with their counters now, and what containers hold
        on disk: see filesystem.Storage. ``fresh`` asks all that answer at all before it returns."""
        parts = self._opened()
        storage = parts.storage.fresh() if fresh else parts.storage.current()
        return replace(storage, containers=parts.trees.current())

    def host(self) -> Mapping[str, Any]:
        """Facts and plan as plain data: {"facts": {...}, "plan": {...}, "events": {...}, "notes": [...]}."""
        parts = self._opened()
        notes = [*parts.native.notes(), *parts.watcher.status()["notes"], *parts.following.notes()]
        return {
            "facts": parts.native.facts(),
            "plan": parts.native.plan(),
            "events": parts.following.status(),
            "notes": notes,
        }

    def machine(self, *, fresh: bool = False) -> Machine:
        """What the host is: processors, memory, disks, network devices, names; see machine.model.Machine.

        As last read: again whenever something changes, and every ``machine_interval``. ``fresh``: reads it now, which
        takes some milliseconds.
        """
        return self._opened().machine.machine(fresh=fresh)

    def status(self) -> Mapping[str, Any]:
        """Own cost and state as plain data: counters of the tick thread, discovery, runtimes."""
        return self._opened().status()

    def verify(self, report: Callable[[Disagreement], None] = lambda disagreement: None) -> tuple[int, int]:
        """Checks samples against the kernel's text read before and after; (columns outside, columns checked)."""
        return self._opened().native.verify(report)

    def _opened(self) -> _Parts:
        parts = self._parts
        if parts is None or self._pid != os.getpid():
            self._check_process()
            raise PycadvisorError(
                "the collector is closed; make a new one"
                if self._is_closed
                else "the collector is not open; call start()"
            )
        return parts

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            raise PycadvisorError(
                f"this Collector was made by process {self._pid} and its threads are there; make one in this process"
            )


class _Parts:
    """What an open collector consists of. Threads hold on to these, never to the Collector, which can be collected."""

    def __init__(self, options: CollectorOptions) -> None:
        self._pid = os.getpid()
        self._started_at = 0.0
        self.is_running = False
        self._home = RingHome(options.ring_dir)
        try:
            self.native = NativeCollector(options, str(self._home.path), settings_of(options))
        except BaseException:
            self._home.close()
            raise
        try:
            self.ring: Ring = attach(str(self._home.path))
            self._compose(options)
        except BaseException:
            self.native.close()
            self._home.close()
            raise

    def _compose(self, options: CollectorOptions) -> None:
        self.roster = Roster()
        self.listing = Listing(options.sysroot)
        self.notifier = TickNotifier(self.native.wait)
        self.attributes = Attributes(
            store_labels=options.store_labels, kept_labels=options.kept_labels, env_prefixes=options.env_prefixes
        )
        self.registry = Registry(self.native, self.roster, self.attributes)
        self.storage = StorageWatch(
            options.sysroot, duration_ns(options.filesystem_interval, "filesystem_interval") / 1e9
        )
        self.summaries = Summaries(self.ring, duration_ns(options.history, "history") / 1e9)
        self.trees = TreeMeasuring(
            self.roster.containers,
            options.sysroot,
            ask=lambda ident, cgroup: self.runtimes.layer_usage(ident, cgroup),
            interval_s=duration_ns(options.disk_usage_interval, "disk_usage_interval") / 1e9,
            cpu_share=options.disk_usage_cpu,
            with_binds=options.disk_usage_binds,
        )
        self.runtimes = RuntimeLoop(make_runtimes(options), self.registry)
        self.registry.connect(self.runtimes.ask, self.runtimes.forget)
        self.following = Following(
            self.native, options, lambda recorded, path: self.registry.who(recorded.handle, path)
        )
        self.registry.on_change(lambda kind, path, words: self.following.changed(kind, path, words, is_of_runtime=True))
        self.registry.on_end(
            lambda path, end: self.following.ended(path, end.exit_code, is_oom_killed=end.is_oom_killed)
        )
        self.machine = MachineKeeper(
            Sources(options.sysroot, options.machine_id_files, options.boot_id_files),
            duration_ns(options.machine_interval, "machine_interval") / 1e9,
            ask_cloud=metadata.ask if options.cloud_metadata else None,
            filesystems=lambda: _of_machine(self.storage.filesystems),
            runtimes=lambda: runtime_versions.versions(self.runtimes.status()),
        )
        self.fresh_groups = _fresh_groups(self.native.plan())
        facts = self.native.facts()
        self.specs = Specs(
            self.roster.containers,
            lambda: self.ring.latest("limits"),
            LimitFiles(facts),
            is_v2=facts["layout"] == "v2",
        )
        self.specs.on_change(
            lambda path, words: self.following.changed("limit_change", path, words, is_of_runtime=False)
        )
        controllers = facts["controllers"]
        self.filters = Filters(
            docker_only=options.docker_only,
            raw_prefixes=options.raw_prefixes,
            include=options.include,
            exclude=options.exclude,
            disable_root=options.disable_root,
        )
        self.watcher = Watcher(
            self.registry,
            [controllers[name]["mount"] for name in SAMPLED if name in controllers],
            self.filters.accept,
            unified=controllers["unified"]["mount"] if facts["layout"] == "v2" else "",
            mechanism=options.watch,
            rescan_s=duration_ns(options.rescan, "rescan") / 1e9,
        )

    def start(self) -> None:
        if self.is_running:
            return
        try:
            self.runtimes.start()
            self.watcher.begin()
            self.machine.start()
            self.native.settle()
            self.native.start()
            self.following.start()
            self.watcher.start()
            self.storage.start()
            self.trees.start()
            self.summaries.start()
            self.specs.start()
            self.is_running = True
            self.notifier.start()
            self._started_at = time.time()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.is_running = False
        self.notifier.stop()
        self.storage.stop()
        self.trees.stop()
        self.summaries.stop()
        self.specs.stop()
        self.watcher.stop()
        self.machine.stop()
        self.runtimes.stop()
        self.following.stop()
        self.native.stop()

    def close(self) -> None:
        if self._pid != os.getpid():
            return  # the threads, the lock and the directory are the parent's
        self.stop()
        self.following.close()
        self.ring.close()
        self.native.close()
        self._home.close()

    def status(self) -> dict[str, Any]:
        return {
            **self.native.stats(),
            "process": _own_cost(),
            "pid": self._pid,
            "started": self._started_at,
            "ring_dir": str(self._home.path),
            "containers": len(self.roster.containers()),
            "refused": self.registry.refused,
            "labels_left_out": self.attributes.cut,
            "notes": self.native.notes(),
            "events": self.following.status(),
            "discovery": self.watcher.status(),
            "runtimes": self.runtimes.status(),
            "machine": self.machine.status(),
            "summaries": self.summaries.status(),
            "storage": {**self.storage.status(), "disk_usage": self.trees.status()},
        }


def _of_machine(filesystems: Iterable[Filesystem]) -> list[MachineFilesystem]:
    """The host's filesystems as the machine tells them: what changes slowly."""
    return [
        MachineFilesystem(
            device=one.source,
            mountpoint=one.mount_point,
            kind=one.type,
            major=one.major,
            minor=one.minor,
            capacity_bytes=one.capacity_bytes,
            inodes=one.inodes,
        )
        for one in filesystems
    ]


def _own_cost() -> dict[str, int]:
    """What the whole process has cost so far: CPU time of all threads, memory as /proc/self/statm has it."""
    resident, shared = (int(pages) for pages in Path("/proc/self/statm").read_text().split()[1:3])
    page = os.sysconf("SC_PAGE_SIZE")
    return {"cpu_ns": time.process_time_ns(), "rss_bytes": resident * page, "rss_shared_bytes": shared * page}


def _fresh_groups(plan: Mapping[str, Any]) -> int:
    """Bits of the groups that ``sample`` waits for."""
    intervals = {name: group["interval_ns"] for name, group in plan["groups"].items() if group["interval_ns"]}
    longest = max(FRESH_NS, min(intervals.values(), default=0))
    return sum(1 << group.index for group in GROUPS if 0 < intervals.get(group.name, 0) <= longest)


def _close(parts: _Parts) -> None:
    """Closes what a forgotten Collector left; garbage collection may do that in one of the threads to be joined."""
    if threading.current_thread().name.startswith("pcf-"):
        threading.Thread(target=parts.close, name="closing").start()
    else:
        parts.close()


if TYPE_CHECKING:
    _IS_A_FEED: type[Feed] = Collector
