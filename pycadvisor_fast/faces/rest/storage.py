"""Filesystems as `storage` of v2.x gives them: one by its UUID, or a list by label. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import storage_json
from .errors import RestError
from .go_values import quoted

if TYPE_CHECKING:
    from pycadvisor_fast.filesystem import Storage


def answer(storage: Storage, uuid: str, label: str) -> bytes:
    """With a uuid one FsInfo, else an array: those with the label, or all. Raises RestError with cAdvisor's texts."""
    known = [one for one in storage.filesystems if one.capacity_bytes is not None]
    if uuid:
        found = next((one for one in known if one.uuid == uuid), None)
        if found is None:
            raise RestError("cadvisor: no such device")
        return storage_json.info(found)
    if label:
        known = [one for one in known if label in one.labels]
        if not known:
            raise RestError(f"non-existent label {quoted(label)}")
    return storage_json.infos(known)
