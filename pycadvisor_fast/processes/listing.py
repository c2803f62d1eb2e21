"""The processes of some containers, or of the machine."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..container import Container
from ..errors import PycadvisorError
from ..process import Process, ProcessList
from . import proc
from .users import Users

_HIDDEN = (
    "/proc hides the processes of others (mounted with hidepid): only those that this user may see are listed; run as "
    "root, or as a member of the group that its option gid= names"
)


class Listing:
    """Looks into ``<sysroot>/proc`` when asked. Safe from any thread."""

    def __init__(self, sysroot: str = "") -> None:
        self._proc = Path(sysroot or "/") / "proc"
        self._users = Users(Path(sysroot or "/") / "etc" / "passwd")

    def look(
        self,
        wanted: Iterable[Container] | None,
        every: Sequence[Container],
        *,
        recursive: bool = True,
        fds: bool = False,
    ) -> ProcessList:
        """Processes of ``wanted`` (None: all of the machine), each once; ``every``: the containers there are.

        ``recursive``: those of cgroups below as well. A process that ends meanwhile is left out. Raises
        PycadvisorError when /proc cannot be read at all.
        """
        try:
            machine = proc.machine(self._proc)
            pids = sorted(int(entry.name) for entry in self._proc.iterdir() if entry.name.isdigit())
        except (OSError, ValueError, StopIteration) as error:
            raise PycadvisorError(f"{self._proc} cannot be read: {error}; is it mounted there?") from error
        self._users.refresh()
        places = _Places(wanted, every, is_recursive=recursive)
        has_size = fds and proc.has_fd_size(self._proc)
        found, hidden = [], 0
        for pid in pids:
            try:
                process = self._process(pid, machine, places)
            except PermissionError:
                hidden += 1
                continue
            except (OSError, ValueError):  # it has gone
                continue
            if process is not None:
                found.append(process if not fds else self._with_fds(process, has_size=has_size))
        is_complete = not hidden and 1 in pids
        return ProcessList(tuple(found), time.time_ns(), is_complete, "" if is_complete else _HIDDEN)

    def _process(self, pid: int, machine: proc.Machine, places: _Places) -> Process | None:
        directory = self._proc / str(pid)
        path, container = places.find(proc.cgroups(directory))
        if path is None:
            return None
        seen = proc.stat(directory)
        uid = proc.uid(directory)
        running = max(0.0, machine.uptime_seconds - seen.start_seconds)
        return Process(
            pid=pid,
            ppid=seen.ppid,
            uid=uid,
            user=self._users.name(uid),
            cpu_percent=100 * seen.cpu_seconds / running if running else 0.0,
            cpu_seconds=seen.cpu_seconds,
            memory_percent=100 * seen.rss_bytes / machine.memory_bytes,
            rss_bytes=seen.rss_bytes,
            virtual_bytes=seen.virtual_bytes,
            state=seen.state,
            threads=seen.threads,
            processor=seen.processor,
            started_unix_ns=machine.booted_unix_ns + round(seen.start_seconds * 1e9),
            running_seconds=running,
            command=seen.command,
            arguments=proc.arguments(directory),
            cgroup_path=path,
            container=container.handle if container else 0,
            container_name=container.display_name if container else "",
        )

    def _with_fds(self, process: Process, *, has_size: bool) -> Process:
        from dataclasses import replace

        return replace(process, fd_count=proc.fd_count(self._proc / str(process.pid), has_size=has_size))


class _Places:
    """Whose a process is, by its cgroup paths: on v1 it has one a hierarchy, and containers may be known by any."""

    def __init__(self, wanted: Iterable[Container] | None, every: Sequence[Container], *, is_recursive: bool) -> None:
        self._by_path = {container.path: container for container in every}
        self._wanted = None if wanted is None else {container.path for container in wanted}
        self._is_recursive = is_recursive

    def find(self, paths: Sequence[str]) -> tuple[str | None, Container | None]:
        """(its path, the innermost followed container), (None, None): it is not wanted."""
        best, inner = (paths[0] if paths else "/"), None
        for path in paths:
            container = next((self._by_path[above] for above in _upwards(path) if above in self._by_path), None)
            if container is not None and (inner is None or len(container.path) > len(inner.path)):
                best, inner = path, container
        if self._wanted is None:
            return best, inner
        is_wanted = (
            any(above in self._wanted for above in _upwards(best)) if self._is_recursive else best in self._wanted
        )
        return (best, inner) if is_wanted else (None, None)


def _upwards(path: str) -> Iterable[str]:
    """The path, its parent, ..., "/"."""
    while path not in ("", "/"):
        yield path
        path = path.rpartition("/")[0]
    yield "/"
