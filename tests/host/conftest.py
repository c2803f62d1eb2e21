"""What host tests share: a private Docker daemon, and cgroups of our own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.host.cgroup_tree import CgroupTree
from tests.host.docker_engine import DockerEngine


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A dockerd for the whole session. Tests leave no container behind and leave it running."""
    missing = DockerEngine.missing()
    if missing:
        pytest.skip(f"no private Docker daemon: {missing}; CI installs it")
    with DockerEngine() as engine:
        yield engine


@pytest.fixture
def cgroups() -> Iterator[CgroupTree]:
    """Directories of our own in every hierarchy this host mounts, removed afterwards."""
    if os.geteuid() != 0:
        pytest.skip("needs root to make cgroups; CI runs as root")
    with CgroupTree() as tree:
        yield tree
