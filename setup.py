"""Builds libpcf with CMake and links it into the one extension module; the rest is in pyproject.toml."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
LIBPCF_BUILD = ROOT / "build" / "libpcf"  # pycadvisor_fast/native/_build.py links build/libpcf/libpcf.a


def configure_command() -> list[str]:
    """The cmake command line that configures libpcf.a for the extension.

    Warnings are errors in the project's own C builds (see Makefile), not here: a user's newer compiler must not
    refuse to install a release for a new warning. PCF_WERROR=1 in the environment turns them into errors.
    PCF_BPF=ON makes missing tools for eBPF an error, OFF builds without.
    """
    werror = "ON" if os.environ.get("PCF_WERROR") == "1" else "OFF"
    command = ["cmake", "-S", str(ROOT), "-B", str(LIBPCF_BUILD), "-DCMAKE_BUILD_TYPE=Release", "-DPCF_TESTS=OFF"]
    command += [f"-DPCF_WERROR={werror}", "-DPCF_SHARED=OFF", f"-DPCF_BPF={os.environ.get('PCF_BPF', 'AUTO')}"]
    return command + (["-G", "Ninja"] if shutil.which("ninja") else [])


def run(command: list[str]) -> None:
    """Runs a build command; what it prints is shown only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nerror: {' '.join(command)} failed: libpcf was not built")


class BuildLibpcf(build_ext):
    """build_ext, with libpcf.a made first."""

    def run(self) -> None:
        """Configures once, again from nothing where an earlier build tree names tools that are gone, then builds."""
        if not shutil.which("cmake"):
            raise SystemExit("error: cmake is needed to build libpcf: apt install cmake, or pip install cmake")
        try:
            run(configure_command())
        except SystemExit:
            shutil.rmtree(LIBPCF_BUILD, ignore_errors=True)
            run(configure_command())
        run(["cmake", "--build", str(LIBPCF_BUILD), "--target", "pcf_static", "--parallel", str(self.parallel or 2)])
        self._link()
        super().run()

    def _link(self) -> None:
        """What libpcf.a needs at run time; cmake/bpf.cmake writes both files."""
        missing = (LIBPCF_BUILD / "bpf-missing").read_text()
        if missing:
            print(f"note: built without eBPF: {missing}; apt install clang bpftool libbpf-dev, then build again")
        for extension in self.extensions:
            extension.libraries = (LIBPCF_BUILD / "link-libraries").read_text().split()


setup(
    cffi_modules=["pycadvisor_fast/native/_build.py:ffi"],
    cmdclass={"build_ext": BuildLibpcf},
    # One wheel for CPython 3.11 and later; cffi compiles with Py_LIMITED_API.
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    # PEP 517 front ends ask for these: cmake comes from PyPI only where the machine has none.
    setup_requires=[] if shutil.which("cmake") else ["cmake>=3.20"],
)
