"""What the document of routes says of the parameters of v3."""

from __future__ import annotations

from collections.abc import Iterable

from ...http.describe import BOOLEAN, INTEGER, TEXT, Parameter

_REPEATED = {
    "path": ("cgroup paths, globs", "/docker/*"),
    "id": ("beginnings of runtime ids", None),
    "name": ("names of containers, globs", "web-*"),
    "image": ("images, globs; without a tag any tag", None),
    "label": ("key, or key=glob; all must hold", None),
    "runtime": ("docker, containerd, crio, podman, kubepods, systemd, ...", "docker"),
    "exclude": ("paths or names that are left out after all", None),
    "groups": ("groups, with commas or repeated; none: all that are sampled", "cpu,memory"),
    "columns": ("columns such as memory.usage_bytes, or globs", None),
    "kinds": ("kinds of events, or all; none: all but fork, exec and exit", "oom_kill"),
    "metrics": ("metrics of the summary; none: all", "cpu_cores"),
    "container": ("paths, names or beginnings of ids; none: the machine", None),
}
_TEXTS = {
    "format": "json, msgpack, and for columns numpy",
    "last": "a duration: the ticks of the last so long",
    "start": "RFC 3339 or seconds since 1970, included",
    "end": "RFC 3339 or seconds since 1970, included",
    "max_age": "a duration: sample anew when the newest sample is older; 0 = always",
    "interval": "a duration: time from batch to batch",
    "since": "numbers: ticks after this one; events: a time",
    "order": "newest or oldest first",
    "last_event_id": "as the header Last-Event-ID: go on after that message",
}
_FLAGS = {
    "leaves_only": "only containers that have none below them",
    "exact": "numpy: integers as the kernel counts, with sentinels",
    "identities": "say who the handles are",
    "fresh": "read it anew before answering",
    "recursive": "processes of cgroups below too (default true)",
    "fds": "how many files each process has open",
}
_NUMBERS = {
    "max_depth": "at most so many parts of the path",
    "ticks": "the newest so many ticks",
    "after_seq": "events after this number",
    "before_seq": "events before this number",
    "since_seq": "events after this number",
    "limit": "at most so many events",
}


def parameters(names: Iterable[str]) -> list[Parameter]:
    """Descriptions of these."""
    return [_parameter(name) for name in names]


def _parameter(name: str) -> Parameter:
    if name in _REPEATED:
        text, example = _REPEATED[name]
        return Parameter(name, text, TEXT, example=example, is_repeated=True)
    if name in _FLAGS:
        return Parameter(name, _FLAGS[name], BOOLEAN)
    if name in _NUMBERS:
        return Parameter(name, _NUMBERS[name], INTEGER)
    return Parameter(name, _TEXTS[name], TEXT)
