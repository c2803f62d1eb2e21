"""Who the containers are: 500 of them named by a stand-in engine at start, and specs for a client, kept ready."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pycadvisor_fast import Collector
from pycadvisor_fast.faces.grpc.specs import SpecAnswers
from pycadvisor_fast.views.selection import Selector
from tests.unit.docker_fake import FakeDocker

from .cgroups import Cgroups, hierarchies
from .report import Part, Table, Target

NAMED = 500
_SECONDS, _MIB, _MILLISECONDS = 3.0, 30.0, 10.0  # what is promised


def measure(count: int, rounds: int) -> Part:
    """Specs of ``count`` cgroups, the answer made ``rounds`` times."""
    part = Part("Identity")
    named = min(count, NAMED)
    least, mib_of_one = _naming(1)
    seconds, mib = _naming(named)
    first, again, size = _specs(count, rounds)
    part.tables.append(
        Table(
            "From start to everything named, and what the process has grown by",
            ("containers", "s", "MiB"),
            (("1", least, mib_of_one), (str(named), seconds, mib)),
            note="a stand-in engine in another process answers for raw cgroups",
        )
    )
    part.tables.append(
        Table(
            f"GetSpec of {count} containers, CPU of the server",
            ("answer", "ms", "KiB"),
            (("first", first, size / 1024), ("from what is ready", again, size / 1024)),
        )
    )
    is_whole = count >= 1000
    part.targets += [
        Target(f"{NAMED} containers named at start", _SECONDS, seconds if is_whole else None, "s"),
        Target(f"memory for {NAMED} named containers", _MIB, mib - mib_of_one if is_whole else None, "MiB"),
        Target("spec of 1000 containers", _MILLISECONDS, again if is_whole else None, "ms"),
    ]
    return part


def _specs(count: int, rounds: int) -> tuple[float, float, int]:
    with Cgroups(count, name="specs") as cgroups:
        options = {"docker": None, "interval": 1.0, "history": 2, "include": (f"/{cgroups.parent}/*",)}
        with Collector(**options) as collector:
            collector.wait(timeout=10)
            answers, everything = SpecAnswers(collector), Selector()
            times = []
            for _ in range(rounds + 1):
                began = time.thread_time()
                size = len(answers.answer(everything))
                times.append((time.thread_time() - began) * 1000)
    return times[0], statistics.median(times[1:]), size


def _naming(count: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="pcf-bench-") as directory, Cgroups(1, name="named") as cgroups:
        parent = cgroups.paths[0]
        fake = FakeDocker(Path(directory) / "docker.sock")
        made = []
        try:
            for index in range(count):
                ident = f"{index:064x}"
                labels = {f"com.example.label-{number}": "some value of usual length" for number in range(10)}
                fake.add(ident, f"web-{index}", labels=labels, env=[f"VARIABLE_{n}=some value" for n in range(20)])
                for mount, _ in hierarchies():
                    made.append(mount / f"{parent.lstrip('/')}/{ident}")
                    made[-1].mkdir()
            fake.start()
            worker = [sys.executable, "-m", "bench.identity_worker", str(fake.path), parent, str(count)]
            found = json.loads(subprocess.run(worker, capture_output=True, check=True, timeout=120).stdout)
        finally:
            fake.stop()
            for path in made:
                path.rmdir()
    return found["seconds"], found["bytes"] / 2**20
