"""One command as a process: with its output, off the network, and nothing of it left afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import personalvibe.replay
from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.prove.model import Ended, Isolation

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_PACKAGES = Path(personalvibe.replay.__file__).parents[2]
_OUTPUT_LIMIT = 4 * 2**20


@contextmanager
def supervised(wanted: Isolation, lease: int) -> Iterator[Supervised]:
    """What runs one command. Leaving the ``with`` block ends it and all that it started.

    ``lease``: a file descriptor that stays open as long as anything here runs. Raises `UsageError`
    where the isolation that is wanted is not to be had.
    """
    control, other = socket.socketpair()
    with control, TemporaryFile() as output, TemporaryFile() as errors:
        with other:
            process = _start(wanted, other, lease, output, errors)
        try:
            message, listeners, _, _ = socket.recv_fds(control, 2**16, 1)
            refusal = str(json.loads(message)["refusal"])
            if wanted is Isolation.NAMESPACE and refusal:
                raise UsageError(
                    f"--isolation namespace: {refusal}",
                    "Use --isolation auto, or a system that allows network namespaces.",
                )
            yield Supervised(
                control=control,
                output=output,
                errors=errors,
                listener=socket.socket(fileno=listeners[0]) if listeners else None,
                refusal=refusal,
            )
        finally:
            control.close()
            process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """A supervisor that waits for its command, or runs it."""

    control: socket.socket
    output: IO[bytes]
    errors: IO[bytes]
    listener: socket.socket | None
    """Listens in the command's own network; None where it has none of its own."""
    refusal: str
    """Why not, where one was wanted."""

    @property
    def isolation(self) -> Isolation:
        return Isolation.HOOKS if self.listener is None else Isolation.NAMESPACE

    def run(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str], timeout: float
    ) -> Ended:
        order = {"arguments": command, "folder": str(folder), "environment": dict(env)}
        self.control.sendall(json.dumps(order).encode() + b"\n")
        result = self._answer(timeout)
        if "error" in result:
            said = f"{command[0]}: {result['error']}\n"
            return Ended(exit_code=127, output="", errors=said)
        return Ended(exit_code=result["code"], output=_text(self.output), errors=_text(self.errors))

    def _answer(self, timeout: float) -> dict[str, Any]:
        """What became of the command; it is ended at the time limit."""
        self.control.settimeout(timeout)
        with contextlib.suppress(TimeoutError):
            return _message(self.control)
        self.control.shutdown(socket.SHUT_WR)
        self.control.settimeout(None)
        return _message(self.control)


def _start(
    wanted: Isolation,
    control: socket.socket,
    lease: int,
    output: IO[bytes],
    errors: IO[bytes],
) -> subprocess.Popen[bytes]:
    number = str(control.fileno())
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_SUPERVISOR), str(_PACKAGES), number, wanted.value],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        pass_fds=(control.fileno(), lease),
        start_new_session=True,
    )


def _message(control: socket.socket) -> dict[str, Any]:
    # Short enough to come in one piece: a code, or the text of an error.
    received: dict[str, Any] = json.loads(control.recv(2**16) or b'{"code": null}')
    return received


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return os.read(file.fileno(), _OUTPUT_LIMIT).decode("utf-8", "replace")
