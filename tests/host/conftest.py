"""What host tests share: private container engines, and cgroups of our own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.host.cgroup_tree import CgroupTree
from tests.host.containerd_engine import IMAGE, PAUSE, ContainerdEngine, image
from tests.host.docker_engine import DockerEngine
from tests.host.podman_engine import PodmanEngine


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A dockerd for the whole session. Tests leave no container behind and leave it running."""
    missing = DockerEngine.missing()
    if missing:
        pytest.skip(f"no private Docker daemon: {missing}; CI installs it")
    with DockerEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def containerd() -> Iterator[ContainerdEngine]:
    """A containerd for the tests of one file."""
    missing = ContainerdEngine.missing()
    if missing:
        pytest.skip(f"no private containerd: {missing}; CI installs it with Docker")
    with ContainerdEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def pod_engine(containerd: ContainerdEngine) -> ContainerdEngine:
    """The same with the images that pods are made of."""
    containerd.import_image(image(PAUSE, ("/bin/sleep", "100000")), "k8s.io")
    containerd.import_image(image(IMAGE), "k8s.io")
    return containerd


@pytest.fixture(scope="module")
def podman() -> Iterator[PodmanEngine]:
    """Podman of root with storage of its own, for the tests of one file; its service is not started."""
    missing = PodmanEngine.missing()
    if missing:
        pytest.skip(f"no private podman: {missing}; CI installs it")
    with PodmanEngine() as engine:
        yield engine


@pytest.fixture
def cgroups() -> Iterator[CgroupTree]:
    """Directories of our own in every hierarchy this host mounts, removed afterwards."""
    if os.geteuid() != 0:
        pytest.skip("needs root to make cgroups; CI runs as root")
    with CgroupTree() as tree:
        yield tree
