"""What CRI-O's HTTP API answers, as an identity: pure, and distrustful of every type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from . import Identity
from .kubernetes import place_of
from .socket_runtime import SessionError

_SHOWN = 60  # characters of an unexpected answer that go into a message


def storage_driver(data: bytes, where: str) -> str:
    """GET /info: what keeps the layers, "" = not said. Raises SessionError when that is no JSON object."""
    return _text(_parsed(data, where), "storage_driver")


def inspected(ident: str, data: bytes, where: str, driver: str = "") -> Identity:
    """GET /containers/<id>: what CRI-O says of a container. Raises SessionError when that is no JSON object."""
    entry = _parsed(data, where)
    labels, annotations = _texts(entry, "labels"), _texts(entry, "annotations")
    place = place_of(labels, annotations, _texts(entry, "crio_annotations"))
    name, sandbox = _text(entry, "name"), _text(entry, "sandbox")
    is_sandbox = place.is_sandbox or sandbox == ident
    return Identity(
        "crio",
        ident,
        name=place.name or name,
        aliases=(name,) if name and place.name else (),
        image=_text(entry, "image") or place.image,
        labels=MappingProxyType(labels),
        kind="sandbox" if is_sandbox else "container",
        namespace="crio",
        pod_uid=place.pod_uid,
        created_ns=_number(entry, "created_time"),
        pid=_number(entry, "pid"),
        restart_count=place.restart_count,
        pod_name=place.pod_name,
        pod_namespace=place.pod_namespace,
        container_name="" if is_sandbox else place.container_name,
        sandbox_id=sandbox or place.sandbox_id,
        log_path=_text(entry, "log_path") or place.log_path,
        ip_addresses=_addresses(entry),
        layer_path=_layer(_text(entry, "root")),
        layer_driver=driver,
    )


def _layer(root: str) -> str:
    """Beside the mount point of an overlay, "<layer>/merged", lies what was written: "<layer>/diff"."""
    return f"{root.removesuffix('/merged')}/diff" if root.startswith("/") and root.endswith("/merged") else ""


def _addresses(entry: Mapping[str, Any]) -> tuple[str, ...]:
    listed = entry.get("ip_addresses")
    several = tuple(text for text in listed if isinstance(text, str) and text) if isinstance(listed, list) else ()
    return several or tuple(filter(None, (_text(entry, "ip_address"),)))


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        entry = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SessionError(f"{where}: the answer is no JSON: {data[:_SHOWN]!r}") from error
    if not isinstance(entry, dict):
        raise SessionError(f"{where}: the answer is no object: {data[:_SHOWN]!r}")
    return entry


def _texts(entry: Mapping[str, Any], key: str) -> dict[str, str]:
    value = entry.get(key)
    pairs = value.items() if isinstance(value, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _number(entry: Mapping[str, Any], key: str) -> int:
    value = entry.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
