"""The mount table as it changes, and what each filesystem in it last said of itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..filesystem import Filesystem
from . import mountinfo
from .asking import Answer, Asker
from .choosing import Candidate, candidates, labelled

MOUNTINFO = "/proc/self/mountinfo"
PLACES: Mapping[str, Sequence[str]] = {
    "docker-images": ("/var/lib/docker",),
    "containerd-images": ("/var/lib/containerd",),
    "crio-images": ("/var/lib/containers/storage",),
}
"""Labels, and the directories whose filesystem carries them."""

_COVERED = 4  # so many mounts of one filesystem are tried when others cover the first ones
_WITHIN_S = 2.0
_NOTHING = Answer()


class MountTable:
    """/proc/self/mountinfo kept open: POLLPRI on its descriptor says that it changed, proc_pid_mountinfo(5)."""

    def __init__(self, path: str = MOUNTINFO) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._fd

    def read(self) -> list[mountinfo.Mount]:
        """The mounts now."""
        os.lseek(self._fd, 0, os.SEEK_SET)
        parts = iter(lambda: os.read(self._fd, 1 << 16), b"")
        return mountinfo.parse(b"".join(parts).decode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """Lets go of it."""
        os.close(self._fd)


@dataclass(slots=True)
class _Known:
    """What is remembered of a filesystem from pass to pass."""

    mount: mountinfo.Mount  # the one that is asked
    answer: Answer = _NOTHING
    error: str = ""
    is_reached: bool = True


class Mounted:
    """Filesystems of the host by what the mount table says and they themselves say. For one thread."""

    def __init__(self, asker: Asker, prefix: str = "", places: Mapping[str, Sequence[str]] = PLACES) -> None:
        self._asker = asker
        self._prefix = prefix
        self._places = places
        self._known: dict[tuple[str, str], _Known] = {}

    def update(self, mounts: Sequence[mountinfo.Mount], within_s: float = _WITHIN_S) -> tuple[Filesystem, ...]:
        """Asks them all and returns what is known; those that do not answer in time keep their older numbers."""
        found = candidates(mounts, self._prefix)
        self._known = {one.key: self._remembered(one) for one in found}
        wanted = found
        for round_ in range(_COVERED):
            answers = self._asker.ask_all(
                [(one.path(self._known[one.key].mount), self._known[one.key].mount) for one in wanted],
                within_s if not round_ else within_s / 4,
            )
            wanted = [one for one in found if self._take(one, answers, round_)]
            if not wanted:
                break
        shown = [one for one in found if self._is_shown(one)]
        labels = labelled([self._known[one.key].mount.mount_point for one in shown], self._places)
        hanging = self._asker.hanging()
        return tuple(self._filesystem(one, labels, hanging) for one in shown)

    def _remembered(self, candidate: Candidate) -> _Known:
        """A mount that was asked before is asked again while it is there."""
        known = self._known.get(candidate.key)
        if known is None:
            return _Known(candidate.mounts[0])
        if known.is_reached and known.mount in candidate.mounts:
            return known
        first = candidate.mounts[0]
        if (first.major, first.minor) != (known.mount.major, known.mount.minor):
            return _Known(first)  # another one in its place: what the old one said is not of it
        return replace(known, mount=first, is_reached=True, error="")

    def _take(self, candidate: Candidate, answers: Mapping[tuple[str, int], Answer], round_: int) -> bool:
        """Keeps an answer; True = the next mount of this filesystem is to be asked."""
        known = self._known[candidate.key]
        answer = answers.get((candidate.path(known.mount), known.mount.id))
        if answer is None:
            return False
        known.error, known.is_reached = answer.error, not answer.is_elsewhere
        if not answer.error:
            known.answer = answer
        if not answer.is_elsewhere or round_ + 1 >= min(len(candidate.mounts), _COVERED):
            return False
        known.mount = candidate.mounts[round_ + 1]
        return True

    def _is_shown(self, candidate: Candidate) -> bool:
        """Not those that cannot be reached behind others, and not those that answered that they hold nothing."""
        known = self._known[candidate.key]
        return known.is_reached and (not known.answer.time_ns or known.answer.capacity > 0)

    def _filesystem(
        self, candidate: Candidate, labels: Mapping[str, Sequence[str]], hanging: Mapping[tuple[str, int], int]
    ) -> Filesystem:
        known = self._known[candidate.key]
        mount, answer = known.mount, known.answer
        said = bool(answer.time_ns)
        since = hanging.get((candidate.path(mount), mount.id), 0)
        return Filesystem(
            source=mount.source,
            type=mount.type,
            mount_point=mount.mount_point,
            major=mount.major,
            minor=mount.minor,
            labels=tuple(labels.get(mount.mount_point, ())),
            is_read_only="ro" in mount.super_options,  # the mount's own may be our service's restriction
            capacity_bytes=answer.capacity if said else None,
            free_bytes=answer.free if said else None,
            available_bytes=answer.available if said else None,
            inodes=answer.inodes or None,  # btrfs and others make them as they are needed and count none
            inodes_free=answer.inodes_free if answer.inodes else None,
            asked_ns=answer.time_ns,
            hangs_since_ns=since,
            error=known.error or ("" if said or since else "not asked yet: too many filesystems hang"),
        )
