"""Settings of the command line to options of a Collector. Pure."""

from __future__ import annotations

from typing import Any

from ..columns import GROUPS
from ..durations import show_duration
from ..errors import ConfigError
from ..options import CollectorOptions
from .kinds import groups_off
from .sources import Settings

_NS = 1e9


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
        "sysroot": settings["sysroot"],
        "max_descriptors": settings["max_descriptors"],
        "descriptor_memory": settings["descriptor_memory"],
        "disable_root": settings["disable_root_cgroup_stats"],
        "docker": settings["docker"] or None,
        "docker_only": settings["docker_only"],
        "raw_prefixes": settings["raw_cgroup_prefix_whitelist"],
        "rescan": settings["global_housekeeping_interval"] / _NS,
    }
    return CollectorOptions(**{**fields, **overrides})


def _intervals(settings: Settings) -> dict[str, str]:
    given: dict[str, int] = settings["interval"]
    if "all" in given:
        out = {group.name: given["all"] for group in GROUPS}
        out.update((name, ns) for name, ns in given.items() if name != "all")
    else:
        out = dict(given)
    intervals = {name: show_duration(ns) for name, ns in out.items() if ns}
    return {"default": show_duration(settings["housekeeping_interval"]), **intervals}


def _disabled_groups(settings: Settings) -> tuple[str, ...]:
    given: dict[str, int] = settings["interval"]
    off = set(groups_off(settings["enable_metrics"], settings["disable_metrics"]))
    off |= {group.name for group in GROUPS if given.get(group.name, given.get("all", 1)) == 0}
    if len(off) == len(GROUPS):
        raise ConfigError("interval: every group is off; leave at least one on")
    return tuple(sorted(off))
