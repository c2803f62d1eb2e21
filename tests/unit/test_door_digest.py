"""Digest by RFC 7616: what a client answers, and everything that is not an answer."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycadvisor_fast.door import header, nonces
from pycadvisor_fast.door.digest import Digest, response
from pycadvisor_fast.door.htdigest import watched_htdigest
from pycadvisor_fast.door.nonces import Nonces
from pycadvisor_fast.door.refusals import UnauthenticatedError

from .door_rig import Clock, written

REALM = "the machines"
ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def h(algorithm: str, text: str) -> str:
    """H() of the RFC, written once more for the test."""
    return ALGORITHMS[algorithm](text.encode()).hexdigest()


def file_of(*names: str, password: str = "Circle of Life") -> str:
    lines = [f"{name}:{REALM}:{h(a, f'{name}:{REALM}:{password}')}" for name in names for a in ALGORITHMS]
    return "\n".join([*lines, ""])


class Rig:
    """A realm with Mufasa in it, and a client of it."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.clock = Clock()
        path = written(folder / "htdigest", file_of(*(names or ("Mufasa",))))
        self.digest = Digest(watched_htdigest(str(path), REALM), REALM, Nonces(self.clock))

    def challenge(self, algorithm: str = "SHA-256") -> dict[str, str]:
        found = [c for c in self.digest.challenges() if f"algorithm={algorithm}," in c]
        return dict(header.parameters(found[0].removeprefix("Digest ")))

    def answer(self, challenge: dict[str, str], count: int = 1, **changed: str) -> str:
        """What a client that knows the password says, but for what is changed after it was computed; ``password``,
        ``method``: what it computes with."""
        algorithm = challenge["algorithm"]
        name, password = changed.pop("user", "Mufasa"), changed.pop("password", "Circle of Life")
        method, uri = changed.pop("method", "GET"), changed.pop("signed_uri", "/api/v1.3/machine?a=b")
        nc, cnonce = f"{count:08x}", "0a4f113b"
        a1, a2 = h(algorithm, f"{name}:{REALM}:{password}"), h(algorithm, f"{method}:{uri}")
        fields = {
            "username": name, "realm": REALM, "nonce": challenge["nonce"], "uri": uri, "algorithm": algorithm,
            "qop": "auth", "nc": nc, "cnonce": cnonce, "opaque": challenge["opaque"],
            "response": h(algorithm, f"{a1}:{challenge['nonce']}:{nc}:{cnonce}:auth:{a2}"),
        }  # fmt: skip
        fields |= changed
        return ", ".join(f'{key}="{value}"' for key, value in fields.items() if value != "(none)")

    def user(self, answer: str, method: str = "GET", target: str = "/api/v1.3/machine?a=b") -> str:
        return self.digest.user(answer, method, target)

    def refused(self, answer: str, *, stale: bool = False, words: str | None = None, **request: str) -> None:
        with pytest.raises(UnauthenticatedError, match=words) as caught:
            self.user(answer, **request)
        assert caught.value.is_stale is stale


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_the_numbers_of_the_rfcs_example() -> None:
    """RFC 7616, section 3.9.1: its user, nonce and request; the two responses it prints."""
    given = {
        "uri": "/dir/index.html",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    }
    whose = "Mufasa:http-auth@example.org:Circle of Life"
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, printed in expected.items():
        assert response(algorithm, h(algorithm, whose), "GET", given) == printed


def test_the_challenges(rig: Rig) -> None:
    strong, weak = rig.digest.challenges()
    assert strong.startswith(f'Digest realm="{REALM}", qop="auth", algorithm=SHA-256, nonce="')
    assert "userhash=true" in strong
    assert "algorithm=MD5" in weak
    assert "stale" not in strong + weak
    assert all("stale=true" in each for each in rig.digest.challenges(is_stale=True))
    nonces_made = {re.findall('nonce="([^"]+)"', c)[0] for _ in range(50) for c in rig.digest.challenges()}
    assert len(nonces_made) == 50, "one each time, shared by the two"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_who_knows_the_password_comes_in(rig: Rig, algorithm: str) -> None:
    challenge = rig.challenge(algorithm)
    assert rig.user(rig.answer(challenge)) == "Mufasa"
    assert rig.user(rig.answer(challenge, 2)) == "Mufasa"
    assert rig.user(rig.answer(challenge, 3, method="POST"), method="POST") == "Mufasa"
    hashed = h(algorithm, f"Mufasa:{REALM}")
    assert rig.user(rig.answer(challenge, 4, username=hashed, userhash="true")) == "Mufasa"


def test_an_absolute_uri_and_unquoted_words_are_the_same(rig: Rig) -> None:
    challenge = rig.challenge()
    absolute = "http://host.example:8080/api/v1.3/machine?a=b"
    assert rig.user(rig.answer(challenge, signed_uri=absolute)) == "Mufasa"
    loose = rig.answer(challenge, 2).replace('qop="auth"', "qop=auth").replace('nc="00000002"', "nc=00000002")
    assert rig.user(loose) == "Mufasa"


def test_a_name_beyond_ascii(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "Jäsøn Doe")
    challenge = rig.challenge()
    assert rig.user(rig.answer(challenge, user="Jäsøn Doe")) == "Jäsøn Doe"
    extended = {"username": "(none)", "username*": "UTF-8''J%C3%A4s%C3%B8n%20Doe"}
    assert rig.user(rig.answer(challenge, 2, user="Jäsøn Doe", **extended)) == "Jäsøn Doe"


def test_wrong_password_wrong_user_and_a_forged_answer(rig: Rig) -> None:
    challenge = rig.challenge()
    for answer in (
        rig.answer(challenge, password="Circle of Lif"),
        rig.answer(challenge, user="Scar"),
        rig.answer(challenge, username="Scar"),
        rig.answer(challenge, response="0" * 64),
        rig.answer(challenge, response="ä" * 64),
        rig.answer(challenge, cnonce="other"),
        rig.answer(challenge, nc="00000002"),
        rig.answer(challenge, username="0" * 64, userhash="true"),
    ):
        rig.refused(answer, words="wrong user or password")
    assert rig.user(rig.answer(challenge)) == "Mufasa", "none of them used the nonce up"


def test_the_secret_of_nobody_is_no_password(rig: Rig) -> None:
    """Users that do not exist are checked against a fixed secret: who knows it must not come in by it."""
    challenge = rig.challenge()
    given = dict(header.parameters(rig.answer(challenge, user="Scar")))
    forged = response("SHA-256", "0" * 32, "GET", given)
    rig.refused(rig.answer(challenge, user="Scar", response=forged), words="wrong user")


def test_what_was_signed_is_what_is_asked_for(rig: Rig) -> None:
    challenge = rig.challenge()
    rig.refused(rig.answer(challenge), target="/api/v1.3/containers", words="uri")
    rig.refused(rig.answer(challenge), target="/api/v1.3/machine", words="uri")
    rig.refused(rig.answer(challenge, signed_uri="http://[/api"), words="uri")
    rig.refused(rig.answer(challenge), method="POST", words="wrong user")
    rig.refused(rig.answer(challenge, realm="elsewhere"), words="realm")


def test_a_replay_is_refused(rig: Rig) -> None:
    challenge = rig.challenge()
    answer = rig.answer(challenge)
    assert rig.user(answer) == "Mufasa"
    for _ in range(3):
        rig.refused(answer, stale=True, words="used with this count")
    assert rig.user(rig.answer(challenge, 2)) == "Mufasa"
    rig.refused(answer, stale=True)


def test_counts_may_overtake_each_other_once_each(rig: Rig) -> None:
    challenge = rig.challenge()
    for count in (5, 3, 4, 100, 99, 50):
        assert rig.user(rig.answer(challenge, count)) == "Mufasa"
    for count in (5, 100, 99, 50, 36):  # 36 is too far back to be remembered
        rig.refused(rig.answer(challenge, count), stale=True)
    assert rig.user(rig.answer(challenge, 37)) == "Mufasa"


def test_a_nonce_ages(rig: Rig) -> None:
    challenge = rig.challenge()
    rig.clock.now += nonces.LIFE_SECONDS - 1
    assert rig.user(rig.answer(challenge)) == "Mufasa"
    rig.clock.now += 2
    rig.refused(rig.answer(challenge, 2), stale=True, words="not valid any more")
    rig.refused(rig.answer(challenge, 2, password="no"), words="wrong user")  # a wrong password is not only old


def test_nonces_of_others_are_stale_for_who_knows_the_password(rig: Rig, tmp_path: Path) -> None:
    challenge = rig.challenge()
    own = challenge["nonce"]
    changed = ("A" if own[0] != "A" else "B") + own[1:]
    for nonce in ("", "made up", own[:-4], own + "AAAA", own + " ", changed, own.rstrip("="), "\xe4" * 44):
        rig.refused(rig.answer({**challenge, "nonce": nonce}), stale=True)
        rig.refused(rig.answer({**challenge, "nonce": nonce}, password="no"))
    other = tmp_path / "other"
    other.mkdir()
    rig.refused(rig.answer(Rig(other).challenge()), stale=True, words="not this server's")


def test_bits_of_a_nonce_that_do_not_count_do_not_make_another(rig: Rig) -> None:
    """The last character of its base64 has bits that decoding drops: a second spelling would be a replay."""
    challenge = rig.challenge()
    assert rig.user(rig.answer(challenge)) == "Mufasa"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    body, padding = challenge["nonce"].rstrip("="), "=" * challenge["nonce"].count("=")
    for last in alphabet:
        rig.refused(rig.answer({**challenge, "nonce": body[:-1] + last + padding}), stale=True)


def test_no_flood_of_nonces_fills_the_memory_or_forgets_a_replay(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nonces, "MOST_USED", 16)
    answers = []
    for _ in range(100):
        rig.clock.now += 0.001
        answers.append(rig.answer(rig.challenge()))
        assert rig.user(answers[-1]) == "Mufasa"
    for answer in answers:
        rig.refused(answer, stale=True)


ANSWERED = ("nonce", "uri", "response", "qop", "nc", "cnonce", "opaque")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        *(({name: "(none)"}, f"{name} is missing") for name in ANSWERED),
        ({"username": "(none)"}, "username is missing"),
        ({"username*": "UTF-8''Mufasa"}, "both there"),
        ({"username": "(none)", "username*": "latin1''x"}, "only UTF-8"),
        ({"username": "(none)", "username*": "UTF-8''%ff"}, "no UTF-8"),
        ({"algorithm": "MD5-sess"}, "neither MD5"),
        ({"qop": "auth-int"}, "not auth"),
        ({"nc": "1"}, "eight"),
        ({"nc": "00000000"}, "from 00000001"),
        ({"nc": "0000000g"}, "eight"),
    ],
)  # fmt: skip
def test_what_is_no_answer_at_all(rig: Rig, changed: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rig.user(rig.answer(rig.challenge(), **changed))


# ---- the header itself


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no scheme"), ("=", "no scheme"), ("Ba\tsic x", "no scheme"), ("Bearer " + "x" * 9000, "at most 8192")],
)
def test_what_is_no_header(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        header.parse(text)


def test_schemes_have_no_case_and_blanks_do_not_count() -> None:
    assert header.parse("  bAsIc   eDp5 ") == header.Authorization("basic", "eDp5")
    assert header.parse("Negotiate") == header.Authorization("negotiate", "")


@pytest.mark.parametrize(
    "rest", ["x", "x=", 'x="', 'x="a" y', "x=1 y=2", 'x="1", x="2"', ",x=1", "a=1, " * 3 + "b=2;", "x==1", 'é="1"']
)
def test_what_are_no_parameters(rest: str) -> None:
    with pytest.raises(ValueError, match="parameter"):
        header.parameters(rest)


def test_parameters_with_quotes_and_commas_in_them() -> None:
    assert header.parameters(r'A="b, \"c\" \\", d=e ,f = "" ') == {"a": 'b, "c" \\', "d": "e", "f": ""}


def test_so_many_parameters_and_no_more() -> None:
    with pytest.raises(ValueError, match="more than 32"):
        header.parameters(", ".join(f"a{number}=1" for number in range(40)))


@pytest.mark.parametrize("rest", ["", "x", "eA==", "e Dp5", "/zp5", "ä"])
def test_what_is_no_basic(rest: str) -> None:
    with pytest.raises(ValueError, match="Basic"):
        header.basic(rest)


@given(st.text(max_size=300))
def test_no_header_does_more_than_complain(text: str) -> None:
    for read in (
        lambda: header.parameters(header.parse(text).rest),
        lambda: header.basic(text),
        lambda: header.extended(text),
    ):
        try:
            read()
        except ValueError:
            pass


FIELDS = ("username", "username*", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce", "opaque", "algorithm", "userhash")  # fmt: skip # noqa: E501


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(FIELDS), st.text(st.characters(codec="utf-8"), max_size=40), max_size=6), st.text()
)
def test_no_answer_does_more_than_be_refused(rig: Rig, changed: dict[str, str], tail: str) -> None:
    answer = rig.answer(rig.challenge(), **{**changed, "response": changed.get("response", "0")}) + tail
    with pytest.raises((UnauthenticatedError, ValueError)):
        rig.user(answer)
