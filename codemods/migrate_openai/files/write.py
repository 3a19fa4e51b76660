"""One way to put content beside a file, and in its place."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from pathlib import Path

from codemods.migrate_openai.errors import SourceError

CHANGED = "it was changed by someone else meanwhile; run again"


def replace(path: str, before: bytes | None, after: bytes) -> None:
    """Make ``after`` the content of one file, all of it or nothing.

    ``before`` is what the decision was made on, None for a new file: a file that has changed
    since then is left alone. Permissions and, where the system lets us, the owner stay; a link
    within the tree stays a link. Raises `SourceError` with the reason.
    """
    target = Path(path).resolve()
    temporary = beside(target)
    try:
        check(target, before)
        try:
            stage(temporary, after, mode_for(target), target)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise refusal(error) from error


def check(target: Path, before: bytes | None) -> None:
    """Raises `SourceError` where the file cannot be written, or is not as it was."""
    if content(target) != before:
        raise SourceError(CHANGED)
    if before is not None and not os.access(target, os.W_OK):
        raise SourceError("cannot be written: it is read-only")


def refusal(error: OSError) -> SourceError:
    return SourceError(f"cannot be written: {error.strerror or error}")


def content(target: Path) -> bytes | None:
    """None where there is no file."""
    try:
        return target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def beside(target: Path) -> Path:
    """A new name in the same folder, from where a rename is one step."""
    return target.with_name(f".migrate-{uuid.uuid4().hex}.tmp")


def mode_for(target: Path) -> int:
    """The permissions of a file, or those that a new one gets."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask


def stage(temporary: Path, data: bytes, mode: int, like: Path) -> None:
    """Write a new file, to the disk, with the owner of ``like`` where there is one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if hasattr(os, "chown") and like.exists():
        owner = like.stat()
        with contextlib.suppress(PermissionError):
            os.chown(temporary, owner.st_uid, owner.st_gid)
    temporary.chmod(mode)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
