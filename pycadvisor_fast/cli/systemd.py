"""The service manager's readiness protocol (sd_notify(3)): one datagram to the socket it names."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> bool:
    """Tells the service manager, e.g. ``READY=1``; returns whether there is one. Never fails: it is a courtesy."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # "@" stands for the zero byte of an abstract socket.
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect("\0" + address[1:] if address[0] == "@" else address)
            sock.sendall(state.encode())
    except OSError:
        return False
    return True
