"""What a Collector can be told: plain data with defaults, and its validation. No I/O.

The command maps its flags to these fields; an embedding program passes them as keywords to ``Collector``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, TypeAlias

from .durations import check_interval, parse_duration
from .errors import ConfigError
from .event import KINDS

DEFAULT_DOCKER = "unix:///var/run/docker.sock"  # cAdvisor's flag ``docker``
DEFAULT_CONTAINERD = "unix:///run/containerd/containerd.sock"  # its flag ``containerd``
DEFAULT_CRIO = "unix:///var/run/crio/crio.sock"  # fixed in cAdvisor
DEFAULT_PODMAN = "unix:///var/run/podman/podman.sock"  # its flag ``podman``
DEFAULT_SYSTEMD = "unix:///run/dbus/system_bus_socket"  # where the D-Bus specification puts the system bus
READERS = ("auto", "pread", "openat", "uring")
EVENTS = ("auto", "bpf", "bcc", "fallback", "off")
PROCESS_EVENTS = ("off", "demand", "on")
SOURCES = ("auto", "bpf", "file")
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


_TEXT_LISTS = (
    "groups", "disabled_groups", "raw_prefixes", "include", "exclude", "containerd_namespaces", "cri", "kept_labels",
    "env_prefixes", "machine_id_files", "boot_id_files",
)  # fmt: skip


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
        source: where cgroups' numbers come from: "auto" (a walk through kernel memory by eBPF where this host allows
            it, else files), "file" or "bpf"; a mapping gives it by group name, its key "default" stands for the others.
        flush_interval: least time between two flushes of the kernel's statistics (memory.stat, CPU time of cgroup v2)
            when they come from kernel memory; 0 = with each tick, as reading the files does.
        sysroot: prefix of /proc and /sys, "" or such as "/rootfs" when run in a container.
        max_descriptors: most descriptors kept open, 0 = what the limit allows.
        descriptor_memory: most kernel memory (bytes) kept descriptors may cost, 0 = no bound.
        disable_root: no samples for the root container "/".
        docker: Docker endpoint ("unix:///path" or "tcp://host:port"), None = names no Docker containers.
        docker_timeout: how long an answer of Docker may take.
        docker_tls: files (certificate, key, CA) for a "tcp://" endpoint of Docker that wants TLS; None = plain.
        containerd: containerd's socket, None = it is not asked.
        containerd_namespaces: the namespaces of containerd that are looked at; empty = every one.
        cri: sockets of CRI servers (kubelet's interface of containerd and CRI-O); empty = none is asked.
        crio: CRI-O's own HTTP endpoint, None = it is not asked.
        crio_timeout: how long an answer of CRI-O may take, 0 = as ``runtime_timeout``.
        podman: Podman's endpoint, or several parted by commas; None = names no Podman containers.
        systemd: address of the D-Bus system bus, None = units have what their paths say.
        runtime_timeout: how long an answer of a runtime without an option of its own may take.
        store_labels: keep all labels that runtimes give; False = only those in ``kept_labels``.
        kept_labels: names of labels, used with ``store_labels=False``.
        env_prefixes: beginnings of the names of environment variables that are kept (case counts); empty = none.
        docker_only: drop cgroups that are no container of any runtime, except "/" (cAdvisor's flag of that name).
        raw_prefixes: path prefixes of the cgroups without a runtime that are followed; not empty = all others are
            dropped even without ``docker_only`` (cAdvisor's raw_cgroup_prefix_whitelist, plain prefixes).
        include: globs over cgroup paths; not empty = only matching ones are followed ("*" matches "/" too).
        exclude: globs over cgroup paths that are not followed.
        watch: "auto", "fanotify" or "inotify": how changes of the cgroup tree are seen.
        rescan: interval of the safety walk over the cgroup tree (cAdvisor's global_housekeeping_interval).
        events: "auto" (eBPF for each kind it can serve here, else the best there is), "bpf", "bcc", "fallback", "off".
        process_events: single fork, exec and exit events are told "off", on "demand" (while somebody asks) or "on".
        event_ages: how long past events can be asked for, by kind; the key "default" stands for the others.
        event_counts: how many of a kind can be asked for; 0 = none, -1 = all that the log holds.
        machine_id_files: where the machine id is looked for, below the host's root; the first that says it counts.
        boot_id_files: the same of the boot id.
        machine_interval: how often all of ``machine()`` is read again, 0 = only what changes
            (cAdvisor's update_machine_info_interval).
        cloud_metadata: ask the metadata service of the cloud this machine is rented from, where there is one.
        event_memory: most bytes of shared memory the event log may take, 0 = libpcf's default.
        filesystem_interval: how often mounted filesystems are asked how full they are, and at each mount; 0 = never.
        disk_usage_interval: how often what each container holds on disk is measured; 0 = never.
        disk_usage_cpu: most of one core that measuring it may take, 0..1.
        disk_usage_binds: whether what is mounted into containers by its path is measured as well.
    """

    interval: Duration | Mapping[str, Duration] = 1.0
    groups: tuple[str, ...] | None = None
    disabled_groups: tuple[str, ...] = ()
    ring_dir: str | None = None
    history: Duration = 120.0
    ring_memory: int = 0
    max_containers: int = 0
    reader: str = "auto"
    source: str | Mapping[str, str] = "auto"
    flush_interval: Duration = 0.0
    sysroot: str = ""
    max_descriptors: int = 0
    descriptor_memory: int = 0
    disable_root: bool = False
    docker: str | None = DEFAULT_DOCKER
    docker_timeout: Duration = 5.0
    docker_tls: tuple[str, str, str] | None = None
    containerd: str | None = DEFAULT_CONTAINERD
    containerd_namespaces: tuple[str, ...] = ()
    cri: tuple[str, ...] = (DEFAULT_CONTAINERD, DEFAULT_CRIO)
    crio: str | None = DEFAULT_CRIO
    crio_timeout: Duration = 0.0
    podman: str | None = DEFAULT_PODMAN
    systemd: str | None = DEFAULT_SYSTEMD
    runtime_timeout: Duration = 5.0
    store_labels: bool = True
    kept_labels: tuple[str, ...] = ()
    env_prefixes: tuple[str, ...] = ()
    docker_only: bool = False
    raw_prefixes: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    watch: str = "auto"
    rescan: Duration = 60.0
    events: str = "auto"
    process_events: str = "demand"
    event_ages: Mapping[str, Duration] = field(default_factory=lambda: MappingProxyType({"default": 24 * 3600.0}))
    event_counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({"default": 100_000}))
    event_memory: int = 0
    machine_id_files: tuple[str, ...] = ("/etc/machine-id", "/var/lib/dbus/machine-id")
    boot_id_files: tuple[str, ...] = ("/proc/sys/kernel/random/boot_id",)
    machine_interval: Duration = 300.0
    cloud_metadata: bool = False
    filesystem_interval: Duration = 15.0
    disk_usage_interval: Duration = 60.0
    disk_usage_cpu: float = 0.02
    disk_usage_binds: bool = False

    def __post_init__(self) -> None:
        for name in _TEXT_LISTS:
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
        for value in self.source.values() if isinstance(self.source, Mapping) else (self.source,):
            _one_of("source", value, SOURCES)
        for name in ("flush_interval", "machine_interval", "filesystem_interval", "disk_usage_interval"):
            duration_ns(getattr(self, name), name)
        _one_of("watch", self.watch, MECHANISMS)
        _one_of("events", self.events, EVENTS)
        _one_of("process_events", self.process_events, PROCESS_EVENTS)
        self._validate_event_limits()
        for name in ("ring_memory", "max_containers", "max_descriptors", "descriptor_memory", "event_memory"):
            _not_negative(name, getattr(self, name))
        for name in ("history", "docker_timeout", "runtime_timeout", "rescan"):
            if duration_ns(getattr(self, name), name) == 0:
                raise ConfigError(f"{name}: must be longer than 0")
        if isinstance(self.disk_usage_cpu, bool) or not 0 <= self.disk_usage_cpu <= 1:
            raise ConfigError(f"disk_usage_cpu: {self.disk_usage_cpu!r} is no share of a core; give 0 to 1")
        duration_ns(self.crio_timeout, "crio_timeout")
        self._validate_runtimes()
        if self.ring_dir is not None and not str(self.ring_dir).startswith("/"):
            raise ConfigError(f"ring_dir: {self.ring_dir!r} is not an absolute path")

    def _validate_runtimes(self) -> None:
        for name in ("docker", "containerd", "crio", "systemd"):
            if (text := getattr(self, name)) is not None:
                parse_endpoint(text, name)
        for text in self.podman.split(",") if self.podman is not None else ():
            parse_endpoint(text.strip(), "podman")
        for text in self.cri:
            parse_endpoint(text, "cri")
        if self.docker_tls is not None and len(self.docker_tls) != 3:
            raise ConfigError(f"docker_tls: {self.docker_tls!r} is not three files: certificate, key, CA")

    def _validate_event_limits(self) -> None:
        for name in ("event_ages", "event_counts"):
            limits = getattr(self, name)
            if not isinstance(limits, Mapping):
                raise ConfigError(
                    f"{name}: {limits!r} is no mapping; write it like {{'default': ..., 'oom_kill': ...}}"
                )
            for kind in limits:
                if kind != "default" and kind not in KINDS:
                    raise ConfigError(f"{name}: there is no event kind {kind!r}; kinds are default, {', '.join(KINDS)}")
        for kind, age in self.event_ages.items():
            duration_ns(age, f"event_ages[{kind!r}]")
        for kind, count in self.event_counts.items():
            if isinstance(count, bool) or not isinstance(count, int) or count < -1:
                raise ConfigError(f"event_counts[{kind!r}]: {count!r} is neither a count nor -1, which is no limit")

    def resolve_sources(self, groups: Iterable[str]) -> tuple[str, Mapping[str, str]]:
        """The source of all groups, and of those that have one of their own. Raises ConfigError for no group."""
        if not isinstance(self.source, Mapping):
            return self.source, {}
        known = set(groups)
        for name in self.source:
            if name not in known and name != "default":
                raise ConfigError(f"source: there is no group {name!r}; groups are {', '.join(sorted(known))}")
        return self.source.get("default", "auto"), {k: v for k, v in self.source.items() if k != "default"}

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
    if base is None or not default:  # 0: costs something while it is on, so only its own name switches it on
        return default
    return base if default_ms <= FOLLOWS_BASE_MS else max(base, default)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM format: own certificate and its key, and the authorities that the other side's has to be of."""

    certificate: str
    key: str
    authorities: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a runtime listens: a unix socket path, or host and port, these with TLS or without."""

    path: str = ""
    host: str = ""
    port: int = 0
    tls: Tls | None = None

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path else f"tcp://{self.host}:{self.port}"


def parse_endpoint(text: str, option: str = "docker") -> Endpoint:
    """An endpoint as the flag ``docker`` takes it; raises ConfigError for anything but unix:// and tcp://."""
    scheme, separator, rest = text.partition("://")
    if not separator and text.startswith("/"):
        return Endpoint(path=text)
    if scheme == "unix" and rest.startswith("/"):
        return Endpoint(path=rest)
    host, colon, port = rest.rstrip("/").rpartition(":")
    if scheme in ("tcp", "http") and colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
        return Endpoint(host=host.strip("[]"), port=int(port))
    raise ConfigError(f"{option}: {text!r} is no endpoint; write it like {DEFAULT_DOCKER!r} or 'tcp://host:2375'")


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
