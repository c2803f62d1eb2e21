"""Request paths, before any route sees them: decoded, checked, and cleaned as Go's mux does. Pure, but for ASGI.

Go redirects (301) a path with an empty, "." or ".." part to the cleaned one, and a folder's name without its final
slash to the form with it. Decoding comes first, so "%2e%2e" and "%2f" are no way round the cleaning.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .answers import problem

FOLDERS = ("/api", "/containers", "/docker", "/podman", "/static", "/validate")
"""Whose names redirect to the form with a final slash: what cAdvisor mounts as folders."""

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_KEPT = "/:@!$&'()*+,;=-._~"  # RFC 3986 pchar, and "/"


class PathError(ValueError):
    """A path that no route may see; the message is for the client."""


def decoded(raw: bytes) -> str:
    """A request's path without its percent signs; bytes that are no UTF-8 become surrogates, as in file names.

    Raises PathError for a broken escape or a zero byte, which no name of the kernel has.
    """
    if _BAD_ESCAPE.search(raw):
        raise PathError("invalid URL escape in the path")
    path = unquote_to_bytes(raw)
    if not path.startswith(b"/"):
        raise PathError("a path begins with a slash")
    if b"\0" in path:
        raise PathError("a path cannot have a zero byte")
    return path.decode("utf-8", "surrogateescape")


def cleaned(path: str) -> str:
    """The path with empty, "." and ".." parts resolved; a final slash stays."""
    if "//" not in path and "/." not in path and path.startswith("/"):
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    out = "/" + "/".join(parts)
    return out + "/" if path.endswith("/") and parts else out


def encoded(path: str) -> str:
    """A path as it stands in a Location field."""
    return quote_from_bytes(path.encode("utf-8", "surrogateescape"), safe=_KEPT)


class Paths:
    """ASGI: what comes to ``app`` has a clean, decoded path below ``prefix``; all else is answered here."""

    def __init__(self, app: ASGIApp, prefix: str = "") -> None:
        self._app = app
        self._prefix = prefix
        self._folders = frozenset(prefix + folder for folder in FOLDERS) | ({prefix} if prefix else frozenset())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = self._answer(scope)
        await (self._app if answer is None else answer)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        """What is answered without asking any route; None: the scope has been put right."""
        try:
            path = decoded(scope["raw_path"])
        except PathError as error:
            return problem(400, str(error))
        clean = cleaned(path)
        if clean in self._folders:
            clean += "/"
        if clean != path:
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(encoded(clean) + (f"?{query}" if query else ""), 301)
        if not path.startswith(self._prefix + "/"):
            return problem(404, "404 page not found")
        scope["path"] = path
        scope["root_path"] = self._prefix
        return None
