"""Containers by what a request calls them: cgroup name, or alias, id or unique prefix within a runtime."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pycadvisor_fast.container import Container

from .errors import RestError
from .go_values import quoted

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed

    from .options import RequestOptions

ROOT = "/"


class Names:
    """The containers of one moment, ready to be looked up. Immutable."""

    def __init__(self, containers: Sequence[Container]) -> None:
        self.containers = tuple(sorted(containers, key=lambda one: one.path))
        self._by_path = {one.path: one for one in self.containers}
        self._paths = [one.path for one in self.containers]
        self._children: dict[str, list[Container]] = {}
        self._namespaces: dict[str, dict[str, Container]] = {}
        for one in self.containers:
            if one.path != ROOT:
                self._children.setdefault(one.path.rpartition("/")[0] or ROOT, []).append(one)
            if one.namespace:
                known = self._namespaces.setdefault(one.namespace, {})
                known.update({name: one for name in (*one.aliases, one.name, one.id) if name})

    def exact(self, name: str) -> Container:
        """The cgroup of this name. Raises RestError."""
        found = self._by_path.get(name)
        if found is None:
            raise RestError(f"unknown container {quoted(name)}")
        return found

    def children(self, name: str) -> Sequence[Container]:
        """Those directly below, by name."""
        return self._children.get(name, ())

    def subtree(self, name: str) -> list[Container]:
        """The cgroup and all below it, by name: /foo and /foo/bar, never /foobar. [] when there is none."""
        if name == ROOT:
            return list(self.containers)
        own = self._by_path.get(name)
        begin, end = (bisect_left(self._paths, name + edge) for edge in "/0")  # "0" comes after "/"
        return ([own] if own is not None else []) + list(self.containers[begin:end])

    def of_namespace(self, namespace: str) -> list[Container]:
        """All containers of a runtime, by cgroup name."""
        return [one for one in self.containers if one.namespace == namespace]

    def in_namespace(self, namespace: str, name: str) -> Container:
        """A container of a runtime by an alias, its id, or the beginning of one that no other has. Raises RestError."""
        known = self._namespaces.get(namespace, {})
        if exact := known.get(name):
            return exact
        found = {one.path: one for alias, one in known.items() if alias.startswith(name)}
        if not found:
            raise RestError(f"unable to find container {quoted(name)} in {quoted(namespace)} namespace")
        if len(found) > 1:
            raise RestError(
                f"unable to find container in {quoted(namespace)} namespace. Container {quoted(name)} is not unique"
            )
        return next(iter(found.values()))

    def requested(self, name: str, options: RequestOptions) -> list[Container]:
        """Those that a v2 request means, ``name`` being absolute. Raises RestError with cAdvisor's texts."""
        if options.kind == "name":
            if not options.is_recursive:
                return [self.exact(name)]
            found = self.subtree(name)
            if not found:
                raise RestError(f"unknown container: {quoted(name)}")
            return found
        if not options.is_recursive:
            return [self.in_namespace(options.kind, name.removeprefix("/"))]
        if name != ROOT:
            raise RestError(f"invalid request for {options.kind} container {quoted(name)} with subcontainers")
        return self.of_namespace(options.kind)


def latest_names(feed: Feed) -> Callable[[], Names]:
    """Gives the names of this moment, made again only when the containers have changed."""
    kept: tuple[int, Names] | None = None

    def names() -> Names:
        nonlocal kept
        version = feed.containers_version()
        if kept is None or kept[0] != version:
            kept = (version, Names(feed.containers()))
        return kept[1]

    return names
