"""Snapshots in files and pipes. A file is replaced whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgpack

from .capture import Capture
from .codec import LARGEST, SnapshotError, decode, encode, from_document

_CHUNK = 1 << 20


def write(path: str | os.PathLike[str], capture: Capture) -> int:
    """Writes one document to a file and returns its size in bytes.

    A reader of ``path`` sees the old file or the new one, never a part: written beside it, synced, renamed.
    Raises OSError.
    """
    data = encode(capture)
    target = Path(path)
    descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # mkstemp's 0600 would hide it from an agent of another user
            os.fsync(file.fileno())
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return len(data)


def read(path: str | os.PathLike[str]) -> Capture:
    """The capture in a file, numbers as read-only numpy arrays. Raises OSError, SnapshotError."""
    try:
        return decode(Path(path).read_bytes())
    except SnapshotError as error:
        raise SnapshotError(f"{os.fspath(path)}: {error}") from None


def read_stream(stream: BinaryIO) -> Iterator[Capture]:
    """The captures of a stream of documents, one after the other, as they arrive. Raises SnapshotError."""
    unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=LARGEST)
    fed = whole = 0
    while chunk := _some(stream):
        fed += len(chunk)
        unpacker.feed(chunk)
        try:
            for document in unpacker:
                whole = unpacker.tell()
                yield from_document(document)
        except (msgpack.UnpackException, ValueError, TypeError) as error:
            raise SnapshotError(f"not a stream of snapshots: {error}") from None
    if fed != whole:
        raise SnapshotError("the stream ends in the middle of a snapshot")


def _some(stream: BinaryIO) -> bytes:
    # read1 returns what has arrived; read would wait for the whole chunk and hold up a live pipe.
    read1 = getattr(stream, "read1", None)
    data: bytes = read1(_CHUNK) if read1 is not None else stream.read(_CHUNK)
    return data
