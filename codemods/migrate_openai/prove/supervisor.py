"""The process between the proof and a command: it keeps the command off the network, and ends it.

Run as a script, with the folder of the packages, the number of a socket to the proof, and the
`Isolation` that is wanted. What the command starts becomes a child of this process when its own
parent ends, whatever session or environment it gave itself, and is ended with the command; also
when the proof is killed, which closes the socket.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_SET_CHILD_SUBREAPER, _DROP_FROM_BOUNDING_SET = 36, 24
_SYS_ADMIN = 21
_GRACE = 3.0


def main(arguments: Sequence[str]) -> None:
    packages, number, wanted = arguments
    sys.path.insert(0, packages)
    with socket.socket(fileno=int(number)) as control:
        _adopt_orphans()
        refusal = "" if wanted == "hooks" else _leave_network()
        listeners = [] if wanted == "hooks" or refusal else [_listener()]
        socket.send_fds(control, [_line({"refusal": refusal})], [s.fileno() for s in listeners])
        for listener in listeners:
            listener.close()
        with control.makefile("rb") as orders:
            order = orders.readline()
        if order:
            result = _run(json.loads(order), control)
            with contextlib.suppress(OSError):  # the proof itself may have been killed
                control.sendall(_line(result))


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _adopt_orphans() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _leave_network() -> str:
    """Why this process cannot have a network of its own, or nothing: it has one now."""
    from personalvibe.replay.offline import namespace

    if not sys.platform.startswith("linux"):
        return "only Linux has network namespaces"
    refusal = namespace.leave()
    # Otherwise root could go back, into the namespace of any other process.
    ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _SYS_ADMIN, 0, 0, 0)
    return refusal


def _listener() -> socket.socket:
    """For the stand-in, which runs in the proof: a socket stays in the network it was made in."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def _run(order: dict[str, Any], control: socket.socket) -> dict[str, Any]:
    """The exit code of the command, null if the proof ended it, or why it did not start."""
    wake, alarm = socket.socketpair()
    alarm.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(alarm.fileno())
    try:
        process = subprocess.Popen(
            order["arguments"],
            cwd=order["folder"],
            env=order["environment"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return {"error": error.strerror}
    code = _wait(process.pid, control, wake)
    if code is None:
        _signal_group(process.pid, signal.SIGTERM)
        _wait_a_little(process.pid)
    _signal_group(process.pid, signal.SIGKILL)
    _end_children()
    return {"code": code}


def _wait(leader: int, control: socket.socket, wake: socket.socket) -> int | None:
    while True:
        code = _reap(leader)
        if code is not None:
            return code
        ready, _, _ = select.select([control, wake], [], [])
        if control in ready:
            return None
        wake.recv(4096)


def _reap(leader: int) -> int | None:
    """Bury who has ended; the exit code of the command if it is among them."""
    with contextlib.suppress(ChildProcessError):
        while True:
            number, status = os.waitpid(-1, os.WNOHANG)
            if number == leader:
                return os.waitstatus_to_exitcode(status)
            if number == 0:
                break
    return None


def _wait_a_little(leader: int) -> None:
    limit = time.monotonic() + _GRACE
    while _reap(leader) is None and time.monotonic() < limit:
        time.sleep(0.05)


def _signal_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _end_children() -> None:
    """Until none is left: the children of one that ends come here next."""
    foreign: set[int] = set()
    while left := [child for child in _children() if child not in foreign]:
        for child in left:
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except PermissionError:
                foreign.add(child)
            except (ProcessLookupError, ChildProcessError):
                pass


def _children() -> Iterator[int]:
    own = str(os.getpid())
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name stands in parentheses and may hold any of the signs around it.
            if file.read_text("utf-8", "replace").rpartition(")")[2].split()[1] == own:
                yield int(file.parent.name)


if __name__ == "__main__":
    main(sys.argv[1:])
