"""Podman's storage files: what they give, that they are read again when they change, and what a user may put there."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.discovery.runtimes import podman_stores
from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop
from pycadvisor_fast.discovery.runtimes.podman import PodmanRuntime
from pycadvisor_fast.discovery.runtimes.podman_files import Place, Store, StoreError
from pycadvisor_fast.discovery.runtimes.podman_places import find_places
from tests.unit.podman_fake import FakePodman
from tests.unit.test_docker_runtime import Heard

A, B, LAYER, POD = "a1" * 32, "b2" * 32, "c3" * 32, "d4" * 32


class Tree:
    """A store as podman 4 leaves it."""

    def __init__(self, root: Path, driver: str = "overlay") -> None:
        self.place = Place(root / "storage", root / "run", os.getuid())
        self.driver = driver
        self.home = self.place.root / f"{driver}-containers"
        self.home.mkdir(parents=True)

    def list(self, *containers: tuple[str, str], name: str = "containers.json") -> None:
        entries = [
            {
                "id": ident,
                "names": [own],
                "layer": LAYER,
                "metadata": json.dumps({"image-name": "localhost/web:1", "name": own}),
                "created": "2023-11-14T22:13:20.5Z",
            }
            for ident, own in containers
        ]
        self.write(self.home / name, json.dumps(entries))

    def spec(self, ident: str, **linux: Any) -> None:
        spec = {
            "process": {"env": ["A=1", "HOSTNAME=shop"]},
            "annotations": {"io.kubernetes.cri-o.SandboxID": B},
            "linux": {"namespaces": [{"type": "network", "path": "/proc/7/ns/net"}], **linux},
        }
        userdata = self.home / ident / "userdata"
        userdata.mkdir(parents=True, exist_ok=True)
        self.write(userdata / "config.json", json.dumps(spec))
        (userdata / "ctr.log").touch()

    def process(self, ident: str, pid: int) -> Path:
        pidfile = self.place.run / f"{self.driver}-containers" / ident / "userdata" / "pidfile"
        pidfile.parent.mkdir(parents=True, exist_ok=True)
        pidfile.write_text(str(pid))
        return pidfile

    def write(self, path: Path, text: str) -> None:
        """As podman does: a new file in the old one's place."""
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(path)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_container_with_all_that_the_files_say(tree: Tree) -> None:
    tree.list((A, "web"))
    tree.spec(A, cgroupsPath=f"/libpod_parent/{POD}/libpod-{A}")
    pidfile = tree.process(A, os.getpid())
    store = Store(tree.place)
    found = store.changed()
    assert found is not None
    web = store.detailed(found[A])
    assert (web.runtime, web.name, web.aliases, web.image) == ("podman", "web", ("web",), "localhost/web:1")
    assert (web.namespace, web.kind, web.created_ns) == ("podman", "container", 1_700_000_000_500_000_000)
    assert (web.layer_path, web.layer_driver) == (f"{tree.place.root}/overlay/{LAYER}/diff", "overlay")
    assert dict(web.envs) == {"A": "1", "HOSTNAME": "shop"}
    assert (web.pod_uid, web.sandbox_id, web.network_mode) == (POD, B, "")
    assert web.log_path == str(tree.home / A / "userdata" / "ctr.log")
    assert (web.pid, web.started_ns) == (os.getpid(), pidfile.stat().st_mtime_ns)
    assert not web.is_complete


@pytest.mark.parametrize(
    ("driver", "layer"), [("vfs", f"vfs/dir/{LAYER}"), ("btrfs", f"btrfs/subvolumes/{LAYER}"), ("zfs", "")]
)
def test_layers_of_other_drivers(tmp_path: Path, driver: str, layer: str) -> None:
    tree = Tree(tmp_path, driver)
    tree.list((A, "web"))
    found = Store(tree.place).changed()
    assert found is not None
    assert found[A].identity.layer_path == (f"{tree.place.root}/{layer}" if layer else "")
    assert found[A].identity.layer_driver == driver


def test_pods_by_the_path_that_systemd_is_asked_for_and_their_infra_container(tree: Tree) -> None:
    tree.list((A, f"{POD[:12]}-infra"))
    tree.spec(A, cgroupsPath=f"machine-libpod_pod_{POD}.slice:libpod:{A}", namespaces=[{"type": "pid"}])
    store = Store(tree.place)
    found = store.changed()
    assert found is not None
    infra = store.detailed(found[A])
    assert (infra.kind, infra.pod_uid, infra.network_mode) == ("sandbox", POD, "host")


def test_lists_are_read_again_only_when_they_change(tree: Tree) -> None:
    tree.list((A, "web"))
    store = Store(tree.place)
    assert set(store.changed() or ()) == {A}
    assert store.changed() is None
    tree.list((B, "rm"), name="volatile-containers.json")
    assert set(store.changed() or ()) == {A, B}
    tree.list((A, "renamed"))
    assert (store.changed() or {})[A].identity.name == "renamed"
    (tree.home / "containers.json").unlink()
    assert set(store.changed() or ()) == {B}


def test_a_process_that_has_gone_is_not_given(tree: Tree) -> None:
    tree.list((A, "web"))
    tree.spec(A)
    store = Store(tree.place)
    one = (store.changed() or {})[A]
    for text in ("", "no number", "9" * 30, "-1", "4194305"):
        tree.process(A, 0).write_text(text)
        assert (store.detailed(one).pid, store.detailed(one).started_ns) == (0, 0)


@pytest.mark.parametrize("content", ["", "{}", "[", "null", "[" * 100_000, "\x00\xff", '"x"'])
def test_a_list_that_is_none_is_an_error_that_quotes_nothing(tree: Tree, content: str) -> None:
    tree.write(tree.home / "containers.json", content)
    with pytest.raises(StoreError, match=r"containers\.json: this is no"):
        Store(tree.place).changed()


def test_entries_of_any_type_are_left_out_or_empty(tree: Tree) -> None:
    tree.write(
        tree.home / "containers.json",
        json.dumps([7, None, {"id": "../../x"}, {"id": A, "names": "web", "layer": "../..", "metadata": "["}]),
    )
    found = Store(tree.place).changed() or {}
    assert set(found) == {A}
    assert (found[A].identity.name, found[A].identity.image, found[A].identity.layer_path) == ("", "", "")


def test_what_could_block_or_is_somebody_elses_is_not_read(tree: Tree) -> None:
    os.mkfifo(tree.home / "containers.json")
    with pytest.raises(StoreError, match="no plain file"):
        Store(tree.place).changed()
    (tree.home / "containers.json").unlink()
    (tree.home / "containers.json").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        Store(tree.place).changed()
    (tree.home / "containers.json").unlink()
    tree.list((A, "web"))
    with pytest.raises(StoreError, match="no plain file of user 12345"):
        Store(Place(tree.place.root, tree.place.run, 12345)).changed()


def test_a_list_past_the_bound_is_not_read(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pycadvisor_fast.discovery.runtimes.podman_files.LIST_LIMIT", 1000)
    tree.write(tree.home / "containers.json", " " * 1001)
    with pytest.raises(StoreError, match="larger than 1000 bytes"):
        Store(tree.place).changed()


def test_places_of_root_and_of_users(tmp_path: Path) -> None:
    for path in ("etc/containers", "srv/pods", "home/ann/.local/share/containers/storage", "home/bob"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "etc/containers/storage.conf").write_text('[storage]\ngraphroot = "/srv/pods"\nrunroot = 7\n')
    (tmp_path / "etc/passwd").write_text(
        "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\nbroken\n"
    )
    assert find_places(str(tmp_path)) == [
        Place(tmp_path / "srv/pods", tmp_path / "run/containers/storage", 0),
        Place(tmp_path / "home/ann/.local/share/containers/storage", tmp_path / "run/user/1000/containers", 1000),
    ]


# ---- as a runtime ----
class Bench:
    def __init__(self, socket: Path, *places: Place) -> None:
        self.runtime = PodmanRuntime(f"unix://{socket}", timeout_s=0.5, places=places, look_s=0.05)
        self.heard = Heard()
        self.loop = RuntimeLoop([self.runtime], self.heard)

    def wait_detail(self, *parts: str) -> dict[str, Any]:
        tick = threading.Event()
        for _ in range(1000):
            status = self.runtime.status()
            if all(part in status["detail"] for part in parts):
                return status
            tick.wait(0.01)
        raise AssertionError(self.runtime.status())


@pytest.fixture
def bench(tmp_path: Path, tree: Tree) -> Iterator[Bench]:
    made = Bench(tmp_path / "p.sock", tree.place)
    yield made
    made.loop.stop()


def test_without_a_service_the_files_name_whose_cgroup_is_there(bench: Bench, tree: Tree) -> None:
    tree.list((A, "web"), (B, "not running"))
    tree.spec(A)
    bench.loop.start()
    status = bench.wait_detail("p.sock: No such file", f"storage files of {tree.place.root}")
    assert (status["state"], status["containers"]) == ("connected", 2)
    bench.loop.ask("podman", A)
    bench.heard.wait(lambda known: A in known and bool(known[A].envs))
    assert set(bench.heard.identities) == {A}
    tree.list((A, "renamed"))
    bench.heard.wait_name(A, "renamed")


def test_no_thread_is_left_behind(bench: Bench, tree: Tree) -> None:
    tree.list((A, "web"))
    tree.spec(A)
    for _ in range(20):
        bench.loop.start()
        bench.loop.ask("podman", A)
        bench.loop.stop()
        assert "pcf-podman-files" not in {thread.name for thread in threading.enumerate()}
    for name in ("once", "again"):
        bench.loop.start()
        tree.list((A, name))
        bench.loop.ask("podman", A)
        bench.heard.wait_name(A, name)
        bench.loop.stop()


def test_a_container_that_is_listed_after_its_cgroup_appeared(bench: Bench, tree: Tree) -> None:
    tree.list()
    bench.loop.start()
    bench.loop.ask("podman", A)
    bench.wait_detail("storage files of")
    tree.list((A, "late"))
    bench.heard.wait_name(A, "late")


def test_what_a_service_names_is_not_named_by_files(tmp_path: Path, bench: Bench, tree: Tree) -> None:
    podman = FakePodman(tmp_path / "p.sock")
    podman.add(A, "by service")
    tree.list((A, "by files"), (B, "rootless"))
    podman.start()
    try:
        bench.loop.start()
        bench.heard.wait_name(A, "by service")
        bench.loop.ask("podman", A)
        bench.loop.ask("podman", B)
        bench.heard.wait_name(B, "rootless")
        assert bench.heard.identities[A].name == "by service"
        bench.wait_detail("Podman 99.1.2; storage files of")
        assert bench.runtime.known() == 2
    finally:
        bench.loop.stop()
        podman.stop()


def test_a_user_cannot_rename_roots_containers(tmp_path: Path, tree: Tree) -> None:
    liar = Tree(tmp_path / "liar")
    tree.list((A, "of root"))
    liar.list((A, "of liar"), (B, "own"))
    bench = Bench(tmp_path / "p.sock", tree.place, liar.place)
    bench.loop.start()
    try:
        bench.wait_detail(str(tree.place.root), str(liar.place.root))
        bench.loop.ask("podman", A)
        bench.loop.ask("podman", B)
        bench.heard.wait_name(B, "own")
        bench.heard.wait_name(A, "of root")
    finally:
        bench.loop.stop()


def test_files_that_hang_or_break_are_said_so_and_hold_up_no_other_store(
    tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    class Hanging(Store):
        def changed(self) -> Any:
            if self.place.root.parent.name == "nfs":
                answer.wait()
            return super().changed()

    monkeypatch.setattr(podman_stores, "Store", Hanging)
    hanging, broken = Tree(tmp_path / "nfs"), Tree(tmp_path / "broken")
    broken.write(broken.home / "containers.json", "{}")
    tree.list((A, "web"))
    bench = Bench(tmp_path / "p.sock", hanging.place, broken.place, tree.place)
    bench.loop.start()
    try:
        bench.loop.ask("podman", A)
        bench.heard.wait_name(A, "web")
        bench.wait_detail("nfs/storage: its files do not answer", "containers.json: this is no list of containers")
        broken.list((B, "mended"))
        bench.loop.ask("podman", B)
        bench.heard.wait_name(B, "mended")
    finally:
        answer.set()
        bench.loop.stop()
