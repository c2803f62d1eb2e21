"""What is kept of the labels and environments that runtimes give, and in which shape: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

MOST_BYTES = 256 * 1024  # of all labels of a container: as much as Kubernetes takes as annotations of one object
_NONE: Mapping[str, str] = MappingProxyType({})


class Attributes:
    """The choice of labels and environment variables, with cAdvisor's meaning of its three flags for it."""

    def __init__(
        self, *, store_labels: bool = True, kept_labels: Sequence[str] = (), env_prefixes: Sequence[str] = ()
    ) -> None:
        self._kept = None if store_labels else frozenset(kept_labels)
        self._prefixes = tuple(env_prefixes)
        self.cut = 0
        """How many labels and variables were left out for their size."""

    def labels(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Those that are kept."""
        if self._kept is not None:
            given = {name: value for name, value in given.items() if name in self._kept}
        return self._bounded(given)

    def envs(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Those whose names begin as the allow list says."""
        if not self._prefixes:
            return _NONE
        return self._bounded({name: value for name, value in given.items() if name.startswith(self._prefixes)})

    def _bounded(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Without the longest ones, when all together are more than a message to a subscriber should carry."""
        if not given:
            return _NONE
        kept = {sound(name): sound(value) for name, value in given.items()}
        left = sum(len(name) + len(value) for name, value in kept.items()) - MOST_BYTES
        for name in sorted(kept, key=lambda name: len(name) + len(kept[name]), reverse=True):
            if left <= 0:
                break
            left -= len(name) + len(kept.pop(name))
            self.cut += 1
        return MappingProxyType(kept)


def sound(value: Any) -> Any:
    """A text without what UTF-8 cannot carry (lone surrogates become "?"); tuples likewise; anything else as it is."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    return tuple(sound(item) for item in value) if isinstance(value, tuple) else value
