"""The snapshot format: one msgpack map, numbers as columns of little-endian bytes that numpy maps without parsing.

::

    {"format": "pycadvisor-fast/columns", "version": 1, "hostname": ..., "boot_id": ..., "notes": [...],
     "containers": [{"handle": ..., "path": ..., "runtime": ..., "id": ..., "name": ..., "labels": {...}, ...}],
     "groups": [{"name": "cpu", "ticks": A, "time_unix_ns": A, "time_monotonic_ns": A, "ids": A, "keys": [...],
                 "offsets_usec": A, "columns": {"usage_ns": A, ...}}]}

    A = {"dtype": "<u8", "shape": [ticks, rows], "bytes": b"..."}

``ids`` are the handles of the rows. A value that the kernel did not give is 2**64-1 (uint64) or NaN (float64), a limit
that is not set 2**64-2. Documents may follow one another in a file or pipe: a msgpack stream.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

from ...container import Container
from ...errors import PycadvisorError
from .capture import Capture, GroupCapture

FORMAT = "pycadvisor-fast/columns"
VERSION = 1
LARGEST = 2**31 - 1  # bytes of one document, msgpack's own bound for one binary

_DTYPES = frozenset({"<u8", "<u4", "<f8"})
_CONTAINER_TEXTS = ("path", "runtime", "id", "name", "image", "namespace", "kind", "pod_uid")
_CONTAINER_NUMBERS = ("created_ns", "netns", "netns_owner")


class SnapshotError(PycadvisorError, ValueError):
    """A file or stream is no snapshot, or is cut off; the message says what was found."""


def encode(capture: Capture) -> bytes:
    """One document."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "hostname": capture.hostname,
        "boot_id": capture.boot_id,
        "notes": list(capture.notes),
        "containers": [_container_out(container) for container in capture.containers],
        "groups": [_group_out(group) for group in capture.groups.values()],
    }
    packed: bytes = msgpack.packb(document, use_bin_type=True)
    return packed


def decode(data: bytes | bytearray | memoryview) -> Capture:
    """The capture of one document; its arrays are read-only views of ``data``. Raises SnapshotError."""
    try:
        document = msgpack.unpackb(data, raw=False, strict_map_key=False, max_bin_len=LARGEST)
    except (ValueError, TypeError, msgpack.UnpackException) as error:  # TypeError: a map as the key of a map
        raise SnapshotError(f"not a whole snapshot: {str(error) or type(error).__name__}") from None
    return from_document(document)


def from_document(document: Any) -> Capture:
    """The capture of a document that msgpack has taken apart. Raises SnapshotError."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SnapshotError(f'not a snapshot: the field "format" is not "{FORMAT}"')
    if document.get("version") != VERSION:
        raise SnapshotError(f"snapshot of version {document.get('version')!r}; this program reads version {VERSION}")
    try:
        groups = [_group_in(group) for group in document["groups"]]
        return Capture(
            containers=tuple(_container_in(container) for container in document["containers"]),
            groups={group.name: group for group in groups},
            hostname=str(document["hostname"]),
            boot_id=str(document["boot_id"]),
            notes=tuple(document["notes"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotError(f"damaged snapshot: {type(error).__name__}: {error}") from None


def _array_out(array: npt.NDArray[Any]) -> dict[str, Any]:
    little = array if sys.byteorder == "little" else array.astype(array.dtype.newbyteorder("<"))
    return {
        "dtype": little.dtype.newbyteorder("<").str,
        "shape": list(little.shape),
        "bytes": np.ascontiguousarray(little).tobytes(),
    }


def _array_in(field: Mapping[str, Any], *, dimensions: int) -> npt.NDArray[Any]:
    if field["dtype"] not in _DTYPES or len(field["shape"]) != dimensions:
        raise ValueError(f"array of {field['dtype']!r}, shape {field['shape']!r}")
    # frombuffer over bytes is read-only by itself; reshape raises ValueError when the size does not fit.
    return np.frombuffer(field["bytes"], dtype=field["dtype"]).reshape([int(n) for n in field["shape"]])


def _group_out(group: GroupCapture) -> dict[str, Any]:
    return {
        "name": group.name,
        "ticks": _array_out(group.ticks),
        "time_unix_ns": _array_out(group.time_unix_ns),
        "time_monotonic_ns": _array_out(group.time_monotonic_ns),
        "ids": _array_out(group.handles),
        "keys": list(group.keys),
        "offsets_usec": _array_out(group.offsets_usec),
        "columns": {name: _array_out(values) for name, values in group.columns.items()},
    }


def _group_in(field: Mapping[str, Any]) -> GroupCapture:
    group = GroupCapture(
        name=str(field["name"]),
        ticks=_array_in(field["ticks"], dimensions=1),
        time_unix_ns=_array_in(field["time_unix_ns"], dimensions=1),
        time_monotonic_ns=_array_in(field["time_monotonic_ns"], dimensions=1),
        handles=_array_in(field["ids"], dimensions=1),
        keys=tuple(str(key) for key in field["keys"]),
        offsets_usec=_array_in(field["offsets_usec"], dimensions=2),
        columns={str(name): _array_in(values, dimensions=2) for name, values in field["columns"].items()},
    )
    for name, values in (*group.columns.items(), ("offsets_usec", group.offsets_usec)):
        if values.shape != group.shape:
            raise ValueError(f"{group.name}.{name} has shape {values.shape}, not {group.shape}")
    if group.keys and len(group.keys) != len(group.handles):
        raise ValueError(f"{group.name} has {len(group.keys)} keys for {len(group.handles)} rows")
    return group


def _container_out(container: Container) -> dict[str, Any]:
    out: dict[str, Any] = {"handle": container.handle, "is_host_network": container.is_host_network}
    out.update((name, getattr(container, name)) for name in (*_CONTAINER_TEXTS, *_CONTAINER_NUMBERS))
    out["labels"] = dict(container.labels)
    return out


def _container_in(field: Mapping[str, Any]) -> Container:
    handle = int(field["handle"])
    known: dict[str, Any] = {name: str(field[name]) for name in _CONTAINER_TEXTS}
    known.update((name, int(field[name])) for name in _CONTAINER_NUMBERS)
    return Container(
        slot=handle & 0xFFFFFFFF,
        generation=handle >> 32,
        labels={str(name): str(value) for name, value in field["labels"].items()},
        is_host_network=bool(field["is_host_network"]),
        **known,
    )
