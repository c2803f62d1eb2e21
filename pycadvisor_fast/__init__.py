"""Container statistics many times a second, for almost nothing."""

from __future__ import annotations

__version__ = "0.1.0"
