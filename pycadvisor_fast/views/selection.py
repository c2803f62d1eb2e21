"""Which containers: one set of conditions for gRPC, the command line and embedders."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from fnmatch import translate

from ..container import Container
from ..errors import SelectionError
from ..schema import near

RUNTIMES = ("docker", "containerd", "crio", "podman", "kubepods", "systemd", "lxc", "libvirt", "nspawn", "rkt", "raw")
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Selector:
    """Conditions on containers. Every kind that is given must hold; of several values of one kind, one must hold.

    Texts are globs (``*`` any characters, also "/"; ``?`` one; ``[abc]`` one of these), matched whole and with case.
    Plain, hashable data: equal selectors choose the same. Raises SelectionError when a condition makes no sense.
    """

    paths: tuple[str, ...] = ()
    """Cgroup paths: "/" is the machine itself, "/docker/*" matches at any depth below."""
    id_prefixes: tuple[str, ...] = ()
    """Beginnings of runtime ids."""
    names: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    """An image without a tag also matches with any: "nginx" is "nginx" or "nginx:*"."""
    labels: tuple[str, ...] = ()
    """"key" (present) or "key=value" (the value is a glob). All of them must hold."""
    runtimes: tuple[str, ...] = ()
    max_depth: int | None = None
    """At most so many path components; "/" has none."""
    leaves_only: bool = False
    """Only containers that have none below them."""
    exclude: tuple[str, ...] = ()
    """Cgroup paths (when starting with "/" or "*") or names that are left out after all."""

    def __post_init__(self) -> None:
        for field in fields(self):
            values = getattr(self, field.name)
            if isinstance(values, (str, bytes)):
                raise SelectionError(f"{field.name}: give a tuple of texts, not the single text {values!r}")
            if isinstance(values, (list, tuple)):
                object.__setattr__(self, field.name, tuple(values))
                _check_texts(field.name, values)
        if self.max_depth is not None and self.max_depth < 0:
            raise SelectionError(f"max_depth: {self.max_depth} is negative; 0 is the machine itself")
        for runtime in self.runtimes:
            _check_runtime(runtime)
        for label in self.labels:
            if label.startswith("="):
                raise SelectionError(f'labels: {label!r} names no key; write "key" or "key=value"')

    def select(self, containers: Sequence[Container]) -> list[Container]:
        """Those that match, in the order given. ``leaves_only`` looks at all that are given."""
        chosen: list[Container] = list(containers)
        if self.leaves_only:
            inner = _parents(containers)
            chosen = [container for container in chosen if container.path not in inner]
        if self.max_depth is not None:
            limit = self.max_depth
            chosen = [container for container in chosen if depth(container.path) <= limit]
        return [container for container in chosen if self._holds(container)]

    match = select

    @property
    def is_everything(self) -> bool:
        """Whether no condition is given."""
        return self == Selector()

    def _holds(self, container: Container) -> bool:
        return (
            (not self.paths or _any(self.paths, container.path))
            and (not self.id_prefixes or container.id.startswith(self.id_prefixes))
            and (not self.names or _any(self.names, container.name))
            and (not self.runtimes or _any(self.runtimes, container.runtime))
            and (not self.images or _is_image(self.images, container.image))
            and all(_has_label(label, container) for label in self.labels)
            and not (self.exclude and (_any(self.exclude, container.path) or _any(self.exclude, container.name)))
        )


def depth(path: str) -> int:
    """Components of a cgroup path: 0 for "/"."""
    return sum(1 for part in path.split("/") if part)


def is_glob(text: str) -> bool:
    """Whether ``text`` has a wildcard in it; one without is looked up, however many there are."""
    return not _GLOB.isdisjoint(text)


@functools.lru_cache(maxsize=256)
def _conditions(texts: tuple[str, ...]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """Those that are plain, and the globs as one pattern."""
    globs = [translate(text) for text in texts if is_glob(text)]
    plain = frozenset(text for text in texts if not is_glob(text))
    return plain, re.compile("|".join(globs)) if globs else None


def _any(texts: tuple[str, ...], text: str) -> bool:
    plain, pattern = _conditions(texts)
    return text in plain or (pattern is not None and pattern.match(text) is not None)


def _is_image(globs: tuple[str, ...], image: str) -> bool:
    if _any(globs, image):
        return True
    name, colon, tag = image.rpartition(":")
    return bool(colon) and "/" not in tag and _any(globs, name.partition("@")[0])


def _has_label(condition: str, container: Container) -> bool:
    key, equals, glob = condition.partition("=")
    value = container.labels.get(key)
    return value is not None and (not equals or _any((glob,), value))


def _parents(containers: Sequence[Container]) -> set[str]:
    """All proper ancestors of the containers' paths."""
    found: set[str] = set()
    for container in containers:
        path = container.path
        while path != "/" and path:
            path = path.rpartition("/")[0] or "/"
            if path in found:
                break
            found.add(path)
    return found


def _check_texts(field: str, values: Sequence[object]) -> None:
    for value in values:
        if not isinstance(value, str):
            raise SelectionError(f"{field}: {value!r} is no text")
        if not value:
            raise SelectionError(f"{field}: an entry is empty; leave it out to put no condition")


def _check_runtime(runtime: str) -> None:
    if runtime not in RUNTIMES and not is_glob(runtime):
        raise SelectionError(
            f"runtimes: there is no runtime {runtime!r}{near(runtime, RUNTIMES)}: {', '.join(RUNTIMES)}"
        )
