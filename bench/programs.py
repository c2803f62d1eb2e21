"""The C programs of the bench, compiled when needed into a folder that is thrown away."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
_FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror")


@cache
def program(name: str, *flags: str) -> str:
    """Path of the program built from ``bench/<name>.c``, with further flags of the compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise SystemExit("bench: no C compiler found; install gcc or clang")
    out = _folder() / name
    subprocess.run([compiler, *_FLAGS, *flags, str(HERE / f"{name}.c"), "-o", str(out)], check=True)
    return str(out)


@cache
def _folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="pcf-bench-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path
