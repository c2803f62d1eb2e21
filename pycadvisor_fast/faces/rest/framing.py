"""/api/<version>/<request type>/<arguments>: what a path asks for, and the answers that list what there is. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from .errors import BAD_REQUEST, RestError
from .go_values import quoted

_V1_0 = ("containers", "machine")
_V1_1 = ("containers", "machine", "subcontainers")
_V1_2 = ("containers", "docker", "machine", "subcontainers")
_V1_3 = ("containers", "docker", "events", "machine", "subcontainers")
_V2_0 = ("appmetrics", "attributes", "events", "machine", "ps", "spec", "stats", "storage", "summary", "version")
_V2_1 = tuple(sorted((*_V2_0, "machinestats")))

REQUEST_TYPES = {"v1.0": _V1_0, "v1.1": _V1_1, "v1.2": _V1_2, "v1.3": _V1_3, "v2.0": _V2_0, "v2.1": _V2_1}
"""Request types of each version, as cAdvisor lists them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a path asks for. ``parts``: what stands between the slashes after the request type, empty parts too."""

    version: str
    kind: str
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of a cgroup that the arguments make: absolute, without "..", "." and empty parts."""
        return clean(self.parts)

    @property
    def is_v1(self) -> bool:
        """Whether the version is one of v1.x."""
        return self.version.startswith("v1.")


def clean(parts: tuple[str, ...]) -> str:
    """As Go's path.Join("/", ...): "/" for nothing."""
    return posixpath.normpath("/" + "/".join(part for part in parts if part))


def asked(rest: str) -> Asked:
    """What the part of a path after /api/ asks for; raises RestError with the listings of versions and types too."""
    version, _, rest = rest.lstrip("/").partition("/")
    if not version:
        raise RestError(f"Supported API versions: {','.join(REQUEST_TYPES)}", BAD_REQUEST)
    if version not in REQUEST_TYPES:
        raise RestError(f"unsupported API version {quoted(version)}")
    kind, _, arguments = rest.lstrip("/").partition("/")
    types = REQUEST_TYPES[version]
    if not kind:
        raise RestError(f'Supported request types: "{",".join(types)}"', BAD_REQUEST)
    if kind not in types:
        raise RestError(f"unknown request type {quoted(kind)}")
    return Asked(version, kind, tuple(arguments.split("/")) if arguments else ())
