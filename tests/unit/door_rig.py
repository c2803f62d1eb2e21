"""What tests of the door share: settings, files, certificates, requests without a server."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from pycadvisor_fast.config import load
from pycadvisor_fast.door import Door
from pycadvisor_fast.door.peers import Peer

TOKEN = "prometheus-token-0123456789"
OTHER_TOKEN = "grafana-token-0123456789abc"

# bcrypt of cost 4, the least there is, so that a test does not wait.
HTPASSWD = """\
# made with htpasswd -B, -m and -s
alice:$2y$04$yr44R6ESxfttwdquC.UF5e7XoHE1RMzr7qjcbNq6psxN4rwLf1Bta
bob:$apr1$mjTu4BuN$WmFI.wepZDKA8JW7lrHNd.

carol:{SHA}BLDStG6OArFZberaE7lRmF912aU=
"""
PASSWORDS = {"alice": "secret", "bob": "hunter2", "carol": "plain sha"}


class Clock:
    """Time that passes when told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def settings(**given: Any) -> Any:
    """Settings of a daemon, as flags would make them."""
    return load([(name, str(value)) for name, value in given.items()], {"PYCADVISOR_FAST_CONFIG": os.devnull})


def door(**given: Any) -> Door:
    return Door.from_settings(settings(**given))


def written(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    """Writes a file the way it should be replaced: a new one, renamed over it."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(text.encode() if isinstance(text, str) else text)
    new.chmod(mode)
    new.rename(path)
    return path


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@dataclass(frozen=True)
class Certificates:
    """PEM files of one authority."""

    authority: trustme.CA
    folder: Path

    @property
    def ca(self) -> Path:
        return written(self.folder / "ca.pem", self.authority.cert_pem.bytes())

    def issue(self, name: str, *identities: str, **more: Any) -> tuple[Path, Path]:
        """(certificate, key) written to NAME.pem and NAME.key."""
        made = self.authority.issue_cert(*identities, **more)
        chain = b"".join(part.bytes() for part in made.cert_chain_pems)
        certificate = written(self.folder / f"{name}.pem", chain)
        return certificate, written(self.folder / f"{name}.key", made.private_key_pem.bytes())


def certificates(folder: Path) -> Certificates:
    folder.mkdir(exist_ok=True)
    return Certificates(trustme.CA(), folder)


class Answer:
    """What an ASGI application said."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.messages: list[Any] = []

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


async def call(app: Any, path: str = "/api/v1.3/machine", **scope: Any) -> Answer:
    """One request; ``authorization`` as text or bytes, several as a list; the rest goes into the ASGI scope."""
    given = scope.pop("authorization", None)
    values = given if isinstance(given, list) else [] if given is None else [given]
    headers = [(b"authorization", value.encode() if isinstance(value, str) else value) for value in values]
    whole = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.7", 4711),
        **scope,
    }
    answer = Answer()

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answer.messages.append(message)
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(key.decode(), value.decode()) for key, value in message["headers"]]
        elif message["type"] == "http.response.body":
            answer.body += message["body"]

    await app(whole, receive, send)
    return answer


async def greeting(scope: Any, receive: Any, send: Any) -> None:
    """An application that says who asked, and what it may see."""
    user = scope["pcf_user"]
    text = f"{user.name} {','.join(sorted(user.scopes)) or 'none'} {user.how}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(text))]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})


HERE = Peer("192.0.2.7")
