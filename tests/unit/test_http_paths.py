"""Paths before any route sees them, and the application around the routes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.errors import ConfigError
from pycadvisor_fast.faces.http.paths import PathError, cleaned, decoded, encoded
from pycadvisor_fast.faces.http.settings import _endpoint, _prefix
from tests.unit.http_rig import Served, serving


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/a/b", "/a/b"),
        ("/a//b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/..", "/"),
        ("/a/../", "/"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/a/b/", "/a/b/"),
        ("/a/b//", "/a/b/"),
        ("/a/.", "/a"),
        ("/.hidden/..x", "/.hidden/..x"),
    ],
)
def test_cleaning(raw: str, clean: str) -> None:
    assert cleaned(raw) == clean


@given(st.text("/.ab", max_size=12).map(lambda text: f"/{text}"))
def test_cleaning_is_what_the_library_says_and_is_done_once(path: str) -> None:
    clean = cleaned(path)
    wanted = posixpath.normpath("/" + path.lstrip("/"))
    assert clean in (wanted, f"{wanted}/")
    assert cleaned(clean) == clean


@given(st.text(max_size=12).filter(lambda text: "\0" not in text))
def test_what_is_encoded_is_decoded_again(text: str) -> None:
    path = "/" + text.encode("utf-8", "replace").decode()
    assert decoded(encoded(path).encode()) == path


def test_bytes_that_are_no_text_come_through() -> None:
    assert encoded(decoded(b"/a%ff%2fb")) == "/a%FF/b"


@pytest.mark.parametrize("raw", [b"/%", b"/%zz", b"/%4", b"/%00", b"/a%00b", b"*", b""])
def test_what_no_route_may_see(raw: bytes) -> None:
    with pytest.raises(PathError):
        decoded(raw)


@pytest.mark.parametrize(
    ("text", "prefix"), [("", ""), ("/", ""), ("/cad", "/cad"), ("cad/", "/cad"), ("/a/b/", "/a/b")]
)
def test_prefixes(text: str, prefix: str) -> None:
    assert _prefix(text) == prefix


@pytest.mark.parametrize("text", ["/a//b", "/a/../b", "/ä", "/a?b", "/a b", "/%61"])
def test_prefixes_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="url_base_prefix"):
        _prefix(text)


@pytest.mark.parametrize("text", ["", "/", "metrics", "/a/./b", "/m#"])
def test_endpoints_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="prometheus_endpoint"):
        _endpoint(text)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/", "/containers/"),
        ("/nowhere", "/containers/"),
        ("/nowhere/below?x=1", "/containers/"),
    ],
)
def test_what_no_route_takes_goes_to_the_containers(served: Served, path: str, location: str) -> None:
    reply = served.get(path)
    assert (reply.status, reply.fields["location"]) == (307, location)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//healthz", "/healthz"),
        ("/x/../healthz?a=%2F", "/healthz?a=%2F"),
        ("/x/%2e%2e/healthz", "/healthz"),
        ("/t/path/a%2F%2Fb", "/t/path/a/b"),
        ("/api", "/api/"),
        ("/containers?x", "/containers/?x"),
        ("//evil.example/..", "/"),
        ("//evil.example", "/evil.example"),
        ("/t/path//%0d%0aSet-Cookie:a", "/t/path/%0D%0ASet-Cookie:a"),
    ],
)
def test_unclean_paths_redirect(served: Served, path: str, location: str) -> None:
    reply = served.get(path, method="POST")
    assert (reply.status, reply.fields["location"]) == (301, location)
    assert "set-cookie" not in reply.fields


@pytest.mark.parametrize("path", ["/t/path/%00", "/t/path/%", "/t/path/%f"])
def test_paths_that_are_none_are_400(served: Served, path: str) -> None:
    assert served.get(path).status == 400


def test_routes_see_decoded_names(served: Served) -> None:
    assert served.get("/t/path/a%20b%2Fc%ff").body == b"a b/c\xff"
    assert served.ask("GET /t/path/é HTTP/1.1\r\nHost: x\r\n\r\n").status == 400, "RFC 3986 wants it escaped"


def test_absolute_targets_are_served(served: Served) -> None:
    """As a proxy asks."""
    assert served.get("http://elsewhere/healthz").text == "ok"


def test_everything_is_below_the_prefix() -> None:
    with serving(prefix="/cad") as served:
        assert served.get("/cad/healthz").text == "ok"
        assert served.get("/cad/t/path/x").text == "x"
        assert served.get("/cad").fields["location"] == "/cad/"
        assert served.get("/cad/").fields["location"] == "/cad/containers/"
        assert served.get("/cad/api").fields["location"] == "/cad/api/"
        assert served.get("/cad/containers/").status == 404
        for path in ("/", "/healthz", "/cadx/healthz", "/cad/../healthz"):
            assert served.get(path).status in (404, 301), path
        assert served.get("/healthz").status == 404


def test_there_is_no_page_yet(served: Served) -> None:
    for path in ("/containers/", "/containers/docker/x", "/docker/", "/static/containers.js"):
        assert served.get(path).status == 404
