"""GetSpec: each container's spec is encoded once, and again when something of it has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pycadvisor_fast.spec import UNLIMITED, IoLimit, Limits, Spec
from pycadvisor_fast.v1 import spec_pb2
from pycadvisor_fast.views.selection import Selector

from .event_messages import framed
from .messages import clean

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed

NO_LIMIT = 2**64 - 1  # in messages, as the encoder of samples writes it
_IO = ("io", "hugetlb_bytes", "cpu_mask")
_NUMBERS = tuple(name for name in Limits.__slots__ if name not in _IO)
_IO_NUMBERS = tuple(name for name in IoLimit.__slots__ if name != "device")
_FLAGS = tuple(name for name in Spec.__slots__ if name.startswith("has_"))


class SpecAnswers:
    """One thread at a time."""

    def __init__(self, feed: Feed, *, hides_envs: bool = False) -> None:
        self._feed = feed
        self._hides_envs = hides_envs
        self._encoded: dict[int, tuple[Spec, bytes]] = {}

    def answer(self, selector: Selector) -> bytes:
        """An encoded GetSpecResponse. Raises SelectionError."""
        specs = self._feed.specs()
        if selector == Selector():
            chosen: Sequence[Spec] = specs
        else:
            wanted = {container.handle for container in selector.select([spec.container for spec in specs])}
            chosen = [spec for spec in specs if spec.container.handle in wanted]
        return b"".join([self._one(spec) for spec in chosen])

    def _one(self, spec: Spec) -> bytes:
        handle = spec.container.handle
        kept = self._encoded.get(handle)
        if kept is None or kept[0] is not spec:
            if len(self._encoded) > 2 * len(self._feed.specs()):
                self._encoded.clear()  # mostly of containers that are gone
            kept = self._encoded[handle] = (spec, framed(self._message(spec).SerializeToString()))
        return kept[1]

    def _message(self, spec: Spec) -> spec_pb2.ContainerSpec:
        message = spec_message(spec)
        if self._hides_envs:
            message.ClearField("envs")
        return message


def spec_message(spec: Spec) -> spec_pb2.ContainerSpec:
    """The spec as a message; what is not known is not set."""
    container = spec.container
    return spec_pb2.ContainerSpec(
        handle=container.handle,
        path=clean(container.path),
        runtime=container.runtime,
        id=clean(container.id),
        name=clean(container.name),
        image=clean(container.image),
        created_unix_ns=container.created_ns,
        started_unix_ns=container.started_ns,
        labels={clean(key): clean(value) for key, value in container.labels.items()},
        envs={clean(key): clean(value) for key, value in container.envs.items()},
        aliases=[clean(alias) for alias in container.aliases],
        restart_count=container.restart_count,
        limits=_limits(spec.limits),
        **{name: getattr(spec, name) for name in _FLAGS},
    )


def _limits(limits: Limits) -> spec_pb2.Limits:
    numbers = {name: _shown(value) for name in _NUMBERS if (value := getattr(limits, name)) is not None}
    return spec_pb2.Limits(
        **numbers,
        cpu_mask=limits.cpu_mask,
        io=[_io(one) for one in limits.io],
        hugetlb_bytes={size: _shown(value) for size, value in limits.hugetlb_bytes.items()},
    )


def _io(limit: IoLimit) -> spec_pb2.IoLimit:
    given = {name: _shown(value) for name in _IO_NUMBERS if (value := getattr(limit, name)) is not None}
    return spec_pb2.IoLimit(device=limit.device, **given)


def _shown(value: int) -> int:
    return NO_LIMIT if value == UNLIMITED else value
