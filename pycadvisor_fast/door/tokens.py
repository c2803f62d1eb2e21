"""Bearer tokens (RFC 6750) from a file: ``NAME TOKEN [SCOPES]`` a line.

TOKEN is the token, or ``sha256:`` and the SHA-256 of it in hexadecimal, so that whoever reads the file cannot use it.
Without SCOPES the user's are those of the users file. A name may have several lines: that is how a token is replaced
while its users have both.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from . import scopes as s
from .files import LineError, Watched, lines

LEAST_CHARACTERS = 16  # guessing is not limited by address for tokens, so they have to be long: 96 bits of base64
MOST_CHARACTERS = 4096
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # token68 of RFC 9110, section 11.2
_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class Token:
    """A line. ``scopes``: None = those of the user."""

    name: str
    scopes: frozenset[str] | None


Tokens = Mapping[bytes, Token]
"""SHA-256 of the token -> whose it is."""


def parse_tokens(text: str) -> Tokens:
    """A token file. Raises LineError, which never shows a token."""
    out: dict[bytes, Token] = {}
    for number, line in lines(text):
        words = line.split()
        if len(words) not in (2, 3):
            raise LineError(number, "this is not NAME TOKEN [SCOPES]")
        digest = _digest(number, words[1])
        if digest in out:
            raise LineError(number, "an earlier line has the same token")
        try:
            granted = s.parse_scopes(words[2]) if len(words) == 3 else None
        except ValueError as error:
            raise LineError(number, str(error)) from None
        out[digest] = Token(words[0], granted)
    if not out:
        raise LineError(0, "there is no token in it: nobody could enter")
    return out


def _digest(number: int, word: str) -> bytes:
    if match := _DIGEST.fullmatch(word):
        return bytes.fromhex(match[1])
    if word.startswith("sha256:"):
        raise LineError(number, "after sha256: come 64 hexadecimal digits")
    if not _TOKEN.fullmatch(word):
        raise LineError(
            number, "the token has a character that cannot be sent: A-Z a-z 0-9 - . _ ~ + / and = at its end"
        )
    if not LEAST_CHARACTERS <= len(word) <= MOST_CHARACTERS:
        raise LineError(
            number, f"the token has {len(word)} characters; {LEAST_CHARACTERS} at least: openssl rand -base64 32"
        )
    return hashlib.sha256(word.encode()).digest()


def find(tokens: Tokens, token: str) -> Token | None:
    """Whose token it is. The look-up is by a digest, whose beginning nobody who guesses can choose: how long it takes
    tells nothing of the token."""
    if len(token) > MOST_CHARACTERS:
        return None
    return tokens.get(hashlib.sha256(token.encode("utf-8", "replace")).digest())


def watched_tokens(path: str) -> Watched[Tokens]:
    """The file of the setting token_file. Raises ConfigError."""
    return Watched(path, "token_file", parse_tokens)
