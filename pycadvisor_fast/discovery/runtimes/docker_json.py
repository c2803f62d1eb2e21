"""What Docker's API answers, as identities: pure, and distrustful of every type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from . import Ended, Identity
from .docker_layers import said_layer
from .http import HttpError
from .mounts_json import volumes

EVENT_LIMIT = 16 << 20  # bytes of one event: Docker puts all labels into it
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)")
_ID = re.compile(r"[0-9a-f]{64}")
HEALTH = ("starting", "healthy", "unhealthy")
_SHOWN = 60  # characters of an unexpected answer that go into a message


@dataclass(frozen=True, slots=True)
class DockerEvent:
    """One line of /events about a container."""

    action: str
    id: str
    name: str
    image: str
    exit_code: int | None = None  # of "die"
    time_ns: int = 0


def parse_json(data: bytes, where: str) -> Any:
    """``data`` as JSON; raises HttpError naming ``where`` and the beginning of what came instead.

    Bytes that are no UTF-8 become U+FFFD: one label of one container must not cost the names of the others.
    """
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise HttpError(f"{where}: the answer is no JSON: {data[:_SHOWN]!r}") from error


def listed(data: bytes, where: str) -> list[Identity]:
    """GET /containers/json: everything but pid, start and exact creation time."""
    items = parse_json(data, where)
    if not isinstance(items, list):
        raise HttpError(f"{where}: the answer is no list: {data[:_SHOWN]!r}")
    return [identity for identity in map(_listed_one, items) if identity is not None]


def _listed_one(item: Any) -> Identity | None:
    entry = _object(item)
    ident = _text(entry, "Id")
    if not _ID.fullmatch(ident):
        return None
    created = entry.get("Created")
    return _identity(
        ident,
        name=_own_name(entry.get("Names")),
        image=_text(entry, "Image"),
        labels=_labels(entry.get("Labels")),
        created_ns=created * 10**9 if isinstance(created, int) and created > 0 else 0,
        network_mode=_text(_object(entry.get("HostConfig")), "NetworkMode"),
        runtime_state=_text(entry, "State"),
    )


def inspected(data: bytes, where: str) -> tuple[Identity, Ended | None]:
    """GET /containers/<id>/json: who it is, and how it ended when it has; raises HttpError for no container."""
    entry = _object(parse_json(data, where))
    ident = _text(entry, "Id")
    if not _ID.fullmatch(ident):
        raise HttpError(f"{where}: the answer describes no container: {data[:_SHOWN]!r}")
    return _inspected_identity(entry, ident), _inspected_end(entry, ident)


def _inspected_end(entry: Mapping[str, Any], ident: str) -> Ended | None:
    state = _object(entry.get("State"))
    finished_ns = time_ns(_text(state, "FinishedAt"))
    if state.get("Running") is not False or not finished_ns:  # one that was made and never started has neither
        return None
    return Ended("docker", ident, _exit_code(state.get("ExitCode")), state.get("OOMKilled") is True, finished_ns)


def _inspected_identity(entry: Mapping[str, Any], ident: str) -> Identity:
    config, state = _object(entry.get("Config")), _object(entry.get("State"))
    name, layer = _text(entry, "Name").removeprefix("/"), said_layer(entry)
    return _identity(
        ident,
        name=name,
        aliases=(name, ident) if name else (ident,),
        image=_text(config, "Image"),
        labels=_labels(config.get("Labels")),
        envs=_envs(config.get("Env")),
        created_ns=time_ns(_text(entry, "Created")),
        started_ns=time_ns(_text(state, "StartedAt")),
        pid=_number(state, "Pid"),
        restart_count=_number(entry, "RestartCount"),
        network_mode=_text(_object(entry.get("HostConfig")), "NetworkMode"),
        health=_health(_text(_object(state.get("Health")), "Status")),
        ip_addresses=_addresses(_object(entry.get("NetworkSettings"))),
        log_path=_text(entry, "LogPath"),
        layer_driver=layer.driver,
        layer_path=layer.path,
        volumes=volumes(entry.get("Mounts")),
        runtime_state=_text(state, "Status"),
        is_complete=True,
    )


def _health(status: str) -> str:
    """Docker says "none" where there is no check."""
    return status if status in HEALTH else ""


def _envs(value: Any) -> Mapping[str, str]:
    pairs = (item.partition("=") for item in value if isinstance(item, str)) if isinstance(value, list) else ()
    return MappingProxyType({name: text for name, sign, text in pairs if name and sign})


def _addresses(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Of all its networks, each once; the fields outside Networks are those of the default bridge, until Docker 28."""
    places = [settings, *(_object(network) for network in _object(settings.get("Networks")).values())]
    found = [_text(place, key) for place in places for key in ("IPAddress", "GlobalIPv6Address")]
    return tuple(dict.fromkeys(address for address in found if address))


def _identity(ident: str, *, labels: Mapping[str, str], **values: Any) -> Identity:
    is_sandbox = labels.get("io.kubernetes.docker.type") == "podsandbox"
    return Identity(
        runtime="docker",
        namespace="docker",
        id=ident,
        labels=labels,
        kind="sandbox" if is_sandbox else "container",
        pod_uid=labels.get("io.kubernetes.pod.uid", ""),
        pod_name=labels.get("io.kubernetes.pod.name", ""),
        pod_namespace=labels.get("io.kubernetes.pod.namespace", ""),
        container_name="" if is_sandbox else labels.get("io.kubernetes.container.name", ""),
        sandbox_id=labels.get("io.kubernetes.sandbox.id", ""),
        **values,
    )


class EventLines:
    """Cuts the event stream into events: JSON objects with or without line ends between them."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._rest: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[DockerEvent]:
        """The container events that ``piece`` completes; raises HttpError for what is no event."""
        first, *lines = piece.split(b"\n")
        self._rest.append(first)
        self._size += len(first)
        if self._size > EVENT_LIMIT:
            raise HttpError(f"{self._where}: an event is longer than {EVENT_LIMIT} bytes")
        if not lines:
            return
        whole = b"".join(self._rest)
        self._rest, self._size = [lines[-1]], len(lines[-1])
        for line in (whole, *lines[:-1]):
            if line.strip():
                event = _event(_object(parse_json(line, self._where)))
                if event is not None:
                    yield event


def _event(entry: Mapping[str, Any]) -> DockerEvent | None:
    actor = _object(entry.get("Actor"))
    attributes = _object(actor.get("Attributes"))
    ident = _text(actor, "ID") or _text(entry, "id")
    if _text(entry, "Type") not in ("", "container") or not _ID.fullmatch(ident):
        return None
    action = _text(entry, "Action") or _text(entry, "status")
    return DockerEvent(
        action,
        ident,
        _text(attributes, "name").removeprefix("/"),
        _text(attributes, "image"),
        _exit_code(attributes.get("exitCode")),
        _number(entry, "timeNano"),
    )


def _exit_code(value: Any) -> int | None:
    """A number or, as in events, its digits; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def time_ns(text: str) -> int:
    """RFC 3339 with up to nanoseconds as wall-clock ns; 0 for Docker's "never" (year 1) and for anything else."""
    match = _TIME.fullmatch(text)
    if match is None:
        return 0
    try:
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")).astimezone(UTC)
        seconds = int(whole.timestamp())
    except (ValueError, OverflowError):
        return 0
    return max(0, seconds * 10**9 + int((match[2] or "0").ljust(9, "0")))


def _own_name(names: Any) -> str:
    """Of "/web" and "/other/alias" (legacy links) the one that is the container's own."""
    texts = [name.removeprefix("/") for name in names if isinstance(name, str)] if isinstance(names, list) else []
    own = [text for text in texts if "/" not in text]
    return (own or texts or [""])[0]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _number(entry: Mapping[str, Any], key: str) -> int:
    value = entry.get(key)
    return value if isinstance(value, int) and value > 0 else 0


def _labels(value: Any) -> Mapping[str, str]:
    return MappingProxyType({key: text for key, text in _object(value).items() if isinstance(text, str)})
