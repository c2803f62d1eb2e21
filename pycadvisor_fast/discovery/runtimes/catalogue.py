"""Which runtimes a collector asks, by its options: one line for each kind of runtime.

Each module is imported only when its runtime is asked for, so that what it needs may be missing where it is not; those
that speak gRPC only when their socket is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ...options import CollectorOptions, Tls, duration_ns, parse_endpoint
from . import Runtime
from .deferred import DeferredRuntime
from .socket_runtime import called


def make_runtimes(options: CollectorOptions) -> list[Runtime]:
    """The runtimes that the options name; none of them is connected or looked for yet."""
    return [runtime for make in CATALOGUE for runtime in make(options)]


def timeout_s(options: CollectorOptions) -> float:
    """How long an answer of a runtime may take when it has no option of its own."""
    return duration_ns(options.runtime_timeout, "runtime_timeout") / 1e9


def _docker(options: CollectorOptions) -> Iterable[Runtime]:
    if options.docker is not None:
        from .docker import DockerRuntime

        tls = Tls(*options.docker_tls) if options.docker_tls is not None else None
        timeout = duration_ns(options.docker_timeout, "docker_timeout") / 1e9
        yield DockerRuntime(options.docker, timeout_s=timeout, tls=tls, sysroot=options.sysroot)


def _containerd(options: CollectorOptions) -> Iterable[Runtime]:
    if options.containerd is not None:
        yield DeferredRuntime("containerd", options.containerd, partial(_make_containerd, options.containerd, options))


def _make_containerd(endpoint: str, options: CollectorOptions) -> Runtime:
    from .containerd import ContainerdRuntime

    namespaces = ",".join(options.containerd_namespaces)
    return ContainerdRuntime(endpoint, namespace=namespaces, timeout_s=timeout_s(options), sysroot=options.sysroot)


def _cri(options: CollectorOptions) -> Iterable[Runtime]:
    for endpoint in options.cri:
        yield DeferredRuntime(called("cri", endpoint), endpoint, partial(_make_cri, endpoint, options))


def _make_cri(endpoint: str, options: CollectorOptions) -> Runtime:
    from .cri import CriRuntime

    is_asked_already = options.containerd is not None and _same(endpoint, options.containerd)
    return CriRuntime(endpoint, timeout_s=timeout_s(options), is_supplement=is_asked_already)


def _crio(options: CollectorOptions) -> Iterable[Runtime]:
    if options.crio is not None:
        from .crio import CrioRuntime

        own = duration_ns(options.crio_timeout, "crio_timeout") / 1e9
        yield CrioRuntime(options.crio, timeout_s=own or timeout_s(options))


def _podman(options: CollectorOptions) -> Iterable[Runtime]:
    if options.podman is not None:
        from .podman import PodmanRuntime

        yield PodmanRuntime(options.podman, timeout_s=timeout_s(options), sysroot=options.sysroot)


def _systemd(options: CollectorOptions) -> Iterable[Runtime]:
    if options.systemd is not None:
        from .systemd import SystemdRuntime

        yield SystemdRuntime(options.systemd, timeout_s=timeout_s(options))


def _same(one: str, other: str) -> bool:
    return parse_endpoint(one) == parse_endpoint(other)


CATALOGUE: tuple[Callable[[CollectorOptions], Iterable[Runtime]], ...] = (
    _docker,
    _containerd,
    _cri,
    _crio,
    _podman,
    _systemd,
)
