"""The blocking client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TypeVar, Unpack

import httpx2

from . import calls
from .calls import Call, EventArgs, NamesArgs, Naming, V1Args, V2Args
from .connection import DEFAULT_URL, Connection, Lines, read, refused, shown, translated, understand
from .models import (
    Attributes,
    ContainerInfo,
    ContainerInfoV2,
    ContainerSpecV2,
    DerivedStats,
    Event,
    FsInfo,
    MachineInfo,
    MachineStats,
    MetricValBasic,
    ProcessInfo,
)

T = TypeVar("T")


class Client:
    """API v1.3 and v2.1 of this project's daemon, or of cAdvisor. Safe to use from several threads.

    ``url``, ``auth``, ``token``, ``ca``, ``cert``: see Connection. ``timeout``: seconds to connect, and between two
    pieces of an answer. All methods raise RestError for what the server refuses (an unknown container among it),
    RestUnavailableError when nobody answers, RestAnswerError when the answer is no such API's, and TimeoutError.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        timeout: float = 10.0,
        auth: tuple[str, str] | httpx2.Auth | None = None,
        token: str | None = None,
        ca: str | None = None,
        cert: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Connects to nobody yet. Raises ConfigError for an address or a TLS file that cannot be used."""
        self.connection = Connection(url, timeout, auth, token, ca, cert, headers or {})
        transport = httpx2.HTTPTransport(verify=self.connection.tls(), uds=self.connection.socket)
        self._http = httpx2.Client(transport=transport, **self.connection.options())

    # ---- v1.3: samples oldest first; see calls.V1Args
    def container(self, name: str = "/", **args: Unpack[V1Args]) -> ContainerInfo:
        """A container by cgroup path, with its newest 60 samples and who its direct children are."""
        return self._do(calls.container(name, args))

    def subcontainers(self, name: str = "/", **args: Unpack[V1Args]) -> tuple[ContainerInfo, ...]:
        """A container and all below it, in no order."""
        return self._do(calls.subcontainers(name, args))

    def docker(self, **args: Unpack[V1Args]) -> Mapping[str, ContainerInfo]:
        """All Docker containers, by cgroup path."""
        return self._do(calls.docker("/", args))

    def docker_container(self, name: str, **args: Unpack[V1Args]) -> ContainerInfo:
        """The Docker container with this name, id or beginning of an id."""
        return next(iter(self._do(calls.docker(name, args)).values()))

    def machine(self) -> MachineInfo:
        """What the machine is."""
        return self._do(calls.machine())

    def events(
        self,
        name: str = "/",
        *,
        max_events: int = 10,
        start: int | None = None,
        end: int | None = None,
        **args: Unpack[EventArgs],
    ) -> tuple[Event, ...]:
        """What happened, oldest first: the newest ``max_events`` (-1: all) between two moments (wall-clock ns)."""
        return self._do(calls.events(name, max_events, start, end, args))

    def stream_events(self, name: str = "/", **args: Unpack[EventArgs]) -> Iterator[Event]:
        """What happens from now on, until the server or the caller ends it. There is no timeout between events."""
        call = calls.stream_events(name, args)
        patience = httpx2.Timeout(self.connection.timeout, read=None)
        with (
            translated(self.connection, call),
            self._http.stream(**self.connection.request(call), timeout=patience) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                raise refused(shown(response), response.status_code, response.read())
            lines = Lines()
            for piece in response.iter_bytes():
                for line in lines.take(piece):
                    yield understand(call, shown(response), line)

    # ---- v2.1: see calls.V2Args
    def version(self) -> str:
        """The server's version."""
        return self._do(calls.version())

    def attributes(self) -> Attributes:
        """Machine and software."""
        return self._do(calls.attributes())

    def machine_stats(self, **args: Unpack[V2Args]) -> tuple[MachineStats, ...]:
        """Samples of the machine."""
        return self._do(calls.machine_stats(args))

    def stats(self, name: str = "/", **args: Unpack[V2Args]) -> Mapping[str, ContainerInfoV2]:
        """Limits and samples by cgroup path. "/" itself is never among them: machine_stats has it."""
        return self._do(calls.stats(name, args))

    def specs(self, name: str = "/", **args: Unpack[NamesArgs]) -> Mapping[str, ContainerSpecV2]:
        """Limits by cgroup path."""
        return self._do(calls.specs(name, args))

    def summary(self, name: str = "/", **args: Unpack[NamesArgs]) -> Mapping[str, DerivedStats]:
        """Averages and percentiles of the last minute, hour and day, by cgroup path."""
        return self._do(calls.summary(name, args))

    def storage(self, label: str = "") -> tuple[FsInfo, ...]:
        """Filesystems of the host; ``label``: "root", "docker-images", ..."""
        return self._do(calls.storage(label))

    def storage_by_uuid(self, uuid: str) -> FsInfo:
        """The filesystem with this UUID."""
        return self._do(calls.storage_by_uuid(uuid))

    def processes(self, name: str = "/", naming: Naming = "name") -> tuple[ProcessInfo, ...]:
        """What runs in a container; "/": on the machine."""
        return self._do(calls.processes(name, naming))

    def app_metrics(
        self, name: str = "/", **args: Unpack[V2Args]
    ) -> Mapping[str, Mapping[str, Mapping[str, tuple[MetricValBasic, ...]]]]:
        """Applications' own metrics: container, metric, label, samples."""
        return self._do(calls.app_metrics(name, args))

    def is_healthy(self) -> bool:
        """Whether /healthz answers 200."""
        call: Call[str] = Call("/healthz", str)
        with translated(self.connection, call):
            response = self._http.request(**self.connection.request(call))
        return response.status_code == httpx2.codes.OK

    # ---- life
    def _do(self, call: Call[T]) -> T:
        with translated(self.connection, call):
            response = self._http.request(**self.connection.request(call))
        return read(call, response)

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
