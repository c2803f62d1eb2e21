"""Whether a project of a filesystem's quota is one tree's alone. Pure."""

from __future__ import annotations

from collections.abc import Collection

from .trees import Place

Project = tuple[int, int]
"""The filesystem's device, and the project's number there."""


class Projects:
    """Who was found in which project. Where several are in one, its sum is nobody's: they are walked."""

    def __init__(self) -> None:
        self._members: dict[Project, set[Place]] = {}

    def join(self, place: Place, project: Project) -> set[Place]:
        """``place`` is in that project; returns those that passed for alone in it, whose figures are wrong now."""
        members = self._members.setdefault(project, set())
        doubted = set(members) if len(members) == 1 and place not in members else set()
        members.add(place)
        return doubted

    def is_shared(self, project: Project) -> bool:
        """Whether several are in it."""
        return len(self._members.get(project, ())) > 1

    def keep(self, places: Collection[Place]) -> None:
        """All others are gone."""
        kept = {project: {one for one in members if one in places} for project, members in self._members.items()}
        self._members = {project: members for project, members in kept.items() if members}
