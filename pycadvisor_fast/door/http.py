"""The door as ASGI middleware: who does not get in has an answer before the application hears of the request."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .digest import quoted
from .guard import Door
from .peers import Peer, certificate_of, of_socket
from .refusals import BusyError, ForbiddenError, RefusedError, TooManyFailuresError, UnauthenticatedError
from .users import User

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

USER = "pcf_user"
PEER = "pcf_peer"
_POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1; before a websocket is accepted, servers answer 403


class Middleware:
    """See Door.asgi. Puts the User into ``scope["pcf_user"]``."""

    def __init__(self, door: Door, app: App, *, is_public: bool) -> None:
        self._door = door
        self._app = app
        self._is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # lifespan: the server's own
            await self._app(scope, receive, send)
            return
        try:
            scope[USER] = await self._user(scope)
        except RefusedError as refusal:
            await self._refuse(refusal, scope, send)
            return
        await self._app(scope, receive, send)

    async def _user(self, scope: Scope) -> User:
        path = scope["path"]
        if self._door.is_free(path):
            return User("anonymous", frozenset(), "open")
        user = await self._door.enter(
            _authorization(scope), _peer(scope), (scope.get("method", "GET"), _target(scope)), is_public=self._is_public
        )
        self._door.check(user, self._door.needs(path))
        return user

    async def _refuse(self, refusal: RefusedError, scope: Scope, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": str(refusal)[:120]})
            return
        status, headers = answer(refusal, self._door)
        log.debug("door: %d to %s: %s", status, _peer(scope).bucket, refusal)
        body = f"{refusal}\n".encode()
        headers += [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else body})


def answer(refusal: RefusedError, door: Door) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and headers of a refusal."""
    if isinstance(refusal, UnauthenticatedError):
        values = challenges(door, is_stale=refusal.is_stale)
        return 401, [(b"www-authenticate", value.encode("utf-8")) for value in values]
    if isinstance(refusal, ForbiddenError):
        headers = []
        if door.methods.tokens is not None:  # RFC 6750, section 3.1
            realm = quoted(door.methods.realm)
            value = f'Bearer realm={realm}, error="insufficient_scope", scope="{refusal.scope}"'
            headers.append((b"www-authenticate", value.encode("utf-8")))
        return 403, headers
    if isinstance(refusal, TooManyFailuresError):
        return 429, [(b"retry-after", str(refusal.after).encode())]
    if isinstance(refusal, BusyError):
        return 503, [(b"retry-after", str(refusal.after).encode())]
    return 401, []


def challenges(door: Door, *, is_stale: bool = False) -> list[str]:
    """Values of WWW-Authenticate, the strongest first: browsers and curl take the first they can."""
    methods = door.methods
    out = methods.digest.challenges(is_stale=is_stale) if methods.digest is not None else []
    if methods.passwords is not None:
        out.append(f'Basic realm={quoted(methods.realm)}, charset="UTF-8"')
    if methods.tokens is not None:
        out.append(f"Bearer realm={quoted(methods.realm)}")
    return out


def allowed(scope: Scope, what: str) -> bool:
    """Whether whoever asks may see something. A request that came through no door may see nothing sensitive."""
    user: User | None = scope.get(USER)
    return user is not None and user.may(what)


def with_peers(protocol: type) -> type:
    """A uvicorn HTTP protocol class that notes for each connection who is at its other end, in
    ``scope["pcf_peer"]``: uvicorn itself tells an application neither the certificate nor the socket's peer."""

    class WithPeer(protocol):  # type: ignore[misc]
        app: App

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            peer = peer_of(transport)
            app = self.app

            async def known(scope: Scope, receive: Receive, send: Send) -> None:
                scope[PEER] = peer
                await app(scope, receive, send)

            self.app = known

    WithPeer.__name__ = f"{protocol.__name__}WithPeer"
    return WithPeer


def peer_of(transport: Any) -> Peer:
    """Who is at the other end of an asyncio transport."""
    address = transport.get_extra_info("peername")
    if isinstance(address, tuple):
        connection = transport.get_extra_info("ssl_object")
        return Peer(str(address[0]), certificate_of(connection.getpeercert()) if connection is not None else None)
    try:
        return of_socket(transport.get_extra_info("socket"))
    except (OSError, AttributeError):  # it is gone already
        return Peer("unknown")


def _peer(scope: Scope) -> Peer:
    peer = scope.get(PEER)
    if isinstance(peer, Peer):
        return peer
    client = scope.get("client")
    return Peer(str(client[0]) if client else "unknown")


def _authorization(scope: Scope) -> str | None:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if not values:
        return None
    if len(values) > 1:
        raise UnauthenticatedError("authorization: the header is there twice")
    raw: bytes = values[0]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _target(scope: Scope) -> str:
    """Path and query as they came."""
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    query: bytes = scope.get("query_string", b"")
    return (path + b"?" + query if query else path).decode("latin-1")
