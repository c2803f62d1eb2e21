"""The ring as numpy: what libpcf wrote is what attach() shows."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycadvisor_fast.errors import NativeError, RingError, SelectionError, TornError
from pycadvisor_fast.native import ABSENT, UNLIMITED
from pycadvisor_fast.sampling import Ring, attach
from tests.unit.ring_writer import MS, Writer


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with Writer(tmp_path / "ring") as made:
        yield made


def two_containers(writer: Writer) -> None:
    """/a and /b with three ticks of memory_stat."""
    writer.open("memory_stat")
    for path in ("/a", "/b"):
        slot, generation = writer.claim(path)
        writer.row("memory_stat", slot, generation)
    for tick in (1, 2, 3):
        writer.tick(
            "memory_stat", tick, {0: {"anon_bytes": 4096 * tick}, 1: {"anon_bytes": 8192 * tick, "pgfault": tick}}
        )


def test_snapshot(writer: Writer) -> None:
    two_containers(writer)
    with attach(writer.path) as ring:
        assert list(ring.groups) == ["memory_stat"]
        snapshot = ring.latest("memory_stat")
        assert (snapshot.tick, snapshot.monotonic_ns, snapshot.duration_ns) == (3, 3 * MS, 5000)
        assert snapshot.time_ns == 3 * MS + 1000_000 * MS
        assert snapshot.slots.tolist() == [0, 1]
        assert snapshot.generations.tolist() == [1, 1]
        assert snapshot.keys is None
        assert snapshot.column("anon_bytes").tolist() == [12288.0, 24576.0]
        assert snapshot.raw("anon_bytes").tolist() == [3, 6]
        assert snapshot.raw("anon_bytes").dtype == np.uint32
        pgfault = snapshot.column("pgfault")
        assert math.isnan(pgfault[0])
        assert pgfault[1] == 3
        assert snapshot.integers("pgfault").tolist() == [ABSENT, 3]
        row = snapshot.row(1)
        assert {name: value for name, value in row.items() if value is not None} == {"anon_bytes": 24576, "pgfault": 3}
        assert row["file_bytes"] is None
        assert snapshot.row(7) == {}
        assert snapshot.handles.tolist() == [1 << 32, 1 << 32 | 1]
        with pytest.raises(ValueError, match="read-only"):
            snapshot.cells["anon_bytes"][0] = 1


def test_snapshots_outlive_everything(writer: Writer) -> None:
    two_containers(writer)
    ring = attach(writer.path)
    snapshot, cells = ring.latest("memory_stat"), ring.group("memory_stat").cells
    reading = ring.group("memory_stat").reading()
    ring.close()
    writer.close()
    del ring
    assert snapshot.column("anon_bytes").tolist() == [12288.0, 24576.0]
    assert cells["anon_bytes"][3 % 8].tolist() == [3, 6]  # the mapping lives as long as the array
    assert reading.raw("anon_bytes").tolist() == [3, 6]
    with pytest.raises(RingError, match="closed"):
        reading.check()


def test_attaching_leaves_nothing_behind(writer: Writer) -> None:
    two_containers(writer)

    def held() -> tuple[int, int]:
        maps = Path("/proc/self/maps").read_text().count(writer.path)
        return len(list(Path("/proc/self/fd").iterdir())), maps

    ring = attach(writer.path)
    ring.latest("memory_stat")
    ring.containers()
    ring.close()
    before = held()
    for _ in range(20):
        with attach(writer.path) as again:
            again.window("memory_stat")
            again.containers()
            with again.group("memory_stat").reading() as view:
                view.column("anon_bytes")
    del again, view
    assert held() == before


def test_closed_ring_says_so(writer: Writer) -> None:
    two_containers(writer)
    ring = attach(writer.path)
    ring.close()
    ring.close()
    for call in (lambda: ring.latest("memory_stat"), ring.containers, ring.refresh, lambda: ring.is_alive):
        with pytest.raises(RingError, match="closed; attach again"):
            call()


def test_cells_are_the_ring_itself(writer: Writer) -> None:
    two_containers(writer)
    group = attach(writer.path).group("memory_stat")
    cells = group.cells
    assert cells.shape == (8, 2)  # rows never used have no memory and are not shown
    assert cells.dtype == group.dtype
    assert group.dtype.names is not None
    assert group.dtype.names[:2] == ("tick", "offset_usec")
    writer.tick("memory_stat", 9, {0: {"anon_bytes": 4096 * 77}})
    assert cells["anon_bytes"][group.position(9), 0] == 77  # no copy: the store shows
    with pytest.raises(ValueError, match="read-only"):
        cells["anon_bytes"][0, 0] = 1


def test_absent_unlimited_and_fractions(writer: Writer) -> None:
    writer.open("pressure")
    writer.open("limits")
    slot, generation = writer.claim("/a")
    pressure, limits = writer.row("pressure", slot, generation), writer.row("limits", slot, generation)
    writer.tick("pressure", 1, {pressure: {"cpu_some_avg10": 1234}})
    writer.tick("limits", 1, {limits: {"memory_bytes": UNLIMITED, "pids": 100}})
    ring = attach(writer.path)
    snapshot = ring.latest("pressure")
    assert snapshot.column("cpu_some_avg10").tolist() == [12.34]
    assert snapshot.integers("cpu_some_avg10").tolist() == [1234]
    assert snapshot.row(slot)["cpu_some_avg10"] == 12.34
    assert np.isnan(snapshot.column("io_some_avg10")).all()
    limit = ring.latest("limits")
    assert limit.column("memory_bytes").tolist() == [math.inf]
    assert limit.integers("memory_bytes").tolist() == [UNLIMITED]
    assert limit.row(slot)["memory_bytes"] == math.inf
    assert limit.row(slot)["pids"] == 100


def test_columns_this_host_does_not_give(writer: Writer) -> None:
    writer.open("cpu", absent=("nice_ns", "bursts", "burst_ns"))
    slot, generation = writer.claim("/a")
    writer.row("cpu", slot, generation)
    writer.tick("cpu", 1, {slot: {"usage_ns": 5}})
    snapshot = attach(writer.path).latest("cpu")
    assert np.isnan(snapshot.column("nice_ns")).all()
    assert snapshot.integers("nice_ns").tolist() == [ABSENT]
    assert "nice_ns" not in snapshot.row(slot)
    with pytest.raises(SelectionError, match="does not give"):
        snapshot.raw("nice_ns")
    with pytest.raises(SelectionError, match="did you mean 'usage_ns'"):
        snapshot.column("usage_n")


def test_group_errors(writer: Writer) -> None:
    two_containers(writer)
    ring = attach(writer.path)
    with pytest.raises(SelectionError, match="did you mean 'memory'"):
        ring.group("memry")
    with pytest.raises(SelectionError, match="'cpu' is not sampled there; memory_stat are"):
        ring.group("cpu")
    group = ring.group("memory_stat")
    with pytest.raises(TornError, match="ticks 1 to 3; tick 9 is not whole"):
        group.snapshot(9)
    with pytest.raises(TornError, match="tick 9"):
        group.reading(9)
    writer.open("pids")
    assert ring.refresh()
    with pytest.raises(RingError, match="no tick is complete yet"):
        ring.latest("pids")
    assert len(ring.window("pids")) == 0


def test_attach_to_nothing(tmp_path: Path) -> None:
    with pytest.raises(RingError, match=r"slots\.dir.*has a collector run"):
        attach(tmp_path / "none")
    (tmp_path / "slots.dir").write_bytes(b"garbage" * 1000)
    with pytest.raises(RingError, match="cannot be trusted: it is no list of containers"):
        attach(tmp_path)


def test_truncated_ring(writer: Writer) -> None:
    two_containers(writer)
    writer.close()
    file = Path(writer.path) / "memory_stat.ring"
    with file.open("r+b") as stream:
        stream.truncate(9000)
    with pytest.raises(RingError, match=r"memory_stat\.ring: cannot be trusted: it is cut short"):
        attach(writer.path)


def test_reading_without_a_copy(writer: Writer) -> None:
    two_containers(writer)
    slot, generation = writer.claim("/c")
    writer.row("memory_stat", slot, generation)
    writer.tick("memory_stat", 4, {0: {"anon_bytes": 4096}, slot: {"anon_bytes": 8192}})
    group = attach(writer.path).group("memory_stat")
    with group.reading() as view:
        assert view.present.tolist() == [True, False, True]
        usage = view.column("anon_bytes")
        assert usage[0] == 4096
        assert math.isnan(usage[1])
        assert view.integers("anon_bytes").tolist() == [4096, ABSENT, 8192]
        assert view.raw("anon_bytes")[2] == 2
        assert np.shares_memory(view.raw("anon_bytes"), group.cells)


def test_reading_notices_the_writer(writer: Writer) -> None:
    two_containers(writer)
    group = attach(writer.path).group("memory_stat")

    def read_while_written(tick: int, error: Exception | None = None) -> None:
        with group.reading(tick) as view:
            assert view.raw("anon_bytes").tolist() == [3, 6]
            writer.begin("memory_stat", tick + 8)  # the same place, one round later
            if error is not None:
                raise error

    with pytest.raises(TornError, match="tick 3 was overwritten"):
        read_while_written(3)
    writer.end("memory_stat")
    with pytest.raises(KeyError):  # an error in the block is not hidden by the check
        read_while_written(11, KeyError())


def test_keyed_groups(writer: Writer) -> None:
    writer.open("io")
    slot, generation = writer.claim("/a")
    sda, sdb = (writer.row("io", slot, generation, key) for key in ("8:0", "8:16"))
    other_slot, other_generation = writer.claim("/b")
    other = writer.row("io", other_slot, other_generation, "8:0")
    writer.tick("io", 1, {sda: {"read_bytes": 1}, sdb: {"read_bytes": 2}, other: {"read_bytes": 3}})
    snapshot = attach(writer.path).latest("io")
    assert snapshot.keys is not None
    found = sorted(
        zip(snapshot.slots.tolist(), snapshot.keys.tolist(), snapshot.column("read_bytes").tolist(), strict=True)
    )
    assert found == [(slot, "8:0", 1.0), (slot, "8:16", 2.0), (other_slot, "8:0", 3.0)]
    assert snapshot.keys_of(slot) == ["8:0", "8:16"]
    assert snapshot.row(slot, "8:16")["read_bytes"] == 2
    assert snapshot.row(slot, "9:9") == {}


def test_new_tenants_do_not_inherit(writer: Writer) -> None:
    two_containers(writer)
    group = attach(writer.path).group("memory_stat")
    writer.release(0, 1, 4)
    gone = group.snapshot(3)
    assert gone.slots.tolist() == [0, 1]  # gone, still readable
    slot, generation = writer.claim("/new", 2, 4)
    assert (slot, generation) == (0, 2)
    writer.row("memory_stat", slot, generation, tick=4)
    writer.tick("memory_stat", 4, {0: {"anon_bytes": 4096}, 1: {"anon_bytes": 4096}})
    assert group.snapshot(3).slots.tolist() == [1]
    assert group.snapshot(4).generations.tolist() == [2, 1]
    window = group.window()
    assert window.ticks.tolist() == [1, 2, 3, 4]
    assert window.present.tolist() == [[False, True], [False, True], [False, True], [True, True]]
    assert np.isnan(window.column("anon_bytes")[:3, 0]).all()


def test_window(writer: Writer) -> None:
    writer.open("pids", ring_len=5, interval_ms=2)
    slot, generation = writer.claim("/a")
    writer.row("pids", slot, generation)
    for tick in (2, 4, 8, 10, 12, 14):  # 6 was skipped
        writer.tick("pids", tick, {0: {"current": tick}} if tick != 10 else {})
    group = attach(writer.path).group("pids")
    assert (group.oldest_tick, group.latest_tick, group.stride) == (8, 14, 2)
    window = group.window()
    assert window.ticks.tolist() == [8, 10, 12, 14]
    assert window.monotonic_ns.tolist() == [8 * MS, 10 * MS, 12 * MS, 14 * MS]
    assert window.present[:, 0].tolist() == [True, False, True, True]
    assert window.integers("current")[:, 0].tolist() == [8, ABSENT, 12, 14]
    np.testing.assert_array_equal(window.column("current")[:, 0], [8, np.nan, 12, 14])
    assert group.window(ticks=2).ticks.tolist() == [12, 14]
    assert group.window(ticks=0).ticks.tolist() == []
    assert group.window(since=10).ticks.tolist() == [12, 14]
    assert group.window(seconds=0.004).ticks.tolist() == [10, 12, 14]
    assert group.window(seconds=0.004, ticks=1).ticks.tolist() == [14]
    assert group.window(since=14).column("current").shape == (0, 0)


def test_window_of_chosen_columns(writer: Writer) -> None:
    two_containers(writer)
    window = attach(writer.path).window("memory_stat", columns=["anon_bytes"])
    assert window.column("anon_bytes").tolist() == [[4096.0, 8192.0], [8192.0, 16384.0], [12288.0, 24576.0]]
    with pytest.raises(SelectionError, match=r"memory_stat\.pgfault was left out of this window"):
        window.column("pgfault")
    with pytest.raises(SelectionError, match="no column 'anon'"):
        attach(writer.path).window("memory_stat", columns=["anon"])


def test_containers(writer: Writer) -> None:
    for path in ("/a", "/b", "/c"):
        writer.claim(path)
    writer.describe(1, runtime="docker", id="abc", name="web", image="nginx:1", created_ns=5, netns=9, netns_owner=2)
    writer.describe(2, runtime="docker", netns=9, netns_owner=2, flags=1)
    with attach(writer.path) as ring:
        a, b, c = ring.containers()
        assert (a.path, a.slot, a.generation, a.runtime, a.name, a.netns_owner) == ("/a", 0, 1, "raw", "", -1)
        assert (b.runtime, b.id, b.name, b.image, b.created_ns, b.netns_owner) == (
            "docker",
            "abc",
            "web",
            "nginx:1",
            5,
            2,
        )
        assert c.is_host_network
        version = ring.containers_version
        assert ring.containers()[1] is b  # nothing changed, nothing made anew
        writer.release(1, 1, 9)
        assert ring.containers_version != version
        assert [container.path for container in ring.containers()] == ["/a", "/c"]
        assert [container.path for container in ring.containers(gone=True)] == ["/a", "/b", "/c"]
        writer.claim("/d", 4)
        assert [container.path for container in ring.containers()] == ["/a", "/d", "/c"]
        assert ring.containers()[0] is a


def test_restarts_and_refresh(writer: Writer) -> None:
    two_containers(writer)
    ring = attach(writer.path)
    assert ring.is_alive
    writer.close()
    assert not ring.is_alive
    assert ring.latest("memory_stat").tick == 3  # the daemon is gone, its samples are not
    with Writer(Path(writer.path)) as second:
        assert second.taken == 1
        assert second.open("memory_stat") == 1
        assert ring.is_alive
        assert not ring.is_stale
        assert not ring.refresh()
        slot, generation = second.claim("/a")
        assert (slot, generation) == (0, 1)
        assert second.row("memory_stat", slot, generation) == 0
        second.tick("memory_stat", 5, {0: {"anon_bytes": 4096 * 5}})
        assert ring.window("memory_stat").integers("anon_bytes")[:, 0].tolist() == [4096, 8192, 12288, 20480]
    old = ring.latest("memory_stat")
    with Writer(Path(writer.path)) as third:
        assert third.open("memory_stat", ring_len=9) == 2
        assert third.notes == ["memory_stat: the ring of an earlier collector was replaced: history was 8 ticks, is 9"]
        assert third.open("pids") == 0
        assert ring.is_stale
        assert ring.refresh()
        assert not ring.is_stale
        assert list(ring.groups) == ["memory_stat", "pids"]
        assert ring.group("memory_stat").ring_len == 9
        assert ring.group("memory_stat").latest_tick == 0
        assert old.tick == 5


def test_two_writers_are_refused(writer: Writer) -> None:
    with pytest.raises(NativeError, match=r"collector with pid \d+ writes there") as caught:
        Writer(Path(writer.path))
    assert caught.value.errno == 16
    with Writer(Path(writer.path + "2")):
        pass  # another directory is fine


def test_a_racing_writer_never_tears_a_snapshot(writer: Writer) -> None:
    writer.open("cpu", ring_len=2, rows=40)
    for number in range(40):
        slot, generation = writer.claim(f"/{number}")
        writer.row("cpu", slot, generation)
    done = threading.Event()

    def write() -> None:
        for tick in range(1, 1500):
            writer.tick("cpu", tick, {row: {"usage_ns": tick, "throttled_ns": tick} for row in range(0, 40, 3)})
        done.set()

    thread = threading.Thread(target=write)
    with attach(writer.path) as ring:
        group = ring.group("cpu")
        thread.start()
        seen = 0
        while not done.is_set():
            try:
                snapshot = group.snapshot()
                window = group.window(columns=["usage_ns"])
            except RingError:
                continue  # none yet, or overwritten while it was read
            seen += 1
            assert (snapshot.column("usage_ns") == snapshot.tick).all()
            assert (snapshot.column("throttled_ns") == snapshot.tick).all()
            values = window.integers("usage_ns")
            assert (
                values[window.present] == np.broadcast_to(window.ticks[:, None], values.shape)[window.present]
            ).all()
        thread.join()
        assert group.latest_tick == 1499
        assert seen


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from([0, 4096, 8192, 4096 * 0xFFFFFFFD, 4096 * 0xFFFFFFFE, 5, ABSENT, UNLIMITED]),
            st.integers(0, 2**64 - 1),
        ),
        max_size=12,
    )
)
def test_whatever_is_stored_is_read(
    tmp_path_factory: pytest.TempPathFactory, stores: list[tuple[int, int, int]]
) -> None:
    """Several values of a row in one tick: the last one counts; what does not fit is absent."""
    with Writer(tmp_path_factory.mktemp("ring")) as writer:
        writer.open("memory_stat")
        for number in range(4):
            slot, generation = writer.claim(f"/{number}")
            writer.row("memory_stat", slot, generation)
        writer.begin("memory_stat", 1)
        expected: dict[int, tuple[int, int]] = {}
        for row, usage, pgfault in stores:
            fits = usage >= UNLIMITED or (usage % 4096 == 0 and usage // 4096 < 0xFFFFFFFE)
            assert writer.store("memory_stat", row, {"anon_bytes": usage, "pgfault": pgfault}) == (0 if fits else 1)
            expected[row] = (usage if fits else ABSENT, pgfault)
        writer.end("memory_stat")
        with attach(writer.path) as ring:
            snapshot = ring.latest("memory_stat")
            assert snapshot.slots.tolist() == sorted(expected)
            assert snapshot.integers("anon_bytes").tolist() == [expected[row][0] for row in sorted(expected)]
            assert snapshot.integers("pgfault").tolist() == [expected[row][1] for row in sorted(expected)]
            floats = snapshot.column("anon_bytes")
            assert np.isnan(floats).tolist() == [expected[row][0] == ABSENT for row in sorted(expected)]
            assert np.isinf(floats).tolist() == [expected[row][0] == UNLIMITED for row in sorted(expected)]


def test_attach_needs_no_grpc(writer: Writer) -> None:
    two_containers(writer)
    program = (
        "import sys, pycadvisor_fast\n"
        "assert 'numpy' not in sys.modules\n"
        "ring = pycadvisor_fast.attach(sys.argv[1])\n"
        "assert ring.latest('memory_stat').column('anon_bytes').tolist() == [12288.0, 24576.0]\n"
        "assert not [name for name in sys.modules if name.startswith(('grpc', 'google.protobuf'))]\n"
    )
    subprocess.run([sys.executable, "-c", program, writer.path], check=True, timeout=60)


def test_default_path_is_named(tmp_path: Path) -> None:
    assert Ring.__init__.__defaults__ == ("/dev/shm/pycadvisor-fast",)
    with pytest.raises(RingError, match=str(tmp_path)):
        Ring(tmp_path)
