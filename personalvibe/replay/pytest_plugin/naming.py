"""Which file is a test's cassette. The names are pytest-recording's, so that old ones are found."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_FORBIDDEN = re.compile(r"""[<>?%*:|"'/\\]""")
_MAX_NAME = 255


def default_name(class_name: str | None, test_name: str) -> str:
    """The name of a test's cassette, without suffix. What files cannot have becomes ``-``."""
    name = f"{class_name}.{test_name}" if class_name else test_name
    return _FORBIDDEN.sub("-", name)


def cassette_path(
    folder: Path,
    name: str,
    *,
    class_name: str | None,
    test_name: str,
    distinct: bool,
    suffix: str,
) -> Path:
    """The file of a test that asks for the cassette `name`.

    Two tests whose names differ only in characters that files cannot have (``a/b``, ``a:b``) would
    share a file. So such a default name gets a short digest, unless a file without one exists
    from former times, or `distinct` names are not wanted.
    """
    plain = folder / _fitting(name, suffix)
    full = f"{class_name}.{test_name}" if class_name else test_name
    if not distinct or name != default_name(class_name, test_name) or name == full:
        return plain
    digest = hashlib.blake2b(full.encode(), digest_size=3).hexdigest()
    with_digest = folder / _fitting(f"{name}-{digest}", suffix)
    return plain if plain.exists() and not with_digest.exists() else with_digest


def is_shared(path: Path, name: str, class_name: str | None, test_name: str) -> bool:
    """Whether other tests may record into this file too, for all that its name tells."""
    plain = default_name(class_name, test_name)
    if name != plain:
        return True
    full = f"{class_name}.{test_name}" if class_name else test_name
    return full != plain and path.name.startswith(f"{plain}.")


def _fitting(name: str, suffix: str) -> str:
    """The file name, shortened as pytest-recording does where the file system's limit is near."""
    if name.endswith(suffix):
        return name
    if len(name) + len(suffix) <= _MAX_NAME:
        return name + suffix
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: _MAX_NAME - len(suffix) - len(digest) - 3]}...{digest}{suffix}"
