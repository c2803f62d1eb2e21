"""The table of cgroup path patterns, on paths as the runtimes write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.discovery.patterns import Recognition, recognise, unescape

ID = "3f2a7c0d9be14586a1c2d3e4f5061728394a5b6c7d8e9f0011223344556677ff"
INNER = "c0ffee" * 10 + "abcd"
UID = "1b9b4f5c-1b2c-4d5e-8f90-a1b2c3d4e5f6"
UID_ = UID.replace("-", "_")
UID_X = UID.replace("-", r"\x2d")
STATIC = "0123456789abcdef0123456789abcdef"
POD = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID_}.slice"


def container(runtime: str, ident: str = ID, pod_uid: str = "", name: str = "") -> Recognition:
    return Recognition(runtime, ident, "container", pod_uid, name)


def machine(runtime: str, name: str) -> Recognition:
    return Recognition(runtime, "", "container", "", name)


def unit(kind: str, name: str) -> Recognition:
    return Recognition("systemd", "", kind, "", name)


RAW = Recognition()
CHILD = Recognition(kind="child")
POD_SLICE = Recognition("kubepods", kind="pod", pod_uid=UID)
QOS = Recognition("kubepods", kind="slice")

TABLE = [
    ("/", Recognition(kind="root")),
    # docker
    ("/docker", RAW),
    (f"/docker/{ID}", container("docker")),
    (f"/system.slice/docker-{ID}.scope", container("docker")),
    (f"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope", container("docker")),
    (f"/system.slice:docker:{ID}", container("docker")),
    (f"/my.slice/docker-{ID}.scope", container("docker")),
    (f"/docker/buildkit/{'k' * 25}", RAW),
    (f"/docker/{ID.upper()}", RAW),
    (f"/docker/{ID[:-1]}", RAW),
    (f"/docker/{ID}0", RAW),
    ("/system.slice/docker.service", unit("service", "docker.service")),
    ("/system.slice/docker.socket", unit("socket", "docker.socket")),
    ("/system.slice/docker-short.scope", unit("scope", "docker-short.scope")),
    # somebody's own --cgroup-parent: ECS, GitHub runners, Garden
    (f"/ecs/5f0e1d2c3b4a/{ID}", container("raw")),
    (f"/actions_job/{ID}", container("raw")),
    # docker in docker, systemd in docker, Kubernetes in docker
    (f"/docker/{ID}/docker/{INNER}", container("docker", INNER)),
    (f"/docker/{ID}/system.slice/docker-{INNER}.scope", container("docker", INNER)),
    (f"/docker/{ID}/docker", CHILD),
    (f"/docker/{ID}/init.scope", CHILD),
    (f"/docker/{ID}/system.slice/nginx.service", CHILD),
    (f"/docker/{ID}/lxc/inner", CHILD),
    (f"/docker/{ID}/kubelet/kubepods/burstable/pod{UID}/{INNER}", container("containerd", INNER, UID)),
    (f"/docker/{ID}/kubelet/kubepods/burstable/pod{UID}", CHILD),
    (f"/docker/{ID}/dev-hugepages.mount", unit("mount", "dev-hugepages.mount")),
    # Kubernetes: slices and pods
    ("/kubepods", QOS),
    ("/kubepods/burstable", QOS),
    ("/kubepods/besteffort", QOS),
    (f"/kubepods/burstable/pod{UID}", POD_SLICE),
    (f"/kubepods/pod{UID}", POD_SLICE),
    (f"/kubepods/besteffort/pod{STATIC}", Recognition("kubepods", kind="pod", pod_uid=STATIC)),
    ("/kubepods.slice", QOS),
    ("/kubepods.slice/kubepods-besteffort.slice", QOS),
    (POD, POD_SLICE),
    (f"/kubepods.slice/kubepods-pod{UID_}.slice", POD_SLICE),
    (f"/kubepods.slice/kubepods-pod{STATIC}.slice", Recognition("kubepods", kind="pod", pod_uid=STATIC)),
    ("/kubelet.slice/kubelet-kubepods.slice", QOS),
    (f"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{UID_}.slice", POD_SLICE),
    ("/burstable", RAW),
    (f"/pod{UID}", RAW),
    # containerd, CRI, nerdctl
    (f"{POD}/cri-containerd-{ID}.scope", container("containerd", pod_uid=UID)),
    (f"{POD}/cri-containerd-{ID}.scope/init.scope", CHILD),
    (f"{POD}/docker-{ID}.scope", container("docker", pod_uid=UID)),
    (f"/kubepods/burstable/pod{UID}/{ID}", container("containerd", pod_uid=UID)),
    (f"/kubepods/pod{UID}/{ID}", container("containerd", pod_uid=UID)),
    (f"{POD}/{ID}", container("containerd", pod_uid=UID)),
    (
        f"/system.slice/containerd.service/kubepods-burstable-pod{UID_}.slice:cri-containerd:{ID}",
        container("containerd", pod_uid=UID),
    ),
    (f"/system.slice:cri-containerd:{ID}", container("containerd")),
    (f"/k8s.io/{ID}", container("containerd")),
    (f"/default/{ID}", container("containerd")),
    (f"/system.slice/nerdctl-{ID}.scope", container("containerd")),
    ("/system.slice/containerd.service", unit("service", "containerd.service")),
    # CRI-O
    (f"{POD}/crio-{ID}.scope", container("crio", pod_uid=UID)),
    (f"{POD}/crio-{ID}.scope/container", CHILD),
    (f"{POD}/crio-conmon-{ID}.scope", Recognition("crio", kind="helper")),
    (f"/kubepods/burstable/pod{UID}/crio-{ID}", container("crio", pod_uid=UID)),
    (f"/kubepods/burstable/pod{UID}/crio-conmon-{ID}", Recognition("crio", kind="helper")),
    ("/system.slice/crio.service", unit("service", "crio.service")),
    # podman
    (f"/machine.slice/libpod-{ID}.scope", container("podman")),
    (f"/machine.slice/libpod-{ID}.scope/container", CHILD),
    (f"/machine.slice/libpod-conmon-{ID}.scope", Recognition("podman", kind="helper")),
    (f"/libpod_parent/libpod-{ID}", container("podman")),
    (f"/libpod_parent/libpod-conmon-{ID}", Recognition("podman", kind="helper")),
    ("/libpod_parent", RAW),
    ("/libpod_parent/conmon", Recognition("podman", kind="helper")),
    ("/somewhere/conmon", RAW),
    (f"/libpod_parent/{ID}", Recognition("podman", ID, "pod", ID)),
    (f"/libpod_parent/{ID}/libpod-{INNER}", container("podman", INNER, ID)),
    (f"/libpod_parent/{ID}/libpod-{INNER}/container", CHILD),
    (f"/machine.slice/machine-libpod_pod_{ID}.slice", Recognition("podman", ID, "pod", ID)),
    (f"/machine.slice/machine-libpod_pod_{ID}.slice/libpod-{INNER}.scope", container("podman", INNER, ID)),
    (f"/machine.slice/machine-libpod_pod_{ID}.slice/libpod-{INNER}.scope/container", CHILD),
    (
        f"/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_{ID}.slice/libpod-{INNER}.scope",
        container("podman", INNER, ID),
    ),
    (
        f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-{ID}.scope",
        Recognition("podman", kind="helper"),
    ),
    (
        "/user.slice/user-1000.slice/user@1000.service/user.slice/podman-pause-1f2e3d4c.scope",
        unit("scope", "podman-pause-1f2e3d4c.scope"),
    ),
    (f"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-{ID}", container("podman")),
    (f"/system.slice/web.service/libpod-payload-{ID}/container", CHILD),
    ("/system.slice/web.service/supervisor", RAW),
    (f"/mine/libpod-{ID}", container("podman")),
    (f"/docker/{INNER}/libpod_parent/libpod-{ID}", container("podman")),
    (f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope", container("podman")),
    (f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container", CHILD),
    (f"/system.slice/web.service/libpod-payload-{ID}", container("podman")),
    # systemd
    ("/init.scope", unit("scope", "init.scope")),
    ("/system.slice", unit("slice", "system.slice")),
    ("/system.slice/nginx.service", unit("service", "nginx.service")),
    ("/system.slice/nginx.service/worker", RAW),
    (r"/system.slice/system-getty.slice/getty@tty1.service", unit("service", "getty@tty1.service")),
    (
        r"/system.slice/dev-disk-by\x2dlabel-x.swap",
        unit("swap", r"dev-disk-by\x2dlabel-x.swap"),
    ),
    ("/system.slice/dev-hugepages.mount", unit("mount", "dev-hugepages.mount")),
    ("/user.slice/user-1000.slice", unit("slice", "user-1000.slice")),
    ("/user.slice/user-1000.slice/user@1000.service", unit("service", "user@1000.service")),
    ("/user.slice/user-1000.slice/session-3.scope", unit("scope", "session-3.scope")),
    (
        "/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-1.scope",
        unit("scope", "app-firefox-1.scope"),
    ),
    # lxc, lxd, Proxmox
    ("/lxc", RAW),
    ("/lxc/web", machine("lxc", "web")),
    ("/lxc/100/ns", CHILD),
    ("/lxc/100/ns/system.slice/cron.service", CHILD),
    ("/lxc.payload.c1", machine("lxc", "c1")),
    ("/lxc.payload.user-1000_c1", machine("lxc", "user-1000_c1")),
    ("/lxc.payload/c1", machine("lxc", "c1")),
    ("/lxc.payload.c1/init.scope", CHILD),
    (f"/lxc.payload.c1/docker/{ID}", container("docker")),
    ("/lxc.monitor.c1", Recognition("lxc", kind="helper")),
    ("/lxc.monitor/c1", Recognition("lxc", kind="helper")),
    ("/lxc.pivot", Recognition("lxc", kind="helper")),
    ("/user.slice/user-1000.slice/user@1000.service/lxc.payload.c1", machine("lxc", "c1")),
    ("/lxc.payload.c1-1", machine("lxc", "c1-1")),  # what a stale directory of that name makes of it
    (f"/lxc.payload.c1/system.slice/docker-{ID}.scope", container("docker")),
    (f"/lxc/k8s/kubepods.slice/kubepods-pod{UID_}.slice/crio-{ID}.scope", container("crio", pod_uid=UID)),
    # libvirt, machined
    (r"/machine.slice/machine-qemu\x2d1\x2dmy\x2dvm.scope", machine("libvirt", "my-vm")),
    (r"/machine.slice/machine-qemu\x2d1\x2dmy\x2dvm.scope/libvirt/emulator", CHILD),
    (r"/machine.slice/machine-qemu\x2d1\x2dmy\x2dvm.scope/libvirt/vcpu0", CHILD),
    (r"/machine.slice/machine-lxc\x2d2711\x2dbox.scope", machine("libvirt", "box")),
    ("/libvirtd.service/libvirt/qemu/guest", machine("libvirt", "guest")),
    ("/system.slice/libvirtd.service/libvirt/lxc/box", machine("libvirt", "box")),
    ("/machine/qemu-1-x.libvirt-qemu", machine("libvirt", "x")),
    ("/machine/qemu-12-x.libvirt-qemu/vcpu0", CHILD),
    ("/machine/old.libvirt-lxc", machine("libvirt", "old")),
    ("/libvirt/qemu/guest", machine("libvirt", "guest")),
    ("/machine.slice/systemd-nspawn@debian.service", machine("nspawn", "debian")),
    ("/machine.slice/machine-debian.scope", machine("nspawn", "debian")),
    ("/machine.slice", unit("slice", "machine.slice")),
    # rkt: a machine for each pod, a service in it for each app
    (rf"/machine.slice/machine-rkt\x2d{UID_X}.scope", Recognition("rkt", kind="pod", pod_uid=UID)),
    (rf"/machine.slice/machine-rkt\x2d{UID_X}.scope/system.slice", unit("slice", "system.slice")),
    (
        rf"/machine.slice/machine-rkt\x2d{UID_X}.scope/system.slice/alpine\x2dsh.service",
        container("rkt", "", UID, "alpine-sh"),
    ),
    (rf"/machine.slice/machine-rkt\x2d{UID_X}.scope/system.slice/alpine\x2dsh.service/sub", CHILD),
    (r"/machine.slice/machine-rkt\x2dno\x2duuid.scope", machine("nspawn", "rkt-no-uuid")),
    (rf"/docker/{ID}/machine.slice/machine-rkt\x2d{UID_X}.scope/system.slice/a.service", CHILD),
    # lmctfy: a container's name is its path, wherever it is; nothing tells it from any other cgroup
    ("/lmctfy", RAW),
    ("/batch/task-1", RAW),
    ("/sys/job.1/task.2", RAW),
    # nothing of anybody's
    ("/process_api", RAW),
    ("/pcf-test-12/a/b", RAW),
    ("/a b/ü/" + "x" * 255, RAW),
]


@pytest.mark.parametrize(("path", "expected"), TABLE, ids=[path.replace(ID, "<id>") for path, _ in TABLE])
def test_path(path: str, expected: Recognition) -> None:
    assert recognise(path) == expected


def test_only_containers_count_as_containers() -> None:
    assert recognise(f"/docker/{ID}").is_container
    assert not recognise(f"{POD}/crio-conmon-{ID}.scope").is_container
    assert not recognise(POD).is_container
    assert not recognise("/system.slice/nginx.service").is_container


def test_mounts_and_swaps_are_ignored() -> None:
    assert recognise("/system.slice/dev-mqueue.mount").is_ignored
    assert recognise("/system.slice/dev-sda2.swap").is_ignored
    assert not recognise("/system.slice/nginx.service").is_ignored


def test_unescape() -> None:
    assert unescape(r"a\x2db") == "a-b"
    assert unescape(r"\xc3\xbc") == "ü"
    assert unescape(r"\xff") == r"\xff"
    assert unescape("plain") == "plain"


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40), max_size=6))
def test_any_path_is_recognised_as_something(parts: list[str]) -> None:
    found = recognise("/" + "/".join(parts))
    assert found.runtime
    assert found.id == "" or len(found.id) == 64


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/docker/{'a' * 64}", True),
        (f"/system.slice/docker-{'a' * 64}.scope", True),
        (f"/kubepods/pod0123456789abcdef0123456789abcdef/{'a' * 64}", False),
        (f"/chosen/by/somebody/{'a' * 64}", False),
        ("/some/where", False),
    ],
)
def test_only_a_path_that_nobody_else_makes_is_certain(path: str, expected: bool) -> None:
    assert recognise(path).is_certain is expected
