"""What podman's libpod API answers, as identities: pure, and distrustful of every type.

Fields as podman 4 and 5 send them (docs.podman.io, "API", libpod section; checked against podman 4.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from . import Ended, Identity
from .answers import as_list, as_object, environment, number, text, texts
from .docker_json import parse_json, time_ns
from .http import HttpError
from .mounts_json import volumes

_ID = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){0,2}")
_SHOWN = 60  # characters of an unexpected answer that go into a message
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Pod:
    """A podman pod: a cgroup of its own, containers that share namespaces, and an infra container that holds them."""

    id: str
    name: str = ""
    infra_id: str = ""
    created_ns: int = 0
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)

    def identity(self) -> Identity:
        """The pod's own cgroup."""
        return Identity(
            "podman",
            self.id,
            name=self.name,
            labels=self.labels,
            kind="pod",
            namespace="podman",
            created_ns=self.created_ns,
            pod_uid=self.id,
            pod_name=self.name,
            sandbox_id=self.infra_id,
        )


@dataclass(frozen=True, slots=True)
class Engine:
    """Who answers at the socket."""

    version: str
    api: str
    """Version to put into the addresses of libpod's endpoints."""


def engine(data: bytes, where: str) -> Engine:
    """GET /version; raises HttpError when it is not podman that answers (Docker has the same endpoint)."""
    entry = as_object(parse_json(data, where))
    for component in map(as_object, as_list(entry.get("Components"))):
        if text(component, "Name") == "Podman Engine":
            api = text(as_object(component.get("Details")), "APIVersion")
            version = text(component, "Version")
            return Engine(version, api if _VERSION.fullmatch(api) else version)
    raise HttpError(f"{where}: this is not podman: {data[:_SHOWN]!r}; the flag 'podman' takes podman's own socket")


def pod(data: bytes, where: str) -> Pod:
    """GET /libpod/pods/<id>/json; raises HttpError for no pod."""
    entry = as_object(parse_json(data, where))
    ident = text(entry, "Id")
    if not _ID.fullmatch(ident):
        raise HttpError(f"{where}: the answer describes no pod: {data[:_SHOWN]!r}")
    return _pod(entry, ident, text(entry, "InfraContainerID"))


def pods(data: bytes, where: str) -> list[Pod]:
    """GET /libpod/pods/json."""
    return [_pod(one, text(one, "Id"), text(one, "InfraId")) for one in _entries(data, where)]


def _pod(entry: Mapping[str, Any], ident: str, infra: str) -> Pod:
    return Pod(ident, text(entry, "Name"), infra, time_ns(text(entry, "Created")), texts(entry.get("Labels")))


def listed(data: bytes, where: str) -> list[tuple[Identity, bool]]:
    """GET /libpod/containers/json: who there is, and whether it runs (or is paused)."""
    return [(_listed_one(one), text(one, "State") in ("running", "paused")) for one in _entries(data, where)]


def _entries(data: bytes, where: str) -> Iterator[Mapping[str, Any]]:
    items = parse_json(data, where)
    if items is None:  # Go's empty list
        return
    if not isinstance(items, list):
        raise HttpError(f"{where}: the answer is no list: {data[:_SHOWN]!r}")
    for item in map(as_object, items):
        if _ID.fullmatch(text(item, "Id")):
            yield item


def _listed_one(entry: Mapping[str, Any]) -> Identity:
    names = tuple(name for name in as_list(entry.get("Names")) if isinstance(name, str))
    return Identity(
        "podman",
        text(entry, "Id"),
        name=names[0] if names else "",
        aliases=names,
        image=text(entry, "Image"),
        labels=texts(entry.get("Labels")),
        kind="sandbox" if entry.get("IsInfra") is True else "container",
        namespace="podman",
        pod_uid=text(entry, "Pod"),
        pod_name=text(entry, "PodName"),
        created_ns=time_ns(text(entry, "Created")),
        started_ns=number(entry, "StartedAt") * 10**9,
        pid=number(entry, "Pid"),
        health=text(entry, "Status"),
        runtime_state=text(entry, "State"),
    )


def inspected(data: bytes, where: str) -> tuple[Identity, Ended | None]:
    """GET /libpod/containers/<id>/json: who it is (of its pod the id alone), and how it ended when it has.

    Raises HttpError for no container.
    """
    entry = as_object(parse_json(data, where))
    ident = text(entry, "Id")
    if not _ID.fullmatch(ident):
        raise HttpError(f"{where}: the answer describes no container: {data[:_SHOWN]!r}")
    return _inspected_identity(entry, ident), _inspected_end(entry, ident)


def in_pod(identity: Identity, home: Pod) -> Identity:
    """The same with what its pod says."""
    infra = home.infra_id if home.infra_id != identity.id else ""
    return replace(identity, pod_name=home.name, sandbox_id=infra or identity.sandbox_id)


def _inspected_identity(entry: Mapping[str, Any], ident: str) -> Identity:
    config, state, host = (as_object(entry.get(key)) for key in ("Config", "State", "HostConfig"))
    driver = as_object(entry.get("GraphDriver"))
    name = text(entry, "Name").removeprefix("/")
    return Identity(
        "podman",
        ident,
        name=name,
        aliases=(name,) if name else (),
        image=text(entry, "ImageName") or text(config, "Image"),
        labels=texts(config.get("Labels")),
        envs=environment(config.get("Env")),
        kind="sandbox" if entry.get("IsInfra") is True else "container",
        namespace="podman",
        pod_uid=text(entry, "Pod"),
        sandbox_id=text(as_object(config.get("Annotations")), "io.kubernetes.cri-o.SandboxID"),
        created_ns=time_ns(text(entry, "Created")),
        started_ns=time_ns(text(state, "StartedAt")),
        pid=number(state, "Pid"),
        restart_count=number(entry, "RestartCount"),
        network_mode=text(host, "NetworkMode"),
        ip_addresses=_addresses(as_object(entry.get("NetworkSettings"))),
        health=text(as_object(state.get("Health") or state.get("Healthcheck")), "Status"),  # podman 3 has the latter
        runtime_state=text(state, "Status"),
        log_path=text(as_object(host.get("LogConfig")), "Path"),
        layer_path=_layer(text(driver, "Name"), as_object(driver.get("Data"))),
        layer_driver=text(driver, "Name"),
        volumes=volumes(entry.get("Mounts")),
        is_complete=True,
    )


def _inspected_end(entry: Mapping[str, Any], ident: str) -> Ended | None:
    state = as_object(entry.get("State"))
    finished_ns = time_ns(text(state, "FinishedAt"))
    if state.get("Running") is not False or state.get("Paused") is True or not finished_ns:
        return None
    code = state.get("ExitCode")
    exit_code = code if isinstance(code, int) and not isinstance(code, bool) and code >= 0 else None
    return Ended("podman", ident, exit_code, state.get("OOMKilled") is True, finished_ns)


def _layer(driver: str, data: Mapping[str, Any]) -> str:
    """Host directory of the writable layer; containers/storage names none for drivers without one (vfs: all of it)."""
    return text(data, "UpperDir") if driver == "overlay" else ""


def _addresses(settings: Mapping[str, Any]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for one in (settings, *map(as_object, as_object(settings.get("Networks")).values())):
        for key in ("IPAddress", "GlobalIPv6Address"):
            if address := text(one, key):
                found[address] = None
    return tuple(found)
