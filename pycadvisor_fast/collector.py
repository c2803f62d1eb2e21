"""The composition root: puts libpcf, discovery, the runtimes and the ring together, and is what others embed."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .columns import GROUPS
from .discovery.filters import Filters
from .discovery.registry import Registry
from .discovery.roster import Roster
from .discovery.runtimes import Runtime
from .discovery.runtimes.docker import DockerRuntime
from .discovery.runtimes.loop import RuntimeLoop
from .discovery.watcher import Watcher
from .errors import PycadvisorError, RingError
from .native.collector import CONTROLLERS, Disagreement, NativeCollector
from .native.ticks import TickNotifier
from .options import CollectorOptions, duration_ns, options_from
from .sampling import Ring, attach

if TYPE_CHECKING:
    from .container import Container
    from .feed import Feed
    from .sampling import Snapshot, Window

log = logging.getLogger(__name__)

SHARED_MEMORY = Path("/dev/shm")
PRIVATE_PREFIX = "pycadvisor-fast-private-"
SAMPLED = CONTROLLERS[:8]  # name=systemd holds no numbers
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

    # ---- about the host and itself ----
    def host(self) -> Mapping[str, Any]:
        """Facts and plan as plain data: {"facts": {...}, "plan": {...}, "notes": [...]}."""
        parts = self._opened()
        notes = [*parts.native.notes(), *parts.watcher.status()["notes"]]
        return {"facts": parts.native.facts(), "plan": parts.native.plan(), "notes": notes}

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
        self._home = _RingHome(options.ring_dir)
        try:
            self.native = NativeCollector(options, str(self._home.path))
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
        runtimes: list[Runtime] = []
        if options.docker is not None:
            runtimes.append(
                DockerRuntime(options.docker, timeout_s=duration_ns(options.docker_timeout, "docker_timeout") / 1e9)
            )
        self.roster = Roster()
        self.notifier = TickNotifier(self.native.wait)
        self.registry = Registry(self.native, self.roster)
        self.runtimes = RuntimeLoop(runtimes, self.registry)
        self.registry.connect(self.runtimes.ask, self.runtimes.forget)
        self.fresh_groups = _fresh_groups(self.native.plan())
        facts = self.native.facts()
        controllers = facts["controllers"]
        filters = Filters(
            docker_only=options.docker_only,
            raw_prefixes=options.raw_prefixes,
            include=options.include,
            exclude=options.exclude,
            disable_root=options.disable_root,
        )
        self.watcher = Watcher(
            self.registry,
            [controllers[name]["mount"] for name in SAMPLED if name in controllers],
            filters.accept,
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
            self.native.settle()
            self.native.start()
            self.watcher.start()
            self.is_running = True
            self.notifier.start()
            self._started_at = time.time()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.is_running = False
        self.notifier.stop()
        self.watcher.stop()
        self.runtimes.stop()
        self.native.stop()

    def close(self) -> None:
        if self._pid != os.getpid():
            return  # the threads, the lock and the directory are the parent's
        self.stop()
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
            "notes": self.native.notes(),
            "discovery": self.watcher.status(),
            "runtimes": self.runtimes.status(),
        }


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


class _RingHome:
    """The directory of the ring: a given one that is kept, or a private one that is locked and removed."""

    def __init__(self, given: str | None) -> None:
        self._lock_fd = -1
        if given is not None:
            self.path = Path(given)
            return
        _remove_stale()
        while self._lock_fd < 0:
            self.path = _make_private()
            self._lock_fd = _lock(self.path)

    def close(self) -> None:
        if self._lock_fd >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock_fd)
            self._lock_fd = -1


def _make_private() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=PRIVATE_PREFIX, dir=SHARED_MEMORY))
    except OSError as error:
        raise RingError(
            f"cannot make a directory for the ring in {SHARED_MEMORY}: {error.strerror}; "
            "mount a tmpfs there or give ring_dir"
        ) from error


def _lock(path: Path) -> int:
    """A descriptor that keeps others from taking the directory for stale; -1 when one was faster and removed it."""
    try:
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return -1
    fcntl.flock(lock, fcntl.LOCK_EX)
    if (path / "lock").exists():
        return lock
    os.close(lock)
    return -1


def _remove_stale() -> None:
    """Removes private rings of processes that were killed: nobody holds their lock any more."""
    for path in SHARED_MEMORY.glob(f"{PRIVATE_PREFIX}*"):
        try:
            lock = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # another user's, or being made or removed in this moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            log.info("removing %s, left by a process that was killed", path)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # its collector runs
        finally:
            os.close(lock)


if TYPE_CHECKING:
    _IS_A_FEED: type[Feed] = Collector
