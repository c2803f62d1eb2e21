"""Debian kernels to boot in a guest: downloaded and unpacked into .cache, never installed.

Needs apt and dpkg-deb, no root. The mirror is the one the machine's own apt uses; its state is not touched.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("PCF_GUEST_CACHE", ROOT / ".cache" / "guest"))

SUITES = {"6.1": "bookworm", "6.12": "bookworm-backports", "7": "trixie-backports"}
"""Which Debian suite has a kernel of that series: 6.1 is the last with the v1 memory controller."""


class GuestError(RuntimeError):
    """A guest could not be prepared or booted. The message says what to install or look at."""


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel: ``image`` (bzImage) and ``modules`` (the folder with modules.dep), both of ``release``."""

    release: str
    image: Path
    modules: Path


def fetch(series: str) -> Kernel:
    """The kernel of a series in ``SUITES``, downloaded at first use (about 20 s), then from .cache."""
    home = CACHE / "kernels" / series
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{series}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            _download(SUITES[series], home)
            (home / "complete").touch()
    return _unpacked(home)


def _unpacked(home: Path) -> Kernel:
    """Finds image and modules: /boot/vmlinuz-RELEASE, from 7.x on beside the modules."""
    modules = next(path for base in ("usr/lib/modules", "lib/modules") for path in home.glob(f"{base}/*"))
    beside, boot = modules / "vmlinuz", home / "boot" / f"vmlinuz-{modules.name}"
    return Kernel(modules.name, beside if beside.exists() else boot, modules)


def _download(suite: str, home: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pcf-kernel-") as scratch:
        apt = Apt(Path(scratch), suite)
        release = apt.newest_kernel()
        for package in apt.existing(f"linux-{part}-{release}" for part in ("image", "binary", "modules", "base")):
            apt.run("apt-get", "download", "-qq", package)
        for archive in Path(scratch).glob("*.deb"):
            output("dpkg-deb", "-x", str(archive), str(home))
    if not (home / "lib").exists():
        (home / "lib").symlink_to("usr/lib")  # depmod looks under lib/modules
    output("depmod", "-b", str(home), release)


class Apt:
    """apt with its own sources, lists and (empty) status, all under ``scratch``."""

    def __init__(self, scratch: Path, suite: str) -> None:
        self.scratch = scratch
        self.suite = suite
        for folder in ("lists/partial", "cache/archives/partial", "parts"):
            (scratch / folder).mkdir(parents=True)
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (scratch / "status").touch()
        (scratch / "sources").write_text(f"deb [signed-by={keyring}] {_mirror()} {suite} main\n")
        (scratch / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{scratch}/sources"; Dir::Etc::sourceparts "{scratch}/parts";\n'
            f'Dir::State::lists "{scratch}/lists"; Dir::State::status "{scratch}/status";\n'
            f'Dir::Cache "{scratch}/cache"; Acquire::Languages "none"; APT::Sandbox::User "root";\n'
            'APT::Architecture "amd64";\n'
        )
        self.run("apt-get", "update", "-qq")

    def run(self, *command: str) -> str:
        return output(*command, folder=self.scratch, APT_CONFIG=str(self.scratch / "apt.conf"))

    def newest_kernel(self) -> str:
        """RELEASE of the image that the suite's linux-image-amd64 depends on."""
        lines = self.run("apt-cache", "depends", "linux-image-amd64").split()
        names = [word for word in lines if word.startswith("linux-image-") and word[len("linux-image-")].isdigit()]
        if not names:
            raise GuestError(f"no linux-image-amd64 in Debian {self.suite}")
        return names[0].removeprefix("linux-image-")

    def existing(self, names: Iterable[str]) -> list[str]:
        """Those packages the suite has: from 7.x on an image is split into several."""
        known = set(self.run("apt-cache", "pkgnames", "linux-").split())
        return [name for name in names if name in known]


def _mirror() -> str:
    """The Debian mirror of this machine's apt."""
    for line in output("apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN)").splitlines():
        site, _, origin = line.partition(" ")
        if origin == "Debian" and "security" not in site:
            return site
    raise GuestError("apt knows no Debian mirror: run apt-get update first")


def output(*command: str, folder: Path | None = None, **environment: str) -> str:
    """Standard output of a command; GuestError with what it said when it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise GuestError(f"{command[0]} is missing: apt install apt dpkg kmod") from error
    if done.returncode:
        raise GuestError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
