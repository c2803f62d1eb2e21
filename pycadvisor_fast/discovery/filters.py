"""Which cgroups are followed: a pure decision from path and recognition."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from .patterns import Recognition, recognise


class Filters:
    """The choice of cgroups, with cAdvisor's meaning of ``docker_only`` and ``raw_cgroup_prefix_whitelist``.

    A raw cgroup is one that is no runtime's container. With ``docker_only`` and no prefixes none of them stays;
    with prefixes those that start with one stay, also without ``docker_only``. "/" stays unless ``disable_root``.
    ``include`` and ``exclude`` are globs over the whole path, for raw cgroups and containers alike.
    """

    def __init__(
        self,
        *,
        docker_only: bool = False,
        raw_prefixes: Sequence[str] = (),
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        disable_root: bool = False,
    ) -> None:
        self._docker_only = docker_only
        self._raw_prefixes = tuple(raw_prefixes)
        self._include = _any_of(include)
        self._exclude = _any_of(exclude)
        self._disable_root = disable_root

    def accept(self, path: str, recognition: Recognition | None = None) -> bool:
        """Whether the cgroup at ``path`` is followed."""
        if path == "/":
            return not self._disable_root
        found = recognition if recognition is not None else recognise(path)
        if found.is_ignored or (self._exclude is not None and self._exclude.fullmatch(path)):
            return False
        if self._include is not None and not self._include.fullmatch(path):
            return False
        if found.is_container:
            return True
        if self._raw_prefixes:
            return path.startswith(self._raw_prefixes)
        return not self._docker_only


def _any_of(globs: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(fnmatch.translate(glob) for glob in globs), re.DOTALL) if globs else None
