"""Memory for an answer that is kept as a whole.

One mapping of its own: the kernel has it back at the moment the answer goes, which malloc does not promise for tens of
megabytes, and with huge pages it takes a few page faults instead of one for each 4 KiB (9 of 18 ms, for 18 MB).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from typing import Any

_HUGE = 2 << 20  # a transparent huge page on x86-64 and on arm64 with 4 KiB pages


def written(pieces: Iterable[Any], expected: int) -> memoryview:
    """``pieces`` one after another, in about ``expected`` bytes: a bad guess costs a copy, nothing else."""
    paper, size = _mapping(expected), 0
    for piece in pieces:
        end = size + len(piece)
        if end > len(paper):
            paper = _copy(paper, size, 2 * end)
        paper[size:end] = piece
        size = end
    return memoryview(paper)[:size].toreadonly()


def _mapping(size: int) -> mmap.mmap:
    """At least ``size`` bytes; those never written take no memory."""
    paper = mmap.mmap(-1, max(1, -(-size // _HUGE)) * _HUGE)
    if size >= _HUGE:
        try:
            paper.madvise(mmap.MADV_HUGEPAGE)
        except OSError:
            pass  # a kernel without them: small pages will do
    return paper


def _copy(paper: mmap.mmap, size: int, wanted: int) -> mmap.mmap:
    bigger = _mapping(wanted)
    bigger[:size] = paper[:size]
    paper.close()
    return bigger
