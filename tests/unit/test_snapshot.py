"""The snapshot format: what goes in comes out, as arrays nobody parses; damage is an error, never a wrong number."""

from __future__ import annotations

import io
import os
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.snapshot import (
    ABSENT,
    UNLIMITED,
    Capture,
    GroupCapture,
    SnapshotError,
    decode,
    encode,
    read,
    read_stream,
    stack,
    write,
)

WEB = Container(
    "/docker/ab",
    slot=3,
    generation=7,
    runtime="docker",
    id="ab",
    name="web",
    image="nginx:1",
    labels={"tier": "front", "": "odd"},
    created_ns=5,
    netns=9,
    netns_owner=3,
    is_host_network=True,
)


def group(ticks: int, rows: int, *, name: str = "cpu", keys: tuple[str, ...] = ()) -> GroupCapture:
    count = np.arange(ticks * rows, dtype=np.uint64).reshape(ticks, rows)
    return GroupCapture(
        name=name,
        ticks=np.arange(10, 10 + ticks, dtype=np.uint64),
        time_unix_ns=np.arange(ticks, dtype=np.uint64) * np.uint64(10**9),
        time_monotonic_ns=np.arange(ticks, dtype=np.uint64),
        handles=np.arange(1, 1 + rows, dtype=np.uint64),
        keys=keys,
        offsets_usec=np.zeros((ticks, rows), np.uint32),
        columns={"usage_ns": count, "some_avg10": count / 7},
    )


def assert_same(one: Capture, other: Capture) -> None:
    assert (one.containers, one.hostname, one.boot_id, one.notes) == (
        other.containers,
        other.hostname,
        other.boot_id,
        other.notes,
    )
    assert list(one.groups) == list(other.groups)
    for left, right in zip(one.groups.values(), other.groups.values(), strict=True):
        assert (left.name, left.keys, left.shape) == (right.name, right.keys, right.shape)
        for name in ("ticks", "time_unix_ns", "time_monotonic_ns", "handles", "offsets_usec"):
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
        assert list(left.columns) == list(right.columns)
        for name, values in left.columns.items():
            np.testing.assert_array_equal(values, right.columns[name])
            assert values.dtype == right.columns[name].dtype


@given(ticks=st.integers(0, 4), rows=st.integers(0, 5), is_keyed=st.booleans())
def test_what_goes_in_comes_out(ticks: int, rows: int, is_keyed: bool) -> None:
    keys = tuple(f"8:{row}" for row in range(rows)) if is_keyed else ()
    capture = Capture((WEB,), {"cpu": group(ticks, rows, keys=keys)}, "host", "boot", ("note",))
    assert_same(decode(encode(capture)), capture)


def test_sentinels_and_nan_survive() -> None:
    made = group(1, 2)
    made.columns["usage_ns"][0] = (ABSENT, UNLIMITED)
    made.columns["some_avg10"][0] = (np.nan, np.inf)
    back = decode(encode(Capture((), {"cpu": made}))).groups["cpu"]
    assert back.columns["usage_ns"][0].tolist() == [int(ABSENT), int(UNLIMITED)]
    assert np.isnan(back.columns["some_avg10"][0, 0])


def test_arrays_are_read_only_views() -> None:
    values = decode(encode(Capture((), {"cpu": group(2, 2)}))).groups["cpu"].columns["usage_ns"]
    assert not values.flags.writeable
    assert not values.flags.owndata


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a whole snapshot"),
        (b"\xc1", "not a whole snapshot"),
        (msgpack.packb([1]), "not a snapshot"),
        (msgpack.packb({"format": "other"}), "not a snapshot"),
        (
            msgpack.packb({"format": "pycadvisor-fast/columns", "version": 2}),
            "of version 2; this program reads version 1",
        ),
        (msgpack.packb({"format": "pycadvisor-fast/columns", "version": 1}), "damaged snapshot: KeyError"),
    ],
)
def test_what_is_no_snapshot(data: bytes, message: str) -> None:
    with pytest.raises(SnapshotError, match=message):
        decode(data)


@pytest.mark.parametrize("field", ["dtype", "shape", "bytes"])
def test_arrays_that_contradict_themselves(field: str) -> None:
    document = msgpack.unpackb(encode(Capture((), {"cpu": group(2, 2)})), raw=False)
    document["groups"][0]["columns"]["usage_ns"][field] = {"dtype": "|O", "shape": [2, 3], "bytes": b"x"}[field]
    with pytest.raises(SnapshotError, match="damaged snapshot"):
        decode(msgpack.packb(document))


@given(st.data())
def test_no_cut_or_flipped_byte_crashes(data: st.DataObject) -> None:
    whole = bytearray(encode(Capture((WEB,), {"cpu": group(1, 2)})))
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode(bytes(whole))
    except SnapshotError:
        pass


def test_a_stream_of_documents_and_its_end_in_the_middle() -> None:
    one = encode(Capture((WEB,), {"cpu": group(1, 1)}))
    assert len(list(read_stream(io.BytesIO(one * 3)))) == 3
    assert list(read_stream(io.BytesIO(b""))) == []
    cut = read_stream(io.BytesIO(one + one[:-1]))
    assert next(cut).containers == (WEB,)
    with pytest.raises(SnapshotError, match="ends in the middle"):
        next(cut)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    size = write(path, Capture((WEB,), {}))
    assert path.stat().st_size == size
    assert path.stat().st_mode & 0o777 == 0o644
    assert read(path).containers == (WEB,)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(path, Capture((), {}))
    assert read(path).containers == (WEB,)
    assert list(tmp_path.iterdir()) == [path]


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad"
    path.write_bytes(b"x")
    with pytest.raises(SnapshotError, match=str(path)):
        read(path)


def test_stacked_parts_keep_rows_of_all_and_absent_where_one_lacks() -> None:
    early, late = group(1, 1), group(2, 2)
    both = stack([early, late])
    assert both.shape == (3, 2)
    assert both.ticks.tolist() == [10, 10, 11]
    assert both.columns["usage_ns"].tolist() == [[0, int(ABSENT)], [0, 1], [2, 3]]
    assert np.isnan(both.columns["some_avg10"][0, 1])
    keyed = stack([group(1, 1, keys=("lo",)), group(1, 1, keys=("eth0",))])
    assert keyed.keys == ("lo", "eth0")
    assert keyed.handles.tolist() == [1, 1]
