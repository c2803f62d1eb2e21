"""A private containerd for tests: own socket, root and state, driven by ``ctr``; ended by pid, never by name."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

from tests.host.docker_engine import APPLETS, BUSYBOX

IMAGE = "localhost/pcf-test:latest"
PAUSE = "localhost/pcf-pause:latest"


class ContainerdEngine:
    """``with ContainerdEngine() as engine:`` runs a containerd of our own; ``engine.endpoint`` is where it listens."""

    def __init__(self) -> None:
        # Short: the path of a unix socket has room for 107 characters, and the shims' lie deep below.
        self.root = Path(tempfile.mkdtemp(prefix="pcf-cd-", dir="/tmp"))
        self.socket = self.root / "c.sock"
        self.endpoint = f"unix://{self.socket}"
        self.parent = f"pcf-test-{os.getpid()}-cd"
        self._containerd: subprocess.Popen[bytes] | None = None
        self._namespaces: set[str] = set()

    @staticmethod
    def missing() -> str:
        """What this host lacks for a private containerd; "" = nothing."""
        for program in ("containerd", "ctr", "runc"):
            if shutil.which(program, path=_path()) is None:
                return f"{program} is not installed"
        if not Path(BUSYBOX).exists():
            return f"{BUSYBOX} is not installed (busybox-static)"
        return "" if os.geteuid() == 0 else "not root"

    # ---- the daemon ----
    def start(self) -> None:
        """Starts containerd and waits until it answers; raises RuntimeError with its log's end."""
        config = self.root / "c.toml"
        config.write_text(
            f'version = 2\nroot = "{self.root}/r"\nstate = "{self.root}/s"\n'
            f'[grpc]\naddress = "{self.socket}"\n'
            f'[plugins."io.containerd.grpc.v1.cri"]\nrestrict_oom_score_adj = true\nsandbox_image = "{PAUSE}"\n'
            f'stream_server_port = "0"\ndisable_apparmor = true\nenable_unprivileged_ports = false\n'
            f'[plugins."io.containerd.grpc.v1.cri".cni]\nconf_dir = "{self.root}/cni"\n'
            f'[plugins."io.containerd.grpc.v1.cri".containerd]\nsnapshotter = "native"\n'
            f'[plugins."io.containerd.internal.v1.opt"]\npath = "{self.root}/opt"\n'
        )
        environment = {**os.environ, "PATH": _path()}
        with open(self.root / "log", "ab") as log:
            self._containerd = subprocess.Popen(
                ("containerd", f"--config={config}", "--log-level=warn"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        for _ in range(1200):
            if self._containerd.poll() is not None:
                break
            if self.socket.exists() and self._ctr("version").returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"containerd does not come up:\n{(self.root / 'log').read_text(errors='replace')[-4000:]}")

    def stop(self) -> None:
        """Removes all containers, ends containerd, and removes the directory."""
        try:
            if self._containerd is not None:
                self.thaw()
                if self._containerd.poll() is not None:
                    self.start()  # what it left running needs it to end
                for namespace in self._ctr("namespaces", "list", "-q").stdout.decode().split():
                    for ident in self.ctr("containers", "list", "-q", namespace=namespace).split():
                        self.remove(ident, namespace)
        finally:
            if self._containerd is not None:
                _end(self._containerd)
                self._containerd = None
            self._unmount()
            for hierarchy in (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").glob("*")):
                for directory, _, _ in os.walk(hierarchy / self.parent, topdown=False):  # pods have parents in it
                    with contextlib.suppress(OSError):
                        Path(directory).rmdir()
            shutil.rmtree(self.root, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL, as the OOM killer would: containers go on, the socket file stays."""
        assert self._containerd is not None
        self._containerd.kill()
        self._containerd.wait()

    def freeze(self) -> None:
        """The daemon stops answering and keeps its connections."""
        assert self._containerd is not None
        self._containerd.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undoes ``freeze``."""
        assert self._containerd is not None
        self._containerd.send_signal(signal.SIGCONT)

    def __enter__(self) -> ContainerdEngine:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # ---- containers ----
    def run(
        self,
        ident: str,
        *command: str,
        namespace: str = "default",
        labels: dict[str, str] | None = None,
        envs: dict[str, str] | None = None,
    ) -> None:
        """Starts a container below a test cgroup (default command: sleep)."""
        if namespace not in self._namespaces:
            self._import(namespace)
        arguments = [f"--label={key}={value}" for key, value in (labels or {}).items()]
        arguments += [f"--env={key}={value}" for key, value in (envs or {}).items()]
        self.ctr(
            "run", "--detach", "--snapshotter=native", f"--cgroup=/{self.parent}/{ident}", *arguments,
            IMAGE, ident, *(command or ("sleep", "100000")), namespace=namespace,
        )  # fmt: skip

    def pid(self, ident: str, namespace: str = "default") -> int:
        """Its task's first process; 0 = it has none."""
        lines = [line.split() for line in self.ctr("tasks", "list", namespace=namespace).splitlines()[1:]]
        return next((int(words[1]) for words in lines if words[0] == ident), 0)

    def remove(self, ident: str, namespace: str = "default") -> None:
        """Kills and removes a container, however far it is."""
        self._ctr("tasks", "kill", "--all", "--signal=9", ident, namespace=namespace)
        for _ in range(200):
            self._ctr("tasks", "delete", "--force", ident, namespace=namespace)
            if self._ctr("containers", "delete", ident, namespace=namespace).returncode == 0:
                return
            if ident not in self.ctr("containers", "list", "-q", namespace=namespace).split():
                return
            time.sleep(0.05)
        raise RuntimeError(f"container {ident} cannot be removed")

    def ctr(self, *command: str, namespace: str = "default") -> str:
        """``ctr`` with the namespace; its output. Raises RuntimeError with what it said when it fails."""
        done = self._ctr(*command, namespace=namespace)
        if done.returncode:
            raise RuntimeError(f"ctr {' '.join(command)}: {done.stderr.decode(errors='replace')[-600:]}")
        return done.stdout.decode()

    def try_ctr(self, *command: str, namespace: str = "default") -> bool:
        """The same where a failure is expected; whether it worked."""
        return self._ctr(*command, namespace=namespace).returncode == 0

    def import_image(self, archive: bytes, namespace: str) -> None:
        """An OCI archive into the images of a namespace."""
        file = self.root / "image.tar"
        file.write_bytes(archive)
        self.ctr("images", "import", "--snapshotter=native", str(file), namespace=namespace)
        file.unlink()

    def _import(self, namespace: str) -> None:
        self.import_image(image(IMAGE), namespace)
        self._namespaces.add(namespace)

    def _ctr(self, *command: str, namespace: str = "default") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ("ctr", f"--address={self.socket}", f"--namespace={namespace}", *command),
            capture_output=True,
            check=False,
            timeout=60,
            env={**os.environ, "PATH": _path()},
        )

    def _unmount(self) -> None:
        """What a container that ended badly left mounted below our directory."""
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.root}/")]):
            subprocess.run(["umount", "-l", mount], capture_output=True, check=False)


def image(name: str, command: tuple[str, ...] = ("/bin/sh",)) -> bytes:
    """An OCI archive of busybox alone, named ``name``."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for directory in ("bin", "proc", "sys", "dev", "tmp", "etc"):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        tar.add(BUSYBOX, "bin/busybox")
        for applet in APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    blobs: dict[str, bytes] = {}
    kind = "application/vnd.oci.image"
    config = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "os": "linux",
        "config": {"Cmd": list(command), "Env": ["PATH=/bin", "FROM_IMAGE=yes"]},
        "rootfs": {"type": "layers", "diff_ids": [_put(blobs, layer.getvalue())]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": _described(blobs, json.dumps(config).encode(), f"{kind}.config.v1+json"),
        "layers": [_described(blobs, layer.getvalue(), f"{kind}.layer.v1.tar")],
    }
    entry = _described(blobs, json.dumps(manifest).encode(), manifest["mediaType"])
    index = {"schemaVersion": 2, "manifests": [{**entry, "annotations": {"io.containerd.image.name": name}}]}
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(index).encode()}
    files |= {f"blobs/sha256/{digest.removeprefix('sha256:')}": data for digest, data in blobs.items()}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return archive.getvalue()


def _put(blobs: dict[str, bytes], data: bytes) -> str:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    blobs[digest] = data
    return digest


def _described(blobs: dict[str, bytes], data: bytes, media_type: object) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _put(blobs, data), "size": len(data)}


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
