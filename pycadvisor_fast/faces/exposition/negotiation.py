"""Which of the three formats a client wants, by its Accept header (RFC 9110, 12.5.1). Pure."""

from __future__ import annotations

from typing import NamedTuple

from pycadvisor_fast.native.exposition import OPENMETRICS, PROTOBUF, TEXT

_MOST_RANGES = 32  # a header with more is cut: browsers send ten


class Format(NamedTuple):
    """A format (PCF_EXPOSITION_*) and how it is called."""

    form: int
    content_type: str


PLAIN = Format(TEXT, "text/plain; version=0.0.4; charset=utf-8")
_PROTOBUF = Format(
    PROTOBUF, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)


def choose(accept: str) -> Format:
    """The acceptable format that the client likes best, of equals the one it names first; else the text format, as
    everybody reads it."""
    best, best_weight = PLAIN, 0.0
    for part in accept.split(",")[:_MOST_RANGES]:
        kind, *rest = (piece.strip() for piece in part.split(";"))
        options = dict(piece.lower().split("=", 1) for piece in rest if "=" in piece)
        options = {name.strip(): value.strip().strip('"') for name, value in options.items()}
        weight = _weight(options.pop("q", "1"))
        found = _format(kind.lower(), options)
        if found is not None and weight > best_weight:
            best, best_weight = found, weight
    return best


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header takes gzip."""
    weights: dict[str, float] = {}
    for part in header.split(",")[:_MOST_RANGES]:
        coding, _, rest = part.partition(";")
        option = rest.strip().lower()
        weights[coding.strip().lower()] = _weight(option[2:]) if option.startswith("q=") else 1.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _format(kind: str, options: dict[str, str]) -> Format | None:
    if kind in ("text/plain", "text/*", "*/*"):
        return PLAIN if options.get("version", "0.0.4") == "0.0.4" else None
    if kind == "application/openmetrics-text":
        version = options.get("version", "1.0.0")
        if version in ("1.0.0", "0.0.1"):
            return Format(OPENMETRICS, f"application/openmetrics-text; version={version}; charset=utf-8")
    if kind == "application/vnd.google.protobuf":
        is_known = options.get("proto", "") == "io.prometheus.client.metricfamily"
        return _PROTOBUF if is_known and options.get("encoding", "delimited") == "delimited" else None
    return None


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
