"""What both clients say to gRPC."""

from __future__ import annotations

DEFAULT_TARGET = "127.0.0.1:8081"

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", -1),  # a batch of 10 000 containers is larger than the default 4 MiB
    ("grpc.keepalive_time_ms", 20_000),  # a server that is gone without a word is noticed after 30 s
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_http_proxy", 0),  # a proxy of the environment is for the web, not for hosts of our own
    ("grpc.enable_retries", 0),  # streams resume by tick number instead
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),  # also how long one attempt to connect may take on a busy machine
    ("grpc.max_reconnect_backoff_ms", 1_000),  # client.Retry decides when to try
)


def target_of(text: str) -> str:
    """A target as gRPC wants it: ":8081" is this host, unix paths are taken as they are."""
    return f"127.0.0.1{text}" if text.startswith(":") else text
