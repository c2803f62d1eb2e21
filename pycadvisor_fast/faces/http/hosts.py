"""Which Host a request may name, where this machine alone may ask and nobody has to show who he is.

A page of evil.example whose name has come to mean 127.0.0.1 (DNS rebinding) may read what a browser on this machine
fetches for it: to the browser it is the page's own site. Its requests carry its name, so the name tells them apart.
A name without a dot, or an address, is no name that a stranger can give to a site.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .answers import problem


def own_names() -> frozenset[str]:
    """What this machine is called. The full name may come from a name server, so it is not asked for here."""
    return frozenset({socket.gethostname().lower()})


def is_own(host: str, own: Iterable[str]) -> bool:
    """Whether the Host field (name and port) is of this machine. Without one nobody's page asks: browsers send it."""
    name = host.lower()
    name = name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]
    name = name.removesuffix(".")
    if "." not in name and ":" not in name:
        return True
    if name.endswith(".localhost") or name in own:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class OwnHosts:
    """ASGI: requests for other names are answered 421, Misdirected Request (RFC 9110, section 15.5.20)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._own = own_names()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "")
        if is_own(host, self._own):
            await self._app(scope, receive, send)
            return
        text = (
            f"{host[:100]!a} is no name of this machine; ask for 127.0.0.1, or set up authentication (docs/security.md)"
        )
        await problem(421, text)(scope, receive, send)
