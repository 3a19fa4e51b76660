"""One way to change a file: a temporary file beside it, then a rename."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from codemods.migrate_openai.errors import SourceError


def replace(path: str, before: bytes | None, after: bytes) -> None:
    """Make ``after`` the content of ``path``, all of it or nothing.

    ``before`` is what the decision was made on, None for a new file: a file that has changed
    since then is left alone. Permissions and, where the system lets us, the owner stay; a link
    within the tree stays a link. Raises `SourceError` with the reason.
    """
    target = Path(path).resolve()
    try:
        if before is None:
            _replace(target, after, None)
            return
        if not os.access(target, os.W_OK):
            raise SourceError("cannot be written: it is read-only")
        if target.read_bytes() != before:
            raise SourceError("it was changed by someone else meanwhile; run again")
        _replace(target, after, target.stat())
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror or error}") from error


def _replace(target: Path, data: bytes, status: os.stat_result | None) -> None:
    import tempfile  # with all that it imports, only where something is written

    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".migrate-", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if status is None:
            temporary.chmod(0o666 & ~_umask())
        else:
            if hasattr(os, "chown"):
                with contextlib.suppress(PermissionError):
                    os.chown(temporary, status.st_uid, status.st_gid)
            temporary.chmod(stat.S_IMODE(status.st_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
