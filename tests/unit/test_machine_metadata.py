"""Metadata services, played by a server of the test's own; and that nobody is asked unless told to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pycadvisor_fast.machine import asking
from pycadvisor_fast.machine.keeper import MachineKeeper
from pycadvisor_fast.machine.metadata import MetadataError, ask
from pycadvisor_fast.machine.model import Cloud
from pycadvisor_fast.machine.reading import Sources

from . import machine_trees as trees

AWS, GCE, AZURE = Cloud("AWS", "dmi"), Cloud("GCE", "dmi", instance_id="old"), Cloud("Azure", "dmi")
WAIT = 20.0
ANSWERS = {
    ("PUT", "/latest/api/token"): "SECRET",
    ("GET", "/latest/meta-data/instance-id"): "i-0123456789abcdef0",
    ("GET", "/latest/meta-data/instance-type"): "m5.large",
    ("GET", "/latest/meta-data/placement/region"): "eu-west-1",
    ("GET", "/latest/meta-data/placement/availability-zone"): "eu-west-1b",
    ("GET", "/computeMetadata/v1/instance/id"): "5151829023857237413",
    ("GET", "/computeMetadata/v1/instance/machine-type"): "projects/123/machineTypes/n1-standard-1",
    ("GET", "/computeMetadata/v1/instance/zone"): "projects/123/zones/europe-west1-b",
    ("GET", "/metadata/instance/compute?api-version=2021-02-01&format=json"): json.dumps(
        {"vmId": "13f56399", "vmSize": "Standard_A3", "location": "westus", "zone": "", "tags": ["x"]}
    ),
}
NEEDED = {
    "/latest/api": ("X-aws-ec2-metadata-token-ttl-seconds", "60"),
    "/latest/meta": ("X-aws-ec2-metadata-token", "SECRET"),
    "/computeMetadata": ("Metadata-Flavor", "Google"),
    "/metadata": ("Metadata", "true"),
}


class Service(ThreadingHTTPServer):
    """Answers as the three services do, refuses what lacks their headers, and counts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = dict(ANSWERS)
        self.asked = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked += 1
        header, value = next(needed for prefix, needed in NEEDED.items() if self.path.startswith(prefix))
        body = self.server.answers.get((self.command, self.path))
        status = 403 if self.headers.get(header) != value else 404 if body is None else 200
        data = (body or "").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join(WAIT)


@pytest.mark.parametrize(
    ("cloud", "found"),
    [
        (AWS, Cloud("AWS", "dmi", "m5.large", "i-0123456789abcdef0", "eu-west-1", "eu-west-1b")),
        (GCE, Cloud("GCE", "dmi", "n1-standard-1", "5151829023857237413", "europe-west1", "europe-west1-b")),
        (AZURE, Cloud("Azure", "dmi", "Standard_A3", "13f56399", "westus")),
    ],
)
def test_each_service_is_asked_in_its_own_words(service: Service, cloud: Cloud, found: Cloud) -> None:
    assert ask(cloud, "127.0.0.1", service.port) == found


def test_a_provider_without_a_known_service_is_not_asked(service: Service) -> None:
    cloud = Cloud("Vultr", "dmi")
    assert ask(cloud, "127.0.0.1", service.port) is cloud
    assert service.asked == 0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "status 404"),
        ("m5\nlarge", "is no name"),
        ("x" * 70_000, "longer than 65536 bytes"),
    ],
)
def test_a_wrong_answer_is_an_error(service: Service, answer: str | None, words: str) -> None:
    key = ("GET", "/latest/meta-data/instance-type")
    del service.answers[key]
    if answer is not None:
        service.answers[key] = answer
    with pytest.raises(MetadataError, match=words):
        ask(AWS, "127.0.0.1", service.port)


@pytest.mark.parametrize("answer", ["{", "[]"])
def test_azures_answer_has_to_be_an_object(service: Service, answer: str) -> None:
    service.answers[("GET", "/metadata/instance/compute?api-version=2021-02-01&format=json")] = answer
    with pytest.raises(MetadataError, match="no JSON object"):
        ask(AZURE, "127.0.0.1", service.port)


def test_a_service_that_accepts_and_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MetadataError, match="timed out"):
        ask(AWS, "127.0.0.1", silent.getsockname()[1], timeout_s=0.05)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MetadataError, match="ConnectionRefusedError"):
        ask(AWS, "127.0.0.1", port)


def _keeper(path: Path, service: Service, *, asks: bool) -> MachineKeeper:
    tree = trees.single(path)
    tree.puts("sys/class/dmi/id", {"sys_vendor": "Amazon EC2", "product_name": "m5.metal"})
    where = (lambda cloud: ask(cloud, "127.0.0.1", service.port)) if asks else None
    return MachineKeeper(Sources(), 0.0, root=tree.root, ask_cloud=where)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_the_keeper_asks_when_it_is_told_to(tmp_path: Path, service: Service) -> None:
    keeper = _keeper(tmp_path, service, asks=True)
    keeper.start()
    try:
        until(lambda: (found := keeper.machine().cloud) is not None and found.instance_type == "m5.large")
        assert keeper.machine(fresh=True).cloud == Cloud(
            "AWS", "dmi", "m5.large", "i-0123456789abcdef0", "eu-west-1", "eu-west-1b"
        )
        assert service.asked == 5, "once, and not again for a fresh look"
    finally:
        keeper.stop()


def test_the_keeper_asks_nobody_by_default(tmp_path: Path, service: Service) -> None:
    keeper = _keeper(tmp_path, service, asks=False)
    keeper.start()
    assert keeper.machine().cloud == Cloud("AWS", "dmi", "m5.metal")
    keeper.stop()
    assert service.asked == 0


def test_a_service_that_fails_is_a_note_and_is_asked_again(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "AGAIN_SECONDS", 0.01)
    token = service.answers.pop(("PUT", "/latest/api/token"))
    keeper = _keeper(tmp_path, service, asks=True)
    keeper.start()
    try:
        until(lambda: any("metadata service: PUT /latest/api/token: status 404" in n for n in keeper.machine().notes))
        assert keeper.machine().cloud == Cloud("AWS", "dmi", "m5.metal")
        service.answers[("PUT", "/latest/api/token")] = token
        until(lambda: (found := keeper.machine().cloud) is not None and found.instance_type == "m5.large")
        assert not any("metadata" in note for note in keeper.machine().notes)
    finally:
        keeper.stop()
