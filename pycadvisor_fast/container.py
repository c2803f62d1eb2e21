"""Who a container is: plain data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Volume:
    """A directory (or file) of the host that a runtime has mounted into a container.

    ``kind`` is "volume", which the runtime made and named, or "bind", which somebody gave by its path.
    """

    kind: str
    source: str  # on the host
    destination: str  # in the container
    name: str = ""
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A cgroup the collector follows, with the identity a runtime gave it (if any).

    ``path`` is the cgroup path below the mount ("/" is the root container). ``slot`` is its row in every scalar
    group; ``generation`` tells tenants of one slot apart. ``runtime`` is "docker", "containerd", "crio", "podman",
    "kubepods", "systemd", "lxc", "libvirt", "nspawn", "rkt" or "raw". ``created_ns`` and ``started_ns`` are
    wall-clock ns, 0 = unknown.
    """

    path: str
    slot: int
    generation: int
    runtime: str = "raw"
    id: str = ""
    name: str = ""
    image: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)  # 3.11 refuses an unhashable default
    namespace: str = ""  # runtime namespace as cAdvisor names it: "docker", "containerd", ...
    kind: str = ""  # "container", "sandbox", "pod", "service", "scope", "slice", ...: discovery.patterns
    pod_uid: str = ""
    created_ns: int = 0
    netns: int = 0  # inode of the network namespace, 0 = unknown
    netns_owner: int = -1  # slot that carries the network rows, -1 = unknown
    is_host_network: bool = False
    started_ns: int = 0  # by its runtime
    pid: int = 0  # first process, by its runtime; 0 = unknown
    restart_count: int = 0
    aliases: tuple[str, ...] = ()  # all names its runtime has for it
    envs: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)  # those the allow list names
    pod_name: str = ""  # Kubernetes: as kubelet told the runtime
    pod_namespace: str = ""
    container_name: str = ""
    sandbox_id: str = ""  # id of the sandbox its pod lives in
    attempt: int = 0  # Kubernetes: how often this container of the pod was made before
    log_path: str = ""
    health: str = ""  # "starting", "healthy", "unhealthy"; "" = no check
    ip_addresses: tuple[str, ...] = ()
    network_mode: str = ""  # "bridge", "host", "none", "container:<id>", ...
    layer_path: str = ""  # host directory of the writable layer
    layer_driver: str = ""  # "overlay2", "overlayfs", "btrfs", "zfs", ...
    description: str = ""  # of a systemd unit
    runtime_state: str = ""  # "running", "paused", ... as its runtime says
    volumes: tuple[Volume, ...] = ()

    @property
    def handle(self) -> int:
        """Identifies this tenant for as long as the ring lives: generation << 32 | slot."""
        return self.generation << 32 | self.slot

    @property
    def display_name(self) -> str:
        """The runtime's name, else the cgroup path: never empty."""
        return self.name or self.path
