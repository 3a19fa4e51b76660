"""A file is the old one or the new one, whatever happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files.write import replace


def test_permissions_stay(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")
    file.chmod(0o751)
    replace(str(file), b"old", b"new")
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o751
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")
    link = tmp_path / "b.py"
    link.symlink_to("a.py")
    replace(str(link), b"old", b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_file_that_changed_meanwhile_is_left(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"theirs")
    with pytest.raises(SourceError, match="meanwhile"):
        replace(str(file), b"old", b"new")
    assert file.read_bytes() == b"theirs"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises((SourceError, KeyboardInterrupt)):
        replace(str(file), b"old", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]
    assert file.read_bytes() == b"old"


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    file, usual = tmp_path / "a.py", tmp_path / "b.py"
    usual.touch()
    replace(str(file), None, b"new")
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode == usual.stat().st_mode
