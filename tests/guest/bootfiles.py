"""What QEMU boots: an initramfs with busybox and a few modules, and the kernel as a plain ELF image.

Both are made once for each kernel and kept in the cache.
"""

from __future__ import annotations

import hashlib
import lzma
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.guest.kernels import CACHE, GuestError, Kernel

INIT = Path(__file__).with_name("init.sh")
NEEDED = ("virtio_pci", "virtio_rng", "virtio_net", "9pnet_virtio", "9p", "overlay")  # Debian builds these as modules
FOLDERS = ("bin", "modules", "proc", "dev", "sys", "host", "over", "new")


def initramfs(kernel: Kernel) -> Path:
    """The initramfs of a kernel as a cpio archive; a change of init.sh makes a new one."""
    stamp = hashlib.sha256(INIT.read_bytes() + repr(NEEDED).encode()).hexdigest()[:12]
    archive = CACHE / "boot" / f"{kernel.release}-{stamp}.cpio"
    if not archive.exists():
        _write(archive, _cpio(_initramfs_files(kernel)))
    return archive


def image(kernel: Kernel) -> Path:
    """The kernel unpacked: unpacking it inside an emulated machine would take some seconds at every boot.

    Falls back to the packed image when its compression is not known here.
    """
    plain = CACHE / "boot" / f"{kernel.release}.elf"
    if not plain.exists():
        unpacked = _unpack(_payload(kernel.image.read_bytes()))
        if not unpacked.startswith(b"\x7fELF"):
            return kernel.image
        _write(plain, unpacked)
    return plain


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, also when two runs write the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{id(data):x}.partial")
    partial.write_bytes(data)
    partial.replace(path)


def _initramfs_files(kernel: Kernel) -> Iterator[tuple[str, int, bytes]]:
    """(name, mode, content) of each entry; folders have no content."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise GuestError("busybox is missing: apt install busybox-static")
    for folder in FOLDERS:
        yield folder, 0o040755, b""
    yield "init", 0o100755, INIT.read_bytes()
    yield "bin/busybox", 0o100755, Path(busybox).read_bytes()
    order = []
    for path in _modules(kernel):
        name = path.name.partition(".ko")[0] + ".ko"
        order.append(name)
        yield f"modules/{name}", 0o100644, _unpack(path.read_bytes())
    yield "modules/order", 0o100644, "\n".join(order).encode()


def _modules(kernel: Kernel) -> list[Path]:
    """Files of the needed modules, each after those it depends on (modules.dep lists the nearest first)."""
    needs: dict[str, list[str]] = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[Path(path).name.partition(".ko")[0].replace("-", "_")] = [*reversed(others.split()), path]
    ordered = [path for name in NEEDED for path in needs.get(name.replace("-", "_"), [])]
    return [kernel.modules / path for path in dict.fromkeys(ordered)]


def _cpio(files: Iterator[tuple[str, int, bytes]]) -> bytes:
    """A "newc" archive: the format in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst."""
    out = bytearray()
    for number, (name, mode, content) in enumerate([*files, ("TRAILER!!!", 0, b"")], start=1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + "".join(f"{field:08X}" for field in fields).encode() + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return bytes(out)


def _payload(packed: bytes) -> bytes:
    """The compressed kernel in a bzImage: Documentation/arch/x86/boot.rst, setup_sects and payload_offset."""
    sectors = packed[0x1F1] or 4
    offset, length = struct.unpack_from("<II", packed, 0x248)
    start = (sectors + 1) * 512 + offset
    return packed[start : start + length]


def _unpack(data: bytes) -> bytes:
    """Decompresses by magic number; data of no known compression comes back as it is."""
    if data.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(wbits=31).decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return _piped("zstd", "-qdc", data=data)
    if data.startswith(b"\x02\x21\x4c\x18"):
        return _piped("lz4", "-qdc", data=data)
    return data


def _piped(*command: str, data: bytes) -> bytes:
    if not shutil.which(command[0]):
        raise GuestError(f"{command[0]} is missing: apt install {command[0]}")
    # A kernel image ends in its own length: the tools unpack all of it and then complain of garbage.
    return subprocess.run(command, input=data, capture_output=True, check=False).stdout
