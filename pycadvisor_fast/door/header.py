"""The Authorization header: scheme, and token or parameters (RFC 9110, section 11). Pure, and never raises but
ValueError, whatever comes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

MOST_CHARACTERS = 8192
MOST_PARAMETERS = 32
_SCHEME = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?: +|$)")
_PARAMETER = re.compile(
    r"""[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*"""
    r"""(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))[ \t]*(?:,|$)"""
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """``scheme`` in lower case; ``rest``: what follows it."""

    scheme: str
    rest: str


def parse(value: str) -> Authorization:
    """The header's value. Raises ValueError."""
    if len(value) > MOST_CHARACTERS:
        raise ValueError(f"it has {len(value)} characters; at most {MOST_CHARACTERS}")
    match = _SCHEME.match(value.strip(" \t"))
    if match is None:
        raise ValueError("it names no scheme")
    return Authorization(match[1].lower(), value.strip(" \t")[match.end() :].strip(" \t"))


def basic(rest: str) -> tuple[str, bytes]:
    """User and password of Basic (RFC 7617), the user in UTF-8. Raises ValueError."""
    try:
        decoded = base64.b64decode(rest, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("Basic: this is no base64") from None
    name, colon, password = decoded.partition(b":")
    if not colon:
        raise ValueError("Basic: there is no colon between user and password")
    try:
        return name.decode("utf-8"), password
    except UnicodeDecodeError:
        raise ValueError("Basic: the user is no UTF-8") from None


def parameters(rest: str) -> Mapping[str, str]:
    """``name=value`` parameters, names in lower case, quotes taken away. Raises ValueError."""
    out: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None:
            raise ValueError("there is something that is no parameter")
        name = match[1].lower()
        if name in out:
            raise ValueError(f'the parameter "{name}" is there twice')
        if len(out) >= MOST_PARAMETERS:
            raise ValueError(f"there are more than {MOST_PARAMETERS} parameters")
        out[name] = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        position = match.end()
    return out


def extended(value: str) -> str:
    """A ``username*``: UTF-8''percent-encoded (RFC 8187). Raises ValueError."""
    charset, _, rest = value.partition("'")
    _, quote, encoded = rest.partition("'")
    if charset.upper() != "UTF-8" or not quote:
        raise ValueError("username*: only UTF-8 is understood")
    try:
        return unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("username*: this is no UTF-8") from None
