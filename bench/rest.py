"""cAdvisor's JSON: what an answer of many samples costs, beside the least that dicts and json.dumps would."""

from __future__ import annotations

import json
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator

from pycadvisor_fast import Collector, CollectorOptions
from pycadvisor_fast.faces.rest.stats_json import Answers, Range

from .cgroups import Cgroups
from .report import Part, Table, Target

SAMPLES = 60  # what v1 answers unless asked for another number
V1_CONTAINERS, V2_CONTAINERS = 500, 1000
_V1_MS, _V2_MS = 150.0, 25.0  # what is promised
_INTERVAL_S, _SETTLE_S = 0.1, 60.0
_DICT_CONTAINERS = 50  # dicts of more would take gigabytes

Row = tuple[str, float, float, float]


def measure(count: int, rounds: int) -> Part:
    """Answers over ``count`` cgroups (half of them for v1), each made ``rounds`` times."""
    part = Part("REST answers")
    few = max(1, min(V1_CONTAINERS, count // 2))
    with Cgroups(count, is_busy=True, name="rest") as cgroups:
        options = CollectorOptions(
            interval=_INTERVAL_S,
            history=SAMPLES * _INTERVAL_S + 2,
            ring_memory=0,
            docker=None,
            include=(f"/{cgroups.parent}/*",),
        )
        with Collector(options) as collector:
            cgroups.kick()
            _settle(collector, count)
            answers = Answers(collector)
            specs = [spec for spec in collector.specs() if spec.container.path.startswith(f"/{cgroups.parent}/")]
            v1 = _times(lambda: answers.map_v1(specs[:few], Range(SAMPLES)), rounds)
            whole = _times(lambda: iter([b"".join(answers.map_v1(specs[:few], Range(SAMPLES)))]), rounds)
            v21 = _times(lambda: answers.stats_v21(specs, Range(1)), rounds)
            rows = [
                _dicts(f"v1.3, {few} containers x {SAMPLES}", few, answers.map_v1(specs[:few], Range(SAMPLES)), rounds),
                _dicts(f"v2.1, {len(specs)} containers x 1", len(specs), answers.stats_v21(specs, Range(1)), rounds),
            ]
            answers.close()
    part.tables.append(
        Table(
            "An answer, milliseconds",
            ("answer", "CPU", "wall", "MB"),
            (
                (f"/api/v1.3/docker, {few} containers x {SAMPLES} samples, in pieces", *v1),
                ("the same in one piece", *whole),
                (f"/api/v2.1/stats?recursive=true&count=1, {len(specs)} containers", *v21),
                *rows,
            ),
            note="in pieces: as it is sent. json.dumps: of dicts that are there already, in proportion to "
            f"{_DICT_CONTAINERS} containers; making them of the ring would come on top.",
        )
    )
    is_whole = few >= V1_CONTAINERS and len(specs) >= V2_CONTAINERS
    part.targets += [
        Target(f"/api/v1.3/docker, {V1_CONTAINERS} containers x {SAMPLES} samples", _V1_MS, _if(is_whole, v1[0]), "ms"),
        Target(f"/api/v2.1/stats, {V2_CONTAINERS} containers, count=1", _V2_MS, _if(is_whole, v21[0]), "ms"),
    ]
    return part


def _settle(collector: Collector, count: int) -> None:
    """Waits until the ring holds all the samples of all containers."""
    until = time.monotonic() + _SETTLE_S
    while time.monotonic() < until:
        window = collector.window("cpu", SAMPLES * _INTERVAL_S + 1)
        held = len(window.ticks)
        if held >= SAMPLES and len(collector.containers()) >= count:
            return
        time.sleep(_INTERVAL_S)
    raise RuntimeError(
        f"after {_SETTLE_S:.0f} s the ring holds {held} ticks of {len(collector.containers())} containers"
    )


def _times(answer: Callable[[], Iterator[bytes]], rounds: int) -> tuple[float, float, float]:
    """Median CPU and wall time of making all pieces, each dropped when the next is there; and megabytes."""
    size = sum(map(len, answer()))
    cpu, wall = [], []
    for _ in range(rounds):
        began_cpu, began = time.thread_time(), time.perf_counter()
        deque(answer(), maxlen=1)
        cpu.append((time.thread_time() - began_cpu) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    return statistics.median(cpu), statistics.median(wall), size / 1e6


def _dicts(name: str, containers: int, pieces: Iterator[bytes], rounds: int) -> Row:
    """json.dumps of the same answer, or of a part of it and in proportion."""
    whole = json.loads(b"".join(pieces))
    some = {path: whole[path] for path in list(whole)[:_DICT_CONTAINERS]}
    del whole
    factor = containers / len(some)
    cpu, wall, size = _times(lambda: iter([json.dumps(some, separators=(",", ":")).encode()]), rounds)
    return f"json.dumps: {name}", cpu * factor, wall * factor, size * factor


def _if(is_whole: bool, measured: float) -> float | None:
    return measured if is_whole else None
