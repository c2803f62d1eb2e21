"""Who is remembered after being removed, how long, and whom an event is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycadvisor_fast.container import Container
from pycadvisor_fast.discovery.past import LONGEST_S, Past
from pycadvisor_fast.discovery.registry import Registry
from pycadvisor_fast.discovery.roster import Roster
from pycadvisor_fast.discovery.runtimes import Ended, Identity

A, B = "a1" * 32, "b2" * 32


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def gone(slot: int, generation: int = 1, ident: str = "", path: str = "") -> Container:
    return Container(path=path or f"/c{slot}", slot=slot, generation=generation, id=ident)


def test_the_oldest_are_forgotten_by_count_and_by_age() -> None:
    clock = Clock()
    past = Past(most=2, clock=clock)
    for slot in (1, 2, 3):
        past.put(gone(slot, ident=f"id{slot}"))
    assert past.by_handle(gone(1).handle) is None
    assert past.by_id("id1") is None
    assert past.by_path("/c3") == gone(3, ident="id3")
    clock.now = LONGEST_S
    past.put(gone(4))
    assert len(past) == 1
    assert past.by_path("/c3") is None


def test_a_path_and_an_id_mean_their_newest_tenant() -> None:
    past = Past(most=2)
    past.put(gone(1, 1, "x", "/same"))
    past.put(gone(1, 2, "x", "/same"))
    past.put(gone(5))  # the first tenant is forgotten: what is known of the second stays
    assert past.by_path("/same") == past.by_id("x") == gone(1, 2, "x", "/same")
    changed = past.update(gone(1, 2).handle, name="web")
    assert changed is not None
    assert past.by_id("x") == changed
    assert past.update(99, name="nobody") is None


class Slots:
    def __init__(self) -> None:
        self.next = 0

    def add(self, path: str, created_ns: int) -> tuple[int, int]:
        self.next += 1
        return self.next, 1

    def refresh(self, slot: int, generation: int) -> None: ...
    def remove(self, slot: int, generation: int) -> None: ...
    def vanished(self) -> list[tuple[int, int]]:
        return []

    def describe(self, slot: int, generation: int, **identity: str) -> None: ...
    def slots_seq(self) -> int:
        return 0

    def networks(self, slots: list[tuple[int, int]]) -> Mapping[int, Any]:
        return {}


def test_a_container_named_after_it_went_has_its_name_in_events() -> None:
    registry = Registry(Slots(), Roster())
    handle = registry.add(f"/docker/{A}", 0)
    assert handle is not None
    number = handle[1] << 32 | handle[0]
    registry.remove(handle)
    registry.identified(Identity("docker", A, name="web", image="nginx"))
    found = registry.who(number, f"/docker/{A}")
    assert found is not None
    assert (found.name, found.image) == ("web", "nginx")
    assert registry.who(0, f"/docker/{A}") == found
    stranger = registry.who(number + 1, f"/docker/{A}")  # another tenant, of whom only the path is known
    assert stranger is not None
    assert (stranger.handle, stranger.name, stranger.runtime, stranger.id) == (0, "", "docker", A)


def test_a_part_of_a_container_is_that_container_and_a_container_inside_is_itself() -> None:
    registry = Registry(Slots(), Roster())
    registry.add(f"/docker/{A}", 0)
    registry.add(f"/docker/{A}/init.scope", 0)
    registry.add(f"/docker/{A}/docker/{B}", 0)
    outer, inner = registry.who(0, f"/docker/{A}"), registry.who(0, f"/docker/{A}/docker/{B}")
    assert outer is not None
    assert inner is not None
    assert registry.who(0, f"/docker/{A}/init.scope") == outer
    assert registry.who(0, f"/docker/{A}/not/followed") == outer
    assert registry.who(0, f"/docker/{A}/docker/{B}/deep/er") == inner != outer
    assert registry.who(0, "/not/followed") is None
    fresh = registry.who(0, f"/docker/{B}/x")
    assert fresh is not None
    assert (fresh.path, fresh.runtime, fresh.id) == (f"/docker/{B}", "docker", B)


def test_who_has_ended_is_told_by_path_also_when_its_cgroup_went_first() -> None:
    told: list[tuple[str, Ended]] = []
    registry = Registry(Slots(), Roster())
    registry.on_end(lambda path, end: told.append((path, end)))
    handle = registry.add(f"/docker/{A}", 0)
    assert handle is not None
    registry.identified(Identity("docker", A, name="web"))
    registry.remove(handle)
    registry.ended(Ended("docker", A, 7))
    registry.ended(Ended("docker", B, 8))
    assert told == [(f"/docker/{A}", Ended("docker", A, 7))]
