"""A real dbus-daemon of our own, and on it a stand-in for org.freedesktop.systemd1 made of dictionaries."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

from pycadvisor_fast.discovery.runtimes.systemd_manager import label
from pycadvisor_fast.discovery.runtimes.systemd_wire import CALL, ERROR, HEAD, REPLY, SIGNAL, Message, decoded, length

SYSTEMD = "org.freedesktop.systemd1"
ROOT = "/org/freedesktop/systemd1"
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""


class BusDaemon:
    """``start`` and ``stop`` as often as a test likes; the socket stands at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._config = path.with_suffix(".conf")
        self._config.write_text(_CONFIG.format(path=path))
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def missing() -> str:
        """What this host lacks; "" = nothing."""
        return "" if shutil.which("dbus-daemon") else "dbus-daemon is not installed"

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self._config}", "--nofork", "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith(b"unix:path=")  # it listens

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class FakeSystemd:
    """Answers Get, Subscribe and Ping. ``units``: name -> property -> (signature, value)."""

    def __init__(self, bus: Path) -> None:
        self.units: dict[str, dict[str, tuple[str, Any]]] = {}
        self.hangs = False
        self.asked: list[str] = []
        self.subscribed = threading.Event()
        self._serial = 0
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(bus))
        self._socket.sendall(b"\0AUTH EXTERNAL\r\nDATA\r\n")
        self._line()
        assert self._line().startswith(b"OK")
        self._socket.sendall(b"BEGIN\r\n")
        self._call("Hello")
        assert self._call("RequestName", "su", SYSTEMD, 4).body == (1,)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def add(self, unit: str, cgroup: str, description: str = "", **more: tuple[str, Any]) -> None:
        self.units[unit] = {
            "ControlGroup": ("s", cgroup),
            "Description": ("s", description),
            "SubState": ("s", "running"),
            "ActiveEnterTimestamp": ("t", 1_700_000_000_000_000),
            "MainPID": ("u", 0),
            "NRestarts": ("u", 0),
            "ExecMainStartTimestamp": ("t", 0),
            **more,
        }

    def job_removed(self, unit: str) -> None:
        """A job of the unit is done."""
        body = (7, f"{ROOT}/job/7", unit, "done")
        interface = f"{SYSTEMD}.Manager"
        self._send(Message(SIGNAL, path=ROOT, interface=interface, member="JobRemoved", signature="uoss", body=body))

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    # ---- the bus ----
    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\r\n"):
            line += self._socket.recv(1)
        return line

    def _send(self, message: Message) -> int:
        with self._lock:
            self._serial += 1
            fields = {name: getattr(message, name) for name in message.__slots__}
            self._socket.sendall(Message(**{**fields, "serial": self._serial}).encoded())
            return self._serial

    def _call(self, member: str, signature: str = "", *body: Any) -> Message:
        name = "org.freedesktop.DBus"
        serial = self._send(
            Message(
                CALL,
                path="/org/freedesktop/DBus",
                interface=name,
                member=member,
                destination=name,
                signature=signature,
                body=body,
            )
        )
        while (answer := self._receive()).reply_to != serial:
            pass
        assert answer.kind == REPLY, answer
        return answer

    def _receive(self) -> Message:
        head = self._exactly(HEAD)
        return decoded(head + self._exactly(length(head) - HEAD))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def _serve(self) -> None:
        try:
            while True:
                message = self._receive()
                if message.kind == CALL and not self.hangs:
                    self._answer(message)
        except (EOFError, OSError):
            pass

    def _answer(self, call: Message) -> None:
        value: tuple[str, Any] | None = None
        if call.member == "Subscribe":
            self.subscribed.set()
        elif call.member == "Get" and call.path == ROOT:
            value = ("s", "252.99")
        elif call.member == "Get":
            self.asked.append(call.path)
            unit = next((name for name in self.units if call.path == f"{ROOT}/unit/{label(name)}"), "")
            value = self.units.get(unit, {}).get(call.body[1])
            if value is None:
                error = "org.freedesktop.DBus.Error.UnknownProperty"
                self._send(Message(ERROR, error=error, reply_to=call.serial, destination=call.sender))
                return
        self._send(
            Message(
                REPLY,
                reply_to=call.serial,
                destination=call.sender,
                signature="v" if value else "",
                body=(value,) if value else (),
            )
        )
