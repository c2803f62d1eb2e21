"""Containers by what people call them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..container import Container
from ..errors import SelectionError
from ..schema import near
from .selection import Selector


def called(texts: Iterable[str], containers: Sequence[Container]) -> list[Container]:
    """Those that each text names: a cgroup path (it begins with "/"; a glob), a name (a glob) or the beginning of a
    runtime id. In the order of ``containers``, each once. Raises SelectionError for a text that matches none.
    """
    chosen: set[int] = set()
    for text in texts:
        found = _called(text, containers)
        if not found:
            names = [container.display_name for container in containers]
            raise SelectionError(f"no container is called {text!r}{near(text, names)}")
        chosen.update(container.handle for container in found)
    return [container for container in containers if container.handle in chosen]


def _called(text: str, containers: Sequence[Container]) -> list[Container]:
    if text.startswith("/"):
        return Selector(paths=(text,)).select(containers)
    found = Selector(names=(text,)).select(containers) if text else []
    return found or (Selector(id_prefixes=(text,)).select(containers) if text else [])
