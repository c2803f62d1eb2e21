"""Requests that name another host, as a page does whose name was made to mean this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycadvisor_fast.faces.http.hosts import is_own
from tests.unit.door_rig import TOKEN, door, written
from tests.unit.http_rig import serving


@pytest.mark.parametrize(
    ("host", "is_fine"),
    [
        ("", True),
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("[::1]", True),
        ("10.1.2.3", True),
        ("node7:8080", True),
        ("app.localhost", True),
        ("node7.example.org", True),
        ("node7.example.org.:80", True),
        ("evil.example", False),
        ("evil.example:8080", False),
        ("127.0.0.1.evil.example", False),
        ("node7.example.org.evil.example", False),
        ("1.2.3.4.5", False),
    ],
)
def test_whose_name_it_is(host: str, is_fine: bool) -> None:
    assert is_own(host, {"node7.example.org"}) is is_fine


def test_another_name_is_misdirected() -> None:
    with serving(door=door()) as served:
        reply = served.ask("GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert reply.status == 421
        assert "'evil.example' is no name of this machine" in reply.text
        assert served.get("/healthz").text == "ok"


def test_with_authentication_any_name_will_do(tmp_path: Path) -> None:
    tokens = written(tmp_path / "tokens", f"ops {TOKEN} all\n")
    with serving(door=door(token_file=tokens)) as served:
        request = (
            f"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
        )
        assert served.ask(request).text == "ok"
        assert served.get("/healthz").status == 401
