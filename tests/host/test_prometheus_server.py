"""A real Prometheus scrapes a live daemon once a second, without one complaint, and answers what dashboards ask.

Numbers are checked against ``docker stats`` of a private Docker: a counter lies between two looks of Docker.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.host.docker_engine import DockerEngine
from tests.host.http_daemon import (
    FILE_BYTES,
    MEMORY_LIMIT,
    QUOTA_CORES,
    HttpDaemon,
    Shop,
    eventually,
    http_daemon,
    shop,
)
from tests.host.prometheus_server import Prometheus, program

pytestmark = [pytest.mark.root, pytest.mark.docker, pytest.mark.slow]

# What it asks for: OpenMetrics by default; with native histograms protobuf, which brings them.
WAYS = {"openmetrics": (), "protobuf": ("--enable-feature=native-histograms",)}
# Counted by Prometheus when samples are not what a scrape should have.
FAULTS = (
    "prometheus_target_scrapes_sample_duplicate_timestamp_total",
    "prometheus_target_scrapes_sample_out_of_order_total",
    "prometheus_target_scrapes_sample_out_of_bounds_total",
    "prometheus_target_scrapes_exceeded_sample_limit_total",
    "prometheus_target_scrapes_exemplar_out_of_order_total",
)


@pytest.fixture(scope="module")
def bazaar(docker_engine: DockerEngine) -> Iterator[Shop]:
    with shop(docker_engine, f"pcf-prom-{os.getpid()}") as made:
        yield made


@pytest.fixture(scope="module")
def daemon(docker_engine: DockerEngine, bazaar: Shop) -> Iterator[HttpDaemon]:
    with http_daemon("--housekeeping_interval=200ms", f"--docker={docker_engine.endpoint}") as running:
        eventually(lambda: f'name="{bazaar.buyer}"' in running.get("/metrics").decode())
        yield running


@pytest.fixture(scope="module", params=WAYS)
def server(request: pytest.FixtureRequest, daemon: HttpDaemon, bazaar: Shop) -> Iterator[Prometheus]:
    if not program("prometheus"):
        pytest.skip("prometheus is not here; .ci/packages test brings it, and CI has it")
    with Prometheus(daemon.url.removeprefix("http://"), *WAYS[request.param]) as running:
        # Ten scrapes: a rate over ten seconds then has what it needs.
        eventually(lambda: (running.value("count_over_time(up[30s])") or 0) >= 10, why=running.target)
        yield running


def test_it_is_up_and_nothing_was_complained_of(server: Prometheus) -> None:
    # A scrape may take longer than its second while the machine does other things: ten in a row that did not.
    eventually(lambda: server.value("min_over_time(up[10s])") == 1, why=server.target)
    assert server.target()["lastError"] == ""
    assert [server.own(name) for name in FAULTS] == [0] * len(FAULTS)
    assert server.complaints() == []


def test_no_scrape_failed_inside(server: Prometheus) -> None:
    assert server.value("container_scrape_error") == 0
    assert server.value("machine_scrape_error") == 0
    assert server.value("count(cadvisor_version_info)") == 1


def test_cpu_rate_by_name(server: Prometheus, bazaar: Shop) -> None:
    expression = 'sum by (name) (rate(container_cpu_usage_seconds_total{name!=""}[10s]))'
    rates = {dict(labels)["name"]: value for labels, value in server.query(expression).items()}
    assert set(bazaar.ids) <= set(rates)
    # The quota holds on average; a burst at either end of the window is a period (100 ms) of two cores.
    assert 0 < rates[bazaar.busy] <= QUOTA_CORES * 1.3
    assert rates[bazaar.store] >= 0


def test_a_cpu_counter_lies_between_two_looks_of_docker(server: Prometheus, bazaar: Shop) -> None:
    series = f'sum(container_cpu_usage_seconds_total{{name="{bazaar.busy}"}})'
    before = bazaar.stats(bazaar.busy)["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
    found = eventually(lambda: (value := server.value(series) or 0) >= before and value)
    assert before <= found <= bazaar.stats(bazaar.busy)["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9


def test_working_set(server: Prometheus, bazaar: Shop) -> None:
    found = server.value(f'container_memory_working_set_bytes{{name="{bazaar.store}"}}')
    memory = bazaar.stats(bazaar.store)["memory_stats"]
    stats = memory["stats"]
    inactive = stats.get("total_inactive_file", stats.get("inactive_file", 0))
    assert found == pytest.approx(memory["usage"] - inactive, rel=0.2, abs=4 << 20)
    assert server.value(f'container_spec_memory_limit_bytes{{name="{bazaar.store}"}}') == MEMORY_LIMIT
    share = "container_memory_working_set_bytes / (container_spec_memory_limit_bytes > 0)"
    by_name = {dict(labels).get("name"): value for labels, value in server.query(share).items()}
    assert 0 < by_name[bazaar.store] < 1


def test_network(server: Prometheus, bazaar: Shop) -> None:
    series = f'sum(container_network_receive_bytes_total{{name="{bazaar.buyer}"}})'
    before = bazaar.received(bazaar.buyer)
    found = eventually(lambda: (value := server.value(series) or 0) >= before and value)
    # Docker's counters and ours are read in another order; what comes between is less than a file.
    assert before <= found <= bazaar.received(bazaar.buyer) + FILE_BYTES
    rate = server.value(f'sum(rate(container_network_receive_bytes_total{{name="{bazaar.buyer}"}}[10s]))')
    assert rate is not None
    assert rate > 0
    sent = server.query(f'container_network_transmit_bytes_total{{name="{bazaar.store}"}}')
    assert {dict(labels)["interface"] for labels in sent} == {"eth0"}


def test_throttling(server: Prometheus, bazaar: Shop) -> None:
    periods = "container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_periods_total"
    throttled, all_periods = (f'rate({name}{{name="{bazaar.busy}"}}[10s])' for name in periods)
    share = server.value(f"{throttled} / {all_periods}")
    assert share is not None
    assert 0 < share <= 1
    before = bazaar.stats(bazaar.busy)["cpu_stats"]["throttling_data"]["throttled_periods"]
    series = f'{periods[0]}{{name="{bazaar.busy}"}}'
    found = eventually(lambda: (value := server.value(series) or 0) >= before and value)
    assert found <= bazaar.stats(bazaar.busy)["cpu_stats"]["throttling_data"]["throttled_periods"]
    quota, period = (server.value(f'container_spec_cpu_{what}{{name="{bazaar.busy}"}}') for what in ("quota", "period"))
    assert quota is not None
    assert period is not None
    assert quota / period == QUOTA_CORES
    # A container without a quota has no such series.
    assert server.query(f'{periods[0]}{{name="{bazaar.buyer}"}}') == {}


def test_filesystems_of_the_host_and_of_a_container(server: Prometheus, bazaar: Shop) -> None:
    where = os.statvfs("/")
    limits = server.query('container_fs_limit_bytes{id="/"}')
    assert where.f_blocks * where.f_frsize in limits.values()
    share = server.query('max by (device) (container_fs_usage_bytes{id="/"} / container_fs_limit_bytes{id="/"})')
    assert share
    assert all(0 <= value <= 1 for value in share.values())
    layer = f'sum(container_fs_usage_bytes{{name="{bazaar.store}"}})'
    assert eventually(lambda: (value := server.value(layer) or 0) >= FILE_BYTES and value, seconds=120) < 4 * FILE_BYTES


def test_restarts(server: Prometheus, bazaar: Shop, docker_engine: DockerEngine) -> None:
    series = f'container_start_time_seconds{{name="{bazaar.store}"}}'
    first = server.value(series)
    assert first is not None
    docker_engine.request("POST", f"/containers/{bazaar.ids[bazaar.store]}/restart?t=0", allow=(204,))
    # As a dashboard counts them. The cgroup has the same path, so it is the same series.
    assert eventually(lambda: (server.value(f"changes({series}[1m])") or 0) >= 1)
    now = server.value(series)
    assert now is not None
    assert now > first
    assert server.complaints() == []


def test_machine(server: Prometheus) -> None:
    assert server.value("machine_cpu_cores") == os.cpu_count()
    used = "sum(rate(container_cpu_usage_seconds_total{id='/'}[10s])) / scalar(machine_cpu_cores)"
    share = server.value(used)
    assert share is not None
    assert 0 < share <= 1.05


# ---- promtool

# What promtool's linter says of names that are cAdvisor's contract; nothing else may be said.
CONTRACT = ("container_", "machine_", "cadvisor_", "go_", "process_")


def test_promtool_finds_nothing_but_cadvisors_own_names(daemon: HttpDaemon) -> None:
    if not program("promtool"):
        pytest.skip("promtool is not here; .ci/packages test brings it, and CI has it")
    text = daemon.get("/metrics", Accept="text/plain;version=0.0.4")
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, timeout=120, check=False
    )
    said = (done.stdout + done.stderr).decode().splitlines()
    assert done.returncode in (0, 3), said  # 1: it cannot be read; 3: only the linter has something to say
    assert [line for line in said if not line.startswith(CONTRACT)] == []
