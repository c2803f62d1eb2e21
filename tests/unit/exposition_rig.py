"""A feed with a ring written by hand, scrapes of it, and readers of the three formats that are not ours."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.config.kinds import GROUPS_OF_KIND
from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.exposition.query import Query
from pycadvisor_fast.faces.exposition.scrape import Scraper
from pycadvisor_fast.filesystem import BlockDevice, Filesystem, Storage, TreeUsage
from pycadvisor_fast.machine.model import (
    Cache,
    CadvisorNumbers,
    Clock,
    Core,
    HugePages,
    Machine,
    Memory,
    MemoryType,
    NodeDistance,
    NumaNode,
    Topology,
)
from pycadvisor_fast.native.exposition import OPENMETRICS, TEXT
from pycadvisor_fast.spec import UNLIMITED, Limits, Spec

from .handmade_ring import BY_NAME, FakeFeed, RingWriter, Values, container

T = TypeVar("T")
Where = tuple[str, tuple[tuple[str, str], ...]]
Rows = dict[tuple[str, int, int, str], dict[str, int]]
ALL_GROUPS = tuple(group.name for group in GROUPS if group.name != "scheduling")
NOW = 1_700_000_100.25
KEYS = {
    "core": ("0", "1"), "device": ("8:0", "253:16"), "interface": ("eth0",), "pagesize": ("2MB",), "group": ("cpu",),
    "node": ("0",), "adapter": ("mlx5_0",), "resource": ("sev",),
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What the face needs of the settings."""

    compat: str = "fixed"
    store_labels: bool = True
    kept_labels: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset(GROUPS_OF_KIND)
    version: str = "1.2.3"
    dead_container_grace_ns: int = 120 * 10**9
    prometheus_endpoint: str = "/metrics"
    prometheus_extras: bool = False
    prometheus_created: bool = False


class ScrapedFeed(FakeFeed):
    """FakeFeed on a host with cgroup v2 (or another layout), with specs, a machine and filesystems."""

    layout = "v2"

    def host(self) -> dict[str, Any]:
        return {"facts": {"layout": self.layout}}

    def specs(self) -> tuple[Spec, ...]:
        made = super().specs()
        if getattr(self, "_last", None) != made:
            self._last = made
        return self._last

    def set_spec(self, one: Container, limits: Limits) -> None:
        self._specs[one.handle] = Spec(one, limits, has_cpu=True, has_memory=True)

    def status(self) -> dict[str, Any]:
        return {"started": 1_700_000_000.5, "containers": len(self._containers), "ring_bytes": 4096, "refused": 0}


@dataclass
class Rig:
    """``scrape`` asks; ``feed`` and ``rows`` are what it is asked about."""

    writer: RingWriter
    feed: ScrapedFeed
    settings: Settings = field(default_factory=Settings)
    tick: int = 0

    def __post_init__(self) -> None:
        self.scraper = Scraper(self.feed, self.settings, lambda: NOW)

    def pass_over(self, rows: Mapping[tuple[str, int, int, str], Values]) -> int:
        """A pass of all groups."""
        self.tick += 1
        self.feed.tick(self.tick, rows, offset_usec=1500)
        return self.tick

    def scrape(self, query: Query | None = None, form: int = TEXT) -> bytes:
        return bytes(self.scraper.answer(query or Query(), form))

    def samples(
        self, query: Query | None = None, form: int = TEXT
    ) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Values by (name, sorted labels). No series is there twice."""
        return samples_of(self.scrape(query, form), form)

    def with_settings(self, **changes: Any) -> Rig:
        return replace(self, settings=replace(self.settings, **changes))


def docker(slot: int, **fields: Any) -> Container:
    """A container of Docker."""
    given = {"image": "shop/web:1", "namespace": "docker", "created_ns": 1_690_000_000 * 10**9, **fields}
    return container(slot, **given)


ROOT = Container(path="/", slot=0, generation=1, kind="root", created_ns=1_600_000_000 * 10**9)


def limits(**more: Any) -> Limits:
    """Limits of a container that has a quota and a memory limit."""
    values = {
        "cpu_shares": 1024, "cpu_weight": 100, "cpu_quota_usec": 50_000, "cpu_period_usec": 100_000,
        "memory_bytes": 1 << 30, "memory_reservation_bytes": UNLIMITED, "swap_bytes": 0,
    }  # fmt: skip
    return Limits(**{**values, **more})


def rig(directory: Path, containers: Sequence[Container] = (), groups: Sequence[str] = ALL_GROUPS, **how: Any) -> Rig:
    """A ring of ``groups`` at 100 ms, the root and ``containers``; nothing is sampled yet."""
    writer = RingWriter(directory, dict.fromkeys(groups, 100), **how)
    feed = ScrapedFeed(writer, [ROOT, *containers])
    for one in feed.containers():
        feed.set_spec(one, limits() if one.path != "/" else Limits(memory_bytes=8 << 30, swap_bytes=UNLIMITED))
    feed.machines = [MACHINE]
    feed.storage = STORAGE
    return Rig(writer, feed)


def every_row(containers: Sequence[Container], base: int = 0) -> Rows:
    """A value for each column of each group: numbers that tell group, column and slot apart."""
    rows: Rows = {}
    for one in containers:
        for group in GROUPS:
            if group.name == "scheduling" or (group.name in ("host", "tick") and one.path != "/"):
                continue
            for number, key in enumerate(KEYS.get(group.key, ("",))):
                rows[group.name, one.slot, one.generation, key] = {
                    column.name: value_of(
                        column.cell, base + group.number * 1000 + column.number * 10 + one.slot + number
                    )
                    for column in group.columns
                }
    return rows


def value_of(cell: str, number: int) -> int:
    """A value that the cell can hold exactly."""
    return {"P32": number * 4096, "K32": number * 1024, "C16": number % 10_000, "U32": number}.get(
        cell, number * 1_000_001
    )


DISK = BlockDevice("sda", 8, 0, "", 10, 1, 5120, 1500, 20, 2, 10240, 2500, 3, 4500, 5500)
TREES = (TreeUsage("layer", "/var/lib/docker/x", 4096, 4000, 7), TreeUsage("log", "/var/lib/l", 512, 500, 1))
DISK_FS = Filesystem(
    *("/dev/sda", "ext4", "/", 8, 0, ("root",), False),
    *(1 << 40, 1 << 39, 1 << 38, 1000, 400, 1),
    device=DISK,
)
STORAGE = Storage(
    filesystems=(
        Filesystem(
            "/dev/sda", "ext4", "/", 8, 0, ("root",), False, 1 << 40, 1 << 39, 1 << 38, 1000, 400, 1, device=DISK
        ),
        Filesystem("tmpfs", "tmpfs", "/run", 0, 25, (), False, 1 << 20, 1 << 19, 1 << 19, 50, 40, 1),
        Filesystem("tmpfs", "tmpfs", "/dev/shm", 0, 26, (), False, 1 << 21, 1 << 20, 1 << 20, 60, 50, 1),
    ),
    devices=(DISK, BlockDevice("sdb", 8, 16, "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    taken_ns=1_700_000_099 * 10**9,
    containers={
        1 << 32 | 1: (
            TreeUsage("layer", "/var/lib/docker/x", 4096, 4000, 7),
            TreeUsage("log", "/var/lib/l", 512, 500, 1),
        )
    },
)

MACHINE = Machine(
    time_ns=1_700_000_050 * 10**9,
    machine_id="m" * 32,
    system_uuid="u-u-i-d",
    boot_id="b-o-o-t",
    boot_time_ns=1_600_000_000 * 10**9,
    kernel_version="6.18",
    os_name='Debian "13"',
    clock=Clock(cadvisor_khz=2_000_000),
    topology=Topology(
        cpus_online=2,
        cores=2,
        sockets=1,
        physical_cores=(Core((0,), core_id=0, socket_id=0, node=0), Core((1,), core_id=1, socket_id=0, node=0)),
        caches=(
            Cache(1, "Data", (0,), 0, 32768),
            Cache(1, "Data", (1,), 1, 32768),
            Cache(3, "Unified", (0, 1), 0, 1 << 25),
        ),
        nodes=(NumaNode(0, (0, 1), 8 << 30, (HugePages(2 << 20, 5),), (NodeDistance(0, 10),)),),
    ),
    memory=Memory(capacity_bytes=8 << 30, swap_bytes=1 << 30, by_type=(MemoryType("DDR5", 8 << 30, 2, "smbios"),)),
    cadvisor=CadvisorNumbers(physical_cores=2, sockets=1),
)


# ---- readers of the formats
def samples_of(data: bytes, form: int) -> dict[Where, float]:
    """Values by (name, sorted labels), read by prometheus_client or protobuf."""
    found = families_of(data, form)
    out: dict[Where, float] = {}
    for name, labels, value, _ in (sample for _, samples in found.values() for sample in samples):
        where = (name, tuple(sorted(labels.items())))
        assert where not in out, f"{where} is there twice"
        out[where] = value
    return out


Sample = tuple[str, dict[str, str], float, float | None]


def families_of(data: bytes, form: int) -> dict[str, tuple[str, list[Sample]]]:
    """By name: the type, and samples as (name, labels, value, timestamp in seconds). No family is there twice."""
    out: dict[str, tuple[str, list[Sample]]] = {}
    for name, kind, samples in _families(data, form):
        assert name not in out, f"{name} is there twice"
        out[name] = (kind, samples)
    return out


def _families(data: bytes, form: int) -> Iterator[tuple[str, str, list[Sample]]]:
    if form in (TEXT, OPENMETRICS):
        parse = text_string_to_metric_families if form == TEXT else openmetrics.text_string_to_metric_families
        written = {re.split("[{ ]", line, maxsplit=1)[0] for line in data.decode().split("\n")}
        for family in parse(data.decode()):
            # It adds _total to the names of counters that have none.
            names = {s.name: s.name if s.name in written else s.name.removesuffix("_total") for s in family.samples}
            samples = [(names[s.name], dict(s.labels), float(s.value), _seconds(s.timestamp)) for s in family.samples]
            yield family.name, family.type, samples
        return
    for message in protobuf_families(data):
        kind = {0: "counter", 1: "gauge", 3: "unknown"}[message.type]
        yield message.name, kind, [_protobuf_sample(message, metric) for metric in message.metric]


def _protobuf_sample(family: Any, metric: Any) -> Sample:
    (value,) = (getattr(metric, name) for name in ("counter", "gauge", "untyped") if metric.HasField(name))
    time = metric.timestamp_ms / 1000 if metric.HasField("timestamp_ms") else None
    labels = {pair.name: pair.value for pair in metric.label}
    assert len(labels) == len(metric.label)
    return family.name, labels, value.value, time


def _seconds(stamp: Any) -> float | None:
    return None if stamp is None else float(stamp)


def protobuf_families(data: bytes) -> list[Any]:
    """Messages of io.prometheus.client.MetricFamily, each preceded by its length."""
    out, at = [], 0
    while at < len(data):
        length, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        message = _METRIC_FAMILY()
        assert message.ParseFromString(data[at : at + length]) == length
        assert message.SerializeToString(deterministic=True)
        out.append(message)
        at += length
    return out


def _metric_family() -> Any:
    """The message class, from field numbers as prometheus/client_model documents them."""
    double, text, whole, message = 1, 9, 3, 11
    messages: dict[str, list[tuple[str, int, int, int, str]]] = {
        "LabelPair": [("name", 1, text, 1, ""), ("value", 2, text, 1, "")],
        "Gauge": [("value", 1, double, 1, "")],
        "Timestamp": [("seconds", 1, whole, 1, ""), ("nanos", 2, 5, 1, "")],
        "Counter": [("value", 1, double, 1, ""), ("created_timestamp", 3, message, 1, "Timestamp")],
        "Untyped": [("value", 1, double, 1, "")],
        "Metric": [
            ("label", 1, message, 3, "LabelPair"),
            ("gauge", 2, message, 1, "Gauge"),
            ("counter", 3, message, 1, "Counter"),
            ("untyped", 5, message, 1, "Untyped"),
            ("timestamp_ms", 6, whole, 1, ""),
        ],
        "MetricFamily": [
            ("name", 1, text, 1, ""),
            ("help", 2, text, 1, ""),
            ("type", 3, whole, 1, ""),
            ("metric", 4, message, 3, "Metric"),
            ("unit", 5, text, 1, ""),
        ],
    }
    package = descriptor_pb2.FileDescriptorProto(name="exposition_rig.proto", package="exposition_rig", syntax="proto2")
    for name, fields in messages.items():
        made = package.message_type.add(name=name)
        for label, number, kind, repeated, of in fields:
            one = made.field.add(name=label, number=number, type=kind, label=repeated)  # type: ignore[arg-type]
            if of:
                one.type_name = f".exposition_rig.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(package)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("exposition_rig.MetricFamily"))


_METRIC_FAMILY = _metric_family()


# ---- the page
@dataclass
class Page:
    """An answer of the page."""

    status: int
    headers: dict[str, str]
    body: bytes
    pieces: int


@dataclass(frozen=True)
class Context:
    """faces.http.context.Context as far as this face uses it."""

    feed: Any
    settings: Settings

    async def run(self, call: Callable[[], T]) -> T:
        return await asyncio.to_thread(call)


def ask(
    application: Any,
    url: str = "/metrics",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    user: Any = None,
) -> Page:
    """One request to an ASGI application; ``user``: whom the door has let in."""
    path, _, query = url.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "pcf_user": user,
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def call() -> None:
        answer: Awaitable[None] = application(scope, receive, send)
        await answer

    asyncio.run(call())
    start, *bodies = sent
    assert [message["more_body"] for message in bodies if "more_body" in message][-1:] != [True] or len(bodies) > 1
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Page(start["status"], found, b"".join(message.get("body", b"") for message in bodies), len(bodies))


def is_close(value: float, expected: float) -> bool:
    """Equal but for the last bit of a double."""
    return math.isclose(value, expected, rel_tol=1e-15, abs_tol=0)


__all__ = ["BY_NAME", "container"]
