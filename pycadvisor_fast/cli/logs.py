"""Log lines of the command: one line each, text or JSON, and never a flood of the same one."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

ROOT = "pycadvisor_fast"
_BURST = 5  # lines of one kind that pass at once ...
_REFILL_SECONDS = 10.0  # ... and then one in so many seconds
_MOST_KINDS = 1000  # kinds of lines remembered; far more than the program has
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "suppressed"}


class RateLimit(logging.Filter):
    """Lets a few lines of one kind pass, then one every ten seconds with the number left out since.

    A kind is (logger, level, message before its arguments are put in): ``log.warning("cannot read %s", path)`` is one
    kind for all paths.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[str, int, str], tuple[float, float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line passes; tells it how many of its kind did not since the last one that did."""
        kind = (record.name, record.levelno, str(record.msg))
        now = self._clock()
        credit, since, suppressed = self._kinds.get(kind, (float(_BURST), now, 0))
        credit = min(float(_BURST), credit + (now - since) / _REFILL_SECONDS)
        passes = credit >= 1
        if len(self._kinds) >= _MOST_KINDS and kind not in self._kinds:
            self._kinds.clear()
        self._kinds[kind] = (credit - 1, now, 0) if passes else (credit, now, suppressed + 1)
        record.suppressed = suppressed
        return passes


class TextFormatter(logging.Formatter):
    """``2026-11-22T09:05:29.123Z warning discovery: message``"""

    def format(self, record: logging.LogRecord) -> str:
        """The line, line breaks inside it escaped."""
        line = f"{_time(record)} {record.levelname.lower()} {_short_name(record)}: {record.getMessage()}"
        for name, value in _extras(record).items():
            line += f" {name}={value}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f": {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        if getattr(record, "suppressed", 0):
            line += f" (suppressed {record.suppressed} like this)"  # type: ignore[attr-defined]
        return line.replace("\n", "\\n").replace("\r", "\\r")


class JsonFormatter(logging.Formatter):
    """One JSON object: time, level, logger, message, and what the call passed in ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        out: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": _short_name(record),
            "message": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info:
            out["exception"] = self.formatException(record.exc_info)
        if getattr(record, "suppressed", 0):
            out["suppressed"] = record.suppressed  # type: ignore[attr-defined]
        return json.dumps(out, ensure_ascii=False, default=str)


def set_up(form: str, level: str, stream: TextIO) -> logging.Logger:
    """The package's logger, writing to ``stream``; ``form`` is "text" or "json"."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    handler.addFilter(RateLimit())
    logger = logging.getLogger(ROOT)
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").handlers[:] = [handler]
    # A closed stderr must not end the daemon with a traceback on that same stderr.
    logging.raiseExceptions = False
    return logger


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03d}Z"


def _short_name(record: logging.LogRecord) -> str:
    return record.name.removeprefix(ROOT + ".")


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD and name != "taskName"}
