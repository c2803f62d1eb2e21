"""A private Docker daemon for tests: own containerd, socket, data and network bridge; ended by pid, never by name."""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

IMAGE = "pcf-test:latest"
BUSYBOX = "/bin/busybox"  # busybox-static: the image is this one file and links to it
APPLETS = ("sh", "sleep", "cat", "dd", "true", "wget", "nc", "echo", "mkdir", "ls", "httpd", "ip")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class DockerEngine:
    """``with DockerEngine() as engine:`` runs a dockerd of our own. ``engine.endpoint`` is for the flag ``docker``."""

    def __init__(self, *, arguments: tuple[str, ...] = ()) -> None:
        # Short: the path of a unix socket has room for 107 characters, and containerd's lie deep below.
        self.root = Path(tempfile.mkdtemp(prefix="pcf-docker-", dir="/tmp"))
        self.socket = self.root / "d.sock"
        self.endpoint = f"unix://{self.socket}"
        self._arguments = arguments
        self._made_cgroups = [path for path in Path("/sys/fs/cgroup").glob("*") if not (path / "docker").exists()]
        self._dockerd: subprocess.Popen[bytes] | None = None
        self._containerd: subprocess.Popen[bytes] | None = None
        self._containerd_socket = self.root / "c.sock"
        self.containerd_endpoint = f"unix://{self._containerd_socket}"

    @staticmethod
    def missing() -> str:
        """What this host lacks for a private dockerd; "" = nothing."""
        for program in ("dockerd", "containerd", "runc"):
            if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
                return f"{program} is not installed"
        if not Path(BUSYBOX).exists():
            return f"{BUSYBOX} is not installed (busybox-static)"
        return "" if os.geteuid() == 0 else "not root"

    # ---- the daemon ----
    def start(self) -> None:
        """Starts dockerd, waits until it answers, and makes the image; raises RuntimeError with its log's end.

        containerd runs beside it, as it does on hosts: containers outlive a dockerd that is killed.
        """
        if self._containerd is None:
            containerd = self.root / "c.toml"
            containerd.write_text(
                f'version = 2\nroot = "{self.root}/cd"\nstate = "{self.root}/cs"\n'
                f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "{self._containerd_socket}"\n'
            )
            self._containerd = self._spawn("containerd", f"--config={containerd}", "--log-level=warn")
        self._dockerd = self._spawn(
            "dockerd",
            f"--host={self.endpoint}",
            f"--containerd={self._containerd_socket}",
            f"--data-root={self.root}/data",
            f"--exec-root={self.root}/exec",
            f"--pidfile={self.root}/docker.pid",
            "--storage-driver=vfs",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-masq=false",
            "--log-level=warn",
            "--live-restore",
            *(self._arguments or self._bridge()),
        )
        self._await()
        if not self.request("GET", f"/images/{quote(IMAGE, safe='')}/json", allow=(200, 404)).get("Id"):
            self._make_image()

    def stop(self) -> None:
        """Removes all containers, ends dockerd and containerd, and removes the directory."""
        try:
            if self._dockerd is not None:
                self.thaw()
                if self._dockerd.poll() is not None:
                    self.start()  # what it left running needs it to end
                for entry in self.request("GET", "/containers/json?all=1"):
                    self.request("DELETE", f"/containers/{entry['Id']}?force=1", allow=(204, 404, 409))
        finally:
            for process in (self._dockerd, self._containerd):
                if process is not None:
                    _end(process)
            self._dockerd = self._containerd = None
            subprocess.run(["ip", "link", "del", self._bridge_name], capture_output=True, check=False)
            self._unmount()
            for hierarchy in self._made_cgroups:
                try:
                    (hierarchy / "docker").rmdir()  # the parent of all containers, made by the first one
                except OSError:
                    pass
            shutil.rmtree(self.root, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL, as the OOM killer would: containers go on, the socket file stays."""
        assert self._dockerd is not None
        self._dockerd.kill()
        self._dockerd.wait()

    def freeze(self) -> None:
        """The daemon stops answering and keeps its connections."""
        assert self._dockerd is not None
        self._dockerd.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undoes ``freeze``."""
        assert self._dockerd is not None
        self._dockerd.send_signal(signal.SIGCONT)

    def __enter__(self) -> DockerEngine:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # ---- containers ----
    def run(self, name: str = "", *command: str, **config: Any) -> str:
        """Starts a container (default command: sleep) and returns its id; ``config`` is that of /containers/create."""
        body = {"Image": IMAGE, "Cmd": list(command) or ["sleep", "100000"], "StopTimeout": 0, **config}
        target = "/containers/create" + (f"?name={quote(name)}" if name else "")
        ident = str(self.request("POST", target, body, allow=(201,))["Id"])
        self.request("POST", f"/containers/{ident}/start", allow=(204,))
        return ident

    def rename(self, ident: str, name: str) -> None:
        self.request("POST", f"/containers/{ident}/rename?name={quote(name)}", allow=(204,))

    def remove(self, ident: str) -> None:
        self.request("DELETE", f"/containers/{ident}?force=1", allow=(204, 404))

    def inspect(self, ident: str) -> dict[str, Any]:
        found: dict[str, Any] = self.request("GET", f"/containers/{ident}/json")
        return found

    def request(self, method: str, target: str, body: Any = None, *, allow: tuple[int, ...] = (200,)) -> Any:
        """One request; the answer as JSON ({} when empty). Raises RuntimeError for a status not in ``allow``."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/x-tar" if isinstance(body, bytes) else "application/json"
        connection = _UnixConnection(str(self.socket), 60.0)
        try:
            connection.request(method, target, data, {"Content-Type": kind} if data else {})
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status not in allow:
            raise RuntimeError(f"{method} {target}: {response.status} {text[:500].decode(errors='replace')}")
        try:
            return json.loads(text) if text else {}
        except ValueError:
            return {}

    # ---- how it is made ----
    @property
    def _bridge_name(self) -> str:
        return f"pcf{os.getpid() % 100_000_000}"[:15]

    def _bridge(self) -> tuple[str, ...]:
        """A bridge of our own, so that a Docker of the host and its docker0 are left alone; else no network."""
        name = self._bridge_name
        made = subprocess.run(["ip", "link", "add", name, "type", "bridge"], capture_output=True, check=False)
        if made.returncode and b"exists" not in made.stderr:
            return ("--bridge=none",)
        subprocess.run(["ip", "addr", "replace", "198.18.77.1/24", "dev", name], check=True, capture_output=True)
        subprocess.run(["ip", "link", "set", name, "up"], check=True, capture_output=True)
        return (f"--bridge={name}",)

    def _await(self) -> None:
        assert self._dockerd is not None
        for _ in range(1200):
            if self._dockerd.poll() is not None:
                break
            try:
                self.request("GET", "/_ping")
                return
            except (OSError, RuntimeError):
                time.sleep(0.05)
        raise RuntimeError(f"dockerd does not come up:\n{(self.root / 'log').read_text(errors='replace')[-4000:]}")

    def _make_image(self) -> None:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for directory in ("bin", "proc", "sys", "dev", "tmp", "etc"):
                entry = tarfile.TarInfo(directory)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            tar.add(BUSYBOX, "bin/busybox")
            for applet in APPLETS:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        name, _, tag = IMAGE.partition(":")
        target = f"/images/create?fromSrc=-&repo={name}&tag={tag}&changes={quote('ENV PATH=/bin')}"
        self.request("POST", target, archive.getvalue())

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
        with open(self.root / "log", "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def _unmount(self) -> None:
        """What a container that ended badly left mounted below our directory."""
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.root}/")]):
            subprocess.run(["umount", "-l", mount], capture_output=True, check=False)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
