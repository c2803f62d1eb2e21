"""libpcf for Python: ``ffi`` and ``lib`` of the extension, and how its errors become exceptions.

The only package that knows cffi. Calls into ``lib`` release the GIL.
"""

from __future__ import annotations

import errno
import os
from typing import Any

from pycadvisor_fast.errors import NativeError

try:
    from pycadvisor_fast.native._pcf import ffi, lib
except ImportError as error:
    missing = "This build uses the system's libbpf: apt install libbpf1. " if "libbpf" in str(error) else ""
    raise ImportError(
        f"pycadvisor_fast's C extension does not load ({error}). {missing}In a checkout, build it: make build (or "
        "pip install -e .); else reinstall it: pip install --force-reinstall pycadvisor-fast",
        name="pycadvisor_fast.native._pcf",
    ) from error

ABSENT = 0xFFFFFFFFFFFFFFFF
"""A value the kernel did not give (PCF_ABSENT)."""

UNLIMITED = 0xFFFFFFFFFFFFFFFE
"""The kernel's "max": a limit that is not set (PCF_UNLIMITED)."""


def new_error() -> Any:
    """A fresh ``pcf_error *`` to hand to a call that can fail."""
    return ffi.new("pcf_error *")


def text(chars: Any) -> str:
    """A NUL-terminated ``char *`` or ``char[]`` as str; bytes that are no UTF-8 become surrogate escapes."""
    return ffi.string(chars).decode("utf-8", "surrogateescape") if chars != ffi.NULL else ""


def check(rc: int, err: Any = None, what: str = "") -> int:
    """Returns ``rc`` when it is not negative.

    Raises:
        NativeError: ``rc`` is a negative errno. The message is the one libpcf put into ``err`` (a
            ``pcf_error *``), else ``what`` and the system's words for the errno.
    """
    if rc >= 0:
        return rc
    message = text(err.text) if err is not None else ""
    if not message:
        name = errno.errorcode.get(-rc, str(-rc))
        message = f"{what or 'libpcf'}: {os.strerror(-rc)} ({name})"
    raise NativeError(rc, message)


__all__ = ["ABSENT", "UNLIMITED", "check", "ffi", "lib", "new_error", "text"]
