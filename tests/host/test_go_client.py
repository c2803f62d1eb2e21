"""cAdvisor's own Go client packages and Prometheus' own parser, unchanged, against a live daemon.

The program is in tests/clients/go; what it decodes is compared with the ring and with Docker.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast import attach
from tests.host.docker_engine import IMAGE, DockerEngine
from tests.host.http_daemon import MEMORY_LIMIT, QUOTA_CORES, HttpDaemon, Shop, eventually, http_daemon, shop

pytestmark = [pytest.mark.root, pytest.mark.docker, pytest.mark.slow]

SOURCE = Path(__file__).resolve().parents[1] / "clients" / "go"
Facts = Callable[..., dict[str, Any]]
# Groups that are off or slow by default: what they fill is compared as well.
OFF = ("tcp", "tcp6", "udp", "udp6", "tcp_advanced", "tasks", "schedstat", "hugetlb", "memory_numa", "memory_swap")
EVERYTHING = ",".join(f"{group}=1s" for group in OFF)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built program. Modules come from Go's proxy, or from its cache when it cannot be reached."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed; CI has it")
    built = tmp_path_factory.mktemp("go") / "facts"
    done = subprocess.run(
        ["nice", "go", "build", "-mod=readonly", "-o", str(built), "."],
        cwd=SOURCE, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture(scope="module")
def bazaar(docker_engine: DockerEngine) -> Iterator[Shop]:
    with shop(docker_engine, f"pcf-go-{os.getpid()}") as made:
        yield made


@pytest.fixture(scope="module")
def daemon(docker_engine: DockerEngine, bazaar: Shop) -> Iterator[HttpDaemon]:
    flags = "--housekeeping_interval=100ms", f"--interval={EVERYTHING}", f"--docker={docker_engine.endpoint}"
    with http_daemon(*flags) as running:
        named = f"/api/v1.3/docker/{bazaar.store}"
        eventually(lambda: _answers(running, named))
        eventually(lambda: len(next(iter(running.json(named).values()))["stats"]) > 3)
        yield running


def _answers(running: HttpDaemon, path: str) -> bool:
    try:
        running.get(path)
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def facts(program: Path, daemon: HttpDaemon) -> Facts:
    def ask(command: str, *words: str, path: str = "/") -> dict[str, Any]:
        done = subprocess.run(
            [program, command, daemon.url + path, *words], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return ask


def path_of(daemon: HttpDaemon, name: str) -> str:
    """Cgroup path of a Docker container."""
    (path,) = daemon.json(f"/api/v1.3/docker/{name}")
    return str(path)


class Ring:
    """Numbers of one container in the shared memory, beside what was asked over HTTP."""

    def __init__(self, daemon: HttpDaemon, path: str) -> None:
        self._ring = attach(daemon.ring)
        (self._slot,) = [one.slot for one in self._ring.containers() if one.path == path]

    def value(self, group: str, column: str) -> int:
        value = self._ring.latest(group).row(self._slot)[column]
        assert isinstance(value, int)
        return value


# ---- the clients


def test_every_call_of_both_clients_works(facts: Facts, daemon: HttpDaemon, bazaar: Shop) -> None:
    found = facts("client", path_of(daemon, bazaar.store), bazaar.store)
    errors = found.pop("errors")
    assert set(errors) == {"nobody"}, errors
    assert 'unknown container \\"/pcf-there-is-no-such\\"' in errors["nobody"]
    assert set(found) == {
        "machine", "container", "subcontainers", "events", "docker", "all_docker",
        "v2_version", "v2_attributes", "v2_machine", "v2_machinestats", "v2_stats", "v2_all", "v2_docker",
    }  # fmt: skip


def test_cpu_time_lies_between_two_looks_at_the_ring(facts: Facts, daemon: HttpDaemon, bazaar: Shop) -> None:
    path = path_of(daemon, bazaar.busy)
    ring = Ring(daemon, path)
    before = ring.value("cpu", "usage_ns")
    found = facts("client", path, bazaar.busy)
    after = ring.value("cpu", "usage_ns")
    for sample in (
        found["docker"]["stats"][-1],
        found["container"]["stats"][-1],
        found["v2_docker"][path]["stats"][-1],
    ):
        assert before <= sample["cpu"]["usage"]["total"] <= after
    assert found["docker"]["stats"][-1]["cpu"]["cfs"]["throttled_periods"] > 0
    rates = [sample.get("cpu_inst") for sample in found["v2_docker"][path]["stats"]]
    assert rates[0] is None
    assert rates[1]["usage"]["total"] >= 0


def test_who_the_container_is_and_what_it_may(facts: Facts, daemon: HttpDaemon, bazaar: Shop) -> None:
    path = path_of(daemon, bazaar.store)
    found = facts("client", path, bazaar.store)["docker"]
    assert (found["name"], found["namespace"], found["id"]) == (path, "docker", bazaar.ids[bazaar.store])
    assert found["aliases"][0] == bazaar.store
    spec = found["spec"]
    assert spec["image"] == IMAGE
    assert spec["labels"]["shop.owner"] == "ada"
    assert spec["memory"]["limit"] == MEMORY_LIMIT
    assert re.fullmatch(r"20\d\d-.*", spec["creation_time"])
    busy = facts("client", path, bazaar.busy)["docker"]["spec"]["cpu"]
    assert (busy["quota"], busy["period"]) == (int(100_000 * QUOTA_CORES), 100_000)


def test_samples_are_the_newest_in_order(facts: Facts, daemon: HttpDaemon, bazaar: Shop) -> None:
    found = facts("client", path_of(daemon, bazaar.store), bazaar.store)
    for stats, count in ((found["docker"]["stats"], 3), (found["v2_docker"].popitem()[1]["stats"], 2)):
        times = [sample["timestamp"] for sample in stats]
        assert len(times) == count
        assert times == sorted(set(times))


def test_memory_and_network_are_what_docker_sees(facts: Facts, daemon: HttpDaemon, bazaar: Shop) -> None:
    path = path_of(daemon, bazaar.buyer)
    before = bazaar.received(bazaar.buyer)
    sample = facts("client", path, bazaar.buyer)["docker"]["stats"][-1]
    eventually(lambda: bazaar.received(bazaar.buyer) > before)
    # One shot of ours may be a tick (100 ms) older than Docker's first look: a file of traffic at most.
    assert before * 0.5 <= sample["network"]["rx_bytes"] <= bazaar.received(bazaar.buyer)
    assert sample["network"]["interfaces"][0]["name"] == "eth0"
    store = facts("client", path_of(daemon, bazaar.store), bazaar.store)["docker"]["stats"][-1]["memory"]
    docker = bazaar.stats(bazaar.store)["memory_stats"]
    assert store["usage"] == pytest.approx(docker["usage"], rel=0.1, abs=2 << 20)
    assert store["working_set"] <= store["usage"]


def test_the_machine(facts: Facts, daemon: HttpDaemon, bazaar: Shop) -> None:
    found = facts("client", path_of(daemon, bazaar.store), bazaar.store)
    meminfo = dict(re.findall(r"^(\w+):\s+(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE))
    for machine in (found["machine"], found["v2_machine"]):
        assert machine["num_cores"] == os.cpu_count()
        assert machine["memory_capacity"] == int(meminfo["MemTotal"]) * 1024
    assert found["v2_attributes"]["kernel_version"] == os.uname().release
    assert found["v2_attributes"]["memory_capacity"] == int(meminfo["MemTotal"]) * 1024
    assert found["v2_machinestats"][-1]["memory"]["usage"] > 0


def test_a_recursive_answer_has_everybody_but_the_root(facts: Facts, daemon: HttpDaemon, bazaar: Shop) -> None:
    everyone = facts("client", path_of(daemon, bazaar.store), bazaar.store)["v2_all"]
    assert {path_of(daemon, name) for name in bazaar.ids} <= set(everyone)
    assert "/" not in everyone


def test_events_reach_a_client_that_follows_them(
    program: Path, daemon: HttpDaemon, docker_engine: DockerEngine
) -> None:
    command = [program, "events", daemon.url, "creation_events=true&deletion_events=true&subcontainers=true", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:

        def come_and_go() -> bool:
            docker_engine.remove(docker_engine.run())
            return following.poll() is not None

        eventually(come_and_go)
        assert following.stdout is not None
        found = json.loads(following.stdout.read())
    kinds = {event["event_type"] for event in found["events"]}
    assert kinds <= {"containerCreation", "containerDeletion"}
    assert all(event["container_name"].startswith("/") for event in found["events"])


# ---- the bytes

V1, V2 = "/api/v1.3", "/api/v2.1"
WIRE = [
    ("v1.MachineInfo", f"{V1}/machine"),
    ("v1.ContainerInfo", f"{V1}/containers/"),
    ("v1.ContainerInfo", f"{V1}/containers{{path}}"),
    ("v1.ContainerInfos", f"{V1}/subcontainers/"),
    ("v1.ContainerInfoMap", f"{V1}/docker/"),
    ("v1.ContainerInfoMap", f"{V1}/docker/{{name}}"),
    ("v1.Events", f"{V1}/events/?all_events=true&subcontainers=true&max_events=100"),
    ("string", f"{V2}/version"),
    ("v2.Attributes", f"{V2}/attributes"),
    ("v1.MachineInfo", f"{V2}/machine"),
    ("v2.MachineStats", f"{V2}/machinestats"),
    ("v2.ContainerInfoMap", f"{V2}/stats/?recursive=true&count=2"),
    ("v2.ContainerInfoMap", f"{V2}/stats/{{name}}?type=docker"),
    ("v2.DeprecatedStats", "/api/v2.0/stats/{name}?type=docker&count=2"),
    ("v2.SpecMap", f"{V2}/spec/?recursive=true"),
    ("v2.SummaryMap", f"{V2}/summary/{{name}}?type=docker"),
    ("v2.FsInfos", f"{V2}/storage"),
    ("v2.Processes", f"{V2}/ps/{{name}}?type=docker"),
]


@pytest.mark.parametrize(("kind", "path"), WIRE, ids=lambda value: str(value))
def test_go_would_have_written_the_same_bytes(
    facts: Facts, daemon: HttpDaemon, bazaar: Shop, kind: str, path: str
) -> None:
    """Decoded into cAdvisor's types with unknown fields refused, and encoded again by Go: nothing differs."""
    wanted = path.format(path=path_of(daemon, bazaar.store), name=bazaar.store)
    found = facts("wire", kind, "GET", wanted, path="")
    assert found["status"] == 200
    assert found["type"] == "application/json"
    assert "refused" not in found, found
    assert "ours" not in found, f"ours: ...{found['ours']}...\nGo's: ...{found['gos']}..."


# ---- the exposition

TEXT = "text/plain;version=0.0.4"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"


@pytest.mark.parametrize("accept", [TEXT, PROTOBUF])
def test_prometheus_own_parser_reads_the_scrape(facts: Facts, bazaar: Shop, accept: str) -> None:
    found = facts("exposition", accept, path="/metrics")
    assert found["type"].startswith(accept.partition(";")[0])
    assert found["twice"] == []
    usage = found["families"]["container_cpu_usage_seconds_total"]
    assert usage["type"] == "COUNTER"
    ours = {labels: value for labels, value in usage["series"].items() if f'name="{bazaar.busy}"' in labels}
    assert len(ours) >= 1
    assert all(value > 0 for value in ours.values())
    assert sum(family["timed"] for family in found["families"].values()) == 0, "no timestamps unless asked for"


def test_text_and_protobuf_have_the_same_families(facts: Facts) -> None:
    def both() -> list[dict[str, Any]]:
        return [facts("exposition", accept, path="/metrics")["families"] for accept in (TEXT, PROTOBUF)]

    # Two scrapes are of two ticks: what is counted in /proc may be late for one of them, and is not in it then.
    text, binary = eventually(lambda: set((pair := both())[0]) == set(pair[1]) and pair)
    assert len(text) > 100
    for name, family in text.items():
        assert family["type"] == binary[name]["type"], name
        assert family["help"] == binary[name]["help"], name
    # Series that come and go with other containers of this machine apart.
    steady = "container_spec_memory_limit_bytes"
    assert set(text[steady]["series"]) & set(binary[steady]["series"])


def test_labels_that_are_equal_once_cleaned_do_not_break_the_scrape(facts: Facts, bazaar: Shop) -> None:
    series = facts("exposition", TEXT, path="/metrics")["families"]["container_last_seen"]["series"]
    (labels,) = [labels for labels in series if f'name="{bazaar.store}"' in labels]
    names = re.findall(r'[{,](\w+)="', labels)
    assert len(names) == len(set(names))
    values = dict(re.findall(r'[{,](\w+)="([^"]*)"', labels))
    owners = {value for name, value in values.items() if name.startswith("container_label_shop_owner")}
    assert owners == {"ada", "bob"}, "both are kept, by a rule"


def test_what_the_linter_says_is_cadvisors_own_naming(facts: Facts) -> None:
    """promlint's complaints are about names that are cAdvisor's contract; series of ours have none."""
    problems = facts("exposition", TEXT, path="/metrics")["problems"] or []
    theirs = re.compile(r"container_|machine_|cadvisor_|go_|process_")
    ours = [problem for problem in problems if not theirs.match(problem["Metric"])]
    assert ours == []
