"""bcc's programs as a source of the collector's events."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path

from ..native.telling import Teller
from .bcc import Follower, Programs, Seen

log = logging.getLogger(__name__)

CAVEATS = ("partial",)
"""What every kind has from here at best: a tracepoint tells less than the kernel's structures do."""

_ORDER_V1 = ("memory", "pids", "cpu", "cpuacct", "blkio", "", "name=systemd")
_PLACES = 4096  # processes whose cgroup is remembered for their end


class BccEvents:
    """Loads the programs in the constructor; raises NotServedError with the reason when that fails."""

    def __init__(self, teller: Teller, *, is_unified: bool, root: str = "/") -> None:
        """``is_unified``: every controller is on cgroup2. ``root``: part of the hierarchies that is mounted here."""
        self._teller = teller
        self._is_unified = is_unified
        self._root = root.rstrip("/")
        self._places: OrderedDict[int, str] = OrderedDict()
        self._programs = Programs(self._on_seen)
        self._follower = Follower(self._programs, teller.lost)

    @property
    def kinds(self) -> frozenset[str]:
        """What is served."""
        return self._programs.kinds

    def start(self, reason: str) -> None:
        """Events come from here from now on; ``reason``: why not from a better source."""
        if refused := "; ".join(self._programs.refused.values()):
            log.warning("bcc: %s", refused)
        self._teller.serve(self.kinds, reason, CAVEATS)
        self._follower.start()

    def stop(self) -> None:
        """Ends the thread and unloads the programs."""
        self._follower.stop()

    def want(self, kinds: Collection[str]) -> None:
        """Single process events of these kinds are told from now on, of others not."""
        self._programs.want(kinds)

    def _on_seen(self, seen: Seen) -> None:
        if seen.path:
            path = self._inside(seen.path)
            if path:
                self._teller.cgroup(
                    seen.kind,
                    seen.monotonic_ns,
                    path=path,
                    cgroup_id=seen.cgroup_id,
                    hierarchy_id=seen.hierarchy_id,
                    level=seen.level,
                )
        elif seen.kind == "oom_kill":
            self._on_kill(seen)
        else:
            self._on_process(seen)

    def _inside(self, path: str) -> str:
        """The path as the mounts here show it; "" outside of them."""
        if not path.startswith(self._root):
            return ""
        return path[len(self._root) :] or "/"

    def _on_kill(self, seen: Seen) -> None:
        path = self._path_of(seen.pid)
        self._teller.oom_kill(
            seen.monotonic_ns,
            pid=seen.pid,
            comm=seen.comm,
            uid=seen.uid,
            oom_score_adj=seen.oom_score_adj,
            trigger_pid=seen.parent_pid,
            sizes=seen.sizes,
            path=path,
            cgroup_id=seen.cgroup_id if self._is_unified and not path else 0,
        )

    def _on_process(self, seen: Seen) -> None:
        place = "" if self._is_unified else self._path_of(seen.pid)
        self._teller.process(
            seen.kind,
            seen.monotonic_ns,
            pid=seen.pid,
            parent_pid=seen.parent_pid,
            comm=seen.comm,
            filename=seen.filename,
            run_ns=seen.monotonic_ns - seen.born_ns if seen.kind == "exit" and seen.born_ns else None,
            path=place,
            cgroup_id=seen.cgroup_id if self._is_unified else 0,
        )
        if seen.kind == "exit":
            self._places.pop(seen.pid, None)

    def _path_of(self, pid: int) -> str:
        """The cgroup of a process as it is now, else as it was seen last; "" when neither is known.

        A v1 hierarchy shows "/" for a process that is about to end (proc_cgroup_show): then what was known is better.
        """
        try:
            path = path_in(Path(f"/proc/{pid}/cgroup").read_text(errors="surrogateescape"), self._is_unified)
        except OSError:
            path = ""
        if path in ("", "/") and pid in self._places:
            return self._places[pid]
        if path:
            self._places[pid] = path
            if len(self._places) > _PLACES:
                self._places.popitem(last=False)
        return path


def path_in(text: str, is_unified: bool) -> str:
    """The cgroup out of /proc/<pid>/cgroup, as libpcf chooses it (csrc/parse/proc_pid_cgroup.h); "" without any."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        for controller in controllers.split(","):
            found[controller] = path.removesuffix(" (deleted)")
    order = ("", *_ORDER_V1) if is_unified else _ORDER_V1
    paths = [found[name] for name in order if name in found]
    return next((path for path in paths if path != "/"), paths[0] if paths else "")
