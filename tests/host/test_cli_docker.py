"""What the README promises a newcomer: a Docker container by its name, with live numbers ten times a second."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.docker_engine import DockerEngine
from tests.host.test_cli_daemon import PROGRAM, Daemon, call, environment

pytestmark = [pytest.mark.root, pytest.mark.docker]


@pytest.fixture
def daemon(docker_engine: DockerEngine, tmp_path: Path) -> Iterator[Daemon]:
    running = Daemon(tmp_path, "--housekeeping_interval=100ms", f"--docker={docker_engine.endpoint}")
    running.ready()
    yield running
    assert running.end() == 0


def test_watch_shows_a_docker_container_by_its_name(docker_engine: DockerEngine, daemon: Daemon) -> None:
    words = [*PROGRAM, "watch", f"--target={daemon.target}", "--name=pcf-web", "--format=jsonl", "--group=cpu,memory"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()) as watch:
        assert watch.stdout is not None
        ident = docker_engine.run("pcf-web", "sh", "-c", "while :; do :; done", Labels={"tier": "front"})
        try:
            entries = [json.loads(watch.stdout.readline()) for _ in range(12)]
        finally:
            watch.terminate()
            docker_engine.remove(ident)
    assert {entry["container"]["name"] for entry in entries} == {"pcf-web"}
    assert entries[-1]["container"]["id"] == ident
    assert entries[-1]["container"]["labels"]["tier"] == "front"
    ticks = [entry["tick"] for entry in entries]
    assert ticks == sorted(set(ticks))
    usage = [entry["groups"]["cpu"]["usage_ns"] for entry in entries]
    assert usage[-1] > usage[0]


def test_ls_and_get_know_it_by_name_id_image_and_label(docker_engine: DockerEngine, daemon: Daemon) -> None:
    ident = docker_engine.run("pcf-db", Labels={"tier": "back"})
    try:
        subprocess.run(
            [
                *PROGRAM,
                "watch",
                f"--target={daemon.target}",
                "--name=pcf-db",
                "--count=2",
                "--format=jsonl",
                "--group=cpu",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=30,
            env=environment(),
        )
        for flags in (["pcf-db"], [f"--id={ident[:8]}"], ["--label=tier=ba*"], ["--runtime=docker", "--name=pcf-*"]):
            found = json.loads(call("ls", "--json", f"--target={daemon.target}", *flags).stdout)
            assert [entry["name"] for entry in found] == ["pcf-db"], flags
        by_id = json.loads(call("get", ident[:12], "--json", f"--target={daemon.target}").stdout)
        assert by_id["container"]["name"] == "pcf-db"
        assert by_id["groups"]["pids"]["values"]["current"] >= 1
        in_ring = json.loads(call("ls", "pcf-db", "--json", f"--ring_dir={daemon.ring}").stdout)
        assert [entry["id"] for entry in in_ring] == [ident]
    finally:
        docker_engine.remove(ident)
