"""Processes as protobuf messages."""

from __future__ import annotations

from typing import Any

from pycadvisor_fast.process import Process, ProcessList
from pycadvisor_fast.v1 import processes_pb2 as pb

from .messages import clean


def response(found: ProcessList) -> pb.ListProcessesResponse:
    """The answer to ListProcesses."""
    return pb.ListProcessesResponse(
        processes=[_info(process) for process in found.processes],
        time_unix_ns=found.time_unix_ns,
        incomplete=not found.is_complete,
        reason=found.reason,
    )


def _info(process: Process) -> pb.ProcessInfo:
    extra: dict[str, Any] = {} if process.fd_count is None else {"fd_count": process.fd_count}
    return pb.ProcessInfo(
        pid=process.pid,
        parent_pid=process.ppid,
        uid=process.uid,
        user=clean(process.user),
        cpu_percent=process.cpu_percent,
        cpu_seconds=process.cpu_seconds,
        memory_percent=process.memory_percent,
        rss_bytes=process.rss_bytes,
        virtual_bytes=process.virtual_bytes,
        state=process.state,
        threads=process.threads,
        processor=process.processor,
        started_unix_ns=process.started_unix_ns,
        running_seconds=process.running_seconds,
        command=clean(process.command),
        arguments=[clean(argument) for argument in process.arguments],
        cgroup_path=clean(process.cgroup_path),
        container=process.container,
        container_name=clean(process.container_name),
        **extra,
    )
