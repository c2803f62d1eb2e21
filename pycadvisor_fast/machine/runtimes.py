"""Versions of the container runtimes that answer, from what their connections say of themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .model import RuntimeVersion

_VERSION = re.compile(r"[^\s,;]+ v?(\d[^\s,;]*)")  # "Docker 27.3.1", "Podman 5.2.0, which keeps no events"


def versions(status: Mapping[str, Mapping[str, Any]]) -> tuple[RuntimeVersion, ...]:
    """``status``: Collector.status()["runtimes"]. A runtime that is not connected has no version to tell."""
    out = []
    for name, found in sorted(status.items()):
        if found.get("state") != "connected":
            continue
        in_detail = _VERSION.match(str(found.get("detail", "")))
        version = str(found.get("version", "")) or (in_detail[1] if in_detail else "")
        out.append(RuntimeVersion(name, version, str(found.get("api_version", ""))))
    return tuple(out)
