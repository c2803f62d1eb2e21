"""Files with credentials: wrong at the start, no start; wrong later, the old content stays."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.door.files import LineError, Watched, lines
from pycadvisor_fast.door.htdigest import parse_htdigest
from pycadvisor_fast.door.htpasswd import parse_htpasswd
from pycadvisor_fast.door.tokens import find, parse_tokens
from pycadvisor_fast.door.users import Certificate, parse_users
from pycadvisor_fast.errors import ConfigError

from .door_rig import HTPASSWD, OTHER_TOKEN, TOKEN, Clock, written


def numbers(text: str) -> list[int]:
    """What the tests below watch: numbers, one a line."""
    out = []
    for number, line in lines(text):
        if not line.isdecimal():
            raise LineError(number, f'"{line}" is no number')
        out.append(int(line))
    return out


def watched(path: Path, clock: Clock) -> Watched[list[int]]:
    return Watched(str(path), "number_file", numbers, clock)


def test_a_change_is_seen_a_second_later_at_most(tmp_path: Path) -> None:
    clock = Clock()
    path = written(tmp_path / "f", "1\n# not this\n\n2\n")
    file = watched(path, clock)
    assert (file.current(), file.version) == ([1, 2], 1)
    written(path, "3\n")
    clock.now += 0.5
    assert file.current() == [1, 2], "looked at once a second, not at every request"
    clock.now += 0.6
    assert (file.current(), file.version) == ([3], 2)


def test_the_same_size_at_the_same_moment_is_still_another_file(tmp_path: Path) -> None:
    clock = Clock()
    path = written(tmp_path / "f", "1\n")
    file = watched(path, clock)
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    written(path, "2\n")
    os.utime(path, ns=times)
    clock.now += 2
    assert file.current() == [2]


@pytest.mark.parametrize(
    ("garbage", "place", "words"),
    [
        (b"4\nfive\n", ":2: ", '"five" is no number'),
        (b"4\n\xff\n", ":2: ", "no UTF-8"),
        (None, ": ", "cannot be read: No such file"),
    ],
)
def test_garbage_later_is_said_and_what_was_right_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, garbage: bytes | None, place: str, words: str
) -> None:
    clock = Clock()
    path = written(tmp_path / "f", "1\n")
    file = watched(path, clock)
    if garbage is None:
        path.unlink()
    else:
        written(path, garbage)
    for _ in range(3):
        clock.now += 2
        assert file.current() == [1]
    assert len(caplog.records) == 1, "said once, not at every look"
    assert caplog.records[0].levelno == logging.ERROR
    for text in (file.trouble, caplog.records[0].getMessage()):
        assert text.startswith(f"number_file: {path}")
        assert words in text
        assert "kept" in text
    written(path, "6\n")
    clock.now += 2
    assert (file.current(), file.trouble) == ([6], "")


@pytest.mark.parametrize(
    ("content", "message"),
    [("x\n", ':1: "x" is no number'), (b"1\n2\n\xc3(\n", ":3: this is no UTF-8"), (None, " cannot be read: No such")],
)
def test_garbage_at_the_start_keeps_it_from_starting(tmp_path: Path, content: str | bytes | None, message: str) -> None:
    path = tmp_path / "f"
    if content is not None:
        written(path, content)
    with pytest.raises(ConfigError) as caught:
        watched(path, Clock())
    assert str(caught.value).startswith(f"number_file: {path}{message}")


def test_a_pipe_or_a_folder_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ConfigError, match=r"no regular file|Is a directory"):
            watched(path, Clock())


def test_a_file_that_everybody_may_read_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watched(written(tmp_path / "private", "1\n", 0o640), Clock())
    assert not caplog.records
    watched(written(tmp_path / "f", "1\n", 0o644), Clock())
    assert "everybody on this host may read" in caplog.text


HASH = "0" * 32


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("alice\n", 1, "NAME:HASH"),
        ("#\n\n:$apr1$a$aaaaaaaaaaaaaaaaaaaaaa\n", 3, "NAME:HASH"),
        ("alice:\n", 1, "NAME:HASH"),
        ("alice:plain\n", 1, "neither bcrypt nor apr1"),
        ("alice:aaZk3lqVlA0tE\n", 1, "htpasswd -B"),  # crypt(3)
        ("alice:$6$salt$" + "a" * 86 + "\n", 1, "neither bcrypt"),
        ("alice:$2y$31$" + "a" * 53 + "\n", 1, "cost is 31"),
        (HTPASSWD + "bob:{SHA}BLDStG6OArFZberaE7lRmF912aU=\n", 6, '"bob" has a line already'),
        ("# nobody\n", 0, "no user in it"),
    ],
)
def test_what_is_wrong_in_a_htpasswd_file(text: str, line: int, words: str) -> None:
    with pytest.raises(LineError, match=words) as caught:
        parse_htpasswd(text)
    assert caught.value.line == line
    assert "aaZk" not in str(caught.value), "a hash is not for the log"


def test_the_decoy_costs_as_much_as_the_dearest_hash() -> None:
    assert parse_htpasswd(HTPASSWD).decoy.startswith("$2y$04$")
    dearer = "dave:$2y$05$" + "a" * 53
    assert parse_htpasswd(HTPASSWD + dearer).decoy.startswith("$2y$05$")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("alice:here\n", 1, "NAME:REALM:HASH"),
        ("alice:here:" + HASH[1:] + "\n", 1, "32"),
        ("alice:here:" + "g" * 32 + "\n", 1, "hexadecimal"),
        (f"alice:here:{HASH}\nalice:here:{HASH}\n", 2, "with MD5 already"),
        (f"alice:elsewhere:{HASH}\n", 0, 'the realm "here"'),
        ("", 0, "nobody could enter"),
    ],
)
def test_what_is_wrong_in_a_htdigest_file(text: str, line: int, words: str) -> None:
    with pytest.raises(LineError, match=words) as caught:
        parse_htdigest(text, "here")
    assert caught.value.line == line


def test_only_what_every_user_has_is_offered() -> None:
    both = f"alice:here:{HASH}\nalice:here:{HASH * 2}\n"
    assert parse_htdigest(both, "here").algorithms == ("SHA-256", "MD5")
    assert parse_htdigest(both + f"bob:here:{HASH}\n", "here").algorithms == ("MD5",)
    assert parse_htdigest(f"alice:here:{HASH}\nbob:here:{HASH * 2}\n", "here").algorithms == ("SHA-256", "MD5")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("prometheus\n", 1, "NAME TOKEN"),
        ("prometheus short\n", 1, "16 at least"),
        ("prometheus sha256:abc\n", 1, "64 hexadecimal"),
        ("prometheus not,for,a,header,ever\n", 1, "cannot be sent"),
        (f"a {TOKEN}\nb {TOKEN}\n", 2, "the same token"),
        (f"a {TOKEN} metrics,root\n", 1, '"root" is no scope'),
        (f"a {TOKEN} metrics stats\n", 1, "NAME TOKEN"),
        ("", 0, "no token in it"),
    ],
)
def test_what_is_wrong_in_a_token_file(text: str, line: int, words: str) -> None:
    with pytest.raises(LineError, match=words) as caught:
        parse_tokens(text)
    assert caught.value.line == line
    assert TOKEN not in str(caught.value)


def test_tokens_are_found_by_themselves_or_by_their_digest() -> None:
    import hashlib

    digest = hashlib.sha256(OTHER_TOKEN.encode()).hexdigest()
    tokens = parse_tokens(f"prometheus {TOKEN} metrics\ngrafana sha256:{digest.upper()}\n")
    found = find(tokens, TOKEN)
    assert found is not None
    assert (found.name, found.scopes) == ("prometheus", {"metrics"})
    other = find(tokens, OTHER_TOKEN)
    assert other is not None
    assert (other.name, other.scopes) == ("grafana", None)
    for wrong in ("", TOKEN[:-1], TOKEN + "x", digest, f"sha256:{digest}", "\udcff", "x" * 10_000):
        assert find(tokens, wrong) is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("alice stats\n", 1, "none of"),
        ("user alice stats\nuser alice all\n", 2, "a line already"),
        ("user alice everything\n", 1, '"everything" is no scope'),
        ("\ncert dns prometheus\n", 2, "KIND:VALUE"),
        ("cert serial:1 prometheus\n", 1, "cn, dns"),
        ("cert dns:* prometheus\n", 1, "every certificate"),
        ("default\n", 1, "none of"),
    ],
)
def test_what_is_wrong_in_a_users_file(text: str, line: int, words: str) -> None:
    with pytest.raises(LineError, match=words) as caught:
        parse_users(text)
    assert caught.value.line == line


def test_a_users_file_is_an_allow_list() -> None:
    users = parse_users("user alice metrics,processes\nuser root all\nuser eve none\n")
    assert users.scopes_of("alice") == {"metrics", "processes"}
    assert "env" in users.scopes_of("root")
    assert users.scopes_of("eve") == users.scopes_of("mallory") == frozenset()
    assert parse_users("default metrics\n").scopes_of("mallory") == {"metrics"}


def test_whose_a_certificate_is() -> None:
    users = parse_users("user scraper metrics\ncert dns:P.example.org scraper\ncert uri:spiffe://x/mon/* scraper\n")

    def named(*names: tuple[str, str]) -> str | None:
        user = users.of_certificate(Certificate(names))
        return user.name if user else None

    assert named(("cn", "anything"), ("dns", "p.EXAMPLE.org")) == "scraper"
    assert named(("uri", "spiffe://x/mon/prometheus")) == "scraper"
    assert named(("cn", "p.example.org")) is None, "a common name is no DNS name"
    assert named(("uri", "spiffe://x/monitor")) is None
    assert named() is None
    anyone = parse_users("default metrics\n").of_certificate(Certificate((("cn", "p"), ("dns", "q"))))
    assert anyone is not None
    assert (anyone.name, anyone.scopes) == ("cert:p", {"metrics"})


@given(st.text(max_size=200))
def test_no_text_does_more_than_complain(text: str) -> None:
    for parse in (parse_htpasswd, parse_tokens, parse_users, lambda text: parse_htdigest(text, "here")):
        try:
            parse(text)
            wrong = 0
        except LineError as error:
            wrong = error.line
        assert wrong <= text.count("\n") + 1
