"""Which cgroups there are and whose they are: the watcher, the table of path patterns, the runtimes."""

from __future__ import annotations
