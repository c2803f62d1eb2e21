"""Network of a sample (info/v1 and info/v2 NetworkStats). Plain data."""

from __future__ import annotations

from dataclasses import dataclass

from ..decode import Number, Text
from .tcp import TcpAdvancedStat, TcpStat, UdpStat


@dataclass(frozen=True, slots=True)
class InterfaceStats:
    """One interface, as it is seen from inside the container."""

    name: Text = None
    rx_bytes: Number = None
    rx_packets: Number = None
    rx_errors: Number = None
    rx_dropped: Number = None
    tx_bytes: Number = None
    tx_packets: Number = None
    tx_errors: Number = None
    tx_dropped: Number = None


@dataclass(frozen=True, slots=True)
class NetworkStats(InterfaceStats):
    """All interfaces and sockets. The fields of InterfaceStats are those of the first interface; None in v2."""

    interfaces: tuple[InterfaceStats, ...] = ()
    tcp: TcpStat | None = None
    tcp6: TcpStat | None = None
    udp: UdpStat | None = None
    udp6: UdpStat | None = None
    tcp_advanced: TcpAdvancedStat | None = None
