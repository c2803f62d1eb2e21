"""Filters, roster and registry: who is followed, who they are, and what slots.dir is told."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.discovery import registry as registry_module
from pycadvisor_fast.discovery.attributes import Attributes
from pycadvisor_fast.discovery.filters import Filters
from pycadvisor_fast.discovery.registry import Registry
from pycadvisor_fast.discovery.roster import Roster
from pycadvisor_fast.discovery.runtimes import Ended, Identity
from pycadvisor_fast.discovery.watcher import Handle
from pycadvisor_fast.errors import NativeError, SelectionError
from pycadvisor_fast.native.collector import Network

A, B = "a1" * 32, "a1" * 31 + "b2"
DOCKER = f"/docker/{A}"
POD = "/kubepods.slice/kubepods-pod0123456789abcdef0123456789abcdef.slice"


# ---- filters ----
@pytest.mark.parametrize(
    ("options", "path", "expected"),
    [
        ({}, "/", True),
        ({}, "/system.slice/nginx.service", True),
        ({}, "/system.slice/dev-hugepages.mount", False),
        ({"disable_root": True}, "/", False),
        ({"docker_only": True}, "/", True),
        ({"docker_only": True}, "/system.slice", False),
        ({"docker_only": True}, POD, False),
        ({"docker_only": True}, DOCKER, True),
        ({"docker_only": True}, f"/machine.slice/libpod-{A}.scope", True),
        ({"docker_only": True}, f"{POD}/crio-conmon-{A}.scope", False),
        # a prefix list filters raw cgroups without docker_only too, by plain prefix
        ({"raw_prefixes": ("/a",)}, "/ab/c", True),
        ({"raw_prefixes": ("/a",)}, "/b", False),
        ({"raw_prefixes": ("/a",)}, DOCKER, True),
        ({"raw_prefixes": ("/a",)}, "/", True),
        ({"raw_prefixes": ("/a",), "docker_only": True}, "/a/b", True),
        ({"include": ("/docker/*",)}, DOCKER, True),
        ({"include": ("/docker/*",)}, "/docker", False),
        ({"include": ("/docker/*",)}, "/", True),
        ({"exclude": ("*/nginx.service", "/x*")}, "/system.slice/nginx.service", False),
        ({"exclude": ("*/nginx.service", "/x*")}, "/x/y/z", False),
        ({"exclude": ("*/nginx.service", "/x*")}, "/system.slice", True),
        ({"include": ("*",), "exclude": ("/docker/*",)}, DOCKER, False),
    ],
)
def test_filters(options: dict[str, Any], path: str, expected: bool) -> None:
    assert Filters(**options).accept(path) is expected


# ---- roster ----
def test_roster_answers_with_one_tuple_until_something_changes() -> None:
    roster = Roster()
    roster.put(Container("/b", 2, 1))
    roster.put(Container("/a", 1, 1))
    first, version = roster.containers(), roster.version
    assert [one.slot for one in first] == [1, 2]
    assert roster.containers() is first
    assert roster.update(1, 1, name="") is None
    assert roster.version == version
    assert roster.update(1, 1, name="x") is not None
    assert roster.version > version
    assert first[0].name == ""
    assert roster.containers()[0].name == "x"


def test_roster_knows_one_tenant_of_a_slot_from_another() -> None:
    roster = Roster()
    roster.put(Container("/a", 1, 1, id=A))
    roster.put(Container("/b", 1, 2, id=B))
    assert roster.by_path("/a") is None
    assert roster.by_id(A) is None
    assert roster.drop(1, 1) is None
    assert roster.update(1, 1, name="late") is None
    assert roster.by_path("/b") == roster.by_id(B) == roster.by_slot(1)
    assert roster.drop(1, 2) is not None
    assert roster.containers() == ()


def test_a_path_that_moved_to_another_slot_stays_found() -> None:
    roster = Roster()
    roster.put(Container("/a", 1, 1, id=A))
    roster.put(Container("/a", 2, 1, id=A))
    roster.drop(1, 1)
    assert roster.find("/a") == roster.find(A) == roster.by_slot(2)


def test_find_by_path_name_id_and_prefix() -> None:
    roster = Roster()
    roster.put(Container("/docker/1", 1, 1, id=A, name="web"))
    roster.put(Container("/docker/2", 2, 1, id=B, name="db"))
    roster.put(Container("/lxc/db", 3, 1, name="db"))
    web = roster.by_slot(1)
    assert roster.find("/docker/1") is roster.find("web") is roster.find(A) is web
    assert roster.find(B[:63]) is roster.by_slot(2)
    assert roster.find("nobody") is None
    assert roster.find("a1") is None  # too short for a prefix
    with pytest.raises(SelectionError, match=r"'db' is not unique.*/docker/2, /lxc/db"):
        roster.find("db")
    with pytest.raises(SelectionError, match="a1a1"):
        roster.find("a1a1")


# ---- registry ----
class FakeSlots:
    """What the registry calls instead of libpcf."""

    def __init__(self) -> None:
        self.live: dict[Handle, str] = {}
        self.described: dict[Handle, tuple[str, str, str, str]] = {}
        self.describes = 0
        self.fails: NativeError | None = None
        self.seq = 0
        self.network: dict[int, Network] = {}

    def add(self, path: str, created_ns: int) -> Handle | None:
        if self.fails is not None:
            raise self.fails
        if path == "/gone":
            return None
        handle = (len(self.live) + 1, 7)
        self.live[handle] = path
        return handle

    def refresh(self, slot: int, generation: int) -> None:
        assert (slot, generation) in self.live

    def remove(self, slot: int, generation: int) -> None:
        del self.live[slot, generation]

    def vanished(self) -> list[Handle]:
        return []

    def describe(self, slot: int, generation: int, *, runtime: str, ident: str, name: str, image: str) -> None:
        self.describes += 1
        self.described[slot, generation] = (runtime, ident, name, image)

    def slots_seq(self) -> int:
        return self.seq

    def networks(self, slots: list[Handle]) -> Mapping[int, Network]:
        return self.network


class Parts:
    def __init__(self, attributes: Attributes | None = None) -> None:
        self.slots, self.roster = FakeSlots(), Roster()
        self.asked: list[tuple[str, str]] = []
        self.forgotten: list[str] = []
        self.registry = Registry(self.slots, self.roster, attributes)
        self.registry.connect(lambda runtime, ident: self.asked.append((runtime, ident)), self.forgotten.append)


@pytest.fixture
def parts() -> Parts:
    return Parts()


def test_a_container_is_described_by_its_path_and_its_runtime_asked(parts: Parts) -> None:
    handle = parts.registry.add(DOCKER, 5)
    assert handle is not None
    container = parts.roster.by_path(DOCKER)
    assert container is not None
    assert (container.runtime, container.id, container.kind, container.namespace) == (
        "docker",
        A,
        "container",
        "docker",
    )
    assert container.created_ns == 5
    assert parts.slots.described[handle] == ("docker", A, "", "")
    assert parts.asked == [("docker", A)]
    parts.registry.remove(handle)
    assert parts.forgotten == [A]
    assert parts.roster.containers() == ()


def test_raw_cgroups_and_pods_are_nobody_to_ask_for(parts: Parts) -> None:
    parts.registry.add("/a", 0)
    parts.registry.add(POD, 0)
    parts.registry.add(f"/libpod_parent/{A}", 0)
    assert parts.asked == []
    pod = parts.roster.by_path(POD)
    assert pod is not None
    assert (pod.runtime, pod.kind, pod.pod_uid) == ("kubepods", "pod", "0123456789abcdef0123456789abcdef")


def test_gone_and_refused_cgroups_leave_nothing(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    assert parts.registry.add("/gone", 0) is None
    parts.slots.fails = NativeError(-28, "no slot left")
    for index in range(5):
        assert parts.registry.add(f"/x{index}", 0) is None
    assert parts.roster.containers() == ()
    assert parts.registry.refused == 5
    assert len([record for record in caplog.records if "no slot left" in record.message]) == 1


def test_an_identity_replaces_the_container_and_is_written_once(parts: Parts) -> None:
    handle = parts.registry.add(DOCKER, 5)
    assert handle is not None
    before, version = parts.roster.containers()[0], parts.roster.version
    labels = MappingProxyType({"a": "b"})
    identity = Identity(
        "docker", A, "web", "nginx", labels, namespace="docker", created_ns=3, started_ns=4, pid=9, restart_count=2
    )
    parts.registry.identified(identity)
    after = parts.roster.containers()[0]
    assert (after.name, after.image, dict(after.labels)) == ("web", "nginx", {"a": "b"})
    assert (after.created_ns, after.started_ns, after.pid, after.restart_count) == (3, 4, 9, 2)
    assert before.name == ""
    assert parts.slots.described[handle] == ("docker", A, "web", "nginx")
    assert parts.roster.version == version + 1
    describes = parts.slots.describes
    parts.registry.identified(identity)
    assert parts.roster.version == version + 1
    assert parts.slots.describes == describes


def test_an_event_takes_nothing_away(parts: Parts) -> None:
    parts.registry.add(DOCKER, 0)
    parts.registry.identified(Identity("docker", A, "web", "nginx", MappingProxyType({"a": "b"}), started_ns=4, pid=9))
    parts.registry.identified(Identity("docker", A, "renamed"))
    container = parts.roster.containers()[0]
    assert (container.name, container.image, dict(container.labels), container.pid) == (
        "renamed",
        "nginx",
        {"a": "b"},
        9,
    )


def test_only_a_complete_identity_empties_what_an_earlier_one_gave() -> None:
    parts = Parts(Attributes(env_prefixes=("PATH",)))
    parts.registry.add(DOCKER, 5)
    full = Identity(
        "docker",
        A,
        name="web",
        labels={"a": "b"},
        envs={"PATH": "/bin"},
        health="healthy",
        ip_addresses=("10.0.0.2",),
        aliases=("web", "other"),
        layer_path="/var/lib/docker/overlay2/x/diff",
        network_mode="bridge",
        is_complete=True,
    )
    parts.registry.identified(full)
    parts.registry.identified(Identity("docker", A, runtime_state="paused"))
    container = parts.roster.by_path(DOCKER)
    assert container is not None
    assert (container.labels, container.envs) == ({"a": "b"}, {"PATH": "/bin"})
    assert (container.health, container.ip_addresses, container.aliases) == ("healthy", ("10.0.0.2",), ("web", "other"))
    assert container.runtime_state == "paused"
    parts.registry.identified(Identity("docker", A, name="web", is_complete=True))
    container = parts.roster.by_path(DOCKER)
    assert container is not None
    assert (container.labels, container.envs) == ({}, {})
    assert (container.health, container.ip_addresses, container.aliases) == ("", (), ())
    assert container.layer_path == full.layer_path, "directories do not go away by not being mentioned"


def test_the_runtime_that_answers_corrects_the_path(parts: Parts) -> None:
    """Under kubepods a directory of 64 hex digits may be Docker's or containerd's."""
    path = f"/kubepods/burstable/pod0123456789abcdef0123456789abcdef/{A}"
    parts.registry.add(path, 0)
    parts.registry.identified(Identity("docker", A, "k8s_web", kind="sandbox", namespace="docker"))
    container = parts.roster.containers()[0]
    assert (container.runtime, container.namespace, container.kind) == ("docker", "docker", "sandbox")
    assert container.pod_uid == "0123456789abcdef0123456789abcdef"


def test_of_several_runtimes_the_one_nearest_to_the_user_names_a_container(parts: Parts) -> None:
    path = f"/some/parent/{A}"
    parts.registry.add(path, 0)
    parts.registry.identified(Identity("containerd", A, labels={"from": "containerd"}, is_complete=True))
    assert names(parts, path) == ("containerd", "containerd", "", {"from": "containerd"})
    parts.registry.identified(Identity("docker", A, "web", labels={"from": "docker"}, is_complete=True))
    assert names(parts, path) == ("docker", "docker", "web", {"from": "docker"})
    parts.registry.identified(Identity("containerd", A, "other", labels={"from": "containerd"}, is_complete=True))
    assert names(parts, path) == ("docker", "docker", "web", {"from": "docker"})


def test_what_cri_has_added_is_not_taken_away_by_containerd(parts: Parts) -> None:
    path = f"/system.slice/cri-containerd-{A}.scope"
    parts.registry.add(path, 0)
    parts.registry.identified(Identity("containerd", A, "n/p/c", ip_addresses=("10.0.0.1",), pod_name="p"))
    parts.registry.identified(Identity("containerd", A, "n/p/c", labels={"a": "b"}, is_complete=True))
    container = parts.roster.by_path(path)
    assert container is not None
    assert (container.ip_addresses, container.pod_name, container.labels) == (("10.0.0.1",), "p", {"a": "b"})


def test_a_certain_path_says_whose_it_is_whoever_answers_first(parts: Parts) -> None:
    path = f"/system.slice/docker-{A}.scope"
    parts.registry.add(path, 0)
    parts.registry.identified(Identity("containerd", A, image="docker.io/nginx"))
    container = parts.roster.by_path(path)
    assert container is not None
    assert (container.runtime, container.namespace, container.image) == ("docker", "docker", "docker.io/nginx")
    parts.registry.identified(Identity("docker", A, "web", image="nginx"))
    parts.registry.identified(Identity("crio", A, "liar", image="x"))
    assert names(parts, path) == ("docker", "docker", "web", {})


def test_one_that_its_runtime_does_not_know_is_raw_and_stays(parts: Parts) -> None:
    parts.registry.add(DOCKER, 5)
    parts.registry.unknown("docker", A)
    container = parts.roster.by_path(DOCKER)
    assert container is not None
    assert (container.runtime, container.namespace, container.kind, container.id) == ("raw", "", "container", A)
    assert list(parts.slots.described.values())[-1][0] == "raw"
    parts.registry.identified(Identity("podman", A, "it-is-mine"))
    assert names(parts, DOCKER)[:3] == ("podman", "podman", "it-is-mine")
    parts.registry.identified(Identity("docker", A, "after-all"))
    assert names(parts, DOCKER)[:3] == ("docker", "docker", "after-all")


def test_unknown_says_nothing_of_one_that_was_known_before(parts: Parts) -> None:
    """It has been removed, and its cgroup will go in a moment: its events are still Docker's."""
    parts.registry.add(DOCKER, 5)
    parts.registry.identified(Identity("docker", A, "web"))
    parts.registry.unknown("docker", A)
    parts.registry.unknown("podman", A)
    assert names(parts, DOCKER)[:3] == ("docker", "docker", "web")


def test_the_same_id_in_two_runtimes_is_two_containers(parts: Parts) -> None:
    podman = f"/machine.slice/libpod-{A}.scope"
    parts.registry.add(DOCKER, 0)
    parts.registry.add(podman, 0)
    parts.registry.identified(Identity("docker", A, "of-docker"))
    parts.registry.identified(Identity("podman", A, "of-podman"))
    assert (names(parts, DOCKER)[2], names(parts, podman)[2]) == ("of-docker", "of-podman")
    told: list[tuple[str, Ended]] = []
    parts.registry.on_end(lambda path, end: told.append((path, end)))
    for runtime in ("docker", "podman"):
        parts.registry.ended(Ended(runtime, A, 1))
    assert [path for path, _ in told] == [DOCKER, podman]
    with pytest.raises(SelectionError, match="not unique"):
        parts.roster.find(A)
    handle = parts.roster.by_path(podman)
    assert handle is not None
    parts.registry.remove((handle.slot, handle.generation))
    assert parts.forgotten == [], "the other one is still there"
    assert parts.roster.find(A) == parts.roster.by_path(DOCKER)


def test_restarted_in_place_the_new_cgroup_is_asked_for_and_named(parts: Parts) -> None:
    old = parts.registry.add(DOCKER, 0)
    assert old is not None
    parts.registry.identified(Identity("docker", A, "web", pid=7, started_ns=1))
    parts.registry.remove(old)
    assert parts.forgotten == [A]
    parts.registry.add(DOCKER, 9)
    assert parts.asked == [("docker", A)] * 2
    container = parts.roster.by_path(DOCKER)
    assert container is not None
    assert (container.name, container.pid, container.created_ns) == ("", 0, 9), "nothing of the one before"
    parts.registry.identified(Identity("docker", A, "renamed", pid=8, started_ns=2))
    assert names(parts, DOCKER)[2] == "renamed"


def test_units_and_containers_without_an_id_in_their_path_are_known_by_it(parts: Parts) -> None:
    unit, shell, scope = "/system.slice/nginx.service", "/default/shell", f"/system.slice/docker-{A}.scope"
    for path in (unit, shell, scope):
        parts.registry.add(path, 0)
    assert ("systemd", unit) in parts.asked
    parts.registry.identified(Identity("systemd", unit, kind="service", description="A web server", pid=5))
    parts.registry.identified(Identity("containerd", "shell", "shell", path=shell))
    parts.registry.identified(
        Identity("systemd", "", "docker-a.scope", path=scope, kind="scope", description="libcontainer container")
    )
    container = parts.roster.by_path(unit)
    assert container is not None
    assert (container.runtime, container.name, container.description) == ("systemd", "nginx.service", "A web server")
    assert (container.id, container.namespace, container.pid) == ("", "", 5)
    assert names(parts, shell)[:3] == ("containerd", "containerd", "shell")
    assert parts.roster.by_id("shell") == parts.roster.by_path(shell)
    container = parts.roster.by_path(scope)
    assert container is not None
    assert (container.runtime, container.kind, container.name, container.description) == (
        "docker",
        "container",
        "",
        "libcontainer container",
    )


def test_labels_and_envs_are_chosen_by_the_lists() -> None:
    parts = Parts(Attributes(store_labels=False, kept_labels=("tier",), env_prefixes=("APP_", "LANG")))
    parts.registry.add(DOCKER, 0)
    labels, envs = {"tier": "web", "tiers": "x"}, {"APP_A": "1", "app_b": "2", "LANG": "C", "PATH": "/bin"}
    parts.registry.identified(Identity("docker", A, "web", labels=labels, envs=envs, is_complete=True))
    container = parts.roster.by_path(DOCKER)
    assert container is not None
    assert (container.labels, container.envs) == ({"tier": "web"}, {"APP_A": "1", "LANG": "C"})


def test_labels_of_a_megabyte_with_newlines_and_what_is_no_text() -> None:
    attributes = Attributes()
    parts = Parts(attributes)
    parts.registry.add(DOCKER, 0)
    labels = {"huge": "x" * 1_000_000, "small\n": "a\nb", "broken": "\ud800"}
    parts.registry.identified(Identity("docker", A, "w\udcffb", labels=labels, aliases=("\ud800",), is_complete=True))
    container = parts.roster.by_path(DOCKER)
    assert container is not None
    assert container.labels == {"small\n": "a\nb", "broken": "?"}
    assert (container.name, container.aliases, attributes.cut) == ("w?b", ("?",), 1)


def test_health_and_restarts_are_told_once_and_first_news_is_none(parts: Parts) -> None:
    told: list[tuple[str, str, str]] = []
    parts.registry.on_change(lambda *event: told.append(event))
    first = parts.registry.add(DOCKER, 0)
    assert first is not None
    for health in ("starting", "starting", "healthy", "unhealthy"):
        parts.registry.identified(Identity("docker", A, "web", started_ns=1, health=health, is_complete=True))
    assert told == [
        ("health_change", DOCKER, "starting -> healthy"),
        ("health_change", DOCKER, "healthy -> unhealthy"),
    ]
    told.clear()
    parts.registry.remove(first)  # restarted in place: the same id, a new cgroup
    parts.registry.add(DOCKER, 0)
    parts.registry.identified(Identity("docker", A, "web"))  # what an event says comes first
    assert told == []
    again = Identity("docker", A, "web", started_ns=2, restart_count=3, health="starting", is_complete=True)
    for _ in range(2):
        parts.registry.identified(again)
    assert told == [("restart", DOCKER, "started again; restarts by docker: 3")]
    told.clear()
    parts.registry.identified(Identity("docker", A, "web", started_ns=3, restart_count=4, is_complete=True))
    assert told == [("restart", DOCKER, "started again; restarts by docker: 4")], "in the same cgroup"


def names(parts: Parts, path: str) -> tuple[str, str, str, Mapping[str, str]]:
    container = parts.roster.by_path(path)
    assert container is not None
    return container.runtime, container.namespace, container.name, container.labels


def test_identities_of_nobody_are_nothing(parts: Parts) -> None:
    parts.registry.identified(Identity("docker", A, "web"))
    assert parts.roster.containers() == ()


def test_network_namespaces_are_taken_over_when_they_change(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "NETWORK_CHECK_S", 0.0)
    handle = parts.registry.add(DOCKER, 0)
    assert handle is not None
    parts.slots.network = {handle[0]: Network(4026531840, 0, True)}
    parts.registry.follow_networks()
    assert parts.roster.containers()[0].netns == 0
    parts.slots.seq += 1
    parts.registry.follow_networks()
    container = parts.roster.containers()[0]
    assert (container.netns, container.netns_owner, container.is_host_network) == (4026531840, 0, True)


def test_names_and_removals_at_the_same_time(parts: Parts) -> None:
    """Never a name for a tenant that is gone, never a container without its slot."""
    stop = threading.Event()

    def name() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            parts.registry.identified(Identity("docker", A, f"n{number}"))

    thread = threading.Thread(target=name)
    thread.start()
    for _ in range(300):
        handle = parts.registry.add(DOCKER, 0)
        assert handle is not None
        assert parts.roster.by_id(A) is not None
        parts.registry.remove(handle)
        assert parts.roster.by_id(A) is None
    stop.set()
    thread.join()
