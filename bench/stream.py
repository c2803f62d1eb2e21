"""Encoding a tick, in C and by protobuf's own objects; and what subscribers cost the server."""

from __future__ import annotations

import itertools
import statistics
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pycadvisor_fast.client import Client
from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.faces.grpc.messages import identity
from pycadvisor_fast.native.encoder import Encoder, GroupAt, Regions, Table
from pycadvisor_fast.sampling import attach
from pycadvisor_fast.v1 import service_pb2 as pb

from . import report
from .cgroups import Cgroups
from .measure import process_cpu_ns
from .programs import program
from .report import Part, Target
from .served import Daemon

_METHOD = "/pycadvisor_fast.v1.ContainerStatsService/StreamStats"
_INTERVAL_MS = 100
_LIGHT = ("cpu", "memory", "pids")


def measure(count: int, subscribers: Sequence[int], seconds: float) -> Part:
    """``count`` containers at 10 Hz."""
    part = Part("Encoding and streaming")
    with Cgroups(count, is_busy=True, name="stream"), Daemon(f"--housekeeping_interval={_INTERVAL_MS}ms") as daemon:
        daemon.first_sample(count)
        daemon.ready()
        time.sleep(1)
        ratio = _encoding(part, str(daemon.ring_dir), count)
        most = _streaming(part, daemon, count, subscribers, seconds)
    is_full = count >= 1000
    part.targets += [
        Target("C encoding against protobuf objects, times faster", 20, ratio if is_full else None, "x", at_least=True),
        Target(
            "1000 containers x 10 Hz x 100 subscribers, everything, beyond sampling",
            100,
            most if is_full and 100 in subscribers else None,
            "% of a core",
        ),
    ]
    return part


def _encoding(part: Part, ring_dir: str, count: int) -> float:
    """Adds the table; returns how many times faster C is with everything."""
    rows, ratios = [], []
    for name, groups in (("everything sampled at 10 Hz", None), (", ".join(_LIGHT), _LIGHT)):
        encode, regions = _encoder(ring_dir, groups)
        data = encode()
        plain = list(_plain(pb.StatsBatch.FromString(data)))
        in_c = _median_us(encode, 20)
        by_objects = _median_us(lambda plain=plain: _objects(plain), 5)  # type: ignore[misc]
        regions.close()
        ratios.append(by_objects / in_c)
        rows.append((name, len(data) / 1000, in_c / 1000, by_objects / 1000, by_objects / in_c))
    part.tables.append(
        report.Table(
            f"One StatsBatch of {count} containers (median)",
            ("what", "kB", "C encoder, ms", "protobuf objects, ms", "times"),
            tuple(rows),
            "Protobuf objects: the generated classes (upb) filled from plain Python values and serialised; the values "
            "are ready in memory, getting at them is not counted.",
        )
    )
    return ratios[0]


def _encoder(ring_dir: str, names: Sequence[str] | None) -> tuple[Callable[[], bytes], Regions]:
    regions = Regions(ring_dir)
    with attach(ring_dir) as ring:
        containers = ring.containers()
    table = Table([c.handle for c in containers], [identity(c) for c in containers])
    encoder = Encoder(regions)
    chosen = [
        (index, region)
        for index, region in regions.by_group.items()
        if (GROUPS[index].name in names if names else region.stride * region.base_ns <= _INTERVAL_MS * 10**6)
    ]

    def encode() -> bytes:
        return encoder.containers(b"", table, [GroupAt(index, region.latest) for index, region in chosen])

    return encode, regions


Plain = tuple[int, str, str, list[tuple[str, bool, list[dict[str, Any]]]]]


def _plain(batch: pb.StatsBatch) -> Iterator[Plain]:
    """A batch as plain values: handle, name, id, and by group the fields of each row."""
    for container in batch.containers:
        groups = []
        for field, value in container.ListFields():
            if field.message_type is None:
                continue
            rows = [value] if not isinstance(value, Sequence) and hasattr(value, "ListFields") else list(value)
            fields = [{item.name: number for item, number in row.ListFields()} for row in rows]
            groups.append((field.name, rows != [value], fields))
        yield container.handle, container.name, container.id, groups


def _objects(plain: list[Plain]) -> bytes:
    """The same batch through protobuf's objects."""
    batch = pb.StatsBatch()
    for handle, name, ident, groups in plain:
        container = batch.containers.add(handle=handle, name=name, id=ident)
        for group, is_repeated, rows in groups:
            field = getattr(container, group)
            for row in rows:
                message = field.add() if is_repeated else field
                for column, value in row.items():
                    setattr(message, column, value)
    return batch.SerializeToString()


def _median_us(call: Callable[[], object], rounds: int) -> float:
    call()
    times = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(times)


def _streaming(part: Part, daemon: Daemon, count: int, subscribers: Sequence[int], seconds: float) -> float | None:
    """Adds the table; returns CPU percent beyond sampling with 100 subscribers to everything."""
    rows: list[tuple[Any, ...]] = []
    most = None
    with Client(f"unix:{daemon.socket}") as client:
        for name, groups in (("everything", ()), (", ".join(_LIGHT), _LIGHT)):
            for number in subscribers:
                alone = _cpu(daemon, seconds)
                before = client.status().server
                with _sinks(str(daemon.socket), number, pb.StreamRequest(groups=groups)):
                    time.sleep(0.5)
                    before = client.status().server
                    with_them = _cpu(daemon, seconds)
                    after = client.status().server
                sent, missed = after.batches_sent - before.batches_sent, after.missed_ticks - before.missed_ticks
                mbytes = (after.bytes_sent - before.bytes_sent) / seconds / 1e6
                beyond = with_them - alone
                rows.append(
                    (name, number, beyond, alone, sent / number / seconds, 100 * missed / max(1, sent + missed), mbytes)
                )
                if number == 100 and not groups:
                    most = beyond
    part.tables.append(
        report.Table(
            f"{count} busy containers at 10 Hz over a unix socket",
            (
                "what",
                "subscribers",
                "CPU beyond sampling, %",
                "sampling, %",
                "batches/s each",
                "missed, %",
                "MB/s",
            ),
            tuple(rows),
            "Percent of one core. Subscribers are a C program that reads and throws away, on the same machine.",
        )
    )
    return most


def _cpu(daemon: Daemon, seconds: float) -> float:
    """Percent of a core over ``seconds``."""
    began, used = time.monotonic(), process_cpu_ns(daemon.process.pid)
    time.sleep(seconds)
    return (process_cpu_ns(daemon.process.pid) - used) / (time.monotonic() - began) / 1e7


@contextmanager
def _sinks(path: str, number: int, request: pb.StreamRequest) -> Iterator[None]:
    sink = subprocess.Popen([program("sink"), path, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert sink.stdin is not None
    assert sink.stdout is not None
    sink.stdin.write(_http2(request.SerializeToString()))
    sink.stdin.close()
    if sink.stdout.readline() != b"ready\n":
        raise RuntimeError(f"sink ended with status {sink.wait()}")
    try:
        yield
        if sink.poll() is not None:
            raise RuntimeError(f"sink ended with status {sink.returncode}")
    finally:
        sink.kill()
        sink.wait()
        sink.stdout.close()


def _http2(message: bytes) -> bytes:
    """Preface, settings, windows wide open, one gRPC request on stream 1 (RFC 9113; RFC 7541 without compression)."""
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": _METHOD,
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
    }
    block = b"".join(itertools.chain.from_iterable((b"\x00", _text(k), _text(v)) for k, v in headers.items()))
    settings = struct.pack(">HI", 4, 2**31 - 1)  # SETTINGS_INITIAL_WINDOW_SIZE
    return b"".join(
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            _frame(4, 0, 0, settings),
            _frame(8, 0, 0, struct.pack(">I", 2**31 - 1 - 65535)),
            _frame(1, 4, 1, block),  # HEADERS, END_HEADERS
            _frame(0, 1, 1, b"\0" + struct.pack(">I", len(message)) + message),  # DATA, END_STREAM
        )
    )


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def _text(text: str) -> bytes:
    data = text.encode()
    assert len(data) < 127, "a longer one needs RFC 7541's integer continuation"
    return bytes((len(data),)) + data
