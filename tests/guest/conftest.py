"""Which half of this folder a run sees: outside a guest the tests that boot one, inside it the others."""

from __future__ import annotations

import os

collect_ignore = ["test_guest.py"] if os.environ.get("PCF_GUEST") else ["inside"]
