"""Which trees containers have, and in which order they are measured."""

from __future__ import annotations

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.filesystem import TreeUsage
from pycadvisor_fast.filesystems.trees import Figures, Place, log_tree, places

ID = "f" * 64


@pytest.mark.parametrize(
    ("log", "fields", "wanted"),
    [
        (f"/var/lib/docker/containers/{ID}/{ID}-json.log", {"id": ID}, f"/var/lib/docker/containers/{ID}"),
        ("/var/log/pods/ns_p_u-1/app/0.log", {"pod_uid": "u-1", "id": ID}, "/var/log/pods/ns_p_u-1/app"),
        ("/var/log/app.log", {"id": ID}, "/var/log/app.log"),  # other things are in that directory
        ("/var/log/app.log", {}, "/var/log/app.log"),
    ],
)
def test_rotated_logs_count_where_the_directory_is_the_containers_own(
    log: str, fields: dict[str, str], wanted: str
) -> None:
    assert log_tree(Container("/c", 1, 1, log_path=log, **fields)) == wanted  # type: ignore[arg-type]


def test_only_what_a_runtime_named_is_measured() -> None:
    live = [Container("/a", 1, 1), Container("/b", 2, 1, layer_path="/l"), Container("/c", 3, 1, log_path="/g")]
    assert places(live) == [
        Place(live[1].handle, "layer", "/l"),
        Place(live[2].handle, "log", "/g"),
    ]


def usage(place: Place, count: int, error: str = "") -> TreeUsage:
    if error:
        return TreeUsage(place.kind, place.path, error=error)
    return TreeUsage(place.kind, place.path, count, count, 1, "walk", measured_ns=5)


def test_the_oldest_figure_is_next_and_nothing_is_due_before_its_time() -> None:
    one, two, three = (Place(handle, "layer", f"/{handle}") for handle in (1, 2, 3))
    figures = Figures(100)
    figures.follow([one, two])
    order = []
    for now in (1, 2):
        place = figures.due(now)
        assert place is not None
        figures.measured(place, usage(place, now), now)
        order.append(place)
    assert order == [one, two]
    assert figures.due(100) is None
    assert figures.next_due_ns() == 101
    figures.follow([one, two, three])
    assert figures.due(100) == three  # never measured
    figures.measured(three, usage(three, 9), 100)
    assert figures.due(150) == one


def test_a_failed_attempt_keeps_the_figure_of_before_and_a_hung_one_is_not_repeated_soon() -> None:
    one = Place(1, "layer", "/1")
    figures = Figures(100)
    figures.follow([one])
    figures.measured(one, usage(one, 7), 10)
    figures.measured(one, usage(one, 0, "Input/output error"), 20)
    (tree,) = figures.by_handle()[1]
    assert (tree.bytes, tree.measured_ns, tree.error) == (7, 5, "Input/output error")
    figures.measured(one, usage(one, 8), 30)
    assert figures.by_handle()[1][0].error == ""
    figures.measured(one, usage(one, 0, "hangs"), 40, is_hung=True)
    assert figures.due(5000) is None


def test_figures_of_those_that_left_are_forgotten_also_when_they_come_late() -> None:
    one = Place(1, "layer", "/1")
    figures = Figures(100)
    figures.follow([one])
    figures.follow([])
    figures.measured(one, usage(one, 7), 10)
    assert figures.by_handle() == {}
    assert figures.next_due_ns() is None
