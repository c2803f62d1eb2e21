"""The door: who may see what, over TLS or not, for HTTP and gRPC alike.

``Door.from_settings(settings)`` is always a Door; ``is_closed`` says whether anybody has to show who he is. It raises
ConfigError for anything wrong in the files that the settings name, with file and line.

What serves HTTP has to

1. call ``door.ssl_context()`` and give what it returns to uvicorn (``Config(ssl_context_factory=lambda *_: context)``)
   for TCP; None means plain HTTP. Certificates are reloaded by the context itself;
2. give uvicorn a protocol class that notes who is connected: ``Config(http=with_peers(HttpToolsProtocol))``, or
   ``H11Protocol``; without it certificates of clients and peers of unix sockets are not seen;
3. wrap the whole application, outermost but for what limits connections: ``door.asgi(app, hosts)``, ``hosts`` being
   the addresses listened on ("" for a unix socket). Behind it ``scope["pcf_user"]`` is a User, always;
4. ask ``allowed(request.scope, "processes")`` or ``"env"`` before it shows command lines or environment variables, and
   answer 403, or leave them out;
5. log ``door.warnings("HTTP", hosts)`` loudly, and call ``door.close()`` at the end. ``door.status()`` is for status.

gRPC is wired in faces/grpc/server.py through the argument ``door`` of ``serve``.
"""

from __future__ import annotations

from .guard import Door, is_local
from .http import allowed, with_peers
from .scopes import ALL, ENV, METRICS, PROCESSES, SCOPES, STATS
from .users import User

__all__ = [
    "ALL",
    "ENV",
    "METRICS",
    "PROCESSES",
    "SCOPES",
    "STATS",
    "Door",
    "User",
    "allowed",
    "is_local",
    "with_peers",
]
