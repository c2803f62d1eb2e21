"""What a scrape asks for: the parameters of the URL and the Accept header. Pure.

cAdvisor's parameters and its words for what is wrong with them: docs/prometheus.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.config.kinds import GROUPS_OF_KIND
from pycadvisor_fast.container import Container
from pycadvisor_fast.durations import parse_duration
from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.schema import near
from pycadvisor_fast.views.selection import Selector

from .family import Family

TYPES = ("name", "docker", "podman")
_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True", "all"))
_FALSE = frozenset(("", "0", "f", "F", "false", "FALSE", "False", "none"))
_TOPICS = ("spec", "machine", "own", "exit")
_EVERYTHING = Selector()
_MOST_TEXTS = 200  # of one parameter: each is looked at for each container or family


class QueryError(Exception):
    """A parameter makes no sense. ``status``: 500 where it is one of cAdvisor's, 400 where it is ours."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Query:
    """Plain and hashable: equal queries have equal answers. ``max_age_ns``: None = any age will do."""

    type: str = "name"
    max_age_ns: int | None = field(default=None, compare=False)
    containers: Selector = _EVERYTHING
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    with_extras: bool = False
    with_created: bool = False
    with_envs: bool = True
    """Who asks may see environment variables. No parameter: what the door says."""

    @property
    def is_everything(self) -> bool:
        """Whether no container is left out."""
        return self.type == "name" and self.containers.is_everything

    def select(self, containers: Iterable[Container]) -> list[Container]:
        """Those that are asked for."""
        given = list(containers)
        if self.type != "name":
            given = [container for container in given if container.namespace == self.type]
        return given if self.containers.is_everything else self.containers.select(given)

    def wants(self, family: Family) -> bool:
        """Whether a family is asked for."""
        if self.groups and not _is_in(family, self.groups):
            return False
        if self.names:
            return any(name == family.name or fnmatchcase(family.name, name) for name in self.names)
        return not family.is_extra or self.with_extras


def parse(pairs: Iterable[tuple[str, str]], *, with_extras: bool = False, with_created: bool = False) -> Query:
    """The query of a URL: (name, value) in their order. Of cAdvisor's parameters the first counts, as there; names that
    are not known are ignored, as there. Raises QueryError."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)

    def first(name: str) -> str:
        return values.get(name, [""])[0]

    _check_count(first("count"))
    kind = first("type") or "name"
    if kind not in TYPES:
        raise QueryError(f"unknown 'type' \"{kind}\"", 500)
    return Query(
        type=kind,
        max_age_ns=_max_age(first("max_age")),
        containers=_selector(_texts(values, "container"), _texts(values, "label")),
        names=_texts(values, "name[]"),
        groups=_groups(_texts(values, "group")),
        with_extras=_flag("extras", first("extras"), with_extras),
        with_created=_flag("created", first("created"), with_created),
    )


def _check_count(text: str) -> None:
    """It has no effect, and is wrong where it would be wrong in cAdvisor."""
    if not text:
        return
    try:
        count = int(text) if text.lstrip("+-").isdecimal() and text.isascii() else None
    except ValueError:  # more digits than Python likes
        count = None
    if count is None or not -(2**63) <= count < 2**63:
        raise QueryError(f"failed to parse 'count' option: {text}", 500)
    if count < -1:
        raise QueryError(f"invalid 'count' option: only -1 and larger values allowed, not {count}", 500)


def _max_age(text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_duration(text)
    except ValueError:
        raise QueryError(f"failed to parse 'max_age' option: time: invalid duration \"{text}\"", 500) from None


def _texts(values: dict[str, list[str]], name: str) -> tuple[str, ...]:
    texts = tuple(values.get(name, ()))
    if len(texts) > _MOST_TEXTS:
        raise QueryError(f"'{name}' is given {len(texts)} times; {_MOST_TEXTS} are allowed")
    if "" in texts:
        raise QueryError(f"a '{name}' is empty; leave it out to put no condition")
    return texts


def _selector(containers: tuple[str, ...], labels: tuple[str, ...]) -> Selector:
    """Paths begin with "/" or "*"; anything else is a name."""
    is_path = [text.startswith(("/", "*")) for text in containers]
    if any(is_path) and not all(is_path):
        raise QueryError("'container': either paths (they begin with / or *) or names, not both")
    paths, names = (containers, ()) if any(is_path) else ((), containers)
    try:
        return Selector(paths=paths, names=names, labels=labels)
    except SelectionError as error:
        raise QueryError(str(error)) from None


def _groups(texts: tuple[str, ...]) -> tuple[str, ...]:
    known = (*GROUPS_OF_KIND, *(group.name for group in GROUPS), *_TOPICS)
    for text in texts:
        if text not in known:
            raise QueryError(f"there is no group '{text}'{near(text, known)}")
    return texts


def _flag(name: str, text: str, default: bool) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return default if not text else False
    raise QueryError(f"'{name}' is '{text}'; true or false is meant")


def _is_in(family: Family, groups: tuple[str, ...]) -> bool:
    topics = {"spec"} if any(series.given.startswith("spec.") for series in family.series) else set()
    topics |= {"exit"} if any(series.given.startswith("exit.") for series in family.series) else set()
    topics |= {"machine"} if family.name.startswith(("machine_", "pycadvisor_machine_")) else set()
    topics |= {"own"} if family.name.startswith(("pycadvisor_", "process_")) and not family.is_extra else set()
    return any(group in topics or group == family.kind or group in family.groups for group in groups)
