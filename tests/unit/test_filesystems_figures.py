"""In which order trees are measured, and what is kept of it."""

from __future__ import annotations

from pycadvisor_fast.filesystem import TreeUsage
from pycadvisor_fast.filesystems.figures import Figures
from pycadvisor_fast.filesystems.trees import Asked, Place, Wanted


def having(place: Place, kind: str = "layer") -> Wanted:
    return Wanted(place, TreeUsage(kind, place.path))


def usage(count: int = 1, error: str = "") -> TreeUsage:
    return TreeUsage("", "", error=error) if error else TreeUsage("", "", count, count, 1, "walk", measured_ns=5)


def test_the_oldest_figure_is_next_and_nothing_is_due_before_its_time() -> None:
    one, two, three = (having(Place(f"/{number}")) for number in (1, 2, 3))
    figures = Figures(100)
    figures.follow({1: [one], 2: [two]})
    order = []
    for now in (1, 2):
        place = figures.due(now)
        assert place is not None
        figures.measured(place, usage(now), now)
        order.append(place)
    assert order == [one.place, two.place]
    assert figures.due(100) is None
    assert figures.next_due_ns() == 101
    figures.follow({1: [one], 2: [two], 3: [three]})
    assert figures.due(100) == three.place  # never measured
    figures.measured(three.place, usage(9), 100)
    assert figures.due(150) == one.place


def test_a_failed_attempt_keeps_the_figure_of_before_and_a_hung_one_is_not_repeated_soon() -> None:
    one = Place("/1")
    figures = Figures(100)
    figures.follow({1: [having(one)]})
    figures.measured(one, usage(7), 10)
    figures.measured(one, usage(error="Input/output error"), 20)
    (tree,) = figures.by_handle()[1]
    assert (tree.kind, tree.bytes, tree.measured_ns, tree.error) == ("layer", 7, 5, "Input/output error")
    figures.measured(one, usage(8), 30)
    assert figures.by_handle()[1][0].error == ""
    figures.measured(one, usage(error="hangs"), 40, is_hung=True)
    assert figures.due(5000) is None


def test_figures_of_those_that_left_are_forgotten_also_when_they_come_late() -> None:
    one = Place("/1")
    figures = Figures(100)
    figures.follow({1: [having(one)]})
    figures.follow({})
    figures.measured(one, usage(7), 10)
    assert figures.by_handle() == {}
    assert figures.next_due_ns() is None


def test_what_several_have_is_measured_once_and_shown_of_each() -> None:
    shared = Place("/shared")
    figures = Figures(100)
    other = [having(shared), having(Place("/2"))]
    figures.follow({1: [having(shared, "log")], 2: other})
    figures.measured(shared, usage(7), 10)
    assert figures.by_handle()[1] == (TreeUsage("log", "/shared", 7, 7, 1, "walk", 5),)
    assert [(tree.kind, tree.bytes) for tree in figures.by_handle()[2]] == [("layer", 7), ("layer", None)]
    assert figures.due(10) == Place("/2")
    shown = figures.by_handle()[2]
    figures.follow({2: other})
    assert figures.by_handle() == {2: shown}
    assert figures.by_handle()[2] is shown, "nothing is made anew"
    figures.follow({2: [having(shared)]})
    assert [tree.bytes for tree in figures.by_handle()[2]] == [7], "it goes on being known"


def test_asking_waits_until_it_may_and_walking_does_not_wait_for_it() -> None:
    asked, walked = Place("", Asked("a", "/a")), Place("/2")
    figures = Figures(100)
    figures.follow({1: [having(asked)], 2: [having(walked)]})
    figures.ask_from_ns = 50
    assert figures.due(1) == walked
    figures.measured(walked, usage(), 1)
    assert (figures.due(49), figures.next_due_ns()) == (None, 50)
    assert figures.due(50) == asked
    figures.measured(asked, usage(), 50)
    figures.ask_from_ns = 500
    assert (figures.due(101), figures.next_due_ns()) == (walked, 101)


def test_what_is_not_to_be_measured_is_shown_as_it_is_named() -> None:
    bind = TreeUsage("bind", "/", destination="/host")
    figures = Figures(100)
    figures.follow({1: [Wanted(None, bind)], 2: []})
    assert figures.by_handle() == {1: (bind,)}
    assert (figures.due(5), figures.next_due_ns()) == (None, None)


def test_a_doubtful_figure_is_due_at_once() -> None:
    one = Place("/1")
    figures = Figures(100)
    figures.follow({1: [having(one)]})
    figures.measured(one, usage(7), 10)
    figures.expire(one)
    figures.expire(Place("/gone"))
    assert figures.due(11) == one
    assert figures.by_handle()[1][0].bytes == 7
    assert set(figures.places()) == {one}
