"""Cassettes on disk: replaced in one step, by one process at a time, and read if they are files."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from personalvibe.replay.model import CassetteError


def read(path: Path, most: int) -> bytes:
    """The first bytes of a file. Raises `FileNotFoundError`, and `CassetteError` for no file."""
    with opened(path) as file:
        try:
            # Python makes room for as much as it is asked for, which takes longer than to read.
            size = os.fstat(file.fileno()).st_size
            content = file.read(min(most, size + 1))
            return content if len(content) <= size else content + file.read(most - len(content))
        except OSError as error:
            raise _unreadable(path, error) from None


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to be read. Raises `FileNotFoundError`, and `CassetteError` for no file."""
    require_file(path)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from None
    with file:
        yield file


def require_file(path: Path) -> None:
    """Raises `CassetteError` for a folder, a pipe or a loop of links, which nobody records over."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(mode):
        raise _unusable(path, "it is not a file")


def _unreadable(path: Path, error: OSError) -> CassetteError:
    return _unusable(path, f"it cannot be read: {error.strerror or error}")


def _unusable(path: Path, message: str) -> CassetteError:
    return CassetteError(message, path=path, hint="Move it away, or make it readable.")


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file in one step. Raises `OSError`; the old file is then untouched."""
    with replacing(path) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, to be written and read, that takes the place of another in one step at the end.

    Raises `OSError`. The old file is then untouched, as after any exception within.
    """
    before = _status(path)
    if before is not None and not before.st_mode & 0o222:
        raise PermissionError(0, "the cassette is read-only: make it writable to record", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if before is not None and hasattr(os, "chown"):
            # Who may not give a file away leaves it with an owner that can be changed again.
            with contextlib.suppress(OSError):
                os.chown(name, before.st_uid, before.st_gid)
        Path(name).chmod(stat.S_IMODE(before.st_mode) if before else 0o666 & ~_mask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# Files in the making: ``.replay-<machine>-<process>-<digest of the name>-<random>.tmp``. Of the
# name itself only a digest: two long ones may begin alike, and the whole may be too long.
_SUFFIX = ".tmp"
_IN_THE_MAKING = re.compile(r"\.replay-(?P<machine>[0-9a-f]{8})-(?P<process>[0-9]+)-.*\.tmp")


def _prefix(path: Path) -> str:
    digest = hashlib.blake2b(os.fsencode(path.name), digest_size=8).hexdigest()
    return f".replay-{_machine()}-{os.getpid()}-{digest}-"


@functools.cache
def _machine() -> str:
    """Which machine this is: a process' number says nothing elsewhere on a shared disk."""
    return hashlib.blake2b(platform.node().encode(), digest_size=4).hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes of this machine left in a folder of cassettes."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            found = _IN_THE_MAKING.fullmatch(entry.name)
            if found and found["machine"] == _machine() and not _lives(int(found["process"])):
                Path(entry).unlink(missing_ok=True)


def _lives(process: int) -> bool:
    if process == os.getpid() or os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


@contextlib.contextmanager
def locked(path: Path, *, seconds: int) -> Iterator[None]:
    """One process at a time merges into a cassette. The locks lie outside of the repository.

    Raises `OSError` if the lock cannot be had in time.
    """
    from filelock import FileLock, Timeout

    name = hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()
    lock = FileLock(_lock_folder() / f"{name}.lock", timeout=seconds)
    try:
        lock.acquire()
    except Timeout:
        raise TimeoutError(
            0, f"another process has held the lock {lock.lock_file} for {seconds} s", str(path)
        ) from None
    try:
        yield
    finally:
        lock.release()


def _lock_folder() -> Path:
    """A folder of the user's own, which nobody else can have prepared."""
    for base in (_cache(), Path(tempfile.gettempdir())):
        folder = base / f"personalvibe-replay-{_user()}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        status = folder.lstat()
        is_own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        if stat.S_ISDIR(status.st_mode) and is_own:
            if stat.S_IMODE(status.st_mode) & 0o077 and os.name != "nt":
                folder.chmod(0o700)
            return folder
    raise PermissionError(
        0, "the folder for locks belongs to another user: remove it or set TMPDIR", str(folder)
    )


def _cache() -> Path:
    # By the user's entry and not by $HOME, which tox and others change: one user, one folder.
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache"
    except (ImportError, KeyError):
        return Path.home() / ".cache"


def _user() -> int:
    # Containers often run under a number that has no name.
    return os.getuid() if hasattr(os, "getuid") else 0
