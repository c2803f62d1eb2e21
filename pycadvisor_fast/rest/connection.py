"""How to reach a server: what both clients are told, made into httpx2's options; and its errors made into ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2

from pycadvisor_fast.errors import ConfigError

from .calls import Call
from .errors import RestAnswerError, RestError, RestUnavailableError

T = TypeVar("T")
DEFAULT_URL = "http://127.0.0.1:8080"
_UNIX = "unix:"
_SAID_MOST = 64 * 1024  # of what a failing server says: enough to tell, whatever it sends


@dataclass(frozen=True)
class Connection:
    """``url``: "http://host:port", with the server's ``url_base_prefix`` behind it if it has one, or "unix:/path".

    ``auth``: (user, password) for basic, any httpx2.Auth for more (``httpx2.DigestAuth``); ``token``: a bearer token.
    ``ca``: file of the certificates to trust in place of the system's; ``cert``: files (certificate, key) to show.
    """

    url: str = DEFAULT_URL
    timeout: float = 10.0
    auth: tuple[str, str] | httpx2.Auth | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca: str | None = None
    cert: tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def socket(self) -> str | None:
        """Path of the unix socket, if it is one."""
        return self.url.removeprefix(_UNIX).removeprefix("//") if self.url.startswith(_UNIX) else None

    @property
    def base(self) -> str:
        """What every path is put behind."""
        return "http://localhost" if self.socket else self.url.rstrip("/")

    def options(self) -> dict[str, Any]:
        """Arguments of httpx2.Client and httpx2.AsyncClient. Raises ConfigError."""
        if not self.base.startswith(("http://", "https://")):
            raise ConfigError(f'"{self.url}" is no address of a REST server: give http://, https:// or unix:/path')
        headers = {"User-Agent": "pycadvisor-fast", "Accept": "application/json", **self.headers}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        # Proxies of the environment are for the outside; a redirect to the cleaned path is the server's own.
        return {
            "timeout": self.timeout, "auth": self.auth, "headers": headers, "trust_env": False,
            "follow_redirects": False,
        }  # fmt: skip

    def tls(self) -> ssl.SSLContext | bool:
        """Whom to trust. Raises ConfigError when a file cannot be used."""
        if not self.base.startswith("https:"):
            return True
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.cert is not None:
                context.load_cert_chain(*self.cert)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"{self.ca or ''} {' '.join(self.cert or ())}: cannot be used for TLS: {error}"
            ) from error
        return context

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """Arguments of httpx2's ``request`` and ``stream``."""
        headers = {} if call.body is None else {"Content-Type": "application/json"}
        return {
            "method": call.method, "url": self.base + call.path, "params": call.query or None, "content": call.body,
            "headers": headers,
        }  # fmt: skip


def read(call: Call[T], response: httpx2.Response) -> T:
    """The answer of a whole response. Raises RestError."""
    url = shown(response)
    if response.status_code != httpx2.codes.OK:
        raise refused(url, response.status_code, response.content)
    return understand(call, url, response.content)


def understand(call: Call[T], url: str, text: bytes) -> T:
    """The answer in a text. Raises RestAnswerError."""
    try:
        return call.read(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise RestAnswerError(url, 200, str(error)) from error


class Lines:
    """Puts the pieces of a stream together to lines. httpx2's own would also split at U+0085, which JSON may hold."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes) -> list[bytes]:
        """The lines that end in this piece, without empty ones."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [line for line in lines if line.strip()]


def refused(url: str, status: int, text: bytes) -> RestError:
    """The error for a status that is not 200."""
    if status in (301, 302, 307, 308):
        return RestAnswerError(url, status, "it redirects elsewhere")
    return RestError(url, status, text[:_SAID_MOST].decode(errors="replace"))


def shown(response: httpx2.Response) -> str:
    """Method and URL for errors."""
    return f"{response.request.method} {response.request.url}"


@contextmanager
def translated(connection: Connection, call: Call[Any]) -> Iterator[None]:
    """Raises what httpx2 raises as TimeoutError, RestUnavailableError or RestAnswerError."""
    url = f"{call.method} {connection.url if connection.socket else connection.base}{call.path}"
    try:
        yield
    except httpx2.TimeoutException as error:
        raise TimeoutError(f"{url}: no answer within {connection.timeout:g} s") from error
    except httpx2.TransportError as error:
        raise RestUnavailableError(url, str(error) or type(error).__name__) from error
    except httpx2.HTTPError as error:
        raise RestAnswerError(url, 0, str(error)) from error
