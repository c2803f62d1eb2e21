"""Which scope a path of HTTP needs. Pure."""

from __future__ import annotations

import posixpath
import re

from .scopes import ALL, METRICS, PROCESSES, STATS

HEALTH = frozenset({"/healthz", "/readyz", "/livez"})
_PROCESSES = re.compile(r"/api/v[0-9.]+/(?:ps|processes)(?:/.*)?", re.IGNORECASE)


def needs(path: str, prefix: str = "", metrics_path: str = "/metrics") -> str:
    """The scope; "" = none, entering is enough. ``path``: decoded, as ASGI gives it.

    Judged by its cleaned form, so that ``//api/./v2.0/ps`` needs what it will be redirected to. A handler that shows
    more than numbers looks at the user's scopes all the same.
    """
    clean = posixpath.normpath("/" + path.lstrip("/"))
    base = "/" + prefix.strip("/") if prefix.strip("/") else ""
    if base and (clean == base or clean.startswith(base + "/")):
        clean = clean[len(base) :] or "/"
    if clean in HEALTH:
        return ""
    if clean == posixpath.normpath("/" + metrics_path.lstrip("/")):
        return METRICS
    if _PROCESSES.fullmatch(clean):
        return PROCESSES
    if clean == "/debug" or clean.startswith("/debug/"):
        return ALL
    return STATS


def is_health(path: str, prefix: str = "") -> bool:
    """Whether it is exactly a probe's path: only these can be excepted from the door."""
    base = "/" + prefix.strip("/") if prefix.strip("/") else ""
    return path.removeprefix(base) in HEALTH and path.startswith(base)
