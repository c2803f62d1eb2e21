"""The labels and annotations that kubelet and the runtimes below it put on pods and containers. Pure.

Sources: kubelet's label names (k8s.io/kubelet/pkg/types), containerd's CRI plugin (``io.cri-containerd.kind`` and its
annotations in the OCI specification), CRI-O's annotations (``io.kubernetes.cri-o.*``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_POD_NAME = ("io.kubernetes.pod.name", "io.kubernetes.cri.sandbox-name")
_POD_NAMESPACE = ("io.kubernetes.pod.namespace", "io.kubernetes.cri.sandbox-namespace")
_POD_UID = ("io.kubernetes.pod.uid", "io.kubernetes.cri.sandbox-uid")
_CONTAINER = ("io.kubernetes.container.name", "io.kubernetes.cri.container-name")
_SANDBOX_ID = ("io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID")
_KIND = ("io.cri-containerd.kind", "io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")
_IMAGE = ("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName")
_LOG_PATH = ("io.kubernetes.cri-o.LogPath",)
_RESTARTS = ("io.kubernetes.container.restartCount", "containerd.io/restart.count")
_SANDBOX_CONTAINER = "POD"  # what dockershim and CRI-O call a sandbox's container


@dataclass(frozen=True, slots=True)
class Place:
    """Where in Kubernetes a container stands; all empty for one that stands nowhere there."""

    pod_name: str = ""
    pod_namespace: str = ""
    pod_uid: str = ""
    container_name: str = ""
    sandbox_id: str = ""
    is_sandbox: bool = False
    image: str = ""
    log_path: str = ""
    restart_count: int = 0

    @property
    def kind(self) -> str:
        """As Identity has it."""
        return "sandbox" if self.is_sandbox else "container"

    @property
    def name(self) -> str:
        """ "namespace/pod/container", of a sandbox "namespace/pod"; "" outside Kubernetes.

        A container's own name says nothing alone: every pod of a deployment has one called the same.
        """
        if not self.pod_name:
            return ""
        container = "" if self.is_sandbox else self.container_name
        return "/".join(part for part in (self.pod_namespace, self.pod_name, container) if part)


def place_of(*sources: Mapping[str, str]) -> Place:
    """What labels and annotations say, the first that has a name counts."""
    container = _first(sources, _CONTAINER)
    is_sandbox = _first(sources, _KIND) == "sandbox" or container == _SANDBOX_CONTAINER
    restarts = _first(sources, _RESTARTS)
    return Place(
        pod_name=_first(sources, _POD_NAME),
        pod_namespace=_first(sources, _POD_NAMESPACE),
        pod_uid=_first(sources, _POD_UID),
        container_name="" if is_sandbox else container,
        sandbox_id=_first(sources, _SANDBOX_ID),
        is_sandbox=is_sandbox,
        image=_first(sources, _IMAGE),
        log_path=_first(sources, _LOG_PATH),
        restart_count=int(restarts) if restarts.isascii() and restarts.isdigit() and len(restarts) < 10 else 0,
    )


def _first(sources: tuple[Mapping[str, str], ...], names: tuple[str, ...]) -> str:
    for name in names:
        for source in sources:
            if value := source.get(name):
                return value
    return ""
