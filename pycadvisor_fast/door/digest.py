"""Digest access authentication (RFC 7616): MD5 and SHA-256, qop=auth, nonces that expire and count."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from . import header
from .files import Watched
from .htdigest import MD5, SHA256, Htdigest, hexadecimal
from .nonces import Nonces
from .refusals import UnauthenticatedError

_ALGORITHMS = {MD5.lower(): MD5, SHA256.lower(): SHA256}
_COUNT = re.compile(r"[0-9a-fA-F]{8}")
_NEEDED = ("realm", "nonce", "uri", "response", "qop", "nc", "cnonce", "opaque")
_NOBODY = "0" * 32  # the secret of users that do not exist: the same work is done for them
_WRONG = "wrong user or password"


class Digest:
    """One realm. ``nonces`` can be given for tests."""

    def __init__(self, file: Watched[Htdigest], realm: str, nonces: Nonces | None = None) -> None:
        self.file = file
        self.realm = realm
        self._nonces = nonces or Nonces()
        self._opaque = os.urandom(16).hex()

    def challenges(self, *, is_stale: bool = False) -> list[str]:
        """Values of WWW-Authenticate, the one to be preferred first (section 3.7)."""
        nonce = self._nonces.make()
        return [self._challenge(algorithm, nonce, is_stale) for algorithm in self.file.current().algorithms]

    def _challenge(self, algorithm: str, nonce: str, is_stale: bool) -> str:
        parts = [
            f"realm={quoted(self.realm)}",
            'qop="auth"',
            f"algorithm={algorithm}",
            f'nonce="{nonce}"',
            f'opaque="{self._opaque}"',
            "charset=UTF-8",
            "userhash=true" if algorithm == SHA256 else "",
            "stale=true" if is_stale else "",
        ]
        return "Digest " + ", ".join(part for part in parts if part)

    def user(self, rest: str, method: str, target: str) -> str:
        """Who made a request. ``rest``: the header behind "Digest"; ``target``: path and query as they came.

        Raises UnauthenticatedError, with ``is_stale`` when only the nonce is to be another one; ValueError for what is
        no Digest answer at all.
        """
        given = header.parameters(rest)
        algorithm = _checked(given, self.realm, self._opaque, method, target)
        known = self.file.current()
        name = _name(given, algorithm, known)
        secret = known.secrets.get((algorithm, name))
        expected = response(algorithm, secret or _NOBODY, method, given).encode()
        is_right = hmac.compare_digest(expected, given["response"].lower().encode("utf-8", "replace"))
        if not is_right or secret is None:
            raise UnauthenticatedError(_WRONG)
        if not self._nonces.is_fresh(given["nonce"]):
            raise UnauthenticatedError("the nonce is not valid any more", is_stale=True)
        if not self._nonces.use(given["nonce"], int(given["nc"], 16)):
            raise UnauthenticatedError("this nonce was used with this count before", is_stale=True)
        return name


def response(algorithm: str, secret: str, method: str, given: Mapping[str, str]) -> str:
    """What the client has to answer with qop=auth (sections 3.4.1 to 3.4.3). ``secret``: H(user:realm:password)."""
    about = hexadecimal(algorithm, f"{method}:{given['uri']}".encode("utf-8", "replace"))
    text = ":".join((secret, given["nonce"], given["nc"], given["cnonce"], "auth", about))
    return hexadecimal(algorithm, text.encode("utf-8", "replace"))


def quoted(text: str) -> str:
    """As a quoted-string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _checked(given: Mapping[str, str], realm: str, opaque: str, method: str, target: str) -> str:
    """The algorithm. Raises ValueError or UnauthenticatedError for what cannot be an answer to our challenge."""
    missing = [name for name in _NEEDED if name not in given]
    if missing:
        raise ValueError(f"Digest: {missing[0]} is missing")
    algorithm = _ALGORITHMS.get(given.get("algorithm", MD5).lower())
    if algorithm is None:
        raise ValueError("Digest: the algorithm is neither MD5 nor SHA-256")
    if given["qop"] != "auth":
        raise ValueError("Digest: qop is not auth")
    if not _COUNT.fullmatch(given["nc"]) or int(given["nc"], 16) == 0:
        raise ValueError("Digest: nc is not eight hexadecimal digits from 00000001 on")
    if given["realm"] != realm:
        raise UnauthenticatedError(f'the realm here is "{realm}"')
    if given["opaque"] != opaque:  # of another process, such as this one before it was started again
        raise UnauthenticatedError("the challenge is not this server's any more", is_stale=True)
    if not _is_target(given["uri"], target):
        raise UnauthenticatedError("the uri that was signed is not the one asked for")
    return algorithm


def _is_target(uri: str, target: str) -> bool:
    if uri == target:
        return True
    if not uri.startswith(("http://", "https://")):
        return False
    try:
        parts = urlsplit(uri)  # the absolute form, section 3.4.6
    except ValueError:
        return False
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "") == target


def _name(given: Mapping[str, str], algorithm: str, known: Htdigest) -> str:
    if "username*" in given:
        if "username" in given:
            raise ValueError("Digest: username and username* are both there")
        return header.extended(given["username*"])
    if "username" not in given:
        raise ValueError("Digest: username is missing")
    if given.get("userhash", "").lower() == "true":
        return known.hashed_names.get((algorithm, given["username"].lower()), "")
    return given["username"]
