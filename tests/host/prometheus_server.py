"""A real Prometheus of the test: loopback, one target, its storage in a temporary folder; ended by its process."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.host.http_daemon import eventually, free_port

UNPACKED = Path(__file__).resolve().parents[2] / ".cache" / "prometheus" / "usr" / "bin"  # by .ci/packages
CONFIG = """\
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: cadvisor
    static_configs:
      - targets: ["{target}"]
"""


def program(name: str) -> str:
    """Path of prometheus or promtool; "" when it is not here."""
    found = shutil.which(name)
    if found is None and (UNPACKED / name).exists():
        found = str(UNPACKED / name)
    return found or ""


class Prometheus:
    """``with Prometheus("127.0.0.1:1234") as server:`` scrapes it once a second."""

    def __init__(self, target: str, *flags: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pcf-prometheus-"))
        self._address = f"127.0.0.1:{free_port()}"
        (self._folder / "config.yml").write_text(CONFIG.format(target=target))
        self._log = self._folder / "log"
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Prometheus:
        command = [
            program("prometheus"),
            f"--config.file={self._folder}/config.yml",
            f"--storage.tsdb.path={self._folder}/data",
            f"--web.listen-address={self._address}",
            *self._flags,
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            eventually(self._is_ready, why=self._log.read_text)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            self._get("/-/ready")
        except OSError:
            return False
        return True

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://{self._address}{path}", timeout=30) as response:
            body: bytes = response.read()
        return body

    def _api(self, path: str, **query: str) -> Any:
        answer = json.loads(self._get(f"/api/v1/{path}?{urllib.parse.urlencode(query)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> dict[frozenset[tuple[str, str]], float]:
        """An instant query: value by labels."""
        found = self._api("query", query=expression)["result"]
        return {frozenset(one["metric"].items()): float(one["value"][1]) for one in found}

    def value(self, expression: str) -> float | None:
        """The value of a query with one result, None: no result yet."""
        found = list(self.query(expression).values())
        assert len(found) < 2, f"{expression}: {len(found)} series"
        return found[0] if found else None

    def samples(self, series: str, seconds: int) -> list[tuple[float, float]]:
        """(time, value) of one series over the last seconds."""
        found = self._api("query", query=f"{series}[{seconds}s]")["result"]
        assert len(found) == 1, f"{series}: {len(found)} series"
        return [(float(time), float(value)) for time, value in found[0]["values"]]

    def target(self) -> dict[str, Any]:
        """What it says of its one target."""
        (found,) = self._api("targets")["activeTargets"]
        return dict(found)

    def complaints(self) -> list[str]:
        """Lines of its log that are no plain information."""
        return [line for line in self._log.read_text().splitlines() if re.search(r"\blevel=(?!info|debug)", line)]

    def own(self, name: str) -> float:
        """A number of its own /metrics."""
        lines = self._get("/metrics").decode().splitlines()
        (line,) = [line for line in lines if re.match(rf"{re.escape(name)}(\{{.*\}})? ", line)]
        return float(line.rpartition(" ")[2])
