"""The other side of `rds stress`, on the kernel's own RDS sockets: holds the conversation of
rds-stress as strictly as the tool does, in one process. Run by the agent:

    stress.py passive OWN_ADDRESS BASE_PORT
    stress.py active OWN_ADDRESS BASE_PORT PEER_ADDRESS OPTIONS_AS_JSON

Prints what it counted as JSON. Anything wrong with a message is an exception, and status 1.
"""

import errno
import json
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field

from rds_socket import Address, RdsSocket, pack_address

REQUEST, ACK = 1, 2
# sequence, from, to, from port, to port, index, operation; and then what is for RDMA.
HEADER = struct.Struct(">I4s4sHHHB")
HEADER_BYTES = 63
# The options block: see docs/CLI.md.
BLOCK = struct.Struct(">4I4s4sHHI15B3I")
VERIFY, SIMPLEX = 3, 13
# What the tool sends unless it is told otherwise.
FLAGS = [0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0xFF, 0, 0]

CONTROL_SECONDS = 30.0
START_SECONDS = 2.0
# The tool reads so long after the end, and answers no more.
GRACE_SECONDS = 1.0
# When a port is congested, poll() says that there is room for more.
CONGESTED_SECONDS = 0.005
BUFFER_BYTES = 4 << 20
# The send buffer is full, or the destination congested.
WOULD_WAIT = errno.EAGAIN, errno.ENOBUFS


@dataclass(frozen=True)
class Options:
    depth: int
    request_bytes: int
    ack_bytes: int
    tasks: int
    base_port: int
    seconds: int
    verify: bool
    one_way: bool


def encode(options: Options, active: str, passive: str) -> bytes:
    flags = list(FLAGS)
    flags[VERIFY], flags[SIMPLEX] = int(options.verify), int(options.one_way)
    sizes = options.depth, options.request_bytes, options.ack_bytes, 0
    addresses = socket.inet_aton(passive), socket.inet_aton(active)
    run = options.base_port, options.tasks, options.seconds
    return BLOCK.pack(*sizes, *addresses, *run, *flags, 1, 0, 0)


def decode(block: bytes) -> tuple[Options, str]:
    fields = BLOCK.unpack(block)
    depth, request_bytes, ack_bytes, _, _, active, base_port, tasks, seconds, *flags = fields
    options = Options(
        depth=depth,
        request_bytes=request_bytes,
        ack_bytes=ack_bytes,
        tasks=tasks,
        base_port=base_port,
        seconds=seconds,
        verify=bool(flags[VERIFY]),
        one_way=bool(flags[SIMPLEX]),
    )
    return options, socket.inet_ntoa(active)


def filler(size: int) -> bytes:
    pattern, value = bytearray(), 11
    for index in range(1, size + 1):
        pattern.append(value & 0xFF)
        value = (41 * (value + 3) + (index >> 8)) & 0xFFFFFFFF
    return bytes(pattern)


@dataclass
class Counts:
    requests_sent: int = 0
    requests_received: int = 0
    acks_sent: int = 0
    acks_received: int = 0
    blocked: int = 0


@dataclass
class Pair:
    """One of our tasks and one of the peer's."""

    own: Address
    peer: Address
    to: bytes
    send_sequence: int = 0
    receive_sequence: int = 0
    send_index: int = 0
    receive_index: int = 0
    unanswered: int = 0
    unacked: int = 0


@dataclass
class Task:
    rds: RdsSocket
    pairs: dict[Address, Pair] = field(default_factory=dict)


class Side:
    def __init__(self, options: Options, own: str, peer: str, asks: bool) -> None:
        self.options = options
        self.asks = asks
        self.counts = Counts()
        self.pattern = filler(max(options.request_bytes, options.ack_bytes))
        ports = range(options.base_port + 1, options.base_port + 1 + options.tasks)
        self.tasks = {}
        for port in ports:
            task = Task(RdsSocket(own, port, BUFFER_BYTES, BUFFER_BYTES))
            for there in ports:
                to = pack_address(peer, there)
                task.pairs[(peer, there)] = Pair((own, port), (peer, there), to)
            self.tasks[task.rds.fd] = task

    def run(self, is_over, answers: bool = True) -> None:
        """Until `is_over`; without answers it only reads."""
        poller = select.poll()
        for fd in self.tasks:
            poller.register(fd, select.POLLIN)
        while not is_over():
            poller.poll(CONGESTED_SECONDS * 1000)
            for task in self.tasks.values():
                self.read(task)
                if answers:
                    self.write(task)

    def read(self, task: Task) -> None:
        while True:
            try:
                data, sender = task.rds.receive()
            except BlockingIOError:
                return
            if sender not in task.pairs:
                raise RuntimeError(f"a message from {sender}, which is no task")
            self.take(task.pairs[sender], data)

    def take(self, pair: Pair, data: memoryview) -> None:
        depth = self.options.depth
        operation = data[HEADER.size - 1] if len(data) >= HEADER_BYTES else 0
        if operation == ACK:
            size = self.options.ack_bytes
            index = (pair.send_index - pair.unanswered) % depth
        elif operation == REQUEST:
            size = self.options.request_bytes
            index = pair.receive_index
        else:
            raise RuntimeError(f"{len(data)} bytes of unknown operation {operation}")
        if len(data) != size:
            raise RuntimeError(f"operation {operation} has {len(data)} bytes and not {size}")
        expected = header(pair.peer, pair.own, pair.receive_sequence, index, operation)
        if data[: HEADER.size] != expected:
            raise RuntimeError(f"header {bytes(data[:HEADER.size]).hex()} and not {expected.hex()}")
        if self.options.verify and data[HEADER_BYTES:] != self.pattern[: size - HEADER_BYTES]:
            raise RuntimeError("a message is corrupted")
        pair.receive_sequence = (pair.receive_sequence + 1) & 0xFFFFFFFF
        if operation == ACK:
            if pair.unanswered == 0:
                raise RuntimeError("an ack came without a request")
            pair.unanswered -= 1
            self.counts.acks_received += 1
        else:
            pair.unacked += 1
            if pair.unacked > depth:
                raise RuntimeError("more requests than the depth")
            pair.receive_index = (pair.receive_index + 1) % depth
            self.counts.requests_received += 1

    def write(self, task: Task) -> None:
        depth = self.options.depth
        for pair in task.pairs.values():
            while pair.unacked > 0:
                if not self.send(task, pair, ACK, (pair.receive_index - pair.unacked) % depth):
                    break
                pair.unacked -= 1
                self.counts.acks_sent += 1
            while self.asks and pair.unacked == 0 and pair.unanswered < depth:
                if not self.send(task, pair, REQUEST, pair.send_index):
                    break
                pair.send_index = (pair.send_index + 1) % depth
                pair.unanswered += 1
                self.counts.requests_sent += 1

    def send(self, task: Task, pair: Pair, operation: int, index: int) -> bool:
        """False if it would have to wait: the buffer is full or the destination congested."""
        size = self.options.ack_bytes if operation == ACK else self.options.request_bytes
        head = header(pair.own, pair.peer, pair.send_sequence, index, operation)
        message = head + bytes(HEADER_BYTES - HEADER.size) + self.pattern[: size - HEADER_BYTES]
        try:
            task.rds.send(message, pair.to, socket.MSG_DONTWAIT)
        except OSError as error:
            if error.errno not in WOULD_WAIT:
                raise
            self.counts.blocked += 1
            return False
        pair.send_sequence = (pair.send_sequence + 1) & 0xFFFFFFFF
        return True


def header(source: Address, to: Address, sequence: int, index: int, operation: int) -> bytes:
    addresses = socket.inet_aton(source[0]), socket.inet_aton(to[0])
    return HEADER.pack(sequence, *addresses, source[1], to[1], index, operation)


def read_exactly(control: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = control.recv(count - len(data))
        if not piece:
            raise RuntimeError("the peer closed the control connection")
        data += piece
    return data


def after(seconds: float):
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def has_ended(control: socket.socket):
    poller = select.poll()
    poller.register(control, select.POLLIN)
    return lambda: bool(poller.poll(0))


def passive(own: str, base_port: int) -> Side:
    with socket.create_server((own, base_port)) as server:
        server.settimeout(CONTROL_SECONDS)
        control, _ = server.accept()
    control.settimeout(CONTROL_SECONDS)
    options, peer = decode(read_exactly(control, BLOCK.size))
    side = Side(options, own, peer, asks=not options.one_way)
    read_exactly(control, 1)
    control.sendall(b"\0")
    time.sleep(START_SECONDS)
    side.run(has_ended(control))
    control.close()
    side.run(after(GRACE_SECONDS), answers=False)
    return side


def active(own: str, peer: str, options: Options) -> Side:
    address = peer, options.base_port
    control = socket.create_connection(address, CONTROL_SECONDS, source_address=(own, 0))
    control.sendall(encode(options, own, peer))
    side = Side(options, own, peer, asks=True)
    control.sendall(b"\0")
    read_exactly(control, 1)
    time.sleep(START_SECONDS)
    side.run(after(options.seconds))
    control.close()
    side.run(after(GRACE_SECONDS), answers=False)
    return side


def main(role: str, own: str, base_port: str, *rest: str) -> None:
    if role == "passive":
        side = passive(own, int(base_port))
    else:
        peer, options = rest
        wanted = Options(base_port=int(base_port), **json.loads(options))
        side = active(own, peer, wanted)
    print(json.dumps(side.counts.__dict__))


main(*sys.argv[1:])
