"""Test messages: how they are made, sent, read and told apart.

The same in `../message.mjs`, for our side. A message of 16 bytes or more begins with its sender's
port, its receiver's port, its size and its number among what this sender has sent to this
receiver; the rest is a pattern that depends on these.
"""

import errno
import hashlib
import select
import socket
import struct
import time
from typing import Any

from rds_socket import MAX_MESSAGE_BYTES, Address, RdsSocket, pack_address

HEAD = struct.Struct(">HHIQ")
PERIOD = 251
PATTERN = bytes(range(PERIOD)) * (MAX_MESSAGE_BYTES // PERIOD + 2)
# After so many pieces of broken order a report would help nobody.
MAX_RANGES = 1000
RETRY_SECONDS = 0.005


def message(sport: int, dport: int, number: int, size: int) -> bytes:
    start = (sport + dport + number) % PERIOD
    if size < HEAD.size:
        return PATTERN[start : start + size]
    return HEAD.pack(sport, dport, size, number) + PATTERN[start + HEAD.size : start + size]


class Tally:
    """What one receiver has read from one sender."""

    def __init__(self) -> None:
        self.messages = self.bytes = self.altered = self.next = 0
        self.ranges: list[list[int]] = []
        self.hash = hashlib.sha256()

    def add(self, data: memoryview, sport: int, dport: int) -> None:
        # One that is too small to say its number is taken for the next.
        number = HEAD.unpack_from(data)[3] if len(data) >= HEAD.size else self.next
        if data != message(sport, dport, number, len(data)):
            self.altered += 1
        self.messages += 1
        self.bytes += len(data)
        self.hash.update(data)
        if self.ranges and self.ranges[-1][1] + 1 == number:
            self.ranges[-1][1] = number
        elif len(self.ranges) < MAX_RANGES:
            self.ranges.append([number, number])
        self.next = number + 1

    def report(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "bytes": self.bytes,
            "altered": self.altered,
            "ranges": self.ranges,
            "digest": self.hash.hexdigest(),
        }


class Receiver:
    """The tallies of one socket; they go on from one call of `receive` to the next."""

    def __init__(self, rds: RdsSocket) -> None:
        self.rds = rds
        self.tallies: dict[Address, Tally] = {}

    def receive(self, count: int, seconds: float, quiet_seconds: float) -> dict[str, Any]:
        """Reads up to `count` messages, until so much time has passed or it was quiet for long."""
        end = time.monotonic() + seconds
        read = 0
        while read < count:
            try:
                data, sender = self.rds.receive()
            except BlockingIOError:
                left = end - time.monotonic()
                if left <= 0 or not self.rds.wait(select.POLLIN, min(left, quiet_seconds)):
                    break
                continue
            read += 1
            self.tallies.setdefault(sender, Tally()).add(data, sender[1], self.rds.port)
        senders = {f"{a}:{p}": tally.report() for (a, p), tally in self.tallies.items()}
        return {"read": read, "senders": senders}


class Sender:
    """One run of messages to one destination."""

    def __init__(self, rds: RdsSocket, address: str, port: int) -> None:
        self.rds, self.port = rds, port
        self.destination = pack_address(address, port)
        self.sent = self.bytes = 0
        self.hash = hashlib.sha256()
        self.waits = {"EAGAIN": 0, "ENOBUFS": 0}

    def send(self, first: int, count: int, sizes: list[int], mode: str, seconds: float):
        """`mode` is 'blocking', 'waiting' (try again until it works) or 'once'."""
        start = time.monotonic()
        error = None
        for number in range(first, first + count):
            data = message(self.rds.port, self.port, number, sizes[number % len(sizes)])
            try:
                if mode == "blocking":
                    self.rds.send(data, self.destination, 0)
                else:
                    self._send_waiting(data, start + seconds if mode == "waiting" else start)
            except OSError as reason:
                error = errno.errorcode.get(reason.errno or 0, str(reason))
                break
            self.sent += 1
            self.bytes += len(data)
            self.hash.update(data)
        return {
            "sent": self.sent,
            "bytes": self.bytes,
            "digest": self.hash.hexdigest(),
            "error": error,
            "waits": self.waits,
            "seconds": time.monotonic() - start,
        }

    def _send_waiting(self, data: bytes, end: float) -> None:
        while True:
            try:
                return self.rds.send(data, self.destination, socket.MSG_DONTWAIT)
            except OSError as reason:
                name = errno.errorcode.get(reason.errno or 0, "")
                if name not in self.waits:
                    raise
                self.waits[name] += 1
                if time.monotonic() >= end:
                    raise
            if name == "EAGAIN":
                self.rds.wait(select.POLLOUT, RETRY_SECONDS)
            else:
                time.sleep(RETRY_SECONDS)
