"""A throw-away machine with another kernel: QEMU without KVM, the host's files under a tmpfs, one command.

    python -m tests.guest.vm --kernel 6.1 --layout v1 -- cat /proc/mounts

The command sees the host's root file system as it is (every write vanishes with the guest), a cgroup layout of
its own, and /guest: a folder of the host where it leaves results. Boot to power-off takes about five seconds;
Python runs some twenty times slower than outside. Needs Debian's qemu-system-x86, busybox-static and kmod.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.guest import bootfiles, kernels
from tests.guest.kernels import GuestError

LAYOUTS = ("v2", "v1", "hybrid")
SESSION = Path(__file__).with_name("session.sh")
DEVICES = (
    *("-machine", "q35,hpet=off,smbus=off,sata=off,vmport=off", "-nodefaults", "-no-user-config"),
    # One thread for all CPUs of a guest: with several, one may run half of an instruction that another rewrites (static
    # keys), and guests died of it. Two guests at a time use two cores all the same.
    *("-accel", "tcg,thread=single,tb-size=512"),
    *("-cpu", "Nehalem"),  # x86-64-v2: what numpy's wheels ask for, and cheaper to emulate than more
    *("-display", "none", "-no-reboot"),
    *("-nic", "user,model=virtio-net-pci,restrict=on"),  # a host has an interface; this one leads nowhere
    *("-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"),
)
KERNEL_WORDS = "console=ttyS0 quiet panic=-1 oops=panic mitigations=off nokaslr no_timer_check tsc=reliable"


@dataclass(frozen=True)
class Guest:
    """Which machine to boot. ``series`` is a key of ``kernels.SUITES``; ``systemd``: as process 1."""

    series: str = "6.1"
    layout: str = "v2"
    psi: bool = True
    systemd: bool = False
    cpus: int = 2
    memory_mib: int = 2048

    @property
    def name(self) -> str:
        """A short name for tests and folders, such as "6.1-v2" or "6.1-v1-nopsi"."""
        return f"{self.series}-{self.layout}" + ("" if self.psi else "-nopsi") + ("-systemd" if self.systemd else "")

    def kernel_words(self, modules: Path) -> str:
        """The kernel command line: layout, PSI on or off, and where the modules are."""
        words = [KERNEL_WORDS, f"pcf.layout={self.layout}", f"pcf.modules={modules.parent.resolve()}"]
        words += [f"psi={self.psi:d}"]
        words += ["pcf.first=systemd"] if self.systemd else []
        words += ["cgroup_no_v1=all"] if self.layout == "v2" else []
        return " ".join(words)


@dataclass(frozen=True)
class Result:
    """How the command ended: its exit status, what it printed, and the folder it saw as /guest."""

    status: int
    output: str
    folder: Path
    console: str = field(default="", repr=False)


def run(
    guest: Guest,
    command: Sequence[str],
    *,
    folder: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> Result:
    """Boots the guest, runs the command in ``cwd`` (default: here) with /guest = ``folder``, and powers off.

    Raises:
        GuestError: the guest did not boot, died, or was not done within ``timeout`` seconds; with its console.
    """
    kernel = kernels.fetch(guest.series)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in ("status", "output", "console", "junit.xml", "c-tests"):
        (folder / stale).unlink(missing_ok=True)
    shutil.copy(SESSION, folder / "session.sh")
    (folder / "command.sh").write_text(
        _script(command, cwd or Path.cwd(), {"PCF_GUEST": guest.name, **(environment or {})})
    )
    console = folder / "console"
    problem = _boot(guest, kernel, folder, console, timeout)
    output = (folder / "output").read_text(errors="replace") if (folder / "output").exists() else ""
    if problem or not (folder / "status").exists():
        raise GuestError(_obituary(guest, problem or "it ended before the command did", console, output))
    return Result(int((folder / "status").read_text()), output, folder, _text(console))


def _script(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> str:
    """The bash script that runs the command with the caller's PATH and HOME."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "VIRTUAL_ENV") if name in os.environ}
    variables = {**inherited, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **environment}
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    return f"{exports}cd {shlex.quote(str(cwd))}\nexec {shlex.join(command)}\n"


def _boot(guest: Guest, kernel: kernels.Kernel, folder: Path, console: Path, timeout: float) -> str:
    """Runs QEMU until the guest switches off. Returns "" or what went wrong."""
    qemu = shutil.which("qemu-system-x86_64")
    if not qemu:
        raise GuestError("qemu-system-x86_64 is missing: apt install qemu-system-x86")
    boot = ("-kernel", str(bootfiles.image(kernel)), "-initrd", str(bootfiles.initramfs(kernel)))
    size = ("-smp", str(guest.cpus), "-m", str(guest.memory_mib))
    shares = (*_share("host", Path("/"), ",readonly=on"), *_share("session", folder.resolve(), ""))
    words = ("-append", guest.kernel_words(kernel.modules), "-serial", f"file:{console}")
    try:
        done = subprocess.run(
            [qemu, *DEVICES, *size, *boot, *words, *shares],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"it was not done within {timeout:.0f} s"
    return f"QEMU failed: {done.stderr.strip()}" if done.returncode else ""


def _share(tag: str, path: Path, options: str) -> tuple[str, ...]:
    """QEMU arguments that show a folder of the host to the guest over 9p."""
    return (
        *("-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap{options}"),
        *("-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"),
    )


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _obituary(guest: Guest, problem: str, console: Path, output: str) -> str:
    tail = "\n".join(_text(console).splitlines()[-20:])
    return (
        f"guest {guest.name}: {problem}\n--- its console ended ---\n{tail}\n--- its output ended ---\n{output[-2000:]}"
    )


def main() -> int:
    """Runs one command in a guest and exits with its status."""
    parser = argparse.ArgumentParser(prog="python -m tests.guest.vm", description=__doc__.partition("\n")[0])
    parser.add_argument("--kernel", choices=sorted(kernels.SUITES), default="6.1", help="kernel series")
    parser.add_argument("--layout", choices=LAYOUTS, default="v2", help="cgroup layout")
    parser.add_argument("--no-psi", action="store_true", help="boot without pressure stall information")
    parser.add_argument("--systemd", action="store_true", help="boot systemd; the command runs in a service of it")
    parser.add_argument("--folder", type=Path, help="what the command sees as /guest (default: a temporary folder)")
    parser.add_argument("--timeout", type=float, default=300, help="seconds before the guest is ended")
    parser.add_argument("command", nargs="+", help="the command, after --")
    arguments = parser.parse_args()
    guest = Guest(arguments.kernel, arguments.layout, not arguments.no_psi, arguments.systemd)
    with tempfile.TemporaryDirectory(prefix="pcf-guest-") as scratch:
        try:
            result = run(guest, arguments.command, folder=arguments.folder or Path(scratch), timeout=arguments.timeout)
        except GuestError as error:
            print(error, file=sys.stderr)
            return 125
        sys.stdout.write(result.output)
        return result.status


if __name__ == "__main__":
    sys.exit(main())
