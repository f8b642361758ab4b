"""What the kernel tells about RDS: the records that `rds-info` shows, by getsockopt(2)."""

import ctypes
import errno
import ipaddress
import socket
import struct
from typing import Any

from machine import failed, libc
from rds_socket import AF_RDS

SOL_RDS = 276
ROOM_STEP_BYTES = 4096
MAX_TRIES = 64

MESSAGE = ("=QI4s4s2s2sBB", "seq len laddr faddr lport fport flags tos")
# The option, the layout of a packed record, the names of its fields. They know IPv4 alone.
RECORDS = {
    "counters": (10000, "=32sQ", "name value"),
    "connections": (
        10001,
        "=QQ4s4s16sBB",
        "next_tx_seq next_rx_seq laddr faddr transport flags tos",
    ),
    "send_messages": (10003, *MESSAGE),
    "retrans_messages": (10004, *MESSAGE),
    "recv_messages": (10005, *MESSAGE),
    "sockets": (
        10006,
        "=I4s4s2s2sIQ",
        "sndbuf bound_addr connected_addr bound_port connected_port rcvbuf inum",
    ),
    "tcp_sockets": (
        10007,
        "=4s2s4s2sQQIIIB",
        "local_addr local_port peer_addr peer_port hdr_rem data_rem "
        "last_sent_nxt last_expected_una last_seen_una tos",
    ),
}


def read_records(option: int) -> tuple[bytes, int]:
    """All records, and the size of each. The kernel says ENOSPC while there is too little room."""
    room = ctypes.c_int(0)
    with socket.socket(AF_RDS, socket.SOCK_SEQPACKET) as any_socket:
        for _ in range(MAX_TRIES):
            buffer = ctypes.create_string_buffer(max(room.value, 1))
            size = libc.getsockopt(
                any_socket.fileno(), SOL_RDS, option, buffer, ctypes.byref(room)
            )
            if size >= 0:
                return buffer.raw[: room.value], size
            if ctypes.get_errno() != errno.ENOSPC:
                break
            room.value += ROOM_STEP_BYTES
        raise failed(f"getsockopt {option}")


def plain(field: str, value: Any) -> Any:
    if field.endswith("addr"):
        return str(ipaddress.ip_address(value))
    if field.endswith("port"):
        return int.from_bytes(value, "big")
    return value.split(b"\0")[0].decode() if isinstance(value, bytes) else value


def rds_info(kind: str) -> list[dict[str, Any]]:
    option, layout, names = RECORDS[kind]
    raw, size = read_records(option)
    starts = range(0, len(raw) - size + 1, size) if size > 0 else range(0)
    fields = names.split()
    records = (zip(fields, struct.unpack_from(layout, raw, at)) for at in starts)
    return [{name: plain(name, value) for name, value in record} for record in records]
