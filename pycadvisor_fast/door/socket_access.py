"""Which accounts may connect to a unix socket: an access control list on its file, kept by the kernel.

connect(2) needs write permission on the socket's file (unix(7)). grpcio accepts connections itself and does not tell
whose they are; with the list nobody else can connect in the first place. root always can.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

from ..errors import ConfigError
from .peers import PeerRule

# include/uapi/linux/posix_acl.h and posix_acl_xattr.h
_VERSION = 2
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_READ_WRITE = 6
_ENTRY = struct.Struct("<HHI")
_ATTRIBUTE = "system.posix_acl_access"


def access_list(rules: Sequence[PeerRule]) -> bytes:
    """The extended attribute: owner, these accounts and groups may read and write, nobody else anything."""
    uids = sorted({rule.uid for rule in rules if rule.uid is not None})
    gids = sorted({rule.gid for rule in rules if rule.gid is not None})
    entries = [
        (_USER_OBJ, _READ_WRITE, _NO_ID),
        *((_USER, _READ_WRITE, uid) for uid in uids),
        (_GROUP_OBJ, 0, _NO_ID),
        *((_GROUP, _READ_WRITE, gid) for gid in gids),
        (_MASK, _READ_WRITE, _NO_ID),
        (_OTHER, 0, _NO_ID),
    ]
    return struct.pack("<I", _VERSION) + b"".join(_ENTRY.pack(*entry) for entry in entries)


def restrict(path: str, rules: Sequence[PeerRule]) -> None:
    """Opens the socket file to these accounts only. Raises ConfigError when its filesystem keeps no such list."""
    Path(path).chmod(stat.S_IRUSR | stat.S_IWUSR)
    if all(rule.uid == os.geteuid() for rule in rules):
        return
    try:
        os.setxattr(path, _ATTRIBUTE, access_list(rules))
    except OSError as error:
        raise ConfigError(
            f"peer_uids: {path}: the list of accounts cannot be put on the socket: {error.strerror}; "
            "choose a place on tmpfs, ext4 or xfs, or leave peer_uids empty and use tokens"
        ) from error
