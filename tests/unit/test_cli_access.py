"""How commands show a daemon behind a door who they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.cli import access, exits, main, program
from pycadvisor_fast.cli.serving import ServerThread
from pycadvisor_fast.client import Access

from .door_rig import HTPASSWD, TOKEN, certificates, door, written
from .handmade_ring import FakeFeed, RingWriter, container

COMMANDS = ("ls", "ps", "watch", "get", "df", "events", "snapshot", "machine")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server with TLS and a door; flags by which it can be asked."""
    made = certificates(tmp_path / "tls")
    certificate, key = made.issue("server", "localhost", "127.0.0.1")
    here = door(
        tls_cert=certificate,
        tls_key=key,
        token_file=written(tmp_path / "tokens", f"ops {TOKEN}\n"),
        http_auth_file=written(tmp_path / "htpasswd", HTPASSWD),
    )
    writer = RingWriter(tmp_path / "ring", {"cpu": 100}, ring_len=8)
    feed: Any = FakeFeed(writer, [container(0)])
    server = ServerThread(feed, "127.0.0.1:0", require_all=True, door=here)
    yield {"target": server.addresses[0], "tls_ca": str(made.ca)}
    server.stop(0.2)
    here.close()
    writer.close()


def listed(flags: dict[str, str]) -> int:
    return main(["ls", "--json", *(f"--{name}={value}" for name, value in flags.items())])


@pytest.mark.parametrize("login", [TOKEN, f"{TOKEN}\n", "alice:secret\n"])
def test_a_token_or_a_password_in_a_file(
    tmp_path: Path, daemon: dict[str, str], login: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed({**daemon, "login_file": str(written(tmp_path / "login", login))}) == exits.OK
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == ["web-0"]


def test_the_environment_does_as_well(
    tmp_path: Path, daemon: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYCADVISOR_FAST_LOGIN_FILE", str(written(tmp_path / "login", TOKEN)))
    monkeypatch.setenv("PYCADVISOR_FAST_TLS_CA", daemon["tls_ca"])
    assert listed({"target": daemon["target"]}) == exits.OK
    assert "ignored" not in capsys.readouterr().err, "no mistyped settings of the daemon"


@pytest.mark.parametrize(
    ("login", "words"), [(None, "UNAUTHENTICATED: credentials are needed"), ("x" * 20, "UNAUTHENTICATED: the token is")]
)
def test_what_the_door_says_is_what_one_reads(
    tmp_path: Path, daemon: dict[str, str], login: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = {} if login is None else {"login_file": str(written(tmp_path / "login", login))}
    assert listed({**daemon, **flags}) == exits.FAILURE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "\n", "a\nb\n", None])
def test_a_login_file_that_is_none(tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "login"
    if content is not None:
        path.write_text(content)
    assert listed({"target": "127.0.0.1:1", "login_file": str(path)}) == exits.USAGE
    assert f"login_file: {path}" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_asks_a_daemon_has_the_flags(name: str) -> None:
    command = program.find(name)
    own = command.understand(program.flags.split(["--tls_ca=system"], command.known), {}).own
    assert access.of(own) == Access(tls_ca="system")
    assert access.of(command.understand(program.flags.split([], command.known), {}).own) is None


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(Access(token="hush", user="x", password="hush", tls_key="hush"))
