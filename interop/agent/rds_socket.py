"""RDS sockets through the C library: Python's own know no IPv6 for AF_RDS."""

import ctypes
import ipaddress
import select
import socket
import struct

from machine import failed, libc

AF_RDS = 21
SOCKADDR_BYTES = 28
MAX_MESSAGE_BYTES = 1 << 20

libc.sendto.restype = libc.recvfrom.restype = ctypes.c_ssize_t

Address = tuple[str, int]


def pack_address(address: str, port: int) -> bytes:
    ip = ipaddress.ip_address(address)
    big_endian_port = socket.htons(port)
    if ip.version == 4:
        return struct.pack("=HH4s8x", socket.AF_INET, big_endian_port, ip.packed)
    return struct.pack("=HHI16sI", socket.AF_INET6, big_endian_port, 0, ip.packed, 0)


def unpack_address(raw: bytes) -> Address:
    family, port = struct.unpack_from("=HH", raw)
    if family == socket.AF_INET6:
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), socket.ntohs(port)
    return socket.inet_ntoa(raw[4:8]), socket.ntohs(port)


class RdsSocket:
    """A bound RDS socket. Errors are OSErrors, as in the socket module."""

    def __init__(self, address: str, port: int, send_buffer: int, receive_buffer: int) -> None:
        self.socket = socket.socket(AF_RDS, socket.SOCK_SEQPACKET)
        self.fd = self.socket.fileno()
        self.buffer = bytearray(MAX_MESSAGE_BYTES + 1)
        self.view = memoryview(self.buffer)
        self.c_buffer = (ctypes.c_char * len(self.buffer)).from_buffer(self.buffer)
        self.c_sender = ctypes.create_string_buffer(SOCKADDR_BYTES)
        try:
            # The kernel doubles what is asked for, and RDS uses half of it.
            if send_buffer > 0:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            if receive_buffer > 0:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.address, self.port = self._bind(address, port)
        except OSError:
            self.close()
            raise

    def _bind(self, address: str, port: int) -> Address:
        name = pack_address(address, port)
        if libc.bind(self.fd, name, len(name)):
            raise failed("bind")
        bound = ctypes.create_string_buffer(SOCKADDR_BYTES)
        size = ctypes.c_int(SOCKADDR_BYTES)
        if libc.getsockname(self.fd, bound, ctypes.byref(size)):
            raise failed("getsockname")
        return unpack_address(bound.raw)

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes, packed_destination: bytes, flags: int) -> None:
        size = len(packed_destination)
        sent = libc.sendto(self.fd, data, len(data), flags, packed_destination, size)
        if sent < 0:
            raise failed("sendto")
        if sent != len(data):
            raise RuntimeError(f"sendto took {sent} of {len(data)} bytes")

    def receive(self) -> tuple[memoryview, Address]:
        """The next message, or BlockingIOError. The view is good until the next call."""
        size = ctypes.c_int(SOCKADDR_BYTES)
        got = libc.recvfrom(
            self.fd,
            self.c_buffer,
            len(self.buffer),
            socket.MSG_DONTWAIT,
            self.c_sender,
            ctypes.byref(size),
        )
        if got < 0:
            raise failed("recvfrom")
        return self.view[:got], unpack_address(self.c_sender.raw)

    def wait(self, events: int, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self.fd, events)
        return bool(poller.poll(max(0.0, seconds) * 1000))
