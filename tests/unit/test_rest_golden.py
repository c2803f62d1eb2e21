"""cAdvisor's answers for two captured hosts, against files that people have read: tests/fixtures/cadvisor/*.json.

``python -m tests.unit.test_rest_golden`` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.discovery.limit_files import FileLimits
from pycadvisor_fast.discovery.specs import limits_of, make
from pycadvisor_fast.faces.rest.stats_json import Answers, Range
from pycadvisor_fast.filesystem import Storage
from pycadvisor_fast.machine.model import Machine
from pycadvisor_fast.native import ABSENT
from pycadvisor_fast.spec import UNLIMITED, Spec

from .cadvisor_reference import Sample
from .handmade_ring import FakeFeed, RingWriter, container
from .kernel_text import GROUPS_OF_FILES, Rows, Tree
from .test_rest_storage_json import ROOT, TREES

FIXTURES = Path(__file__).parents[1] / "fixtures"
HOSTS = ("6.1-v1", "6.12-v2")
LOOP = dataclasses.replace(ROOT.device, name="loop0", major=7, minor=0) if ROOT.device else None
_LIMITS = (
    *("memory_bytes", "memory_soft_bytes", "memory_low_bytes", "memory_min_bytes", "memsw_bytes", "swap_bytes"),
    *("cpu_shares", "cpu_weight", "cpu_quota_usec", "cpu_period_usec", "cpu_burst_usec", "pids"),
)


class CapturedFeed(FakeFeed):
    """A feed of one host: "/docker/web" is the captured cgroup, "/" and "/docker" have nothing but a name."""

    def __init__(self, directory: Path, name: str) -> None:
        self.is_v2 = name.endswith("v2")
        tree = Tree(FIXTURES / name, is_v2=self.is_v2)
        self.rows = tree.rows()
        web = container(
            2,
            path="/docker/web",
            namespace="docker",
            image="registry/web:1",
            labels={"b": "<two>", "a": "one"},
            envs={"LEVEL": "debug"},
            created_ns=1_700_000_000_120_000_000,
            started_ns=1_700_000_000_500_000_000,
            layer_path="/var/lib/docker/overlay2/l/diff",
            health="healthy",
            netns_owner=2,
        )
        writer = RingWriter(
            directory, {**dict.fromkeys(GROUPS_OF_FILES, 100), "limits": 200}, absent_columns=tree.missing()
        )
        super().__init__(writer, (Container("/", 0, 1), Container("/docker", 1, 1), web))
        self.storage = Storage((ROOT,), (LOOP,) if LOOP else (), containers={web.handle: TREES})
        self._write(web)

    def _write(self, web: Container) -> None:
        """Two ticks; CPU time goes on between them, the rest stands still."""
        for tick, more in ((10, 0), (11, 25_000_000)):
            rows = {(group, web.slot, 1, key): dict(values) for (group, key), values in self.rows.items()}
            rows["cpu", web.slot, 1, ""]["usage_ns"] += more
            rows["cpu", web.slot, 1, ""]["user_ns"] += more
            self.writer.write(tick, rows, offset_usec=137)

    def spec_of(self, one: Container) -> Spec:
        row = self.rows["limits", ""] if one.slot == 2 else {}
        values = tuple(row.get(name, ABSENT) for name in _LIMITS)
        return make(
            one, limits_of(values, FileLimits(cpu_mask="0-1", hugetlb_bytes={"2MB": UNLIMITED}), is_v2=self.is_v2)
        )

    def host(self) -> dict[str, Any]:
        return {"facts": {"layout": "v2" if self.is_v2 else "v1"}, "plan": {}, "notes": []}

    def machine(self, *, fresh: bool = False) -> Machine:
        empty = Machine()
        return dataclasses.replace(empty, memory=dataclasses.replace(empty.memory, capacity_bytes=8 << 30))


def answered(name: str) -> dict[str, Any]:
    """All answers about that host, as what a client reads."""
    with tempfile.TemporaryDirectory() as directory:
        feed = CapturedFeed(Path(directory), name)
        answers = Answers(feed)  # type: ignore[arg-type]
        specs, both = feed.specs(), Range(60)
        found = {
            "api/v1.3/docker/web": b"".join(answers.map_v1(specs[2:], both)),
            "api/v1.3/subcontainers/docker": b"".join(answers.list_v1(specs[1:], Range(0), with_envs=True)),
            "api/v2.0/stats/docker/web": b"".join(answers.stats_v20(specs[2:], Range(1))),
            "api/v2.1/stats/docker/web": b"".join(answers.stats_v21(specs[2:], both)),
            "api/v2.0/spec/docker/web": answers.specs_v2(specs[2:]),
            "api/v2.0/storage": answers.storage(),
        }
        answers.close()
        feed.writer.close()
    return {route: json.loads(text or b"null") for route, text in found.items()}


def golden(name: str) -> Path:
    return FIXTURES / "cadvisor" / f"{name}.json"


def text_of(name: str) -> str:
    return json.dumps(answered(name), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", HOSTS)
def test_answers_are_those_on_file(name: str) -> None:
    assert text_of(name) == golden(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", HOSTS)
def test_what_is_on_file_is_what_the_kernel_wrote(name: str) -> None:
    """Numbers a person can find in the captured text, by cAdvisor's names."""
    sample = json.loads(golden(name).read_text())["api/v1.3/docker/web"]["/docker/web"]["stats"][0]
    is_v2 = name.endswith("v2")
    rows: Rows = Tree(FIXTURES / name, is_v2=is_v2).rows()
    reference = Sample(rows, 0, is_v2=is_v2, devices={"7:0": "/dev/loop0"}).v1()
    for part in ("cpu", "diskio", "memory", "hugetlb", "network", "processes", "cpuset"):
        assert sample[part] == reference[part], part
    usage = sample["memory"]["usage"]
    file = "unified/memory.current" if is_v2 else "memory/memory.usage_in_bytes"
    assert usage == int((FIXTURES / name / file).read_text())


if __name__ == "__main__":
    for host in HOSTS:
        golden(host).parent.mkdir(exist_ok=True)
        golden(host).write_text(text_of(host), encoding="utf-8")
