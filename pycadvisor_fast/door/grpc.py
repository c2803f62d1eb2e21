"""The door in front of gRPC: an interceptor of grpc.aio, and TLS that follows its files."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

import grpc
import grpc.aio

from .guard import Door
from .peers import Peer
from .refusals import BusyError, ForbiddenError, RefusedError, TooManyFailuresError, UnauthenticatedError
from .scopes import PROCESSES, STATS
from .tls import REQUIRE, Material, Tls
from .users import Certificate, User

log = logging.getLogger(__name__)

_SCOPES = {"ListProcesses": PROCESSES}  # every other method of ours: stats
_STANDARD = ("/grpc.health.", "/grpc.reflection.")  # as probes and grpcurl ask; entering is enough
_KINDS = {"x509_common_name": "cn", "peer_dns": "dns", "peer_uri": "uri", "peer_email": "email", "peer_ip": "ip"}
_CODES: dict[type[RefusedError], grpc.StatusCode] = {
    UnauthenticatedError: grpc.StatusCode.UNAUTHENTICATED,
    ForbiddenError: grpc.StatusCode.PERMISSION_DENIED,
    TooManyFailuresError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    BusyError: grpc.StatusCode.UNAVAILABLE,
}

_caller: ContextVar[User | None] = ContextVar("pcf_caller", default=None)


def may(scope: str) -> bool:
    """Whether whoever made the call that is being answered may see something. Where there is no interceptor, everybody
    may see everything: see Door.grpc_interceptors."""
    user = _caller.get()
    return user is None or user.may(scope)


def needs(method: str) -> str:
    """The scope of a method, "/package.Service/Method"; "" = none."""
    if method.startswith(_STANDARD):
        return ""
    return _SCOPES.get(method.rpartition("/")[2], STATS)


class Interceptor(grpc.aio.ServerInterceptor):
    """See Door.grpc_interceptors."""

    def __init__(self, door: Door, *, is_public: bool) -> None:
        self._door = door
        self._is_public = is_public

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or (self._door.health_without_auth and method.startswith(_STANDARD)):
            return handler
        return guarded(handler, lambda context: self._enter(method, context))

    async def _enter(self, method: str, context: Any) -> None:
        """Ends the call when its caller may not make it."""
        try:
            user = await self._user(context)
            self._door.check(user, needs(method))
        except RefusedError as refusal:
            log.debug("door: %s from %s refused: %s", method, context.peer(), refusal)
            text = f"{refusal}; {_hint(self._door)}" if isinstance(refusal, UnauthenticatedError) else str(refusal)
            await context.abort(_CODES[type(refusal)], text)
        _caller.set(user)

    async def _user(self, context: Any) -> User:
        peer = peer_of(context)
        value = _authorization(context.invocation_metadata() or ())
        if value is None and self._door.is_closed and not peer.address:
            user = self._door.socket_user()
            if user is not None:
                return user
        return await self._door.enter(value, peer, is_public=self._is_public)


def guarded(handler: Any, enter: Callable[[Any], Awaitable[None]]) -> Any:
    """The same handler, after ``enter``. Both ways to write a streaming one are served alike."""
    inner = next(
        call
        for call in (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
        if call is not None
    )

    async def answered(request: Any, context: Any) -> Any:
        await enter(context)
        result = inner(request, context)
        return await result if inspect.isawaitable(result) else result

    async def streamed(request: Any, context: Any) -> None:
        await enter(context)
        result = inner(request, context)
        if inspect.isawaitable(result):
            await result
            return
        async for message in result:
            await context.write(message)

    makers = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    make: Any = makers[handler.request_streaming, handler.response_streaming]
    return make(
        streamed if handler.response_streaming else answered,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


def peer_of(context: Any) -> Peer:
    """Who is at the other end, as far as grpcio tells: address and certificate."""
    kind, _, rest = context.peer().partition(":")
    address = unquote(rest).rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else ""
    return Peer(address, certificate_of(context.auth_context()))


def certificate_of(found: Mapping[str, Iterable[bytes]]) -> Certificate | None:
    """Names of the certificate that the handshake has accepted; None when there was none."""
    names = [(_KINDS[key], value.decode("utf-8", "replace")) for key in _KINDS for value in found.get(key, ()) if value]
    return Certificate(tuple(names)) if names else None


def _authorization(metadata: Iterable[tuple[str, Any]]) -> str | None:
    values = [value for key, value in metadata if key == "authorization"]
    if not values:
        return None
    if len(values) > 1 or not isinstance(values[0], str):
        raise UnauthenticatedError("authorization: the metadata must be there once")
    return values[0]


def _hint(door: Door) -> str:
    """How one can show who one is."""
    words = {
        "basic": "authorization: Basic ...",
        "digest": "authorization: Basic ...",
        "token": "authorization: Bearer ...",
        "certificate": "a client certificate",
        "peer": "the unix socket",
    }
    return "send " + " or ".join(dict.fromkeys(words[name] for name in door.methods.names))


def credentials(tls: Tls) -> grpc.ServerCredentials:
    """Server credentials that ask ``tls`` at each connection.

    grpcio either insists on a certificate or does not ask for one (grpc.dynamic_ssl_server_credentials): with
    tls_client_auth=optional it does not ask, and its callers send a token or a password.
    """
    state = {"material": tls.current()}

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        material = tls.current()
        if material is state["material"]:
            return None  # no change
        state["material"] = material
        return _configuration(material)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(state["material"]),
        fetch,  # type: ignore[arg-type]  # the stubs forget None
        require_client_authentication=tls.client_auth == REQUIRE,
    )


def _configuration(material: Material) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(material.key, material.certificate)], root_certificates=material.client_ca or None
    )
