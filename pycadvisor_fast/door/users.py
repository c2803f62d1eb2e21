"""Who is who, and what each may see: the users file.

    user    prometheus  metrics
    user    alice       metrics,stats,processes
    cert    dns:scraper.example.org      prometheus
    cert    uri:spiffe://example.org/monitoring/*   prometheus
    default metrics

A name is that of a line of htpasswd or htdigest, of a token, of an account or "@group" of peer_uids, or what a "cert"
line calls a certificate. The file is an allow list: who is not in it sees nothing, unless it has a "default".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import scopes as s
from .files import LineError, Watched, lines

CERTIFICATE_KINDS = ("cn", "dns", "uri", "email", "ip")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may enter. ``how``: what has shown who it is: "basic", "digest", "token", "certificate", "peer" or
    "open" (nothing had to)."""

    name: str
    scopes: frozenset[str]
    how: str

    def may(self, scope: str) -> bool:
        """Whether a scope is among what it may see; the empty one is for everybody who may enter."""
        return not scope or scope in self.scopes or s.ALL in self.scopes


@dataclass(frozen=True, slots=True)
class Certificate:
    """Names of a client's certificate that its issuer vouches for: ("cn", "x"), ("dns", "y"), ..."""

    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A "cert" line. ``value`` may end with "*"."""

    kind: str
    value: str
    user: str

    def fits(self, certificate: Certificate) -> bool:
        """Whether one of its names is meant."""
        return any(kind == self.kind and self._is(value) for kind, value in certificate.names)

    def _is(self, value: str) -> bool:
        if self.kind in ("dns", "email"):
            value = value.lower()
        return value.startswith(self.value[:-1]) if self.value.endswith("*") else value == self.value


@dataclass(frozen=True, slots=True)
class Users:
    """A users file; without one, everybody who may enter has scopes.DEFAULT."""

    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    default: frozenset[str] = s.DEFAULT

    def scopes_of(self, name: str) -> frozenset[str]:
        """What the user called so may see."""
        return self.scopes.get(name, self.default)

    def of_certificate(self, certificate: Certificate) -> User | None:
        """Whose certificate it is; None: it is nobody's. Without any rule: "cert:" and its first name."""
        for rule in self.rules:
            if rule.fits(certificate):
                return User(rule.user, self.scopes_of(rule.user), "certificate")
        if self.rules or not certificate.names:
            return None
        name = f"cert:{certificate.names[0][1]}"
        return User(name, self.scopes_of(name), "certificate")


def parse_users(text: str) -> Users:
    """A users file. Raises LineError."""
    scopes: dict[str, frozenset[str]] = {}
    rules: list[Rule] = []
    default = s.NOTHING
    for number, line in lines(text):
        match line.split():
            case ["user", name, granted]:
                if name in scopes:
                    raise LineError(number, f'the user "{name}" has a line already')
                scopes[name] = _scopes(number, granted)
            case ["cert", rule, name]:
                rules.append(_rule(number, rule, name))
            case ["default", granted]:
                default = _scopes(number, granted)
            case _:
                raise LineError(
                    number, 'this is none of "user NAME SCOPES", "cert KIND:VALUE NAME" and "default SCOPES"'
                )
    return Users(scopes, tuple(rules), default)


def _scopes(number: int, text: str) -> frozenset[str]:
    try:
        return s.parse_scopes(text)
    except ValueError as error:
        raise LineError(number, str(error)) from None


def _rule(number: int, text: str, name: str) -> Rule:
    kind, colon, value = text.partition(":")
    if kind not in CERTIFICATE_KINDS or not colon or not value:
        raise LineError(number, f'"{text}" is not KIND:VALUE with one of {", ".join(CERTIFICATE_KINDS)}')
    if value == "*":
        raise LineError(number, f'"{text}" would be every certificate; without "cert" lines each of them may enter')
    return Rule(kind, value.lower() if kind in ("dns", "email") else value, name)


def watched_users(path: str) -> Watched[Users]:
    """The file of the setting users_file. Raises ConfigError."""
    return Watched(path, "users_file", parse_users, is_secret=False)
