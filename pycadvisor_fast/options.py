"""What a Collector can be told: plain data with defaults, and its validation. No I/O.

The command maps its flags to these fields; an embedding program passes them as keywords to ``Collector``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from .durations import check_interval, parse_duration
from .errors import ConfigError

DEFAULT_DOCKER = "unix:///var/run/docker.sock"  # cAdvisor's flag ``docker``
READERS = ("auto", "pread", "openat", "uring")
SOURCES = ("auto", "file")
MECHANISMS = ("auto", "fanotify", "inotify")
FOLLOWS_BASE_MS = 1000  # groups with this default interval follow a plain ``interval=x``; slower ones only slow down

Duration: TypeAlias = float | str
"""Seconds as a number, or Go duration text such as "300ms", "1.5s", "1m30s"."""


def duration_ns(value: Duration, what: str) -> int:
    """``value`` in nanoseconds; raises ConfigError naming ``what`` when it is no duration or negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ConfigError(f"{what}: {value!r} is no duration; give seconds or a text such as '500ms', '1.5s', '2m'")
    if not isinstance(value, str):
        if not math.isfinite(value) or value < 0:
            raise ConfigError(f"{what}: {value!r} is no duration; give seconds, 0 or more")
        return round(value * 1e9)
    try:
        ns = parse_duration(value.strip())
    except ValueError as error:
        raise ConfigError(f"{what}: {error}; write it like '500ms', '1.5s', '1m30s'") from None
    if ns < 0:
        raise ConfigError(f"{what}: {value!r} is negative")
    return ns


def interval_ns(value: Duration, what: str) -> int:
    """A sampling interval in nanoseconds: whole milliseconds between 10 ms and a day; raises ConfigError otherwise."""
    ns = duration_ns(value, what)
    try:
        return check_interval(ns, repr(value))
    except ValueError as error:
        raise ConfigError(f"{what}: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorOptions:
    """Everything that decides what a Collector does. Immutable; ``validate()`` runs on construction.

    Attributes:
        interval: sampling interval. A number (seconds) or text ("250ms") is the interval of the groups that are
            sampled every second by default; slower groups (limits, cpuset, ...) keep their default and only slow
            down with it. A mapping gives intervals by group name; its key "default" stands for the plain value.
        groups: names of the groups to sample; None = all that this host can give.
        disabled_groups: names of groups to leave out.
        ring_dir: directory of the shared ring. None = a private one under /dev/shm, removed by ``close()``; a given
            one is kept, so that the next collector takes its history over.
        history: how far back the ring reaches; at least two samples of each group are kept.
        ring_memory: most bytes of shared memory the ring may reserve, 0 = no bound of its own.
        max_containers: most cgroups followed at a time; 0 = libpcf's default.
        reader: "auto" (measured at start), "pread", "openat" or "uring".
        source: "auto" or "file" (everything from kernel files).
        sysroot: prefix of /proc and /sys, "" or such as "/rootfs" when run in a container.
        max_descriptors: most descriptors kept open, 0 = what the limit allows.
        descriptor_memory: most kernel memory (bytes) kept descriptors may cost, 0 = no bound.
        disable_root: no samples for the root container "/".
        docker: Docker endpoint ("unix:///path" or "tcp://host:port"), None = names no Docker containers.
        docker_timeout: how long an answer of Docker may take.
        docker_only: drop cgroups that are no container of any runtime, except "/" (cAdvisor's flag of that name).
        raw_prefixes: path prefixes of the cgroups without a runtime that are followed; not empty = all others are
            dropped even without ``docker_only`` (cAdvisor's raw_cgroup_prefix_whitelist, plain prefixes).
        include: globs over cgroup paths; not empty = only matching ones are followed ("*" matches "/" too).
        exclude: globs over cgroup paths that are not followed.
        watch: "auto", "fanotify" or "inotify": how changes of the cgroup tree are seen.
        rescan: interval of the safety walk over the cgroup tree (cAdvisor's global_housekeeping_interval).
    """

    interval: Duration | Mapping[str, Duration] = 1.0
    groups: tuple[str, ...] | None = None
    disabled_groups: tuple[str, ...] = ()
    ring_dir: str | None = None
    history: Duration = 120.0
    ring_memory: int = 0
    max_containers: int = 0
    reader: str = "auto"
    source: str = "auto"
    sysroot: str = ""
    max_descriptors: int = 0
    descriptor_memory: int = 0
    disable_root: bool = False
    docker: str | None = DEFAULT_DOCKER
    docker_timeout: Duration = 5.0
    docker_only: bool = False
    raw_prefixes: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    watch: str = "auto"
    rescan: Duration = 60.0

    def __post_init__(self) -> None:
        for name in ("groups", "disabled_groups", "raw_prefixes", "include", "exclude"):
            object.__setattr__(self, name, _texts(name, getattr(self, name)))
        self.validate()

    def validate(self) -> None:
        """Raises ConfigError naming the first field that is wrong and how to mend it."""
        if isinstance(self.interval, Mapping):
            for name, value in self.interval.items():
                interval_ns(value, f"interval of group {name!r}")
        else:
            interval_ns(self.interval, "interval")
        _one_of("reader", self.reader, READERS)
        _one_of("source", self.source, SOURCES)
        _one_of("watch", self.watch, MECHANISMS)
        for name in ("ring_memory", "max_containers", "max_descriptors", "descriptor_memory"):
            _not_negative(name, getattr(self, name))
        for name in ("history", "docker_timeout", "rescan"):
            if duration_ns(getattr(self, name), name) == 0:
                raise ConfigError(f"{name}: must be longer than 0")
        if self.docker is not None:
            parse_endpoint(self.docker)
        if self.ring_dir is not None and not str(self.ring_dir).startswith("/"):
            raise ConfigError(f"ring_dir: {self.ring_dir!r} is not an absolute path")

    def resolve_intervals(self, groups: Iterable[tuple[str, int]]) -> tuple[int, ...]:
        """Interval in ns for each (group name, default interval in ms), 0 = off, in the order given.

        Raises ConfigError for a name in ``interval``, ``groups`` or ``disabled_groups`` that is no group.
        """
        known = dict(groups)
        given: Mapping[str, Duration] = (
            self.interval if isinstance(self.interval, Mapping) else {"default": self.interval}
        )
        for option, names in (
            ("interval", given),
            ("groups", self.groups or ()),
            ("disabled_groups", self.disabled_groups),
        ):
            for name in names:
                if name not in known and not (option == "interval" and name == "default"):
                    raise ConfigError(f"{option}: there is no group {name!r}; groups are {', '.join(sorted(known))}")
        base = interval_ns(given["default"], "interval") if "default" in given else None
        off = set(self.disabled_groups)
        if self.groups is not None:
            off |= known.keys() - set(self.groups)
        if off >= known.keys():
            raise ConfigError("groups: nothing is left to sample; name at least one group")
        return tuple(
            0 if name in off else _group_interval(name, default_ms, given, base) for name, default_ms in known.items()
        )


def _group_interval(name: str, default_ms: int, given: Mapping[str, Duration], base: int | None) -> int:
    if name in given:
        return interval_ns(given[name], f"interval of group {name!r}")
    default = default_ms * 1_000_000
    if base is None:
        return default
    return base if default_ms <= FOLLOWS_BASE_MS else max(base, default)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a runtime listens: a unix socket path, or host and port."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path else f"tcp://{self.host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """An endpoint as the flag ``docker`` takes it; raises ConfigError for anything but unix:// and tcp://."""
    scheme, separator, rest = text.partition("://")
    if not separator and text.startswith("/"):
        return Endpoint(path=text)
    if scheme == "unix" and rest.startswith("/"):
        return Endpoint(path=rest)
    host, colon, port = rest.rstrip("/").rpartition(":")
    if scheme in ("tcp", "http") and colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
        return Endpoint(host=host.strip("[]"), port=int(port))
    raise ConfigError(f"docker: {text!r} is no endpoint; write 'unix:///var/run/docker.sock' or 'tcp://host:2375'")


def options_from(base: CollectorOptions | None, keywords: Mapping[str, Any]) -> CollectorOptions:
    """``base`` (or the defaults) with ``keywords`` over it; raises ConfigError for a name that is no option."""
    known = [field.name for field in fields(CollectorOptions)]
    for name in keywords:
        if name not in known:
            raise ConfigError(f"Collector has no option {name!r}; options are {', '.join(known)}")
    merged = {name: getattr(base, name) for name in known} if base is not None else {}
    return CollectorOptions(**{**merged, **keywords})


def _texts(name: str, value: object) -> tuple[str, ...] | None:
    if value is None and name == "groups":
        return None
    if isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(item, str) for item in value):
        return tuple(sorted(value) if isinstance(value, (set, frozenset)) else value)
    raise ConfigError(f"{name}: {value!r} is not a list of texts")


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name}: {value!r} is none of {', '.join(choices)}")


def _not_negative(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"{name}: {value!r} is not a whole number of 0 or more")
