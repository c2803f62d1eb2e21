"""The probes: what each check says of a look at the collector, and what the routes make of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pycadvisor_fast.errors import PycadvisorError
from pycadvisor_fast.faces.http import health, probes
from pycadvisor_fast.faces.http.probes import DEAD, NOTE, UNREADY, Finding, Look
from tests.unit.http_rig import Feed, Served, serving

MS = 10**6
S = 10**9


def look(age_ns: int = 0, *, shortest_ns: int = 100 * MS, replaced: bool = False, **state: Any) -> Look:
    """A look at a collector whose newest pass was due so long ago."""
    now = 10_000 * S
    status = {**Feed().state, "latest_tick": (now - age_ns) // (100 * MS), **state}
    return Look(status, 100 * MS, shortest_ns, now, replaced)


@pytest.mark.parametrize("check", probes.READY, ids=lambda check: check.__name__)
def test_all_is_well(check: probes.Check) -> None:
    assert check(look()).severity == ""


@pytest.mark.parametrize(
    ("check", "at", "severity"),
    [
        (probes.tick_running, look(running=False), DEAD),
        (probes.tick_running, look(59 * S), ""),
        (probes.tick_running, look(61 * S), DEAD),
        (probes.tick_running, look(61 * S, shortest_ns=10 * S), ""),
        (probes.tick_on_time, look(4 * S), ""),
        (probes.tick_on_time, look(6 * S), UNREADY),
        (probes.tick_on_time, look(6 * S, shortest_ns=S), ""),
        (probes.tick_on_time, look(11 * S, shortest_ns=S), UNREADY),
        (probes.tick_on_time, look(latest_tick=0), UNREADY),
        (probes.ring_there, look(replaced=True), UNREADY),
        (probes.ring_there, look(ring_bytes=0), UNREADY),
        (probes.ring_room, look(rows_refused=1), NOTE),
        (probes.ring_room, look(slots_refused=1), NOTE),
        (probes.discovery_alive, look(discovery={"cgroups": 0, "last_error": "x", "mechanism": ""}), UNREADY),
        (probes.discovery_alive, look(discovery={"cgroups": 1, "last_error": "x", "mechanism": "inotify"}), NOTE),
        (probes.sources_alive, look(last_error="memory.stat: EIO"), NOTE),
        (probes.runtimes_answer, look(runtimes={"docker": {"state": "hanging"}}), NOTE),
        (probes.runtimes_answer, look(runtimes={"docker": {"state": "missing"}}), ""),
        (probes.filesystems_answer, look(storage={"hanging": ["/nfs"], "error": "", "filesystems": 1}), NOTE),
        (probes.filesystems_answer, look(storage={"hanging": [], "error": "no mountinfo", "filesystems": 0}), NOTE),
    ],
)
def test_what_each_check_finds(check: probes.Check, at: Look, severity: str) -> None:
    found = check(at)
    assert found.severity == severity
    assert found.text


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def test_healthz_is_ok_and_nothing_else(served: Served) -> None:
    reply = served.get("/healthz")
    assert (reply.status, reply.body) == (200, b"ok")
    assert reply.fields["content-type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_probes_take_every_method(served: Served, method: str) -> None:
    assert served.get("/healthz", method=method).text == "ok"


def test_head_has_no_body(served: Served) -> None:
    reply = served.get("/healthz", method="HEAD")
    assert (reply.status, reply.body, reply.fields["content-length"]) == (200, b"", "2")


def test_ticks_that_stop_are_seen(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", 0)
    assert {served.get(path).status for path in ("/healthz", "/livez", "/readyz")} == {200}
    served.feed.is_ticking = False
    for path in ("/healthz", "/livez", "/readyz"):
        reply = served.get(path)
        assert reply.status == 503
        assert reply.text.startswith("[-]")
    served.feed.is_ticking = True
    assert served.get("/healthz").status == 200


def test_verbose_lists_every_check(served: Served) -> None:
    served.feed.state["runtimes"] = {"docker": {"state": "hanging"}}
    reply = served.get("/readyz?verbose")
    assert reply.status == 200, "names may be missing; numbers are not"
    assert "[!]runtimes: names may be missing: docker hanging\n" in reply.text
    assert reply.text.startswith("[+]running: sampling\n[+]tick: ")
    assert reply.text.endswith("\nok\n")
    assert served.get("/readyz?verbose=false").text == "ok"


def test_as_json(served: Served) -> None:
    reply = served.get("/readyz", "Accept: application/json")
    found = json.loads(reply.body)
    assert found["ok"] is True
    assert [check["name"] for check in found["checks"]][:3] == ["running", "tick", "ring"]


def test_a_collector_that_fails_is_dead(served: Served) -> None:
    served.feed.raises = PycadvisorError("it is closed")
    reply = served.get("/livez")
    assert (reply.status, reply.text) == (503, "[-]status: the collector does not say how it is: it is closed\n")


def test_what_nobody_foresaw_is_for_the_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    served.feed.raises = RuntimeError("secret of the house")
    reply = served.get("/livez")
    assert reply.status == 503
    assert "secret" not in reply.text
    assert "secret of the house" in caplog.text


def test_a_collector_that_hangs_is_dead(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWERS_WITHIN_SECONDS", 0.05)
    go_on = threading.Event()
    answer = served.feed.status
    monkeypatch.setattr(served.feed, "status", lambda: go_on.wait(20) and answer())
    replies = [served.get("/livez") for _ in range(12)]
    go_on.set()
    assert {reply.status for reply in replies} == {503}
    assert replies[0].text.startswith("[-]status: the collector has not said how it is within")


def test_probes_share_a_look(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", 1000)
    asked = []
    answer = served.feed.status
    monkeypatch.setattr(served.feed, "status", lambda: asked.append(1) or answer())
    assert [served.get(path).text for path in ("/healthz", "/readyz", "/livez") * 5] == ["ok"] * 15
    assert len(asked) == 1


def test_lines_carry_their_signs() -> None:
    assert health._line(Finding("a", "b", NOTE)) == "[!]a: b\n"
    assert health._line(Finding("a", "b", DEAD)) == health._line(Finding("a", "b", UNREADY)) == "[-]a: b\n"
