"""A private podman for tests: own storage, run directory, events and cgroup; its service is started and ended here.

Containers stand below a cgroup /pcf-test-<pid>-..., without a network (a bridge would change the host's firewall).
"""

from __future__ import annotations

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
LONGEST_S = 60


class PodmanEngine:
    """``with PodmanEngine() as engine:`` has an image and no service; ``serve`` starts one at ``endpoint``.

    ``user``: who runs it (rootless), with a home below our directory; None = root.
    """

    def __init__(self, user: str | None = None) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="pcf-podman-", dir="/tmp"))
        self.home = self.base / "home"
        self.root = self.home / ".local/share/containers/storage" if user else self.base / "storage"
        self.run_root = self.base / "run/containers" if user else self.base / "run"
        self.socket = self.base / "p.sock"
        self.endpoint = f"unix://{self.socket}"
        self.cgroup = f"/pcf-test-{os.getpid()}-{self.base.name}"  # of this engine alone
        self._user = user
        self._service: subprocess.Popen[bytes] | None = None

    @staticmethod
    def missing() -> str:
        """What this host lacks for podman; "" = nothing."""
        for program in ("podman", "conmon", "runc"):
            if shutil.which(program) is None:
                return f"{program} is not installed"
        if not Path(BUSYBOX).exists():
            return f"{BUSYBOX} is not installed (busybox-static)"
        return "" if os.geteuid() == 0 else "not root"

    # ---- commands ----
    def podman(self, *arguments: str, check: bool = True) -> str:
        """Runs podman and returns what it prints; raises RuntimeError with its complaint."""
        done = subprocess.run(
            [*self._command(), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
            env=self._environment(),
            cwd=self.base,
        )
        if check and done.returncode:
            raise RuntimeError(f"podman {' '.join(arguments)}: {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def run(self, name: str, *arguments: str, command: tuple[str, ...] = ("sleep", "100000")) -> str:
        """Starts a container in the background and returns its id."""
        where = ("--network=none", f"--cgroup-parent={self.cgroup}") if "--pod" not in arguments else ()
        return self.podman("run", "-d", f"--name={name}", *where, *arguments, IMAGE, *command)

    def pod(self, name: str, *arguments: str) -> str:
        """Makes a pod with an infra container of our image and returns its id."""
        infra = (f"--infra-image={IMAGE}", "--infra-command=sleep 100000")
        where = ("--network=none", f"--cgroup-parent={self.cgroup}")
        return self.podman("pod", "create", f"--name={name}", *infra, *where, *arguments)

    def serve(self) -> None:
        """Starts the API service and waits for its socket."""
        if self._service is not None:
            self.kill()
        self.socket.unlink(missing_ok=True)  # of one that was killed
        self._service = subprocess.Popen(
            [*self._command(), "system", "service", "--time=0", self.endpoint],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
        )
        end = time.monotonic() + LONGEST_S
        while not self.socket.exists():
            if self._service.poll() is not None or time.monotonic() > end:
                raise RuntimeError("podman system service does not come up")
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL: containers go on, the socket file stays."""
        assert self._service is not None
        self._service.kill()
        self._service.wait()
        self._service = None

    # ---- making and ending ----
    def start(self) -> None:
        """Settings and the image."""
        for path in (self.root, self.run_root, self.base / "tmp", self.home):
            path.mkdir(parents=True, exist_ok=True)
        # Limits of this process: raising them is what the default settings try, and not every root may.
        (self.base / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
        )
        archive = self.base / "image.tar"
        with tarfile.open(archive, mode="w") as tar:
            for directory in ("bin", "proc", "sys", "dev", "tmp", "etc"):
                entry = tarfile.TarInfo(directory)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            tar.add(BUSYBOX, "bin/busybox")
            for applet in APPLETS:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        if self._user:
            self.base.chmod(0o755)
            subprocess.run(["chown", "-R", self._user, str(self.base)], check=True)
        self.podman("import", "-c=ENV PATH=/bin", str(archive), IMAGE)

    def stop(self) -> None:
        """Removes all containers and pods, ends the service, and removes the directory and our cgroups."""
        try:
            self.podman("pod", "rm", "--all", "--force", "--time=0", check=False)
            self.podman("rm", "--all", "--force", "--time=0", check=False)
        finally:
            if self._service is not None:
                self._service.terminate()
                try:
                    self._service.wait(20)
                except subprocess.TimeoutExpired:
                    self.kill()
            self._end_helpers()
            self._await_monitors()
            self._unmount()
            self._remove_cgroups()
            shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self) -> PodmanEngine:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _command(self) -> list[str]:
        become = ["runuser", "-u", self._user, "--"] if self._user else []
        places = ["--root", str(self.root), "--runroot", str(self.run_root), "--tmpdir", str(self.base / "tmp")]
        driver = "vfs" if self._user else "overlay"  # rootless overlay needs a kernel or a FUSE that allow it
        # runc: crun refuses hosts whose version 2 hierarchy beside version 1 has controllers.
        how = ["--storage-driver", driver, "--runtime", "runc", "--cgroup-manager", "cgroupfs"]
        return [*become, "podman", *places, *how, "--events-backend", "file"]

    def _environment(self) -> dict[str, str]:
        own = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.base / "run")} if self._user else {}
        return {**os.environ, "CONTAINERS_CONF": str(self.base / "containers.conf"), **own}

    def _end_helpers(self) -> None:
        """A user's podman leaves a process that keeps the user's namespaces."""
        uid = self.home.stat().st_uid
        for entry in Path("/proc").glob("[0-9]*") if uid else ():
            try:
                if entry.stat().st_uid == uid:
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                pass

    def _await_monitors(self) -> None:
        """A container's monitor runs podman once more after its end, which would make storage and mounts anew."""
        end = time.monotonic() + LONGEST_S
        while any(_is_populated(path) for path in self._cgroups()) and time.monotonic() < end:
            time.sleep(0.02)

    def _cgroups(self) -> list[Path]:
        """Ours, deepest first."""
        mounts = Path("/sys/fs/cgroup")
        tops = [*mounts.glob(f"*{self.cgroup}"), *mounts.glob(self.cgroup[1:])]
        found = [path for top in tops for path in (top, *top.rglob("*/")) if path.is_dir()]
        return sorted(set(found), key=lambda path: len(path.parts), reverse=True)

    def _remove_cgroups(self) -> None:
        """Ours; and podman's parent of monitors, which goes only when it is empty."""
        own = [path for top in Path("/sys/fs/cgroup").glob("*/libpod_parent") for path in (top / "conmon", top)]
        for path in (*self._cgroups(), *own):
            try:
                path.rmdir()
            except OSError:
                pass

    def _unmount(self) -> None:
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.base}/")]):
            subprocess.run(["umount", "-l", mount], capture_output=True, check=False)


def _is_populated(cgroup: Path) -> bool:
    try:
        return bool((cgroup / "cgroup.procs").read_text())
    except OSError:
        return False  # it has gone meanwhile
