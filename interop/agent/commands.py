"""What the host may ask for. Each command has the arguments of its method, and answers with what
that returns; an exception is told to the host. Each call runs in a thread of its own, so that
calls may block."""

import os
import subprocess
import sys
import threading
from typing import Any

import machine
from rds_info import rds_info
from rds_socket import RdsSocket
from traffic import Receiver, Sender

FOREVER_SECONDS = 3600.0
MAX_OUTPUT_CHARACTERS = 20_000


class Commands:
    def __init__(self, modules: machine.Modules) -> None:
        self.modules = modules
        self.sockets: dict[int, Receiver] = {}
        self.lock = threading.Lock()
        self.made = 0

    def hello(self) -> dict[str, Any]:
        with open("/proc/uptime") as file:
            uptime = float(file.read().split()[0])
        return {
            "release": os.uname().release,
            "uptime": uptime,
            "python": sys.version.split()[0],
        }

    def bind(self, address: str, port: int, send_buffer: int, receive_buffer: int):
        rds = RdsSocket(address, port, send_buffer, receive_buffer)
        with self.lock:
            self.made += 1
            number = self.made
            self.sockets[number] = Receiver(rds)
        return {"socket": number, "port": rds.port}

    def send(
        self,
        socket: int,
        address: str,
        port: int,
        first: int,
        count: int,
        sizes: list[int],
        mode: str,
        seconds: float,
    ):
        sender = Sender(self.sockets[socket].rds, address, port)
        return sender.send(first, count, sizes, mode, seconds)

    def receive(
        self, socket: int, count: int, seconds: float, quiet_seconds: float = FOREVER_SECONDS
    ):
        return self.sockets[socket].receive(count, seconds, quiet_seconds)

    def close(self, socket: int) -> None:
        self.sockets.pop(socket).rds.close()

    def close_all(self) -> None:
        for number in list(self.sockets):
            self.close(number)

    def info(self, kind: str) -> list[dict[str, Any]]:
        return rds_info(kind)

    def counters(self) -> dict[str, int]:
        return {row["name"]: row["value"] for row in rds_info("counters")}

    def sysctl(self, name: str, value: str | None = None) -> str:
        return machine.sysctl(name, value)

    def load(self, modules: list[str]) -> None:
        for name in modules:
            self.modules.load(name)

    def link(self, device: str, up: bool) -> None:
        machine.set_link(device, up)

    def log(self) -> list[str]:
        return machine.kernel_log()

    def execute(self, argv: list[str], seconds: float = 30.0) -> dict[str, Any]:
        """Runs a program of the host in this kernel."""
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
        output = done.stdout.decode("utf-8", "replace")
        return {"status": done.returncode, "output": output[-MAX_OUTPUT_CHARACTERS:]}
