"""cffi's build script: the declarations are libpcf's public headers, read as they are. Run by setup.py only."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).resolve().parents[2]
HEADERS = (
    "base",
    "ring",
    "host",
    "events",
    "collector",
    "watch",
    "usage",
    "encode",
    "cadvisor_json",
    "exposition",
)  # in the order pcf.h includes them
LIBPCF = "build/libpcf/libpcf.a"  # made by setup.py; relative, so that two builds are byte-identical


def declarations() -> str:
    """The text of csrc/include/pcf/*.h: plain declarations and ``#define NAME integer``, which cffi understands."""
    return "\n".join((ROOT / "csrc/include/pcf" / f"{name}.h").read_text() for name in HEADERS)


def make() -> FFI:
    """The FFI object that setuptools compiles into ``pycadvisor_fast.native._pcf``."""
    builder = FFI()
    builder.cdef(declarations())
    builder.set_source(
        "pycadvisor_fast.native._pcf",
        '#include "pcf.h"',
        include_dirs=["csrc/include"],
        extra_objects=[LIBPCF],
        # -g0: what cffi writes needs no debugger, and debug information would carry the build folder's path.
        extra_compile_args=["-std=gnu11", "-g0"],
        # Symbols of the static library stay inside: another extension may carry its own libpcf.
        extra_link_args=["-Wl,--exclude-libs,ALL", "-pthread"],
        depends=[LIBPCF, "csrc/columns.def", "csrc/include/pcf.h", *(f"csrc/include/pcf/{name}.h" for name in HEADERS)],
        py_limited_api=True,
    )
    return builder


if __name__ == "__cffi__":
    ffi = make()
