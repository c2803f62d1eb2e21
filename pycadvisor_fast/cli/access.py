"""How a command shows a daemon behind a door who it is: --tls_ca and --login_file, or the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..client import Access


def of(own: Mapping[str, Any]) -> Access | None:
    """What the flags of a command say; None: nothing. Raises ConfigError."""
    if not own["tls_ca"] and not own["login_file"]:
        return None
    from ..client import Access

    return Access(tls_ca=own["tls_ca"], **(_login(own["login_file"]) if own["login_file"] else {}))


def _login(path: str) -> dict[str, str]:
    """A file with one line: a token, or NAME:PASSWORD."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"login_file: {path} cannot be read: {getattr(error, 'strerror', 'no UTF-8')}") from None
    if not text or "\n" in text:
        raise ConfigError(f"login_file: {path} is not one line with a token or with NAME:PASSWORD")
    name, colon, password = text.partition(":")
    return {"user": name, "password": password} if colon else {"token": text}
