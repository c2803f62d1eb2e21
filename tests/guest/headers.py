"""Header files of a guest's kernel, for what compiles against them there (bcc): unpacked into the cache, not installed.

Debian splits them in two packages, one for all flavours; bcc wants one tree (BCC_KERNEL_SOURCE points to it).
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

from tests.guest import kernels

PARTS = ("include", "arch/x86/include")
"""What a program that is compiled against a kernel includes: a third of the packages."""
LEFT_OUT = shutil.ignore_patterns("config", "dt-bindings")  # thousands of empty files


def fetch(series: str) -> Path:
    """The tree for the kernel of that series in the cache; downloaded at first use (9 MB), then from there."""
    release = kernels.fetch(series).release
    home = kernels.CACHE / "headers" / release
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            _download(series, release, home)
            (home / "complete").touch()
    return home


def _download(series: str, release: str, home: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pcf-headers-") as scratch:
        apt = kernels.Apt(Path(scratch), kernels.SUITES[series])
        version, _, _flavour = release.rpartition("-")
        for name in (f"linux-headers-{version}-common", f"linux-headers-{release}"):
            apt.run("apt-get", "download", "-qq", name)
        for archive in Path(scratch).glob("*.deb"):
            kernels.output("dpkg-deb", "-x", str(archive), f"{scratch}/root")
        for tree in sorted(Path(scratch, "root/usr/src").iterdir(), key=lambda path: not path.name.endswith("-common")):
            for part in PARTS:
                if (tree / part).exists():
                    shutil.copytree(tree / part, home / part, ignore=LEFT_OUT, dirs_exist_ok=True, symlinks=True)
