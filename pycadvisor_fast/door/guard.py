"""The door itself: what the settings made of it, for both faces."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from . import paths
from . import scopes as s
from .methods import Methods
from .peers import Peer, user_of_any
from .refusals import ForbiddenError
from .tls import Tls
from .users import User

if TYPE_CHECKING:
    import grpc
    import grpc.aio


class Door:
    """Who may see what. Safe to use from several threads and event loops.

    It is always there: ``is_closed`` says whether anybody has to show who he is. ``from_settings`` makes it.
    """

    def __init__(self, settings: Any) -> None:
        self.tls = _tls(settings)
        has_certificates = self.tls is not None and bool(self.tls.client_auth)
        self.methods = Methods(settings, has_certificates=has_certificates)
        self.is_closed = bool(self.methods.names)
        self.health_without_auth: bool = settings["health_without_auth"]
        given = settings["anonymous_scopes"]
        self._anonymous = s.parse_scopes(",".join(given)) if given else None
        self._prefix: str = settings["url_base_prefix"]
        self._metrics_path: str = settings["prometheus_endpoint"]
        if self.is_closed and given:
            raise ConfigError(
                "anonymous_scopes: nobody is anonymous here, as "
                f"{', '.join(self.methods.names)} is asked for; leave one of the two out"
            )
        if not self.is_closed and settings["users_file"]:
            raise ConfigError(
                "users_file: there is nothing by which a user could show who it is; set http_auth_file, "
                "http_digest_file, token_file, tls_client_ca or peer_uids as well"
            )

    @staticmethod
    def from_settings(settings: Any) -> Door:
        """The door of a config.Settings. Raises ConfigError, which names setting, file and line."""
        return Door(settings)

    def needs(self, path: str) -> str:
        """The scope a path of HTTP needs; "" = none."""
        return paths.needs(path, self._prefix, self._metrics_path)

    def is_free(self, path: str) -> bool:
        """Whether a path is open to everybody: a probe's, when health_without_auth is set."""
        return self.health_without_auth and paths.is_health(path, self._prefix)

    async def enter(
        self, authorization: str | None, peer: Peer, request: tuple[str, str] | None = None, *, is_public: bool = True
    ) -> User:
        """Who asks; see Methods.user. Raises a RefusedError."""
        if not self.is_closed:
            return self.anonymous(is_public=is_public)
        return await self.methods.user(authorization, peer, request)

    def anonymous(self, *, is_public: bool) -> User:
        """Everybody, where nobody has to show who he is. ``is_public``: others than this host can connect.

        On this host whoever may connect sees command lines with ps as well; strangers see numbers.
        """
        if self._anonymous is not None:
            return User("anonymous", self._anonymous, "open")
        return User("anonymous", s.DEFAULT if is_public else s.EVERYTHING, "open")

    @staticmethod
    def check(user: User, scope: str) -> None:
        """Raises ForbiddenError when the user may not see it."""
        if not user.may(scope):
            raise ForbiddenError(user.name, scope)

    def ssl_context(self) -> ssl.SSLContext | None:
        """For the HTTP server; None: no TLS."""
        return self.tls.context() if self.tls is not None else None

    def asgi(self, app: Any, hosts: Iterable[str] = ("0.0.0.0",)) -> Any:
        """The ASGI application behind the door. ``hosts``: where it is served, as in is_local."""
        from .http import Middleware

        return Middleware(self, app, is_public=not is_local(hosts))

    def grpc_interceptors(self, hosts: Iterable[str] = ("0.0.0.0",)) -> Sequence[grpc.aio.ServerInterceptor]:
        """For grpc.aio.server; none when everybody may see everything."""
        is_public = not is_local(hosts)
        if not self.is_closed and self.anonymous(is_public=is_public).may(s.ALL):
            return ()
        from .grpc import Interceptor

        return (Interceptor(self, is_public=is_public),)

    def grpc_credentials(self) -> grpc.ServerCredentials | None:
        """For add_secure_port; None: no TLS."""
        if self.tls is None:
            return None
        from .grpc import credentials

        return credentials(self.tls)

    def protect_socket(self, path: str) -> None:
        """Opens a unix socket of gRPC to the accounts of peer_uids alone, if there are any. Raises ConfigError."""
        if self.methods.peers:
            from .socket_access import restrict

            restrict(path, self.methods.peers)

    def socket_user(self) -> User | None:
        """Whoever it is that comes through a socket that protect_socket has seen to."""
        return user_of_any(self.methods.peers, self.methods.users)

    def warnings(self, face: str, hosts: Iterable[str]) -> list[str]:
        """What has to be said loudly when a face is served there; see is_local for ``hosts``."""
        out = []
        where = [host for host in hosts if not is_local([host])]
        if where and not self.is_closed:
            out.append(
                f"{face} is open to everybody who reaches {', '.join(where)}, without authentication: set token_file, "
                "http_auth_file or tls_client_ca, or listen on 127.0.0.1"
            )
        if where and self.tls is None and {"basic", "token"} & set(self.methods.names):
            out.append(f"{face}: passwords or tokens cross the network in clear text: set tls_cert and tls_key")
        return out

    def status(self) -> dict[str, Any]:
        """closed, methods, tls, failures, refused, passwords_checked, and ``trouble``: files that are not used as
        they stand on the disk, because they are wrong now."""
        for file in self.methods.files:
            file.current()
        if self.tls is not None:
            self.tls.current()
        troubles = [source.trouble for source in (*self.methods.files, self.tls) if source is not None]
        return {
            "closed": self.is_closed,
            "methods": list(self.methods.names),
            "tls": self.tls is not None,
            "failures": self.methods.failures.total,
            "refused": self.methods.failures.refused,
            "passwords_checked": self.methods.passwords.checked if self.methods.passwords else 0,
            "trouble": [trouble for trouble in troubles if trouble],
        }

    def close(self) -> None:
        """Ends its threads."""
        self.methods.close()


def is_local(hosts: Iterable[str]) -> bool:
    """Whether only this host can connect: each is a loopback address, "localhost", or "" for a unix socket."""
    return all(_is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False


def _tls(settings: Any) -> Tls | None:
    certificate, key, authority = settings["tls_cert"], settings["tls_key"], settings["tls_client_ca"]
    if not certificate and not key:
        if authority:
            raise ConfigError("tls_client_ca: certificates come over TLS only: set tls_cert and tls_key as well")
        return None
    if not certificate or not key:
        raise ConfigError("tls_cert, tls_key: one of the two is not set; both are needed")
    return Tls(certificate, key, authority, settings["tls_client_auth"])
