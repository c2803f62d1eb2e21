"""Settings of the daemon: one table, three places to set them, one clear line when something is wrong."""

from __future__ import annotations

from .options import collector_options
from .sources import Settings, load, parse_flag
from .table import ACTS, BY_NAME, IGNORED, LATER, SETTINGS, Setting
from .values import ValueType, nearest

__all__ = [
    "ACTS",
    "BY_NAME",
    "IGNORED",
    "LATER",
    "SETTINGS",
    "Setting",
    "Settings",
    "ValueType",
    "collector_options",
    "load",
    "nearest",
    "parse_flag",
]
