"""Labels: names that Prometheus takes, values escaped, each container's own and no others.

A label name is letters, digits and "_" (Prometheus' data model); what runtimes have as names is not. Names that become
the same are told apart by a fixed rule: the one whose original sorts first keeps it, the others get "_2", "_3", ...
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from pycadvisor_fast.container import Container
from pycadvisor_fast.native.exposition import PROTOBUF

Pairs = Sequence[tuple[str, str]]

_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
_RESTARTS = "restartcount"
_OF_ID = frozenset(("containerd",))  # cAdvisor names these by their ids


def label_name(prefix: str, key: str) -> str:
    """``key`` as the end of a label's name."""
    return prefix + _NO_NAME.sub("_", key)


def named(prefix: str, values: Mapping[str, str], taken: Collection[str] = ()) -> list[tuple[str, str]]:
    """``values`` as labels whose names differ, from each other and from those ``taken``; sorted by their keys."""
    used = set(taken)
    out = []
    for key in sorted(values):
        name = plain = label_name(prefix, key)
        number = 2
        while name in used:
            name = f"{plain}_{number}"
            number += 1
        used.add(name)
        out.append((name, values[key]))
    return out


def escaped(text: str, form: int) -> bytes:
    """A label value as ``form`` (PCF_EXPOSITION_*) has it; what UTF-8 cannot carry becomes "?"."""
    return (text if form == PROTOBUF else text.translate(_ESCAPES)).encode("utf-8", "replace")


def escaped_help(text: str, form: int) -> str:
    """A help text. Quotes are left alone in both text formats: OpenMetrics takes them either way."""
    return text if form == PROTOBUF else text.translate(_HELP_ESCAPES)


def block(pairs: Iterable[tuple[str, str]], form: int) -> bytes:
    """Labels as they stand between the braces, or as Metric.label fields of protobuf."""
    if form != PROTOBUF:
        return b",".join(b'%b="%b"' % (name.encode(), escaped(value, form)) for name, value in pairs)
    out = []
    for name, value in pairs:
        pair = _field(0x0A, name.encode()) + _field(0x12, escaped(value, form))
        out.append(_field(0x0A, pair))
    return b"".join(out)


def _field(tag: int, data: bytes) -> bytes:
    length = len(data)
    out = bytearray((tag,))
    while length >= 0x80:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out) + data


class Policy:
    """Which of a container's labels are shown, and what it is called."""

    def __init__(self, *, store_labels: bool = True, kept_labels: Iterable[str] = (), is_strict: bool = False) -> None:
        self._kept = None if store_labels else frozenset(kept_labels)
        self._is_strict = is_strict

    def pairs(self, container: Container, *, with_envs: bool = True) -> list[tuple[str, str]]:
        """All labels of a container: ``id``, ``image``, ``name``, then its runtime's labels and its environment, which
        not everybody may see."""
        pairs = [("id", container.path)]
        if container.namespace:
            pairs += [(name, value) for name, value in self._identity(container) if value]
        labels = dict(container.labels)
        if container.restart_count > 0:
            labels.setdefault(_RESTARTS, str(container.restart_count))
        if self._kept is not None:
            labels = {key: value for key, value in labels.items() if key in self._kept}
        pairs += named("container_label_", labels)
        return pairs + named("container_env_", container.envs) if with_envs else pairs

    def _identity(self, container: Container) -> tuple[tuple[str, str], ...]:
        return (("image", container.image), ("name", self.name(container)))

    def name(self, container: Container) -> str:
        """The runtime's name of it; as cAdvisor has it where that is asked for."""
        if not self._is_strict:
            return container.name
        if container.namespace in _OF_ID:
            return container.id
        return container.aliases[0] if container.aliases else container.name


class LabelStore:
    """Encoded labels of the containers there are: made once, and again when the Container is another object."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known: dict[tuple[bool, bool], dict[int, tuple[Container, bytes]]] = {}

    def blocks(self, containers: Sequence[Container], form: int, *, with_envs: bool = True) -> list[bytes]:
        """One for each container, in their order."""
        known = self._known.setdefault((form == PROTOBUF, with_envs), {})
        out = []
        for container in containers:
            kept = known.get(container.handle)
            if kept is None or kept[0] is not container:
                kept = known[container.handle] = (
                    container,
                    block(self._policy.pairs(container, with_envs=with_envs), form),
                )
            out.append(kept[1])
        return out

    def keep_only(self, containers: Sequence[Container]) -> None:
        """Forgets all but these: call it with everything there is, not with a selection."""
        for known in self._known.values():
            if len(known) > len(containers) + len(containers) // 4:
                handles = {container.handle for container in containers}
                for handle in [handle for handle in known if handle not in handles]:
                    del known[handle]
