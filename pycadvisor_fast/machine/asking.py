"""Has the metadata service of the cloud asked, in a thread that ends when it has answered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from .metadata import MetadataError
from .model import Cloud, Machine

log = logging.getLogger(__name__)

AGAIN_SECONDS = 300.0  # after a service did not answer


class CloudAsker:
    """``ask``: cloud as the machine knows it -> as the service does; it may block and raise MetadataError."""

    def __init__(self, ask: Callable[[Cloud], Cloud]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._asked: Cloud | None = None
        self._answer: Cloud | None = None
        self._problem = ""

    def start(self) -> None:
        """May ask from now on (again, after ``stop``)."""
        self._ending.clear()

    def begin(self, cloud: Cloud | None) -> None:
        """Has it asked in the background, unless it has answered or is being asked; returns at once."""
        with self._lock:
            if cloud is None or cloud == self._asked or self._ending.is_set():
                return
            self._asked = cloud
            self._thread = threading.Thread(target=self._run, args=(cloud,), name="pcf-cloud", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Asks no more. A request on its way ends by its own timeout and is not waited for."""
        self._ending.set()
        with self._lock:
            self._asked = self._asked if self._answer is not None else None

    def completed(self, machine: Machine) -> Machine:
        """``machine`` with what the service says, or a note why it does not."""
        with self._lock:
            answer, problem = self._answer, self._problem
        if answer is not None and machine.cloud is not None and machine.cloud.provider == answer.provider:
            return replace(machine, cloud=answer)
        return replace(machine, notes=(*machine.notes, problem)) if problem else machine

    def _run(self, cloud: Cloud) -> None:
        while not self._ending.is_set():
            try:
                answer = self._ask(cloud)
            except MetadataError as error:
                problem = f"metadata service: {error}"
                log.log(logging.DEBUG if self._problem else logging.WARNING, "%s", problem)
                with self._lock:
                    self._problem = problem
                self._ending.wait(AGAIN_SECONDS)
            else:
                with self._lock:
                    self._answer, self._problem = answer, ""
                return
