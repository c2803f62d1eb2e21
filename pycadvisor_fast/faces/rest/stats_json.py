"""cAdvisor's answers as bytes: specs and references from Python, samples from the C encoder, joined.

``Answers`` is made once and serves any thread. What may be large comes in pieces: ``b"".join`` makes a body of them, a
streaming response sends them as they are, and then only a piece at a time is in memory. Nothing here waits for a kernel
file but /proc/diskstats, at most once a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from ...container import Container
from ...feed import Feed
from ...filesystem import Storage
from ...native.cadvisor_json import Has, StatsEncoder, Wanted
from ...spec import Spec
from . import go_json, spec_json, storage_json

ALL = -1
Fixed = tuple[int, int, bool, bytes]
_STORAGE_S = 1.0  # how old block device counters may be


@dataclass(frozen=True, slots=True)
class Range:
    """Which samples: the newest ``count`` (ALL: every one) from ``start_ns`` to ``end_ns``, wall clock, 0 = open."""

    count: int
    start_ns: int = 0
    end_ns: int = 0


class Filesystems:
    """The field ``filesystem`` of containers, kept as long as what is known of their filesystems is the same."""

    def __init__(self, make: Callable[[Container, Storage], bytes]) -> None:
        self._make = make
        self._known: tuple[Storage, dict[int, bytes]] = (Storage(), {})

    def of(self, storage: Storage) -> Callable[[Container], bytes]:
        """A function that gives a container's field."""
        if self._known[0] is not storage:
            self._known = (storage, {})
        made = self._known[1]

        def field(container: Container) -> bytes:
            text = made.get(container.handle)
            if text is None:
                text = made[container.handle] = self._make(container, storage)
            return text

        return field


class Answers:
    """cAdvisor's objects of the containers of a feed.

    ``is_strict``: block IO of cgroup v2 without the keys ``Discard`` and ``Total``, which cAdvisor does not have there.
    """

    def __init__(self, feed: Feed, *, is_strict: bool = False) -> None:
        """Raises RingError when the ring cannot be mapped."""
        self._feed = feed
        self._encoder = StatsEncoder(feed.ring.path, feed.ring.groups, is_strict=is_strict)
        self._host = _host(feed)
        self._v1 = {envs: spec_json.Kept(self._maker(spec_json.spec_v1, with_envs=envs)) for envs in (False, True)}
        self._v2 = {envs: spec_json.Kept(self._maker(spec_json.spec_v2, with_envs=envs)) for envs in (False, True)}
        self._fixed = spec_json.Kept(self._fix)
        self._references = spec_json.Kept(lambda spec: spec_json.reference(spec.container))
        self._arrays = Filesystems(_array_of)
        self._usages = Filesystems(storage_json.container_usage)
        self._machine = Filesystems(lambda _, storage: storage_json.machine_stats(storage))
        self._lock = threading.Lock()
        self._storage: tuple[float, Storage] | None = None
        self._children: tuple[int, dict[str, list[Container]]] = (-1, {})

    def close(self) -> None:
        """Lets go of the ring; no call may be under way."""
        self._encoder.close()

    # ---- who they are ----
    def reference(self, container: Container) -> bytes:
        """A ContainerReference."""
        return spec_json.reference(container)

    def spec_v1(self, spec: Spec, *, with_envs: bool = False) -> bytes:
        """A ContainerSpec (v1). ``with_envs``: environment values too, for those who may see them."""
        return self._v1[with_envs](spec)

    def spec_v2(self, spec: Spec, *, with_envs: bool = False) -> bytes:
        """A ContainerSpec (v2)."""
        return self._v2[with_envs](spec)

    def specs_v2(self, specs: Sequence[Spec], *, with_envs: bool = False) -> bytes:
        """/api/v2.x/spec: an object of ContainerSpecs (v2) by container name."""
        return go_json.members(
            (spec.container.path, self.spec_v2(spec, with_envs=with_envs)) for spec in _sorted(specs)
        )

    # ---- v1 ----
    def info_v1(self, spec: Spec, wanted: Range, *, with_envs: bool = False) -> bytes:
        """/api/v1.x/containers: one ContainerInfo (v1)."""
        return b"".join(self.infos_v1([spec], wanted, with_envs=with_envs))

    def infos_v1(self, specs: Sequence[Spec], wanted: Range, *, with_envs: bool = False) -> Iterator[bytes]:
        """A ContainerInfo (v1) for each of ``specs``, in their order. Raises TornError when the ring outran it."""
        heads = [self._head_v1(spec, with_envs) for spec in specs]
        return self._encoder.v1(self._wanted(specs, wanted, self._arrays, heads))

    def list_v1(self, specs: Sequence[Spec], wanted: Range, *, with_envs: bool = False) -> Iterator[bytes]:
        """/api/v1.x/subcontainers: an array of ContainerInfo (v1), in pieces."""
        yield from _listed(self.infos_v1(specs, wanted, with_envs=with_envs))

    def map_v1(self, specs: Sequence[Spec], wanted: Range, *, with_envs: bool = False) -> Iterator[bytes]:
        """/api/v1.x/docker: an object of ContainerInfo (v1) by container name, in pieces."""
        ordered = _sorted(specs)
        yield from _mapped(ordered, self.infos_v1(ordered, wanted, with_envs=with_envs))

    # ---- v2 ----
    def stats_v20(self, specs: Sequence[Spec], wanted: Range) -> Iterator[bytes]:
        """/api/v2.0/stats: an object of arrays of DeprecatedContainerStats by container name, in pieces."""
        ordered = _sorted(specs)
        yield from _mapped(ordered, self._encoder.v20(self._wanted(ordered, wanted, self._arrays)))

    def stats_v21(self, specs: Sequence[Spec], wanted: Range, *, with_envs: bool = False) -> Iterator[bytes]:
        """/api/v2.1/stats: an object of ContainerInfo (v2) by container name, in pieces. "/" is left out, as cAdvisor
        leaves it out."""
        ordered = [spec for spec in _sorted(specs) if spec.container.path != "/"]
        heads = [b'{"spec":' + self.spec_v2(spec, with_envs=with_envs) for spec in ordered]
        yield from _mapped(ordered, self._encoder.v2(self._wanted(ordered, wanted, self._usages, heads)))

    def machine_stats(self, wanted: Range) -> bytes:
        """/api/v2.1/machinestats: an array of MachineStats of "/"; null where there are no samples."""
        roots = [spec for spec in self._feed.specs() if spec.container.path == "/"]
        arrays = list(self._encoder.machine(self._wanted(roots, wanted, self._machine)))
        return arrays[0] if arrays and arrays[0] != b"[]" else b"null"

    def storage(self, label: str = "", *, fresh: bool = False) -> bytes | None:
        """/api/v2.x/storage: an array of FsInfo, of those with ``label`` alone if one is given; None: none has it."""
        filesystems = (self._feed.filesystems(fresh=True) if fresh else self._current()).filesystems
        chosen = [one for one in filesystems if not label or label in one.labels]
        return None if label and not chosen else storage_json.infos(chosen)

    # ---- parts ----
    def _maker(self, make: Callable[..., bytes], *, with_envs: bool) -> Callable[[Spec], bytes]:
        return lambda spec: make(spec, self._host, with_envs=with_envs)

    def _head_v1(self, spec: Spec, with_envs: bool) -> bytes:
        """A ContainerInfo without its samples and its last brace."""
        children = b",".join(map(spec_json.reference, self._children_of(spec.container)))
        below = b',"subcontainers":[' + children + b"]" if children else b""
        return self._references(spec)[:-1] + below + b',"spec":' + self.spec_v1(spec, with_envs=with_envs)

    def _children_of(self, container: Container) -> list[Container]:
        """Direct subcontainers by name. Those of a runtime's container are its own affair: cAdvisor names none."""
        if container.namespace:
            return []
        self._look()
        return self._children[1].get(container.path, [])

    def _look(self) -> None:
        """When the containers are others than before: who is whose child, and forgets those that are gone."""
        version = self._feed.containers_version()
        if self._children[0] == version:
            return
        containers = self._feed.containers()
        self._children = (version, _by_parent(containers))
        live = frozenset(one.handle for one in containers)
        self._fixed.prune(live)
        for kept in (self._references, *self._v1.values(), *self._v2.values()):
            kept.prune(live)

    def _wanted(
        self, specs: Sequence[Spec], wanted: Range, filesystems: Filesystems, heads: Iterable[bytes] = repeat(b"")
    ) -> list[Wanted]:
        self._look()
        storage = self._current()
        self._encoder.name_devices({(one.major, one.minor): f"/dev/{one.name}" for one in storage.devices})
        filesystem = filesystems.of(storage)
        span = wanted.count, wanted.start_ns, wanted.end_ns
        out = []
        for spec, head in zip(specs, heads, strict=False):
            handle, has, is_host, health = self._fixed(spec)
            out.append(Wanted(handle, *span, has, is_host, filesystem(spec.container), b"", health, head))
        return out

    def _fix(self, spec: Spec) -> Fixed:
        """What of a Wanted does not change while the spec is the same."""
        container = spec.container
        found = spec_json.has(spec, self._host)
        has = sum(flag.value for flag in Has if getattr(found, str(flag.name).lower()))
        health = go_json.text(container.health) if container.health else b""
        return container.handle, has, container.path == "/", health

    def _current(self) -> Storage:
        with self._lock:
            now, known = time.monotonic(), self._storage
            if known is None or now - known[0] > _STORAGE_S:
                known = self._storage = (now, self._feed.filesystems())
            return known[1]


def in_chunks(pieces: Iterable[bytes], least: int = 1 << 18) -> Iterator[bytes]:
    """The same bytes in chunks of ``least`` bytes and more: one hop to a worker and one send each, megabytes in memory
    instead of the whole. A piece that is large enough is handed on as it is."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= least:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _host(feed: Feed) -> spec_json.Host:
    machine = feed.machine()
    return spec_json.Host(
        is_v2=feed.host()["facts"].get("layout") == "v2",
        cores=machine.topology.cpus_online or 0,
        memory_bytes=machine.memory.capacity_bytes or 0,
        groups=frozenset(feed.ring.groups),
    )


def _array_of(container: Container, storage: Storage) -> bytes:
    """The ``filesystem`` array of v1 and v2.0."""
    if container.path == "/":
        return storage_json.host_stats(storage)
    return storage_json.container_stats(container, storage)


def _sorted(specs: Sequence[Spec]) -> list[Spec]:
    return sorted(specs, key=lambda spec: spec.container.path)


def _by_parent(containers: Sequence[Container]) -> dict[str, list[Container]]:
    out: dict[str, list[Container]] = {}
    for one in sorted(containers, key=lambda container: container.path):
        if one.path != "/":
            out.setdefault(one.path.rpartition("/")[0] or "/", []).append(one)
    return out


def _listed(items: Iterator[bytes]) -> Iterator[bytes]:
    before = b"["
    for item in items:
        yield before
        yield item
        before = b","
    yield b"]" if before == b"," else b"[]"


def _mapped(specs: Sequence[Spec], values: Iterator[bytes]) -> Iterator[bytes]:
    before = b"{"
    for spec, value in zip(specs, values, strict=True):
        yield before + go_json.text(spec.container.path) + b":"
        yield value
        before = b","
    yield b"}" if before == b"," else b"{}"
