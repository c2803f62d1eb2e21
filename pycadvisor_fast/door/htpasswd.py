"""htpasswd files: ``NAME:HASH`` a line, the hash one of bcrypt, apr1 and {SHA}.

The hashes are computed by libpass (the maintained continuation of passlib) and by bcrypt. Others that Apache knows are
refused: crypt(3)'s DES and plain text protect nothing, and SHA-crypt in Python would hold the interpreter for half a
second a try.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from ..errors import MissingDependencyError
from .files import LineError, Watched

MOST_BCRYPT_COST = 14  # about a second a try; each step doubles it
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_APR1 = re.compile(r"\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}")
_SHA = re.compile(r"\{SHA\}[A-Za-z0-9+/]{27}=")
_BCRYPT_BYTES = 72  # bcrypt does not look at what comes after, and htpasswd cuts it off as well


@dataclass(frozen=True, slots=True)
class Htpasswd:
    """``hashes``: by user name. ``decoy``: what a password is checked against when there is no such user, so that the
    time it takes does not tell."""

    hashes: Mapping[str, str]
    decoy: str


def parse_htpasswd(text: str) -> Htpasswd:
    """A htpasswd file. Raises LineError, which never shows a hash."""
    hashes: dict[str, str] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, hashed = line.partition(":")
        hashed = hashed.partition(":")[0].strip()  # what follows a second colon is a comment
        if not colon or not name or not hashed:
            raise LineError(number, "this is not NAME:HASH")
        if name in hashes:
            raise LineError(number, f'the user "{name}" has a line already')
        _check(number, hashed)
        hashes[name] = hashed
    if not hashes:
        raise LineError(0, "there is no user in it: nobody could enter; make one with htpasswd -B")
    return Htpasswd(hashes, max(hashes.values(), key=_price))


def _check(number: int, hashed: str) -> None:
    if match := _BCRYPT.fullmatch(hashed):
        if not 4 <= int(match[1]) <= MOST_BCRYPT_COST:
            raise LineError(number, f"bcrypt's cost is {int(match[1])}; from 4 to {MOST_BCRYPT_COST} is allowed")
    elif not _APR1.fullmatch(hashed) and not _SHA.fullmatch(hashed):
        raise LineError(number, "the hash is neither bcrypt nor apr1 nor {SHA}; make it with htpasswd -B")


def _price(hashed: str) -> tuple[int, int]:
    if match := _BCRYPT.fullmatch(hashed):
        return 2, int(match[1])
    return int(hashed.startswith("$")), 0


@cache
def _verifiers() -> tuple[Callable[[bytes, str], bool], ...]:
    try:
        import bcrypt  # libpass finds it by itself, and says less well that it is missing
        from passlib.hash import apr_md5_crypt, ldap_sha1
    except ImportError as error:
        raise MissingDependencyError(
            f"http_auth_file: {error.name} is not installed; pip install 'pycadvisor-fast[auth]'"
        ) from error
    return (
        lambda password, hashed: bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed.encode()),
        lambda password, hashed: bool(apr_md5_crypt.verify(password, hashed)),
        lambda password, hashed: bool(ldap_sha1.verify(password, hashed)),
    )


def is_right(password: bytes, hashed: str) -> bool:
    """Whether the hash is this password's. Takes up to a second; bcrypt lets other threads run."""
    by_bcrypt, by_apr1, by_sha = _verifiers()
    verify = by_bcrypt if hashed.startswith("$2") else by_apr1 if hashed.startswith("$") else by_sha
    if b"\0" in password:  # the libraries raise; no password file can hold it
        return False
    return verify(password, hashed)


def watched_htpasswd(path: str) -> Watched[Htpasswd]:
    """The file of the setting http_auth_file. Raises ConfigError; MissingDependencyError when the libraries lack."""
    _verifiers()
    return Watched(path, "http_auth_file", parse_htpasswd)
