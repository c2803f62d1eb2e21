"""Log lines: one line each, as text or JSON, and a flood becomes a number."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from pycadvisor_fast.cli import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    logger, warnings = logging.getLogger(logs.ROOT), logging.getLogger("py.warnings")
    before = (logger.handlers[:], logger.level, logger.propagate, warnings.handlers[:], logging.raiseExceptions)
    yield
    logger.handlers[:], logger.level, logger.propagate, warnings.handlers[:], logging.raiseExceptions = before
    logging.captureWarnings(False)


def test_text_is_one_line_whatever_happened() -> None:
    out = io.StringIO()
    logs.set_up("text", "info", out)
    log = logging.getLogger("pycadvisor_fast.discovery")
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        log.exception("cannot read %s", "a\nb")
    log.debug("unseen")
    (line,) = out.getvalue().splitlines()
    assert line.endswith("Z error discovery: cannot read a\\nb: ValueError: first\\nsecond")


def test_json_has_fields_and_what_the_call_added() -> None:
    out = io.StringIO()
    logs.set_up("json", "debug", out)
    logging.getLogger("pycadvisor_fast.cli.run").info("ready in %d ms", 12, extra={"containers": 3})
    entry = json.loads(out.getvalue())
    assert entry.pop("time").endswith("Z")
    assert entry == {"level": "info", "logger": "cli.run", "message": "ready in 12 ms", "containers": 3}


def test_a_flood_is_counted() -> None:
    now = 0.0
    limit = logs.RateLimit(lambda: now)

    def passes(message: str, argument: int) -> tuple[bool, int]:
        record = logging.LogRecord("x", logging.WARNING, "", 0, message, (argument,), None)
        return limit.filter(record), record.suppressed  # type: ignore[attr-defined]

    assert [passes("a %d", n)[0] for n in range(8)] == [True] * 5 + [False] * 3
    assert passes("b %d", 0)[0]
    now = 10.0
    assert passes("a %d", 9) == (True, 3)
    assert passes("a %d", 10) == (False, 0)
    now = 1000.0
    assert [passes("a %d", n)[0] for n in range(6)] == [True] * 5 + [False]


def test_the_number_left_out_is_on_the_next_line() -> None:
    out = io.StringIO()
    logger = logs.set_up("text", "info", out)
    clock = iter([0.0] * 9 + [60.0]).__next__
    logger.handlers[0].filters[:] = [logs.RateLimit(clock)]
    for n in range(10):
        logger.warning("no answer from %s", n)
    lines = out.getvalue().splitlines()
    assert len(lines) == 6
    assert lines[-1].endswith("no answer from 9 (suppressed 4 like this)")
