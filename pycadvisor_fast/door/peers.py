"""Who is at the other end of a connection: address, certificate, or for a unix socket the kernel's word for it."""

from __future__ import annotations

import grp
import pwd
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError
from . import scopes as s
from .users import Certificate, User, Users

_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
_SO_PEERGROUPS = 59  # asm-generic/socket.h; since Linux 4.13
_SUBJECT = {"commonName": "cn", "emailAddress": "email"}
_ALTERNATIVE = {"DNS": "dns", "URI": "uri", "email": "email", "IP Address": "ip"}


@dataclass(frozen=True, slots=True)
class Peer:
    """``address``: empty for a unix socket, whose peer has ``uid`` and ``gids``."""

    address: str = ""
    certificate: Certificate | None = None
    uid: int | None = None
    gids: frozenset[int] = frozenset()

    @property
    def bucket(self) -> str:
        """What its failures are counted under."""
        return self.address or f"uid {self.uid}"


def of_socket(connection: Any) -> Peer:
    """The peer of a unix socket: who it was when it connected. ``connection``: a socket, or asyncio's view of one."""
    _, uid, gid = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    gids = {gid}
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * 1024)
        gids.update(number for (number,) in struct.iter_unpack("i", raw))
    except OSError:
        pass  # more than 1024 groups, or an old kernel: the first one is known
    return Peer(uid=uid, gids=frozenset(gids))


def certificate_of(found: Mapping[str, Any] | None) -> Certificate | None:
    """Names of a certificate as SSLObject.getpeercert() gives it; None when there was none."""
    if not found:
        return None
    names = [(_SUBJECT[key], value) for part in found.get("subject", ()) for key, value in part if key in _SUBJECT]
    names += [(_ALTERNATIVE[key], value) for key, value in found.get("subjectAltName", ()) if key in _ALTERNATIVE]
    return Certificate(tuple(names))


@dataclass(frozen=True, slots=True)
class PeerRule:
    """An entry of peer_uids: an account or a group, and the name of the user it is."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def user(self, users: Users) -> User:
        """Root has everything unless the users file says otherwise: /proc tells it as much."""
        granted = users.scopes_of(self.name)
        if self.uid == 0 and self.name not in users.scopes:
            granted = s.EVERYTHING
        return User(self.name, granted, "peer")

    def fits(self, peer: Peer) -> bool:
        """Whether the peer is meant."""
        return (self.uid is not None and peer.uid == self.uid) or (self.gid is not None and self.gid in peer.gids)


def parse_peers(entries: Sequence[str]) -> tuple[PeerRule, ...]:
    """Rules of peer_uids: account names and numbers, groups with "@" before. Raises ConfigError."""
    return tuple(_group(entry) if entry.startswith("@") else _account(entry) for entry in entries)


def _account(entry: str) -> PeerRule:
    try:
        if entry.isascii() and entry.isdigit():
            return PeerRule(_name_of(int(entry)), uid=int(entry))
        return PeerRule(entry, uid=pwd.getpwnam(entry).pw_uid)
    except (KeyError, ValueError, OverflowError):
        raise ConfigError(
            f'peer_uids: there is no account "{entry}"; a number needs none, a group has "@" before'
        ) from None


def _name_of(uid: int) -> str:
    if uid >= 2**32 - 1:
        raise ValueError
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(entry: str) -> PeerRule:
    name = entry[1:]
    try:
        if name.isascii() and name.isdigit() and int(name) < 2**32 - 1:
            return PeerRule(entry, gid=int(name))
        return PeerRule(entry, gid=grp.getgrnam(name).gr_gid)
    except (KeyError, ValueError):
        raise ConfigError(f'peer_uids: there is no group "{name}"; a number needs none') from None


def user_of(rules: Sequence[PeerRule], peer: Peer, users: Users) -> User | None:
    """Whose connection it is: accounts before groups; None: nobody's that is meant."""
    if peer.uid is None:
        return None
    fitting = [rule for rule in rules if rule.fits(peer)]
    return min(fitting, key=lambda rule: rule.uid is None).user(users) if fitting else None


def user_of_any(rules: Sequence[PeerRule], users: Users) -> User | None:
    """Whoever of the rules it may be, with what all of them may see: for gRPC, which does not tell who connected, on a
    socket that the kernel opens to these only (socket_access.py)."""
    found = [rule.user(users) for rule in rules]
    if not found:
        return None
    shared = frozenset.intersection(*(user.scopes for user in found))
    return User(" or ".join(user.name for user in found), shared, "peer")
