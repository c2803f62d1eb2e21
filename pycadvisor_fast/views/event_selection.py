"""Which events, by their containers: a Selector's conditions on events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..container import Container
from ..errors import SelectionError
from ..event import Event
from .selection import Selector

_MACHINE = Container(path="/", slot=0, generation=0)


def matcher(selector: Selector) -> Callable[[Event], bool] | None:
    """Whether an event is about a selected container, or happened in a cgroup whose path is selected; None: all are.

    What is about no container counts as the machine's, "/". Raises SelectionError for ``leaves_only``: what had
    cgroups below it when something happened is not known afterwards.
    """
    if selector.leaves_only:
        raise SelectionError("leaves_only: not for events; name containers another way")
    if selector.is_everything:
        return None

    def matches(event: Event) -> bool:
        container = event.container or _MACHINE
        if selector.select((container,)):
            return True
        if not selector.paths or event.cgroup_path in ("", container.path):
            return False
        return bool(selector.select((replace(container, path=event.cgroup_path),)))

    return matches
