"""The three formats of a scrape, read by others: the same series, each once, with the values that are in the ring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycadvisor_fast.errors import RingError
from pycadvisor_fast.faces.exposition.query import parse
from pycadvisor_fast.native.encoder import GroupAt, Regions
from pycadvisor_fast.native.exposition import OPENMETRICS, PROTOBUF, TEXT, FamilyRow, Members, Names, SeriesRow, Table
from pycadvisor_fast.native.exposition import Writer as ScrapeWriter
from pycadvisor_fast.spec import UNLIMITED

from .exposition_rig import (
    ROOT,
    Rig,
    docker,
    every_row,
    families_of,
    is_close,
    limits,
    protobuf_families,
    rig,
    samples_of,
)
from .handmade_ring import BY_NAME

FORMS = (TEXT, OPENMETRICS, PROTOBUF)
OF_THE_MOMENT = ("process_", "pycadvisor_scrape")  # differ between two answers
EXTRAS = parse([("extras", "true")])


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Rig]:
    containers = [docker(1), docker(2, labels={"a": "b"})]
    one = rig(tmp_path, containers)
    one.pass_over(every_row([ROOT, *containers]))
    yield one
    one.writer.close()


def test_all_formats_say_the_same(made: Rig) -> None:
    def plain(form: int) -> dict[Any, float]:
        found = made.samples(EXTRAS, form)
        return {where: value for where, value in found.items() if not where[0].startswith(OF_THE_MOMENT)}

    text = plain(TEXT)
    assert len(text) > 500
    assert plain(OPENMETRICS) == text
    assert plain(PROTOBUF) == text


def test_each_family_is_one_block_with_its_type(made: Rig) -> None:
    found = families_of(made.scrape(EXTRAS), TEXT)
    assert found["container_cpu_usage_seconds"][0] == "counter"
    assert found["container_memory_usage_bytes"][0] == "gauge"
    assert found["container_network_tcp_usage_total"][0] == "gauge"
    heads = [line.split()[2] for line in made.scrape(EXTRAS).decode().split("\n") if line.startswith("# TYPE")]
    assert heads == sorted(set(heads))


def test_values_are_those_of_the_ring(made: Rig) -> None:
    rows = every_row([ROOT, *made.feed.containers()[1:]])
    own = (("id", "/docker/c1"), ("image", "shop/web:1"), ("name", "web-1"))
    found = made.samples(EXTRAS)

    def of(name: str, **labels: str) -> float:
        return found[name, tuple(sorted((*own, *labels.items())))]

    cpu, memory, stat = (rows[name, 1, 1, ""] for name in ("cpu", "memory", "memory_stat"))
    assert is_close(of("container_cpu_usage_seconds_total", cpu="total"), cpu["usage_ns"] / 1e9)
    assert is_close(of("container_cpu_cfs_throttled_seconds_total"), cpu["throttled_ns"] / 1e9)
    assert of("container_memory_usage_bytes") == memory["usage_bytes"]
    working_set = max(0, memory["usage_bytes"] - stat["inactive_file_bytes"])
    assert of("container_memory_working_set_bytes") == working_set
    assert of("container_memory_failures_total", failure_type="pgfault", scope="container") == stat["local_pgfault"]
    io = rows["io", 1, 1, "8:0"]
    assert of("container_fs_reads_bytes_total", device="/dev/sda") == io["read_bytes"]
    assert of("container_fs_reads_bytes_total", device="253:16") == rows["io", 1, 1, "253:16"]["read_bytes"]
    labels = {"device": "/dev/sda", "major": "8", "minor": "0", "operation": "Discard"}
    assert of("container_blkio_device_usage_total", **labels) == io["discard_bytes"]
    network = rows["network", 1, 1, "eth0"]
    assert of("container_network_transmit_packets_total", interface="eth0") == network["tx_packets"]
    node = rows["memory_numa", 1, 1, "0"]
    assert of("container_memory_numa_pages", node="0", scope="hierarchy", type="anon") == node["anon_bytes"] // 4096
    pressure = rows["pressure", 1, 1, ""]
    ratio = of("pycadvisor_container_pressure_ratio", resource="io", tasks="full", window="60s")
    assert is_close(ratio, pressure["io_full_avg60"] / 10_000)


def test_a_column_stands_in_for_another(made: Rig) -> None:
    """Swap stands in memory on v2 and in memory.stat on v1."""
    rows = {
        ("cpu", 1, 1, ""): {"usage_ns": 1},
        ("memory_stat", 1, 1, ""): {"swap_bytes": 8192, "anon_bytes": 4096},
        ("memory", 2, 1, ""): {"swap_bytes": 4096},
        ("memory_stat", 2, 1, ""): {"swap_bytes": 8192},
    }
    made.pass_over(rows)
    samples = made.samples().items()
    found = {dict(labels)["id"]: value for (name, labels), value in samples if name == "container_memory_swap"}
    assert found == {"/docker/c1": 8192, "/docker/c2": 4096}


def test_absent_is_absent(made: Rig) -> None:
    made.pass_over({("cpu", 1, 1, ""): {"user_ns": 7}})
    own = [name for name, labels in made.samples() if ("id", "/docker/c1") in labels]
    assert "container_cpu_user_seconds_total" in own
    assert "container_spec_memory_limit_bytes" in own
    assert "container_memory_usage_bytes" not in own
    assert "container_memory_working_set_bytes" not in own
    assert "container_cpu_usage_seconds_total" not in own
    assert not [name for name, labels in made.samples() if ("id", "/docker/c2") in labels], "it was not sampled"


def test_no_working_set_below_zero(made: Rig) -> None:
    made.pass_over(
        {("memory", 1, 1, ""): {"usage_bytes": 4096}, ("memory_stat", 1, 1, ""): {"inactive_file_bytes": 8192}}
    )
    found = {name: value for (name, _), value in made.samples().items()}
    assert found["container_memory_working_set_bytes"] == 0


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        ("container_threads_max", {("limits", 1, 1, ""): {"pids": UNLIMITED}}, 0),
        ("container_threads_max", {("limits", 1, 1, ""): {"pids": 70}}, 70),
        ("container_ulimits_soft", {("tasks", 1, 1, ""): {"open_files_soft": UNLIMITED}}, -1),
        ("container_cpu_usage_seconds_total", {("cpu", 1, 1, ""): {"usage_ns": 0}}, None),
        ("container_cpu_user_seconds_total", {("cpu", 1, 1, ""): {"user_ns": 0}}, 0),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_unlimited_and_zero(made: Rig, name: str, rows: Any, expected: float | None, form: int) -> None:
    made.pass_over(rows)
    found = {sample: value for (sample, _), value in made.samples(parse([("name[]", name)]), form).items()}
    assert found.get(name) == expected


def test_cores_where_the_kernel_counts_them(tmp_path: Path) -> None:
    one = rig(tmp_path, [docker(1)])
    one.feed.layout = "v1"
    one = one.with_settings()
    rows = every_row(one.feed.containers())
    rows["cpu_percpu", 1, 1, "1"]["usage_ns"] = 0
    one.pass_over(rows)
    found = [dict(labels) for name, labels in one.samples() if name == "container_cpu_usage_seconds_total"]
    assert {labels["cpu"] for labels in found if labels["id"] == "/docker/c1"} == {"cpu00"}
    assert {labels["cpu"] for labels in found if labels["id"] == "/"} == {"cpu00", "cpu01"}
    one.writer.close()


def test_openmetrics_created_and_units(made: Rig) -> None:
    data = made.scrape(parse([("created", "1")]), OPENMETRICS).decode()
    assert data.endswith("# EOF\n")
    assert "# UNIT container_cpu_user_seconds seconds\n" in data
    assert "# TYPE container_cpu_user_seconds counter\n" in data
    found = samples_of(data.encode(), OPENMETRICS)
    own = (("id", "/docker/c1"), ("image", "shop/web:1"), ("name", "web-1"))
    assert found["container_cpu_user_seconds_created", own] == 1_690_000_000
    assert found["container_cpu_user_seconds_created", (("id", "/"),)] == 1_600_000_000, "boot"
    assert "_created" not in made.scrape(form=OPENMETRICS).decode(), "only when asked for"


def test_openmetrics_keeps_names_that_break_its_rule(made: Rig) -> None:
    found = families_of(made.scrape(form=OPENMETRICS), OPENMETRICS)
    assert found["container_memory_failcnt"][0] == "unknown"
    assert families_of(made.scrape(), TEXT)["container_memory_failcnt"][0] == "counter"


def test_protobuf_says_when_counters_began(made: Rig) -> None:
    (family,) = [
        one for one in protobuf_families(made.scrape(form=PROTOBUF)) if one.name == "container_cpu_user_seconds_total"
    ]
    assert {metric.counter.created_timestamp.seconds for metric in family.metric} == {1_690_000_000, 1_600_000_000}
    assert family.unit == "seconds"
    assert family.help


@pytest.mark.parametrize("form", FORMS)
def test_strict_brings_timestamps_back(made: Rig, form: int) -> None:
    families = families_of(made.with_settings(compat="strict").scrape(form=form), form)
    times = {name: {time for *_, time in samples} for name, (_, samples) in families.items()}
    taken = (1_700_000_000_000_000_000 + made.writer.base_ns + 1_500_000) // 10**6 / 1000
    suffix = "_total" if form == PROTOBUF else ""
    assert times[f"container_cpu_user_seconds{suffix}"] == {taken}
    assert times["container_spec_memory_limit_bytes"] == {None}
    assert times["machine_cpu_cores"] == {1_700_000_050.0}
    assert times["container_last_seen"] == {1_700_000_100.25}
    assert times["cadvisor_version_info"] == {None}
    plain = families_of(made.scrape(form=form), form)
    assert {time for _, samples in plain.values() for *_, time in samples} == {None}


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=st.dictionaries(TEXTS, TEXTS, max_size=6),
    envs=st.dictionaries(TEXTS, TEXTS, max_size=3),
    texts=st.tuples(TEXTS, TEXTS, TEXTS),
    values=st.lists(st.integers(0, 2**64 - 3), min_size=3, max_size=3),
)
def test_whatever_labels_and_values(made: Rig, labels: Any, envs: Any, texts: Any, values: list[int]) -> None:
    """Each format is read back as the same labels, all values included, and the same numbers."""
    path, name, image = texts
    one = docker(1, labels=labels, envs=envs, path=f"/c{path}", name=name, image=image)
    made.feed.set_containers([ROOT, one])
    made.feed.set_spec(one, limits())
    columns = ("user_ns", "usage_ns", "periods")
    made.pass_over({("cpu", 1, 1, ""): dict(zip(columns, values, strict=True))})
    query = parse([("name[]", "container_cpu_user_seconds_total"), ("name[]", "container_cpu_cfs_periods_total")])
    for form in FORMS:
        found = made.samples(query, form)
        by_name = {name: (dict(pairs), value) for (name, pairs), value in found.items()}
        pairs, seconds = by_name["container_cpu_user_seconds_total"]
        assert is_close(seconds, values[0] / 10**9)
        assert by_name["container_cpu_cfs_periods_total"][1] == float(values[2])
        assert pairs["id"] == f"/c{path}"
        assert (pairs.get("name", ""), pairs.get("image", "")) == (name, image)
        assert sorted(value for key, value in pairs.items() if key.startswith("container_label_")) == sorted(
            labels.values()
        )
        assert sorted(value for key, value in pairs.items() if key.startswith("container_env_")) == sorted(
            envs.values()
        )


@pytest.mark.parametrize("form", FORMS)
def test_keys_are_escaped_too(made: Rig, form: int) -> None:
    key = 'a"\\\nz é'
    made.pass_over({("network", 1, 1, key): {"rx_bytes": 5}})
    (labels,) = [
        dict(pairs) for (name, pairs) in made.samples(form=form) if name == "container_network_receive_bytes_total"
    ]
    assert labels["interface"] == key


def test_the_request_is_checked(made: Rig) -> None:
    regions = Regions(str(made.writer.path), made.writer.regions)
    writer = ScrapeWriter(regions)
    cpu = BY_NAME["cpu"].index

    def write(rows: tuple[SeriesRow, ...], groups: list[GroupAt], form: int = TEXT) -> bytes:
        table = Table([FamilyRow("a", "a", "", "", 1, rows)])
        members = Members([1 << 32], [b""], [0], [0])
        return b"".join(bytes(piece) for piece in writer.write(form, table, members, groups, {}, Names({})))

    latest = regions.by_group[cpu].latest
    assert write((SeriesRow(cpu, 0),), [GroupAt(cpu, latest)]).startswith(b"# HELP a")
    for rows, groups, form in (
        ((SeriesRow(99, 0),), [], TEXT),
        ((SeriesRow(cpu, 0, decimals=19),), [GroupAt(cpu, latest)], TEXT),
        ((SeriesRow(cpu, 0),), [GroupAt(cpu, latest)], 7),
        ((SeriesRow(cpu, 0),), [GroupAt(cpu, latest), GroupAt(cpu, latest)], TEXT),
    ):
        with pytest.raises(RingError, match="EINVAL"):
            write(rows, groups, form)
    assert write((SeriesRow(cpu, 120),), [GroupAt(cpu, latest)]) == b"", "a column that is not there"
    regions.close()
