"""Process 1 of a throw-away kernel: sets it up, and then does what the host asks.

Requests and replies are JSON, one object per line, over a serial line whose other end is a pipe of
the host. It is of no use elsewhere: it mounts file systems and ends only with its kernel.
"""

import json
import os
import sys
import termios
import threading
import traceback
from typing import Any

import machine
from commands import Commands

LINE = "/dev/ttyS0"
DEVICE = "vec0"
# The serial line takes no more at once.
PIECE_BYTES = 2048
# Tests use messages of up to 1 MiB, and the kernel doubles what is asked for.
MAX_BUFFER_BYTES = 16 << 20
TRACE_CHARACTERS = 2000
# The network driver stops reading for ever when it finds no memory for a packet, and it can not
# wait for memory. Without this, files that were read fill nearly all of it.
RESERVED_KIB = 16 << 10


class SerialLine:
    """Carries lines both ways. Several threads may write."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.lock = threading.Lock()
        mode = termios.tcgetattr(self.fd)
        mode[0] = mode[1] = mode[3] = 0
        mode[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)

    def write(self, value: dict[str, Any]) -> None:
        text = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        with self.lock:
            while text:
                text = text[os.write(self.fd, text[:PIECE_BYTES]) :]

    def lines(self):
        rest = b""
        while True:
            *lines, rest = (rest + os.read(self.fd, 4096)).split(b"\n")
            yield from (line for line in lines if line.strip())


def answer(line: SerialLine, commands: Commands, request: dict[str, Any]) -> None:
    reply: dict[str, Any] = {"id": request["id"]}
    try:
        method = getattr(commands, request["command"])
        reply["result"] = method(**request["arguments"])
    except Exception as error:  # whatever it is, the host has to hear of it
        reply["error"] = f"{type(error).__name__}: {error}"
        if not isinstance(error, OSError):
            reply["error"] += "\n" + traceback.format_exc()[-TRACE_CHARACTERS:]
    line.write(reply)


def set_up(options: dict[str, Any]) -> Commands:
    machine.sysctl("vm.min_free_kbytes", str(RESERVED_KIB))
    modules = machine.Modules(options["modules"])
    modules.load("rds_tcp")
    machine.set_link("lo", True)
    for name in ("wmem_max", "rmem_max"):
        machine.sysctl(f"net.core.{name}", str(MAX_BUFFER_BYTES))
    # Nobody else has our addresses, so there is no need to look for a second owner first.
    machine.sysctl(f"net.ipv6.conf.{DEVICE}.accept_dad", "0")
    for address in options["addresses"]:
        machine.set_address(DEVICE, address)
    machine.set_link(DEVICE, True)
    return Commands(modules)


def main() -> None:
    if os.getpid() != 1:
        sys.exit("this program is process 1 of a throw-away kernel")
    machine.mount_all()
    line = SerialLine(LINE)
    try:
        commands = set_up(json.loads(bytes.fromhex(sys.argv[1])))
    except Exception as error:
        line.write({"id": 0, "error": f"{type(error).__name__}: {error}"})
        raise
    # It is short when several threads want the processor: most of what they do is system calls.
    sys.setswitchinterval(0.001)
    line.write({"id": 0, "result": commands.hello()})
    for text in line.lines():
        request = json.loads(text)
        threading.Thread(target=answer, args=(line, commands, request), daemon=True).start()


main()
