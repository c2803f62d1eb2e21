"""Column data as bytes: a document in JSON or msgpack, or the arrays themselves behind a header."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import documents
from .plain import clean

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container

    from .column_data import ColumnData, GroupData

MAGIC = b"PCFCOLS1"
ALIGNMENT = 64
"""Bytes: what Arrow recommends for its buffers, so that ours can become some without a copy."""
_HEAD = struct.Struct("<8sII")  # magic, length of the header, 0


def encode(data: ColumnData, form: str, *, is_exact: bool) -> bytes:
    """The body of an answer."""
    if form == documents.NUMPY:
        return arrays(data, is_exact=is_exact)
    return documents.encode(document(data), form)


def document(data: ColumnData) -> dict[str, Any]:
    """As plain data: {"epoch": ..., "groups": {name: {...}}, "containers": [...]}."""
    groups = {
        group.name: {**_frame(group), **_times(group), "columns": {name: group.listed(name) for name in group.names}}
        for group in data.groups
    }
    return {"epoch": data.epoch, "groups": groups, "containers": _identities(data.containers)}


def arrays(data: ColumnData, *, is_exact: bool) -> bytes:
    """A header in JSON and little-endian arrays, each at a multiple of 64 bytes; see docs/rest.md."""
    body: list[bytes] = []
    groups = {}
    place = 0

    def put(array: NDArray[Any]) -> dict[str, Any]:
        nonlocal place
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        content = little.tobytes()
        content += bytes(-len(content) % ALIGNMENT)
        body.append(content)
        where = {"offset": place, "dtype": little.dtype.str, "shape": list(array.shape)}
        place += len(content)
        return where

    for group in data.groups:
        window = group.window
        values = {name: put(group.exact(name) if is_exact else group.floats(name)) for name in group.names}
        groups[group.name] = {
            **_frame(group, with_handles=False),
            "ticks": put(window.ticks),
            "times_unix_ns": put(window.times_ns),
            "monotonic_ns": put(window.monotonic_ns),
            "handles": put(window.handles),
            "columns": values,
        }
    header = json.dumps(
        {"epoch": data.epoch, "groups": groups, "containers": _identities(data.containers)},
        separators=(",", ":"),
    ).encode()
    header += b" " * (-(len(header) + _HEAD.size) % ALIGNMENT)
    return b"".join((_HEAD.pack(MAGIC, len(header), 0), header, *body))


def _frame(group: GroupData, *, with_handles: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"interval_ns": group.interval_ns}
    if with_handles:
        found["handles"] = group.window.handles.tolist()
    if group.window.keys is not None:
        found["keys"] = [clean(key) for key in group.window.keys.tolist()]
    return found


def _times(group: GroupData) -> dict[str, list[int]]:
    window = group.window
    return {
        "ticks": window.ticks.tolist(),
        "times_unix_ns": window.times_ns.tolist(),
        "monotonic_ns": window.monotonic_ns.tolist(),
    }


def _identities(containers: Sequence[Container]) -> list[dict[str, Any]]:
    return [
        {
            "handle": one.handle,
            "path": clean(one.path),
            "name": clean(one.display_name),
            "runtime": one.runtime,
            "id": one.id,
        }
        for one in containers
    ]


assert np.dtype("<f8").itemsize == 8
