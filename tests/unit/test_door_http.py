"""The door in front of an ASGI application, without a server: who comes in, who is told what."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from pycadvisor_fast.door import Door, allowed
from pycadvisor_fast.door.paths import needs
from pycadvisor_fast.door.peers import Peer, parse_peers
from pycadvisor_fast.door.users import Certificate
from pycadvisor_fast.errors import ConfigError, MissingDependencyError

from .door_rig import HTPASSWD, OTHER_TOKEN, TOKEN, Answer, basic, call, door, greeting, settings, written

LOCAL = ("127.0.0.1", "::1", "localhost", "")


def asked(made: Door, path: str = "/api/v1.3/machine", *, hosts: Any = ("0.0.0.0",), **scope: Any) -> Answer:
    """One request through the door."""
    try:
        return asyncio.run(call(made.asgi(greeting, hosts), path, **scope))
    finally:
        made.close()


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    return written(tmp_path / "tokens", f"prometheus {TOKEN} metrics\nops {OTHER_TOKEN} all\n")


@pytest.fixture
def htpasswd(tmp_path: Path) -> Path:
    return written(tmp_path / "htpasswd", HTPASSWD)


# ---- nothing set


def test_without_any_setting_everybody_comes_in() -> None:
    for hosts, scopes in ((LOCAL, "all,env,metrics,processes,stats"), (("127.0.0.1", "0.0.0.0"), "metrics,stats")):
        answer = asked(door(), hosts=hosts)
        assert (answer.status, answer.body.decode()) == (200, f"anonymous {scopes} open")


def test_command_lines_are_not_for_strangers() -> None:
    answer = asked(door(), "/api/v2.0/ps/", hosts=["192.0.2.1"])
    assert (answer.status, answer.body) == (403, b'the user "anonymous" lacks the scope "processes"\n')
    assert asked(door(), "/api/v2.0/ps/", hosts=["127.0.0.2"]).status == 200
    assert asked(door(anonymous_scopes="processes"), "/api/v2.0/ps/").status == 200
    assert asked(door(anonymous_scopes="metrics"), hosts=LOCAL).status == 403
    assert asked(door(anonymous_scopes="none"), "/metrics", hosts=LOCAL).status == 403
    assert asked(door(anonymous_scopes="all"), "/api/v2.0/ps/").status == 200


def test_what_is_open_to_the_world_is_said_loudly(tokens: Path) -> None:
    assert door().warnings("HTTP", LOCAL) == []
    (line,) = door().warnings("HTTP", ["127.0.0.1", "0.0.0.0"])
    assert line.startswith("HTTP is open to everybody who reaches 0.0.0.0, without authentication: set token_file")
    (line,) = door(token_file=tokens).warnings("gRPC", ["::"])
    assert line.startswith("gRPC: passwords or tokens cross the network in clear text")


# ---- each way in


def test_no_credentials_and_what_could_be_shown(tmp_path: Path, tokens: Path, htpasswd: Path) -> None:
    digest = written(tmp_path / "htdigest", f"dave:machines:{'0' * 64}\n")
    made = door(
        token_file=tokens,
        http_auth_file=htpasswd,
        http_auth_realm='the "realm"',
        http_digest_file=digest,
        http_digest_realm="machines",
    )
    for path in ("/", "/metrics", "/api/v1.3/machine", "/healthz", "/nothing", "/validate/", "/openapi.json"):
        answer = asked(made, path)
        assert (answer.status, answer.body) == (401, b"credentials are needed\n")
        digests, password, bearer = answer.header("www-authenticate")
        assert digests.startswith('Digest realm="machines", qop="auth", algorithm=SHA-256')
        assert password == r'Basic realm="the \"realm\"", charset="UTF-8"'
        assert bearer == r'Bearer realm="the \"realm\""'
        assert answer.header("cache-control") == ["no-store"]
        assert answer.header("x-content-type-options") == ["nosniff"]


def test_a_password(htpasswd: Path) -> None:
    made = door(http_auth_file=htpasswd)
    answer = asked(made, authorization=basic("alice", "secret"))
    assert (answer.status, answer.body) == (200, b"alice metrics,stats basic")
    answers = [
        asked(door(http_auth_file=htpasswd), authorization=basic(name, password))
        for name, password in (("alice", "wrong"), ("mallory", "secret"), ("", ""))
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(401, b"wrong user or password\n")}


def test_a_token(tokens: Path) -> None:
    made = door(token_file=tokens)
    assert asked(made, "/metrics", authorization=f"Bearer {TOKEN}").body == b"prometheus metrics token"
    assert asked(made, "/metrics", authorization=f"bearer  {TOKEN} ").status == 200
    answer = asked(made, authorization=f"Bearer {TOKEN}")
    assert (answer.status, answer.body) == (403, b'the user "prometheus" lacks the scope "stats"\n')
    assert answer.header("www-authenticate") == ['Bearer realm="localhost", error="insufficient_scope", scope="stats"']
    assert asked(made, "/api/v2.0/ps", authorization=f"Bearer {OTHER_TOKEN}").status == 200
    for wrong in (f"Bearer {TOKEN}x", "Bearer", "Bearer ä", f"Basic {TOKEN}", TOKEN, f"Token {TOKEN}", "", "\t"):
        assert asked(made, "/metrics", authorization=wrong).status == 401, wrong
    assert asked(made, "/metrics", authorization=b"Bearer \xff").status == 401
    twice = asked(made, "/metrics", authorization=[f"Bearer {TOKEN}"] * 2)
    assert (twice.status, twice.body) == (401, b"authorization: the header is there twice\n")


def test_digest_signs_method_and_target(tmp_path: Path) -> None:
    path = written(tmp_path / "htdigest", f"dave:r:{hashlib.md5(b'dave:r:pw').hexdigest()}\n")
    made = door(http_digest_file=path, http_digest_realm="r")
    challenge = asked(made).header("www-authenticate")[0]
    fields = dict(part.strip().split("=", 1) for part in challenge.removeprefix("Digest ").split(","))
    nonce, opaque = fields["nonce"].strip('"'), fields["opaque"]

    def signed(uri: str, count: int) -> str:
        about = hashlib.md5(f"GET:{uri}".encode()).hexdigest()
        text = f"{hashlib.md5(b'dave:r:pw').hexdigest()}:{nonce}:{count:08x}:c:auth:{about}"
        return (
            f'Digest username="dave", realm="r", nonce="{nonce}", uri="{uri}", qop=auth, nc={count:08x}, cnonce="c", '
            f'opaque={opaque}, response="{hashlib.md5(text.encode()).hexdigest()}"'
        )

    first = signed("/api/v1.3/containers/caf%C3%A9?count=2", 1)
    request = {"raw_path": b"/api/v1.3/containers/caf%C3%A9", "query_string": b"count=2"}
    assert asked(made, authorization=first, **request).body == b"dave metrics,stats digest"
    replayed = asked(made, authorization=first, **request)
    assert replayed.status == 401
    assert "stale=true" in replayed.header("www-authenticate")[0]
    assert asked(made, authorization=signed("/metrics", 2), **request).status == 401
    assert asked(made, authorization=signed("/metrics", 2), raw_path=b"/metrics").status == 200
    assert asked(made, authorization=signed("/metrics", 3), raw_path=b"/metrics", method="DELETE").status == 401
    assert asked(made, authorization=basic("dave", "pw")).status == 401, "not offered over HTTP"


def test_the_peer_of_a_unix_socket(tmp_path: Path) -> None:
    users = written(tmp_path / "users", "user 4242 metrics\ndefault stats\n")
    made = door(peer_uids="root,4242,@4343", users_file=users)

    def body(uid: int, *gids: int) -> tuple[int, bytes]:
        peer = Peer(uid=uid, gids=frozenset(gids))
        answer = asked(made, "/healthz", pcf_peer=peer, client=None)
        return answer.status, answer.body

    assert body(0, 0) == (200, b"root all,env,metrics,processes,stats peer")
    assert body(4242, 4343) == (200, b"4242 metrics peer"), "the account counts before the group"
    assert body(1, 4343) == (200, b"@4343 stats peer")
    assert body(1, 1) == (401, b"credentials are needed\n")
    assert asked(made, client=("192.0.2.1", 1)).status == 401


def test_a_certificate(tmp_path: Path, tokens: Path) -> None:
    from .door_rig import certificates

    made_certificates = certificates(tmp_path / "tls")
    certificate, key = made_certificates.issue("server", "localhost")
    users = written(tmp_path / "users", "user scraper metrics\ncert dns:scraper.example.org scraper\nuser ops all\n")
    made = door(
        tls_cert=certificate, tls_key=key, tls_client_ca=made_certificates.ca, token_file=tokens, users_file=users
    )
    mine, strange = (
        Peer("::1", Certificate((("dns", "scraper.example.org"),))),
        Peer("::1", Certificate((("cn", "x"),))),
    )
    assert asked(made, "/metrics", pcf_peer=mine).body == b"scraper metrics certificate"
    assert asked(made, "/metrics", pcf_peer=strange).status == 401, "of the authority, and named by no rule"
    assert asked(made, "/metrics", pcf_peer=strange, authorization=f"Bearer {OTHER_TOKEN}").body.startswith(b"ops ")
    assert asked(made, "/metrics", pcf_peer=mine, authorization="Bearer wrong").status == 401, "what is said counts"
    assert asked(made, "/metrics", pcf_peer=mine, authorization="Basic eDp5").status == 200, "not a way in here"


# ---- what is behind it


def test_probes_are_let_in_by_flag_only(tokens: Path) -> None:
    assert asked(door(token_file=tokens), "/healthz").status == 401
    made = door(token_file=tokens, health_without_auth="true", url_base_prefix="/mon")
    for path, status in (
        ("/healthz", 401),
        ("/mon/healthz", 200),
        ("/mon/readyz", 200),
        ("/mon/livez", 200),
        ("/mon/healthz/", 401),
        ("/mon/healthz/../metrics", 401),
        ("//mon/healthz", 401),
        ("/mon/metrics", 401),
        ("/montana/healthz", 401),
    ):
        assert asked(made, path).status == status, path
    assert asked(made, "/mon/healthz").body == b"anonymous none open"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/metrics", "metrics"),
        ("//metrics", "metrics"),
        ("/metrics/", "metrics"),
        ("/metrics/x", "stats"),
        ("/api/v2.0/ps", "processes"),
        ("/api/v2.1/ps/docker/abc", "processes"),
        ("//api/./v2.0//ps", "processes"),
        ("/api/v1.3/../v2.0/ps", "processes"),
        ("/API/V2.0/PS", "processes"),
        ("/api/v3/processes", "processes"),
        ("/api/v2.0/pse", "stats"),
        ("/api/v2.0/spec/ps", "stats"),
        ("/debug/pprof/", "all"),
        ("/healthz", ""),
        ("/", "stats"),
        ("", "stats"),
        ("/nothing", "stats"),
        ("/../../metrics", "metrics"),
    ],
)
def test_what_a_path_needs(path: str, scope: str) -> None:
    assert needs(path) == scope
    assert needs("/mon" + path, "/mon") == scope
    assert needs("/mon" + path, "mon/") == scope


def test_the_exposition_may_be_elsewhere(tokens: Path) -> None:
    made = door(token_file=tokens, prometheus_endpoint="/prom")
    assert asked(made, "/prom", authorization=f"Bearer {TOKEN}").status == 200
    assert asked(made, "/metrics", authorization=f"Bearer {TOKEN}").status == 403


def test_a_flood_is_told_to_wait_and_tokens_are_not(htpasswd: Path, tokens: Path) -> None:
    made = door(http_auth_file=htpasswd, token_file=tokens, auth_failures_per_minute=2)
    middleware = made.asgi(greeting)

    async def main() -> list[Answer]:
        tries = [basic("carol", "guess"), f"Bearer {TOKEN}x", basic("carol", "plain sha"), f"Bearer {TOKEN}"]
        return [await call(middleware, "/metrics", authorization=each) for each in tries]

    answers = asyncio.run(main())
    made.close()
    assert [answer.status for answer in answers] == [401, 401, 429, 200]
    assert answers[2].header("retry-after") == ["30"]
    assert made.status()["failures"] == 2


def test_head_has_no_body(tokens: Path) -> None:
    answer = asked(door(token_file=tokens), method="HEAD")
    assert (answer.status, answer.body) == (401, b"")
    assert answer.header("content-length") == [str(len(b"credentials are needed\n"))]


def test_websockets_are_behind_it_and_lifespan_is_not(tokens: Path) -> None:
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append((scope["type"], scope.get("pcf_user")))

    made = door(token_file=tokens)
    refused = asyncio.run(call(made.asgi(app), type="websocket"))
    assert refused.messages == [{"type": "websocket.close", "code": 1008, "reason": "credentials are needed"}]
    asyncio.run(call(made.asgi(app), "/metrics", type="websocket", authorization=f"Bearer {TOKEN}"))
    asyncio.run(call(made.asgi(app), type="lifespan"))
    assert [(kind, user and user.name) for kind, user in heard] == [("websocket", "prometheus"), ("lifespan", None)]


def test_nothing_sensitive_without_a_door() -> None:
    assert not allowed({}, "env")
    assert not allowed({}, "stats")


@how(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.binary(max_size=120), st.text(max_size=60))
def test_no_request_does_more_than_be_refused(tokens: Path, value: bytes, path: str) -> None:
    """Whatever stands in header and path, somebody without a credential is told 401."""
    made = door(token_file=tokens)
    for authorization in (value, b"Basic " + value, b"Digest " + value, b"Bearer " + value):
        raw = path.encode("utf-8", "surrogatepass")
        answer = asked(made, path, authorization=authorization, raw_path=raw, query_string=value)
        assert answer.status == 401


# ---- settings


@pytest.mark.parametrize(
    ("given_settings", "words"),
    [
        ({"tls_cert": "/x"}, "tls_cert, tls_key: one of the two is not set"),
        ({"tls_client_ca": "/x"}, "tls_client_ca: certificates come over TLS only"),
        ({"token_file": "/nonexistent"}, "token_file: /nonexistent cannot be read"),
        ({"http_auth_file": "/nonexistent"}, "http_auth_file: /nonexistent cannot be read"),
        ({"http_digest_file": "/nonexistent"}, "http_digest_file: /nonexistent cannot be read"),
        ({"users_file": "/dev/null"}, "users_file: /dev/null is no regular file"),
        ({"peer_uids": "no-such-account"}, 'peer_uids: there is no account "no-such-account"'),
        ({"peer_uids": "@no-such-group"}, 'peer_uids: there is no group "no-such-group"'),
        ({"peer_uids": "4294967295"}, "peer_uids: there is no account"),
        ({"peer_uids": "0", "anonymous_scopes": "all"}, "anonymous_scopes: nobody is anonymous here"),
    ],
)
def test_settings_that_cannot_be(given_settings: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        door(**given_settings)
    assert str(caught.value).startswith(words)


def test_a_library_that_is_missing_is_named(htpasswd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from pycadvisor_fast.door.htpasswd import _verifiers

    _verifiers.cache_clear()
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    with pytest.raises(MissingDependencyError, match=r"bcrypt is not installed; pip install 'pycadvisor-fast\[auth\]'"):
        door(http_auth_file=htpasswd)


def test_users_without_a_way_in(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing by which a user could show"):
        door(users_file=written(tmp_path / "users", "default all\n"))


def test_the_broken_line_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "htpasswd", HTPASSWD + "eve:plain\n")
    with pytest.raises(ConfigError, match=f"http_auth_file: {path}:6: the hash is neither"):
        door(http_auth_file=path)


def test_the_words_for_scopes_are_those_of_the_door() -> None:
    from pycadvisor_fast.config import BY_NAME
    from pycadvisor_fast.door.scopes import EVERYTHING, parse_scopes

    for word in (*EVERYTHING, "none"):
        BY_NAME["anonymous_scopes"].type.parse(word)
        parse_scopes(word)


def test_status_tells_what_is_not_as_it_stands_on_the_disk(tokens: Path) -> None:
    made = door(token_file=tokens)
    made.methods.files[0]._looked -= 10
    written(tokens, "broken\n")
    status = made.status()
    assert (status["closed"], status["methods"], status["tls"]) == (True, ["token"], False)
    assert status["trouble"] == [
        f"token_file: {tokens}:1: this is not NAME TOKEN [SCOPES]; what it said before is kept"
    ]


def test_accounts_by_name_and_by_number() -> None:
    root, number, group = parse_peers(["root", "0", "@root"])
    assert root == number
    assert (root.name, root.uid, group.gid) == ("root", 0, 0)
    assert settings(peer_uids="a, b")["peer_uids"] == ("a", "b")
