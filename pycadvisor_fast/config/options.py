"""Settings of the command line to options of a Collector. Pure."""

from __future__ import annotations

from typing import Any

from ..columns import GROUPS
from ..durations import show_duration
from ..errors import ConfigError
from ..options import CollectorOptions
from .kinds import GROUPS_OF_KIND, groups_off, is_on
from .sources import Settings

_NS = 1e9
ENABLED_NS = 10 * 10**9  # a group that is off by default, when its kind is enabled by name


def collector_options(settings: Settings, **overrides: Any) -> CollectorOptions:
    """What a Collector has to be told to do what the settings say; ``overrides`` are fields of CollectorOptions.

    Raises ConfigError when settings contradict each other.
    """
    fields: dict[str, Any] = {
        "interval": _intervals(settings),
        "disabled_groups": _disabled_groups(settings),
        "ring_dir": settings["ring_dir"],
        "history": settings["storage_duration"] / _NS,
        "ring_memory": settings["ring_memory"],
        "max_containers": settings["max_containers"],
        "reader": settings["reader"],
        "source": settings["source"],
        "flush_interval": settings["flush_interval"] / _NS,
        "sysroot": settings["sysroot"],
        "max_descriptors": settings["max_descriptors"],
        "descriptor_memory": settings["descriptor_memory"],
        "disable_root": settings["disable_root_cgroup_stats"],
        "docker": settings["docker"] or None,
        "docker_tls": _docker_tls(settings),
        "containerd": settings["containerd"] or None,
        "containerd_namespaces": settings["containerd-namespace"] if settings.is_given("containerd-namespace") else (),
        "cri": settings["cri"],
        "crio": settings["crio"] or None,
        "crio_timeout": settings["crio_client_timeout"] / _NS,
        "podman": settings["podman"] or None,
        "systemd": settings["systemd"] or None,
        "runtime_timeout": settings["runtime_timeout"] / _NS,
        "store_labels": settings["store_container_labels"],
        "kept_labels": settings["whitelisted_container_labels"],
        "env_prefixes": settings["env_metadata_whitelist"],
        "include": settings["allow_paths"],
        "exclude": settings["deny_paths"],
        "docker_only": settings["docker_only"],
        "raw_prefixes": settings["raw_cgroup_prefix_whitelist"],
        "rescan": settings["global_housekeeping_interval"] / _NS,
        "events": settings["events"],
        "process_events": settings["process_events"],
        "event_ages": {kind: ns / _NS for kind, ns in settings["event_storage_age_limit"].items()},
        "event_counts": dict(settings["event_storage_event_limit"]),
        "event_memory": settings["event_memory"],
        "machine_id_files": settings["machine_id_file"],
        "boot_id_files": settings["boot_id_file"],
        "cloud_metadata": settings["cloud_metadata"],
        "machine_interval": settings["update_machine_info_interval"] / _NS,
        "filesystem_interval": settings["filesystem_interval"] / _NS,
        "disk_usage_interval": _disk_usage_interval(settings),
        "disk_usage_cpu": settings["disk_usage_cpu"],
        "disk_usage_binds": settings["disk_usage_binds"],
    }
    return CollectorOptions(**{**fields, **overrides})


def _disk_usage_interval(settings: Settings) -> float:
    """cAdvisor's kind "disk" switches the measuring off."""
    on = is_on("disk", settings["enable_metrics"], settings["disable_metrics"])
    return float(settings["disk_usage_interval"] / _NS) if on else 0.0


def _docker_tls(settings: Settings) -> tuple[str, str, str] | None:
    if not settings["docker-tls"]:
        return None
    return settings["docker-tls-cert"], settings["docker-tls-key"], settings["docker-tls-ca"]


def _intervals(settings: Settings) -> dict[str, str]:
    given: dict[str, int] = settings["interval"]
    if "all" in given:
        out = {group.name: given["all"] for group in GROUPS}
        out.update((name, ns) for name, ns in given.items() if name != "all")
    else:
        wanted = {group for kind in settings["enable_metrics"] for group in GROUPS_OF_KIND[kind]}
        asleep = {group.name for group in GROUPS if not group.interval_ms}
        out = {**dict.fromkeys(wanted & asleep, ENABLED_NS), **given}
    intervals = {name: show_duration(ns) for name, ns in out.items() if ns}
    return {"default": show_duration(settings["housekeeping_interval"]), **intervals}


def _disabled_groups(settings: Settings) -> tuple[str, ...]:
    given: dict[str, int] = settings["interval"]
    off = set(groups_off(settings["enable_metrics"], settings["disable_metrics"]))
    off |= {group.name for group in GROUPS if given.get(group.name, given.get("all", 1)) == 0}
    if len(off) == len(GROUPS):
        raise ConfigError("interval: every group is off; leave at least one on")
    return tuple(sorted(off))
