"""Cgroup path -> who made it: one ordered table of patterns, no I/O.

A rule looks at the last component of the path and, where that is ambiguous, at the path above it. The first rule
that matches wins. Below a container everything is a part of that container (a systemd or crun's "container" child
inside it) except further containers (docker in docker, Kubernetes in docker): those keep their own identity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

_ID = r"(?P<id>[0-9a-f]{64})"  # what docker, containerd, CRI-O and podman call a container: 32 random bytes in hex
_UID = r"(?P<uid>[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})"
# (a static pod's uid is an md5 without dashes)
_POD_SLICE = rf"(?:[^/:]+-)?kubepods(?:-burstable|-besteffort|-guaranteed)?-pod{_UID}\.slice"
_RKT = r"machine-rkt\\x2d(?P<uid>[0-9a-f]{8}(?:\\x2d[0-9a-f]{4}){3}\\x2d[0-9a-f]{12})\.scope"
_KUBEPODS = r"(?:^|/)(?:[^/]*-)?kubepods(?:\.slice)?/"  # kubelet's --cgroup-root may stand in front


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a cgroup path says about its owner.

    ``kind`` is "container", "sandbox", "pod", "service", "scope", "slice", "socket", "mount", "swap", "root",
    "helper" (a runtime's monitor process: no container), "child" (part of the container above it) or "".
    ``id`` is the runtime's id in full, ``name`` a name that the path itself carries (lxc, libvirt, systemd unit).
    ``is_certain``: nobody but this runtime makes such a path.
    """

    runtime: str = "raw"
    id: str = ""
    kind: str = ""
    pod_uid: str = ""
    name: str = ""
    is_certain: bool = field(default=False, compare=False)

    @property
    def is_container(self) -> bool:
        """Whether a runtime's container stands there (cAdvisor: not a raw cgroup)."""
        return self.kind in ("container", "sandbox")

    @property
    def is_ignored(self) -> bool:
        """Whether no collector wants it (see IGNORED_RULES)."""
        return self.kind in ("mount", "swap")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: matches ``last`` against the whole last component and searches ``above`` in the rest."""

    runtime: str
    kind: str
    last: re.Pattern[str]
    above: re.Pattern[str] | None = None
    is_certain: bool = True


def _rule(runtime: str, kind: str, last: str, above: str | None = None, *, is_certain: bool = True) -> Rule:
    return Rule(runtime, kind, re.compile(last), re.compile(above) if above else None, is_certain)


# Containers stand anywhere in the tree, also inside other containers.
CONTAINER_RULES: tuple[Rule, ...] = (
    # systemd cgroup driver: <runtime prefix>-<id>.scope in some slice (runc: libcontainer/cgroups/systemd)
    _rule("docker", "container", rf"docker-{_ID}\.scope"),
    _rule("containerd", "container", rf"cri-containerd-{_ID}\.scope"),
    _rule("containerd", "container", rf"nerdctl-{_ID}\.scope"),
    _rule("crio", "helper", r"crio-conmon-[0-9a-f]{64}(?:\.scope)?"),
    _rule("crio", "container", rf"crio-{_ID}(?:\.scope)?"),
    _rule("podman", "helper", r"libpod-conmon-[0-9a-f]{64}(?:\.scope)?"),
    _rule("podman", "helper", r"conmon", r"(?:^|/)libpod_parent$"),  # all monitors, with podman's cgroupfs manager
    _rule("podman", "container", rf"libpod-(?:payload-)?{_ID}(?:\.scope)?"),
    _rule("podman", "pod", rf"(?:[^/]+-)?libpod_pod_{_ID}\.slice"),
    # a slice given to a runtime with the cgroupfs driver is taken as a directory name: <slice>:<prefix>:<id>
    _rule("containerd", "container", rf"{_POD_SLICE}:cri-containerd:{_ID}"),
    _rule("containerd", "container", rf"[^/:]+:(?:cri-containerd|nerdctl|containerd):{_ID}"),
    _rule("docker", "container", rf"[^/:]+:docker:{_ID}"),
    _rule("crio", "container", rf"[^/:]+:crio:{_ID}"),
    _rule("podman", "container", rf"[^/:]+:libpod:{_ID}"),
    # cgroupfs driver: <parent>/<id>
    _rule("docker", "container", _ID, r"(?:^|/)docker$"),
    _rule("podman", "pod", _ID, r"(?:^|/)libpod_parent$"),
    _rule("containerd", "container", _ID, rf"{_KUBEPODS}(?:[^/]+/)*(?:pod[^/]*|{_POD_SLICE})$", is_certain=False),
    _rule("containerd", "container", _ID, r"(?:^|/)(?:default|k8s\.io|nerdctl)$"),
    # a --cgroup-parent of somebody's choosing: the runtimes are asked for the id
    _rule("raw", "container", _ID, is_certain=False),
    # rkt (until 2020): a pod is a machine, each of its apps a service in there
    _rule("rkt", "pod", _RKT, r"(?:^|/)machine\.slice$"),
    _rule("rkt", "container", r"(?P<name>.+)\.service", rf"(?:^|/)machine\.slice/{_RKT}/system\.slice$"),
    # containers and machines with names of their own
    _rule("lxc", "helper", r"lxc\.(?:monitor|pivot)(?:[.-].*)?"),
    _rule("lxc", "helper", r".+", r"(?:^|/)lxc\.monitor$"),
    _rule("lxc", "container", r"lxc\.payload\.(?P<name>.+)"),
    _rule("libvirt", "container", r"(?P<name>.+)", r"(?:^|/)libvirt/(?:qemu|lxc)$"),
    _rule("lxc", "container", r"(?P<name>[^.].*)", r"(?:^|/)lxc(?:\.payload)?$"),
    _rule("libvirt", "container", r"machine-(?:qemu|lxc|xen)\\x2d\d+\\x2d(?P<name>.+)\.scope"),
    _rule("libvirt", "container", r"(?:qemu|lxc)-\d+-(?P<name>.+)\.libvirt-(?:qemu|lxc)"),
    _rule("libvirt", "container", r"(?P<name>.+)\.libvirt-(?:qemu|lxc)"),
    _rule("nspawn", "container", r"systemd-nspawn@(?P<name>.+)\.service"),
    _rule("nspawn", "container", r"machine-(?P<name>.+)\.scope", r"(?:^|/)machine\.slice$"),
)

# Never followed, wherever they stand: systemd gives every mount and swap device a cgroup, nothing runs in them.
IGNORED_RULES: tuple[Rule, ...] = (
    _rule("systemd", "mount", r"(?P<name>.+\.mount)"),
    _rule("systemd", "swap", r"(?P<name>.+\.swap)"),
)

# Everything else; not looked at below a container.
OUTER_RULES: tuple[Rule, ...] = (
    _rule("kubepods", "pod", _POD_SLICE),
    _rule("kubepods", "pod", rf"pod{_UID}", rf"{_KUBEPODS}|{_KUBEPODS[:-1]}$"),
    _rule("kubepods", "slice", r"(?:[^/]+-)?kubepods(?:-burstable|-besteffort|-guaranteed)?\.slice"),
    _rule("kubepods", "slice", r"kubepods"),
    _rule("kubepods", "slice", r"burstable|besteffort|guaranteed", rf"{_KUBEPODS[:-1]}$"),
    _rule("systemd", "service", r"(?P<name>.+\.service)"),
    _rule("systemd", "scope", r"(?P<name>.+\.scope)"),
    _rule("systemd", "slice", r"(?P<name>.+\.slice)"),
    _rule("systemd", "socket", r"(?P<name>.+\.socket)"),
)

_ID_LENGTH = 64
_NAMED_RULES = tuple(rule for rule in CONTAINER_RULES if "{64}" not in rule.last.pattern)  # all a short name can match
_POD_ABOVE = re.compile(
    rf"(?:^|/)(?:{_POD_SLICE}|pod{_UID.replace('uid', 'uid2')}|{_RKT.replace('uid', 'uid3')}"
    r"|(?:[^/]+-)?libpod_pod_(?P<uid4>[0-9a-f]{64})\.slice|libpod_parent/(?P<uid5>[0-9a-f]{64}))(?=/|$)"
)
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
_ROOT = Recognition(kind="root")
_CHILD = Recognition(kind="child")


@lru_cache(maxsize=4096)
def recognise(path: str) -> Recognition:
    """Who owns the cgroup at ``path`` ("/..." below its mount): never fails, at worst a raw cgroup."""
    above, _, last = path.rpartition("/")
    if not last:
        return _ROOT
    found = _container(above, last)
    if found is not None and _stands(found, above):
        return found
    ignored = _first(IGNORED_RULES, above, last)
    if ignored is not None:
        return ignored
    if is_inside_container(above):
        return _CHILD
    return _first(OUTER_RULES, above, last) or Recognition()


@lru_cache(maxsize=4096)
def is_inside_container(path: str) -> bool:
    """Whether ``path`` is a container's cgroup or below one."""
    if path in ("", "/"):
        return False
    above, _, last = path.rpartition("/")
    found = _container(above, last)
    if found is not None and found.is_container and _stands(found, above):
        return True
    return is_inside_container(above)


def _container(above: str, last: str) -> Recognition | None:
    return _first(CONTAINER_RULES if len(last) >= _ID_LENGTH else _NAMED_RULES, above, last)


def _stands(found: Recognition, above: str) -> bool:
    """Names are weaker evidence than ids: below a container, "lxc/x" or "machine-x.scope" is that container's own."""
    return bool(found.id) or found.kind in ("helper", "pod") or not is_inside_container(above)


def _first(rules: tuple[Rule, ...], above: str, last: str) -> Recognition | None:
    for rule in rules:
        match = rule.last.fullmatch(last)
        if match is not None and (rule.above is None or rule.above.search(above)):
            return _filled(rule, match.groupdict(), above)
    return None


def _filled(rule: Rule, parts: dict[str, str | None], above: str) -> Recognition:
    uid = parts.get("uid") or (parts.get("id") or "" if rule.kind == "pod" else "")
    if not uid and rule.kind == "container":
        uid = _pod_uid_above(above)
    return Recognition(
        rule.runtime,
        is_certain=rule.is_certain,
        id=parts.get("id") or "",
        kind=rule.kind,
        pod_uid=unescape(uid).replace("_", "-"),
        name=_name(rule, parts.get("name") or ""),
    )


def _pod_uid_above(above: str) -> str:
    """The innermost pod in ``above`` (Kubernetes in a container of Kubernetes has two).

    Podman's pods have no uid but an id of their own, rkt's a uuid; each of them stands for the same thing.
    """
    uid = ""
    for match in _POD_ABOVE.finditer(above):
        uid = next(filter(None, match.groups()))
    return unescape(uid)


def _name(rule: Rule, text: str) -> str:
    # systemctl knows its units by the escaped name; machine names are shown as their owner wrote them.
    return text if rule.runtime == "systemd" else unescape(text)


def unescape(text: str) -> str:
    r"""systemd's \xNN in unit names as the characters they stand for; invalid UTF-8 is left as it is written."""
    try:
        return _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text).encode("latin-1").decode() if "\\x" in text else text
    except UnicodeError:
        return text


def with_runtime(recognition: Recognition, runtime: str) -> Recognition:
    """The same with the runtime that has answered for the id: a path under kubepods does not tell whose it is."""
    return replace(recognition, runtime=runtime)
