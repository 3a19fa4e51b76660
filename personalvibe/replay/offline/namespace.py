"""A network namespace of its own for this process and all that it starts: the kernel's guard.

In it there is loopback and nothing else, also for what Python's audit events do not show:
sub-processes, libraries that open sockets in C, raw packets. Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import struct
import sys
from pathlib import Path

_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_INTERFACE = "16sh22x"  # struct ifreq: a name, and here its flags


def enter() -> str:
    """Move this process into a network namespace; returns why that is not possible, or nothing.

    There is no way back: the process stays there until it ends.
    """
    if not sys.platform.startswith("linux"):
        return "only Linux has network namespaces"
    if not _has_routes():
        return ""  # a worker of a process that has moved, or a machine without a network
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        return "the process has threads already, which would stay behind"
    return leave()


def leave() -> str:
    """The same for a process without threads on Linux, even where it has no way out already."""
    # A kernel may grant the namespace and then refuse what makes it usable.
    refusal = _rehearsed()
    if refusal:
        return f"the kernel says: {os.strerror(refusal)}"
    _move()
    return ""


def _has_routes() -> bool:
    """Whether anything but loopback leads out of this process's namespace."""
    ipv4, ipv6 = Path("/proc/self/net/route"), Path("/proc/self/net/ipv6_route")
    lines = ipv4.read_text("ascii").splitlines()[1:]
    if ipv6.exists():
        lines += [line for line in ipv6.read_text("ascii").splitlines() if line.split()[-1] != "lo"]
    return bool(lines)


def _rehearsed() -> int:
    """The error number of a child process that tries it; 0 if it succeeds."""
    child = os.fork()
    if child == 0:
        outcome = errno.EPERM
        with contextlib.suppress(BaseException):
            try:
                _move()
                outcome = 0
            except OSError as error:
                outcome = error.errno or outcome
        os._exit(outcome)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _move() -> None:
    user, group = os.geteuid(), os.getegid()
    try:
        _unshare(_NEW_NETWORK)
    except PermissionError:
        # Who is not root may be it in a namespace of users, and stays who he is for files.
        _unshare(_NEW_USER | _NEW_NETWORK)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _bring_up_loopback()


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _bring_up_loopback() -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        request = fcntl.ioctl(one, _GET_FLAGS, struct.pack(_INTERFACE, b"lo", 0))
        _, flags = struct.unpack(_INTERFACE, request)
        fcntl.ioctl(one, _SET_FLAGS, struct.pack(_INTERFACE, b"lo", flags | _UP))
