"""Who names a container that several runtimes know: pure.

A container of Docker is one of containerd's too, and one of CRI-O may be listed by Podman, which shares its storage.
What the cgroup's path says counts most, where it is certain; after that the runtime that is nearest to the user.
"""

from __future__ import annotations

from .patterns import Recognition

NEAREST_FIRST = ("crio", "docker", "podman", "containerd")
IN_PARTS = ("containerd", "crio")  # told of by their own API and by CRI, each of which knows what the other does not
RAW = "raw"


def rank(runtime: str, found: Recognition) -> int:
    """0 is best."""
    if runtime == found.runtime and found.is_certain:
        return 0
    return 1 + (NEAREST_FIRST.index(runtime) if runtime in NEAREST_FIRST else len(NEAREST_FIRST))


class Claims:
    """Which runtime has said that it knows a container, and which that it does not; by handle."""

    def __init__(self) -> None:
        self._claimant: dict[int, str] = {}
        self._denied: dict[int, set[str]] = {}

    def claim(self, handle: int, found: Recognition, runtime: str) -> bool:
        """``runtime`` knows it: whether what it says counts."""
        denied = self._denied.get(handle)
        if denied is not None:
            denied.discard(runtime)
        before = self._claimant.get(handle)
        if before is not None and rank(before, found) < rank(runtime, found):
            return False
        self._claimant[handle] = runtime
        return True

    def owner(self, handle: int, found: Recognition) -> str:
        """The runtime it is shown with: the path's where that is certain and has not denied it, else the claimant's."""
        is_denied = found.runtime in self._denied.get(handle, ())
        if found.is_certain and not is_denied:
            return found.runtime
        return self._claimant.get(handle) or (RAW if is_denied else found.runtime)

    def deny(self, handle: int, runtime: str) -> bool:
        """``runtime`` does not know it; whether that changes anything: one that has known it speaks of its removal."""
        if self._claimant.get(handle) == runtime or runtime in self._denied.get(handle, ()):
            return False
        self._denied.setdefault(handle, set()).add(runtime)
        return True

    def drop(self, handle: int) -> None:
        """The container is gone."""
        self._claimant.pop(handle, None)
        self._denied.pop(handle, None)
