"""The machine around the kernel: file systems, modules, network interfaces.

There is no init system and no `kmod` in the kernel, only this; what the host has installed can be
read, and programs of it can be run, but it can not be written.
"""

import ctypes
import errno
import fcntl
import ipaddress
import lzma
import os
import socket
import struct
import threading

libc = ctypes.CDLL(None, use_errno=True)

SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
SIOCSIFADDR, SIOCSIFNETMASK = 0x8916, 0x891C
IFF_UP = 1
INIT_MODULE = 175  # the system call, on x86-64
READ_ALL_OF_LOG, LOG_BUFFER_BYTES = 3, 1 << 18


def failed(what: str) -> OSError:
    """The error of the last call of the C library."""
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")


def mount(kind: str, folder: str) -> None:
    if libc.mount(kind.encode(), folder.encode(), kind.encode(), 0, b""):
        raise failed(f"mount {kind} at {folder}")


def mount_all() -> None:
    mount("proc", "/proc")
    mount("sysfs", "/sys")
    if not os.path.exists("/dev/null"):
        mount("devtmpfs", "/dev")
    os.makedirs("/dev/shm", exist_ok=True)
    mount("tmpfs", "/dev/shm")


class Modules:
    """Loads modules of the running kernel, and those that they need."""

    def __init__(self, folder: str) -> None:
        self.files: dict[str, str] = {}
        self.loaded: set[str] = set()
        self.lock = threading.Lock()
        for where, _folders, names in os.walk(os.path.join(folder, os.uname().release)):
            for name in names:
                stem, dot, _rest = name.partition(".ko")
                if dot:
                    self.files[stem.replace("-", "_")] = os.path.join(where, name)

    def load(self, name: str) -> None:
        with self.lock:
            self._load(name.replace("-", "_"))

    def _load(self, name: str) -> None:
        if name in self.loaded:
            return
        if name not in self.files:
            raise FileNotFoundError(f"this kernel has no module {name}")
        image = read_module(self.files[name])
        for needed in dependencies(image):
            self._load(needed.replace("-", "_"))
        size = ctypes.c_ulong(len(image))
        if libc.syscall(INIT_MODULE, ctypes.c_char_p(image), size, ctypes.c_char_p(b"")):
            if ctypes.get_errno() != errno.EEXIST:
                raise failed(f"load {name}")
        self.loaded.add(name)


def read_module(path: str) -> bytes:
    with open(path, "rb") as file:
        image = file.read()
    return lzma.decompress(image) if path.endswith(".xz") else image


def dependencies(image: bytes) -> list[str]:
    at = image.find(b"\0depends=")
    if at < 0:
        return []
    start = at + len(b"\0depends=")
    return [name for name in image[start : image.index(b"\0", start)].decode().split(",") if name]


def sysctl(name: str, value: str | None = None) -> str:
    """Reads a setting of the kernel, after writing it if there is a value."""
    path = "/proc/sys/" + name.replace(".", "/")
    if value is not None:
        with open(path, "w") as file:
            file.write(value)
    with open(path) as file:
        return file.read().strip()


def ifreq(device: str, value: bytes) -> bytes:
    return struct.pack("16s", device.encode()) + value.ljust(24, b"\0")


def set_link(device: str, up: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, ifreq(device, b""))
        flags = struct.unpack_from("H", answer, 16)[0]
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, ifreq(device, struct.pack("H", flags)))


def set_address(device: str, text: str) -> None:
    """Gives an interface an address, written as `10.0.0.1/24` or `fd00::1/64`."""
    interface = ipaddress.ip_interface(text)
    if interface.version == 6:
        index = socket.if_nametoindex(device)
        request = interface.ip.packed + struct.pack("Ii", interface.network.prefixlen, index)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFADDR, request)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for request, address in (
            (SIOCSIFADDR, interface.ip),
            (SIOCSIFNETMASK, interface.network.netmask),
        ):
            name = struct.pack("=HH4s8x", socket.AF_INET, 0, address.packed)
            fcntl.ioctl(any_socket, request, ifreq(device, name))


def kernel_log() -> list[str]:
    buffer = ctypes.create_string_buffer(LOG_BUFFER_BYTES)
    size = libc.klogctl(READ_ALL_OF_LOG, buffer, len(buffer))
    return buffer.raw[: max(size, 0)].decode("utf-8", "replace").splitlines()
