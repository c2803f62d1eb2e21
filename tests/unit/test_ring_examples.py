"""examples/attach.py, run as it is. examples/agent.c is built and run by test_packaging.py."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from tests.unit.ring_writer import Writer

ROOT = Path(__file__).resolve().parents[2]


def test_attach_prints_who_uses_the_cpu(tmp_path: Path) -> None:
    done = threading.Event()
    with Writer(tmp_path / "ring") as writer:
        writer.open("cpu", ring_len=100)
        for path in ("/", "/idle"):
            slot, generation = writer.claim(path)
            writer.row("cpu", slot, generation)
        writer.describe(0, runtime="docker", name="busy-one")

        def sample() -> None:
            tick = 0
            while not done.is_set():
                tick += 50
                writer.tick("cpu", tick, {0: {"usage_ns": tick * 500_000}, 1: {"usage_ns": 7}})
                done.wait(0.05)

        writer.tick("cpu", 1, {})
        thread = threading.Thread(target=sample)
        thread.start()
        process = subprocess.Popen(
            [sys.executable, "-u", "examples/attach.py", writer.path],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(3)]
        finally:
            process.terminate()
            process.communicate(timeout=30)
            done.set()
            thread.join()
    assert lines[0].endswith(": 2 containers\n")
    assert lines[1].split() == ["50.00", "%", "busy-one"]
    assert lines[2].split() == ["0.00", "%", "/idle"]


def test_attach_says_what_is_wrong(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "examples/attach.py", str(tmp_path / "none")],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "has a collector run with this ring directory?" in done.stderr
    assert "Traceback" not in done.stderr
