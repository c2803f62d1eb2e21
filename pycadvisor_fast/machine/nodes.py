"""NUMA nodes from /sys/devices/system/node, and huge pages, of the machine and of each node."""

from __future__ import annotations

import re
from pathlib import Path

from .model import HugePages, NodeDistance, NumaNode
from .root import Root

_TOTAL = re.compile(r"^Node \d+ MemTotal:\s+(\d+) kB", re.MULTILINE)


def read(root: Root) -> tuple[NumaNode, ...]:
    """Nodes that are online, by number; none on a kernel without NUMA."""
    base = root.sys / "devices/system/node"
    there = dict(root.numbered(base, "node"))
    listed = root.cpus(base / "online")
    online = [number for number in (listed if listed is not None else sorted(there)) if number in there]
    return tuple(_node(root, number, there[number], online) for number in online)


def _node(root: Root, number: int, directory: Path, online: list[int]) -> NumaNode:
    return NumaNode(
        number=number,
        cpus=root.cpus(directory / "cpulist") or (),
        memory_bytes=_memory(root, directory / "meminfo"),
        hugepages=hugepages(root, directory / "hugepages"),
        distances=_distances(root, directory / "distance", online),
    )


def _memory(root: Root, path: Path) -> int | None:
    match = _TOTAL.search(root.text(path) or "")
    return int(match[1]) * 1024 if match else None


def _distances(root: Root, path: Path, online: list[int]) -> tuple[NodeDistance, ...]:
    """The file has one number for each node that is online (node_read_distance, drivers/base/node.c), no names."""
    text = root.text(path)
    if text is None:
        return ()
    numbers = text.split()
    if len(numbers) != len(online) or not all(number.isdecimal() for number in numbers):
        root.note(path, f"{len(numbers)} distances for {len(online)} nodes that are online, or no numbers")
        return ()
    return tuple(NodeDistance(node, int(text)) for node, text in zip(online, numbers, strict=True))


def hugepages(root: Root, directory: Path) -> tuple[HugePages, ...]:
    """Sizes of huge pages below a directory of hugepages-<size>kB, smallest first."""
    out = []
    for name in root.entries(directory):
        match = re.fullmatch(r"hugepages-(\d+)kB", name)
        pages = root.count(directory / name / "nr_hugepages") if match else None
        if match is None or pages is None:
            continue
        out.append(
            HugePages(
                size_bytes=int(match[1]) * 1024,
                pages=pages,
                free_pages=root.count(directory / name / "free_hugepages"),
                surplus_pages=root.count(directory / name / "surplus_hugepages"),
            )
        )
    return tuple(sorted(out, key=lambda pages: pages.size_bytes))
