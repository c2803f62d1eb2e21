"""htdigest files: ``NAME:REALM:HASH`` a line, the hash that of ``NAME:REALM:PASSWORD``.

htdigest writes MD5 (32 hexadecimal digits). A SHA-256 (64 digits) cannot be had from it, so that it needs a line of its
own: ``printf '%s' 'alice:localhost:PASSWORD' | sha256sum``. A user may have one line of each; the challenges name what
every user of the realm has, so that no browser chooses what cannot work.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .files import LineError, Watched

MD5 = "MD5"
SHA256 = "SHA-256"
_BY_DIGITS = {32: MD5, 64: SHA256}
_HEX = re.compile(r"[0-9a-fA-F]+")


def hexadecimal(algorithm: str, data: bytes) -> str:
    """H() of RFC 7616."""
    if algorithm == SHA256:
        return hashlib.sha256(data).hexdigest()
    return hashlib.md5(data, usedforsecurity=False).hexdigest()  # on hosts in FIPS mode too: it is the protocol's


@dataclass(frozen=True, slots=True)
class Htdigest:
    """``secrets``: (algorithm, user) -> H(user:realm:password). ``hashed_names``: (algorithm, H(user:realm)) -> user.
    ``algorithms``: those to offer, the stronger first."""

    realm: str
    secrets: Mapping[tuple[str, str], str]
    hashed_names: Mapping[tuple[str, str], str]
    algorithms: tuple[str, ...]

    def is_password(self, name: str, password: bytes) -> bool | None:
        """For those who can only do Basic: whether it is the user's. None: there is no such user."""
        for algorithm in (SHA256, MD5):
            secret = self.secrets.get((algorithm, name))
            if secret is not None:
                given = hexadecimal(algorithm, f"{name}:{self.realm}:".encode() + password)
                return given == secret  # compared as hashes: how far they agree is nobody's to choose
        return None


def parse_htdigest(text: str, realm: str) -> Htdigest:
    """A htdigest file's lines of one realm. Raises LineError, which never shows a hash."""
    secrets: dict[tuple[str, str], str] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        parts = line.split(":")
        if len(parts) != 3 or not parts[0]:
            raise LineError(number, "this is not NAME:REALM:HASH")
        name, its_realm, hashed = parts
        algorithm = _BY_DIGITS.get(len(hashed)) if _HEX.fullmatch(hashed) else None
        if algorithm is None:
            raise LineError(number, "the hash is neither 32 (MD5) nor 64 (SHA-256) hexadecimal digits")
        if its_realm != realm:
            continue
        if (algorithm, name) in secrets:
            raise LineError(number, f'the user "{name}" has a line with {algorithm} already')
        secrets[algorithm, name] = hashed.lower()
    if not secrets:
        raise LineError(0, f'no line is of the realm "{realm}", which http_digest_realm names: nobody could enter')
    return _made(realm, secrets)


def _made(realm: str, secrets: dict[tuple[str, str], str]) -> Htdigest:
    names = {name for _, name in secrets}
    for_all = [kind for kind in (SHA256, MD5) if all((kind, name) in secrets for name in names)]
    for_some = [kind for kind in (SHA256, MD5) if any(found == kind for found, _ in secrets)]
    hashed = {(kind, hexadecimal(kind, f"{name}:{realm}".encode())): name for kind, name in secrets}
    return Htdigest(realm, secrets, hashed, tuple(for_all or for_some))


def watched_htdigest(path: str, realm: str) -> Watched[Htdigest]:
    """The file of the setting http_digest_file. Raises ConfigError."""
    return Watched(path, "http_digest_file", lambda text: parse_htdigest(text, realm))
