"""The ways to show who one is, as the settings set them up, and the one question they answer: whose request is it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import header, tokens
from .digest import Digest
from .failures import Failures
from .files import Watched
from .htdigest import watched_htdigest
from .htpasswd import watched_htpasswd
from .passwords import Passwords
from .peers import Peer, PeerRule, parse_peers, user_of
from .refusals import UnauthenticatedError
from .users import User, Users, watched_users

_NEEDED = "credentials are needed"
_WRONG = "wrong user or password"
_NO_USERS = Users()


class Methods:
    """Made of settings; raises ConfigError naming file and line. ``has_certificates``: connections may bring some."""

    def __init__(self, settings: Any, *, has_certificates: bool) -> None:
        self.failures = Failures(settings["auth_failures_per_minute"])
        self.has_certificates = has_certificates
        self.peers: Sequence[PeerRule] = parse_peers(settings["peer_uids"])
        self.realm: str = settings["http_auth_realm"]
        self._users = watched_users(settings["users_file"]) if settings["users_file"] else None
        self.tokens = tokens.watched_tokens(settings["token_file"]) if settings["token_file"] else None
        self.digest: Digest | None = None
        if settings["http_digest_file"]:
            realm = settings["http_digest_realm"]
            self.digest = Digest(watched_htdigest(settings["http_digest_file"], realm), realm)
        self.passwords: Passwords | None = None
        if settings["http_auth_file"]:
            self.passwords = Passwords(watched_htpasswd(settings["http_auth_file"]), self.failures)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are set up: "basic", "digest", "token", "certificate", "peer"."""
        have = {
            "basic": self.passwords,
            "digest": self.digest,
            "token": self.tokens,
            "certificate": self.has_certificates,
            "peer": self.peers,
        }
        return tuple(name for name, method in have.items() if method)

    @property
    def files(self) -> list[Watched[Any]]:
        """Those that are watched."""
        found = (
            self._users,
            self.tokens,
            self.digest and self.digest.file,
            self.passwords and self.passwords.file,
        )
        return [file for file in found if file]

    @property
    def users(self) -> Users:
        """Who may see what, now."""
        return self._users.current() if self._users is not None else _NO_USERS

    async def user(self, value: str | None, peer: Peer, request: tuple[str, str] | None = None) -> User:
        """Who asks. ``value``: of the authorization header; ``request``: method and target of HTTP, None for gRPC.

        What is said in the header counts before what the connection shows. Raises a RefusedError.
        """
        if value is not None:
            try:
                user = await self._by_header(header.parse(value), peer, request)
            except ValueError as error:
                raise UnauthenticatedError(f"authorization: {error}") from None
            if user is not None:
                return user
        user = self.by_connection(peer)
        if user is None:
            raise UnauthenticatedError(_NEEDED)
        return user

    def by_connection(self, peer: Peer) -> User | None:
        """Who it is by certificate or by the kernel's word."""
        if self.has_certificates and peer.certificate is not None:
            return self.users.of_certificate(peer.certificate)
        return user_of(self.peers, peer, self.users)

    async def _by_header(self, given: header.Authorization, peer: Peer, request: tuple[str, str] | None) -> User | None:
        """None: the scheme is not one of those set up. Raises a RefusedError, ValueError."""
        if given.scheme == "bearer" and self.tokens is not None:
            return self._by_token(given.rest, peer)
        if given.scheme == "digest" and self.digest is not None and request is not None:
            return self._by_digest(self.digest, given.rest, peer, request)
        if given.scheme == "basic" and self.passwords is not None:
            name, password = header.basic(given.rest)
            if not await self.passwords.verify(name, password, peer.bucket):
                raise UnauthenticatedError(_WRONG)
            return self._known(name, "basic")
        if given.scheme == "basic" and self.digest is not None and request is None:
            return self._by_digest_password(self.digest, given.rest, peer)
        return None

    def _by_token(self, text: str, peer: Peer) -> User:
        """A right token is never held up by wrong ones from its address: it is too long to be guessed."""
        assert self.tokens is not None
        found = tokens.find(self.tokens.current(), text)
        if found is None:
            self.failures.take(peer.bucket)
            self.failures.failed()
            raise UnauthenticatedError("the token is not valid")
        return User(found.name, self._scopes(found), "token")

    def _scopes(self, token: tokens.Token) -> frozenset[str]:
        return self.users.scopes_of(token.name) if token.scopes is None else token.scopes

    def _by_digest(self, digest: Digest, rest: str, peer: Peer, request: tuple[str, str]) -> User:
        self.failures.take(peer.bucket)
        try:
            name = digest.user(rest, *request)
        except UnauthenticatedError as error:
            if error.is_stale:
                self.failures.give_back(peer.bucket)
            else:
                self.failures.failed()
            raise
        self.failures.give_back(peer.bucket)
        return self._known(name, "digest")

    def _by_digest_password(self, digest: Digest, rest: str, peer: Peer) -> User:
        name, password = header.basic(rest)
        self.failures.take(peer.bucket)
        if not digest.file.current().is_password(name, password):
            self.failures.failed()
            raise UnauthenticatedError(_WRONG)
        self.failures.give_back(peer.bucket)
        return self._known(name, "basic")

    def _known(self, name: str, how: str) -> User:
        return User(name, self.users.scopes_of(name), how)

    def close(self) -> None:
        """Ends what checks passwords."""
        if self.passwords is not None:
            self.passwords.close()
