"""Whose the sum of a project is."""

from __future__ import annotations

from pycadvisor_fast.filesystems.projects import Projects
from pycadvisor_fast.filesystems.trees import Place

ONE, TWO, THREE = (Place(f"/{name}") for name in "abc")
PROJECT, OTHER = (8, 1001), (8, 1002)


def test_a_project_is_shared_as_long_as_several_are_in_it() -> None:
    projects = Projects()
    assert projects.join(ONE, PROJECT) == set()
    assert projects.join(ONE, PROJECT) == set()
    assert not projects.is_shared(PROJECT)
    assert projects.join(TWO, PROJECT) == {ONE}, "its figure was taken for its own"
    assert projects.join(ONE, PROJECT) == set(), "both know by now"
    assert projects.join(THREE, PROJECT) == set()
    assert projects.is_shared(PROJECT)
    projects.join(TWO, OTHER)
    assert not projects.is_shared(OTHER)
    projects.keep({ONE})
    assert not projects.is_shared(PROJECT)
    assert not projects.is_shared(OTHER)
