"""The project as others get it: one version, an sdist that builds in an empty environment, a C library to install."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import pycadvisor_fast
from pycadvisor_fast.native import lib, text

ROOT = Path(__file__).resolve().parents[2]

RING_SMOKE = """
    import sys
    import pycadvisor_fast
    from pycadvisor_fast.native import check, ffi, lib, new_error
    folder = sys.argv[1].encode()
    cpu, error, out, taken = lib.pcf_group_find(b"cpu"), new_error(), ffi.new("pcf_region **"), ffi.new("int *")
    columns = lib.pcf_group_at(cpu).columns
    folder_text, present = ffi.new("char[]", folder), ffi.new("uint8_t[]", [1] * columns)
    spec = ffi.new("pcf_region_spec *", dict(dir=folder_text, group=cpu, interval_ns=10**9, base_ns=10**9, ring_len=4,
                                             row_capacity=8, present=present))
    check(lib.pcf_region_create(out, spec, taken, error), error)
    row, values = ffi.new("uint32_t *"), ffi.new("uint64_t[]", list(range(100, 100 + columns)))
    check(lib.pcf_region_row_claim(out[0], 0, 1, ffi.NULL, 0, 7, row))
    lib.pcf_region_begin(out[0], 7, 7 * 10**9, 1)
    assert lib.pcf_region_store(out[0], row[0], 0, values) == 0
    lib.pcf_region_end(out[0], 1, 1)
    reader, seen = ffi.new("pcf_region **"), ffi.new("uint64_t[]", columns)
    check(lib.pcf_region_attach(reader, folder, b"cpu", error), error)
    check(lib.pcf_region_values(reader[0], 7, row[0], seen, ffi.NULL))
    assert list(seen) == list(values), list(seen)
    print("smoke", pycadvisor_fast.__version__, pycadvisor_fast.__file__)
"""


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Standard output; the test fails with what the command said when it fails."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


# ---- versions and metadata


def test_versions_agree() -> None:
    assert text(lib.pcf_version()) == pycadvisor_fast.__version__
    assert importlib.metadata.version("pycadvisor-fast") == pycadvisor_fast.__version__


def test_bcc_from_pypi_is_never_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[\s<>=!~\[;]", requirement)[0].lower() for requirement in wanted}
    assert not names & {"bcc", "pynvml"}


def test_every_header_declaration_reaches_python() -> None:
    """Nothing that the headers declare is missing in the extension: no room was left out."""
    headers = "\n".join(path.read_text() for path in (ROOT / "csrc" / "include" / "pcf").glob("*.h"))
    without_comments = re.sub(r"/\*.*?\*/", "", headers, flags=re.DOTALL)
    declared = set(re.findall(r"^(?!typedef)[a-z][\w \t*]*?\b(pcf_\w+)\(", without_comments, re.MULTILINE))
    assert len(declared) > 50
    assert declared - set(dir(lib)) == set()


def test_import_without_the_extension_says_what_to_do(tmp_path: Path) -> None:
    package = tmp_path / "pycadvisor_fast"
    shutil.copytree(ROOT / "pycadvisor_fast", package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    code = "try:\n import pycadvisor_fast.native\nexcept ImportError as error: print(error)"
    assert "make build" in run(sys.executable, "-S", "-c", code, cwd=tmp_path)


# ---- sdist and wheel


def copy_tracked(tree: Path) -> None:
    """What git knows or would take, as it is here."""
    tracked = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dist/ of a copy of the tracked tree: the sdist, and the wheel built from it in an empty environment."""
    tree = tmp_path_factory.mktemp("tree") / "source"
    copy_tracked(tree)
    run(sys.executable, "-m", "build", "--outdir", tree / "dist", cwd=tree)
    return tree / "dist"


def test_sdist_has_what_a_build_needs(distribution: Path) -> None:
    with tarfile.open(next(distribution.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"setup.py", "CMakeLists.txt", "cmake/install.cmake", "csrc/columns.def", "csrc/include/pcf.h", "LICENSE"}
    needed |= {"pycadvisor_fast/native/_build.py", "proto/pycadvisor_fast/v1/stats.proto", "pycadvisor_fast/py.typed"}
    assert needed <= names, needed - names
    assert not [name for name in names if name.endswith((".so", ".o", ".a", "_pcf.c"))]


def test_wheel_is_one_for_all_pythons(distribution: Path) -> None:
    (wheel,) = distribution.glob("*.whl")
    assert f"-{pycadvisor_fast.__version__}-cp311-abi3-linux_" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert "pycadvisor_fast/native/_pcf.abi3.so" in names
    assert "pycadvisor_fast/py.typed" in names
    assert not [name for name in names if not name.startswith(("pycadvisor_fast/", "pycadvisor_fast-"))]


def test_wheel_works_in_a_fresh_environment(distribution: Path, tmp_path: Path) -> None:
    """With the newest dependencies there are, which is protobuf 7 for code generated by grpcio-tools 1.80.1."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", next(distribution.glob("*.whl")))
    said = run(python, "-c", textwrap.dedent(RING_SMOKE), tmp_path, cwd=tmp_path)
    assert said.startswith(f"smoke {pycadvisor_fast.__version__} {tmp_path}/venv/"), said
    run(python, "-W", "error", "-c", "import pycadvisor_fast.v1.stats_pb2, pycadvisor_fast.cli", cwd=tmp_path)
    assert "usage" in run(tmp_path / "venv" / "bin" / "pycadvisor-fast", "--help", cwd=tmp_path).lower()
    run(python, "-m", "pip", "check")


EBPF_SMOKE = """
    import re
    from pathlib import Path
    from pycadvisor_fast import Collector
    with Collector(docker=None) as collector:
        abilities = collector.host()["facts"]["abilities"]
    loaded = set(re.findall(r"/\\S*lib(?:bpf|elf)\\S*", Path("/proc/self/maps").read_text()))
    print(abilities["bpf"]["answer"], *sorted(loaded))
"""
HIDE_LIBBPF = (
    "for file in $(ldconfig -p | grep -o '/.*/libbpf.so.*'); do mount --bind /dev/null $file; done; exec \"$@\""
)


@pytest.fixture(scope="module")
def repaired(distribution: Path) -> Path:
    """The wheel for machines without libbpf, made as `make sdist` does it."""
    (wheel,) = distribution.glob("*-linux_*.whl")
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run("auditwheel", "repair", "--wheel-dir", distribution / "repaired", wheel, PATH=tools)
    return next((distribution / "repaired").glob("*.whl"))


def test_repaired_wheel_brings_its_libraries(repaired: Path) -> None:
    assert "-cp311-abi3-manylinux" in repaired.name
    names = zipfile.ZipFile(repaired).namelist()
    brought = {Path(name).name.partition("-")[0] for name in names if name.startswith("pycadvisor_fast.libs/lib")}
    assert brought == {"libbpf", "libelf"}, "libz is in every system that manylinux names"
    assert repaired.stat().st_size < 2 << 20


def test_repaired_wheel_uses_its_own_libbpf(repaired: Path, tmp_path: Path) -> None:
    """With the system's libbpf hidden from it, where that may be done: programs load all the same."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", repaired)
    is_root = os.geteuid() == 0
    hidden = ["unshare", "--mount", "bash", "-c", HIDE_LIBBPF, "bash"] if is_root else []
    answer, *loaded = run(*hidden, python, "-c", textwrap.dedent(EBPF_SMOKE), cwd=tmp_path).split()
    assert answer == ("yes" if is_root else "no")
    assert {Path(path).name.partition("-")[0] for path in loaded} == {"libbpf", "libelf"}
    assert not [path for path in loaded if not path.startswith(f"{tmp_path}/venv/")], loaded


def test_system_wheel_says_that_libbpf_is_missing(distribution: Path, tmp_path: Path) -> None:
    """The other wheel, with the system's libbpf out of reach: the error names the package."""
    if os.geteuid() != 0:
        pytest.skip("hiding a library needs root: CI has it")
    (wheel,) = distribution.glob("*-linux_*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "try:\n import pycadvisor_fast.native\nexcept ImportError as error: print(error)"
    assert "apt install libbpf1" in run(
        "unshare", "--mount", "bash", "-c", HIDE_LIBBPF, "bash", sys.executable, "-c", code, cwd=tmp_path
    )


def test_wheels_name_no_folder_of_the_build(distribution: Path, repaired: Path) -> None:
    """Nothing in them says where they were built: two builds of a tree are alike."""
    (wheel,) = distribution.glob("*-linux_*.whl")
    for path in (wheel, repaired):
        archive = zipfile.ZipFile(path)
        places = (str(distribution.parent).encode(), str(ROOT).encode(), b"/build-env-", b"/pip-")
        assert [name for name in archive.namelist() if any(place in archive.read(name) for place in places)] == []


# ---- built where clang, bpftool or libbpf is missing


def test_extension_without_ebpf_says_so(tmp_path: Path) -> None:
    """Tools that do not run: the build succeeds and prints what is missing; the program gives it as the reason."""
    tree, tools = tmp_path / "source", tmp_path / "tools"
    copy_tracked(tree)
    tools.mkdir()
    (tools / "bpftool").write_text("#!/bin/sh\nexit 2\n")  # as Ubuntu's, for a kernel it has no package for
    (tools / "bpftool").chmod(0o755)
    said = run(
        sys.executable, "-W", "ignore", "setup.py", "build_ext", "--inplace",
        cwd=tree, PATH=f"{tools}:{os.environ['PATH']}",
    )  # fmt: skip
    assert f"note: built without eBPF: {tools}/bpftool does not run" in said
    needed = run("objdump", "-p", tree / "pycadvisor_fast" / "native" / "_pcf.abi3.so")
    assert "libbpf" not in needed
    shown = run(sys.executable, "-m", "pycadvisor_fast", "host", cwd=tree)
    assert re.search(r"bpf +no: libpcf was built without eBPF: \S+ does not run", shown), shown


def test_libpcf_without_ebpf_passes_its_tests(tmp_path: Path) -> None:
    """PCF_BPF=OFF builds all of libpcf; the C tests of what eBPF touches pass."""
    run("cmake", "-S", ROOT, "-B", tmp_path, "-DPCF_BPF=OFF", "-DPCF_SHARED=OFF")
    run("cmake", "--build", tmp_path, "--parallel", "2")
    run("ctest", "--test-dir", tmp_path, "--output-on-failure", "--no-tests=error", "-R", "host|plan|tick|source|event")


# ---- libpcf as a C library


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix that `cmake --install` filled."""
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("prefix")
    options = [f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DPCF_TESTS=OFF", "-DCMAKE_INSTALL_LIBDIR=lib/multiarch"]
    run("cmake", "-S", ROOT, "-B", build, *options)
    run("cmake", "--build", build, "--parallel", "2")
    run("cmake", "--install", build)
    return prefix


def consumer_flags(prefix: Path, *options: str) -> list[str]:
    """What pkg-config says a program needs to use the installed library."""
    folder = str(prefix / "lib" / "multiarch" / "pkgconfig")
    return run("pkg-config", *options, "--cflags", "--libs", "pcf", PKG_CONFIG_PATH=folder).split()


def test_installed_headers_stand_alone(installed: Path, tmp_path: Path) -> None:
    """In C and in C++, with every warning, and with no other include directory than pkg-config's."""
    source = "#include <pcf.h>\n#include <pcf.h>\nint main(void) { return pcf_group_count() != PCF_GROUP_COUNT; }\n"
    for compiler, name in (("gcc", "a.c"), ("g++", "a.cc")):
        if not shutil.which(compiler):
            continue
        (tmp_path / name).write_text(source)
        flags = consumer_flags(installed)
        run(
            compiler,
            "-Wall",
            "-Wextra",
            "-pedantic",
            "-Werror",
            tmp_path / name,
            *flags,
            "-o",
            tmp_path / "a",
            cwd=tmp_path,
        )
        run(tmp_path / "a", LD_LIBRARY_PATH=str(installed / "lib" / "multiarch"))


def test_shared_library_has_a_version_and_hides_its_rooms(installed: Path) -> None:
    library = installed / "lib" / "multiarch" / "libpcf.so"
    soname = re.search(r"SONAME\s+(\S+)", run("objdump", "-p", library))
    assert soname
    assert soname[1] == f"libpcf.so.{pycadvisor_fast.__version__.rpartition('.')[0]}"
    exported = [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]
    assert set(exported) - set(dir(lib)) == set(), "only what the public headers declare is exported"


def test_example_agent_builds_and_runs_against_the_installed_library(installed: Path, tmp_path: Path) -> None:
    source = ROOT / "examples" / "agent.c"
    run("gcc", "-Wall", "-Wextra", "-Werror", source, *consumer_flags(installed), "-o", tmp_path / "agent")
    usage = subprocess.run(
        [tmp_path / "agent", tmp_path / "no-ring-here"],
        env={"LD_LIBRARY_PATH": str(installed / "lib" / "multiarch")},
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert usage.returncode != 0
    assert "no-ring-here" in usage.stderr


# ---- deployment


def test_systemd_unit_is_valid(tmp_path: Path) -> None:
    """systemd-analyze knows every key and value of the unit (the program's path is put where one is)."""
    unit = (ROOT / "deploy" / "pycadvisor-fast.service").read_text()
    (tmp_path / "pycadvisor-fast.service").write_text(
        unit.replace("/opt/pycadvisor-fast/bin/pycadvisor-fast", "/bin/true")
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "pycadvisor-fast.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "pycadvisor-fast.service" in line]
    assert not ours, "\n".join(ours)
