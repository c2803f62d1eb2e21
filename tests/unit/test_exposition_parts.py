"""What a scrape asks for and in which format, and how labels are made: pure parts of the face."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.faces.exposition import compression, filesystems
from pycadvisor_fast.faces.exposition.filesystems import device_names, label_of
from pycadvisor_fast.faces.exposition.labels import LabelStore, Policy, block, named
from pycadvisor_fast.faces.exposition.negotiation import accepts_gzip, choose
from pycadvisor_fast.faces.exposition.query import Query, QueryError, parse
from pycadvisor_fast.faces.exposition.tables import FAMILIES
from pycadvisor_fast.filesystem import Filesystem, TreeUsage
from pycadvisor_fast.native.exposition import OPENMETRICS, PROTOBUF, TEXT
from pycadvisor_fast.views.selection import Selector

from .exposition_rig import STORAGE, docker

LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
PROMETHEUS_3 = (  # scrape/scrape.go: what a server sends
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROTOBUF_FIRST = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," + PROMETHEUS_3
)


# ---- labels
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=3), max_size=12))
def test_names_differ_whatever_the_keys(values: dict[str, str]) -> None:
    pairs = named("container_label_", values)
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names) == len(values)
    assert all(LABEL.fullmatch(name) for name in names)
    assert sorted(value for _, value in pairs) == sorted(values.values())
    assert pairs == named("container_label_", dict(reversed(values.items()))), "the order they come in does not matter"


def test_names_that_become_the_same() -> None:
    values = {"a.b": "dot", "a-b": "dash", "a_b": "under", "a_b_2": "two", "é": "1", "": "none"}
    assert named("l_", values) == [
        ("l_", "none"), ("l_a_b", "dash"), ("l_a_b_2", "dot"), ("l_a_b_3", "under"), ("l_a_b_2_2", "two"), ("l__", "1"),
    ]  # fmt: skip


def test_labels_of_a_container() -> None:
    one = docker(1, labels={"app": "shop", "tier": "web"}, envs={"ZONE": "a"}, restart_count=3)
    assert dict(Policy().pairs(one)) == {
        "id": "/docker/c1", "image": "shop/web:1", "name": "web-1", "container_label_app": "shop",
        "container_label_tier": "web", "container_label_restartcount": "3", "container_env_ZONE": "a",
    }  # fmt: skip
    kept = Policy(store_labels=False, kept_labels=("tier",)).pairs(one)
    assert [name for name, _ in kept] == ["id", "image", "name", "container_label_tier", "container_env_ZONE"]


def test_only_what_a_runtime_named_has_a_name() -> None:
    """A dashboard takes everything with a name for a container; slices and services would be counted twice."""
    unit = docker(1, namespace="", name="nginx.service", runtime="systemd", image="")
    assert Policy().pairs(unit) == [("id", "/docker/c1")]


def test_names_as_cadvisor_has_them() -> None:
    strict = Policy(is_strict=True)
    of_containerd = docker(1, namespace="containerd", name="shop/web-1/app", aliases=("x",))
    assert strict.name(of_containerd) == of_containerd.id
    assert Policy().name(of_containerd) == "shop/web-1/app"
    of_crio = docker(1, namespace="crio", name="shop/web-1/app", aliases=("k8s_app_web-1_shop_uid_0",))
    assert strict.name(of_crio) == "k8s_app_web-1_shop_uid_0"


def test_labels_are_encoded_once() -> None:
    store, one = LabelStore(Policy()), docker(1)
    first = store.blocks([one], TEXT)[0]
    assert store.blocks([one], OPENMETRICS)[0] is first
    renamed = docker(1, name="other")
    assert b'name="other"' in store.blocks([renamed], TEXT)[0]
    many = [docker(slot) for slot in range(2, 12)]
    store.blocks(many, TEXT)
    store.keep_only(many[:2])
    assert store.blocks([renamed], TEXT)[0] is not first
    assert block([("a", 'b"\\\n')], TEXT) == b'a="b\\"\\\\\\n"'
    assert block([("a", "b")], PROTOBUF) == b"\x0a\x06\x0a\x01a\x12\x01b"


# ---- Accept
@pytest.mark.parametrize(
    ("accept", "form", "start"),
    [
        ("", TEXT, "text/plain; version=0.0.4"),
        ("*/*", TEXT, "text/plain; version=0.0.4"),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", TEXT, "text/plain"),
        (PROMETHEUS_3, OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (
            PROTOBUF_FIRST,
            PROTOBUF,
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=",
        ),
        ("application/openmetrics-text; version=0.0.1", OPENMETRICS, "application/openmetrics-text; version=0.0.1"),
        ("application/openmetrics-text;version=2.0.0, text/plain;q=0.1", TEXT, "text/plain"),
        ("application/vnd.google.protobuf;proto=other;encoding=delimited", TEXT, "text/plain"),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", TEXT, "text/plain"),
        ("application/openmetrics-text;q=0, text/plain;q=0.1", TEXT, "text/plain"),
        ("application/openmetrics-text;q=nonsense", TEXT, "text/plain"),
        ("application/openmetrics-text;q=nan", TEXT, "text/plain"),
        (";;;=,,,", TEXT, "text/plain"),
    ],
)
def test_negotiation(accept: str, form: int, start: str) -> None:
    chosen = choose(accept)
    assert chosen.form == form
    assert chosen.content_type.startswith(start)


@given(st.text(max_size=60))
def test_any_header_is_answered(header: str) -> None:
    assert choose(header).content_type
    assert accepts_gzip(header) in (True, False)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True), ("", False), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("*", True), ("*;q=0", False),
        ("identity", False), ("GZIP", True), ("gzip; q=0.0, *", False),
    ],
)  # fmt: skip
def test_gzip_is_asked_for(header: str, expected: bool) -> None:
    assert accepts_gzip(header) == expected


@given(st.lists(st.binary(max_size=2000), max_size=5))
def test_gzip_there_and_back(pieces: list[bytes]) -> None:
    packed, size = compression.compressed(pieces)
    assert size == sum(map(len, pieces))
    assert compression.plain(packed) == b"".join(pieces)


# ---- query
@pytest.mark.parametrize(
    ("pairs", "text", "status"),
    [
        ([("type", "x")], "unknown 'type' \"x\"", 500),
        ([("count", "x")], "failed to parse 'count' option: x", 500),
        ([("count", "1" * 5000)], "failed to parse 'count' option: 111", 500),
        ([("count", "-5")], "invalid 'count' option: only -1 and larger values allowed, not -5", 500),
        ([("max_age", "5")], "failed to parse 'max_age' option: time: invalid duration \"5\"", 500),
        ([("group", "cpus")], "there is no group 'cpus'; did you mean 'cpu'", 400),
        ([("container", "")], "a 'container' is empty", 400),
        ([("container", "/a"), ("container", "b")], "not both", 400),
        ([("label", "=x")], "names no key", 400),
        ([("extras", "maybe")], "true or false is meant", 400),
        ([("name[]", "a")] * 201, "is given 201 times", 400),
    ],
)
def test_wrong_parameters(pairs: list[tuple[str, str]], text: str, status: int) -> None:
    with pytest.raises(QueryError, match=re.escape(text)) as raised:
        parse(pairs)
    assert raised.value.status == status


def test_parameters() -> None:
    assert parse([]) == Query()
    assert parse([("count", "-1"), ("recursive", "nonsense"), ("unknown", "1")]) == Query()
    assert parse([("max_age", "1m30s")]).max_age_ns == 90 * 10**9
    assert parse([("max_age", "1s")]) == Query(), "an answer is the same, however fresh it has to be"
    assert parse([("type", "docker"), ("type", "name")]).type == "docker", "the first counts"
    assert parse([("container", "/docker/*"), ("label", "a=b")]).containers == Selector(
        paths=("/docker/*",), labels=("a=b",)
    )
    assert parse([("container", "web-*")]).containers == Selector(names=("web-*",))
    assert parse([("extras", "")], with_extras=True).with_extras
    assert not parse([("extras", "false")], with_extras=True).with_extras


def test_which_families() -> None:
    def chosen(**query: str) -> set[str]:
        asked = parse([(name.replace("names", "name[]"), value) for name, value in query.items()])
        return {family.name for family in FAMILIES if asked.wants(family)}

    plain = chosen()
    assert "container_memory_rss" in plain
    assert "pycadvisor_container_memory_stat_bytes" not in plain
    assert "pycadvisor_container_memory_stat_bytes" in chosen(extras="1")
    assert chosen(names="pycadvisor_container_memory_stat_*") == {
        "pycadvisor_container_memory_stat_bytes", "pycadvisor_container_memory_stat_total",
    }  # fmt: skip
    assert "container_cpu_user_seconds_total" in chosen(group="cpu")
    assert "container_memory_rss" not in chosen(group="cpu")
    assert {"container_spec_cpu_period", "container_health_state"} <= chosen(group="spec")
    assert all(name.startswith(("machine_", "pycadvisor_machine_")) for name in chosen(group="machine"))
    assert chosen(group="diskIO") > {"container_fs_reads_total"}


# ---- filesystems
def test_what_devices_are_called() -> None:
    assert device_names(STORAGE) == {"8:0": "/dev/sda", "8:16": "/dev/sdb"}
    assert [label_of(one) for one in STORAGE.filesystems] == ["/dev/sda", "/run", "/dev/shm"]
    assert label_of(Filesystem("overlay", "overlay", "/var/x/merged", 0, 31)) == "overlay_0-31"
    assert label_of(Filesystem("tank/data", "zfs", "/data", 0, 40)) == "tank/data"
    assert label_of(Filesystem("server:/export", "nfs4", "/mnt", 0, 41)) == "server:/export"
    assert label_of(Filesystem("none", "ceph", "/mnt", 0, 42)) == "/mnt"


def test_a_layer_that_only_its_snapshotter_knows_is_on_no_filesystem_of_the_host() -> None:
    one = docker(1, layer_driver="devmapper")
    storage = replace(STORAGE, containers={one.handle: (TreeUsage("layer", "", 4096, None, None, "snapshotter"),)})
    found = filesystems.samples(storage, [one], TEXT, with_disks=False, is_strict=False)
    assert set(found) == {"fs.usage_bytes", "tree.bytes"}
    assert b'device="devmapper"' in found["fs.usage_bytes"].labels
