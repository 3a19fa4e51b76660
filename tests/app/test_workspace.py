"""Where things live, and how they are written."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalvibe.errors import UserError
from personalvibe.workspace import Workspace, atomic_write, encoded, read_saved, save_prompt


def test_the_root_is_the_project_of_the_config(project: Any) -> None:
    config = Path(project.config())
    assert Workspace.find(config=config).root == project.root


def test_the_root_is_the_project_around_the_current_folder(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("src/deep", "prompts/demo"):
        (project.root / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(project.root / folder)
        assert Workspace.find().root == project.root


def test_the_root_is_the_current_folder_without_a_project(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = project.root / "repository/src"
    inner.mkdir(parents=True)
    (inner.parent / ".git").mkdir()
    monkeypatch.chdir(inner)
    assert Workspace.find().root == inner


def test_pv_data_dir_moves_artefacts_and_nothing_else(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PV_DATA_DIR", "elsewhere")
    place = Workspace.find()
    assert place.project_root == project.root
    assert place.outputs("demo") == project.root / "elsewhere/data/demo/prompt_outputs"
    assert place.logs == project.root / "elsewhere/logs"


def test_a_prompt_is_stored_once(tmp_path: Path) -> None:
    first = save_prompt("Hello\n", tmp_path / "in")
    assert save_prompt("Hello\n", tmp_path / "in") == first
    assert [p.name for p in (tmp_path / "in").iterdir()] == [first.name]
    timestamp, _, digest = first.stem.rpartition("_")
    assert len(timestamp) == len("2026-01-31_23-59-59")
    assert digest == "66a045b452"
    assert first.read_text() == "Hello\n\n### END PROMPT\n"
    assert read_saved(first) == "Hello\n"


def test_a_reply_is_stored_once_for_each_prompt(tmp_path: Path) -> None:
    one = save_prompt("Yes", tmp_path, "aaaaaaaaaa")
    other = save_prompt("Yes", tmp_path, "bbbbbbbbbb")
    assert one != other
    assert save_prompt("Yes", tmp_path, "aaaaaaaaaa") == one
    assert one.stem.split("_")[-2:] == ["aaaaaaaaaa", other.stem.split("_")[-1]]


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_can_be_stored(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("store") / "x.md"
    atomic_write(path, text)
    assert path.read_bytes() == encoded(text)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    atomic_write(path, "old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(UserError) as caught:
            atomic_write(path, "new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot write" in caught.value.message
    assert "PV_DATA_DIR" in caught.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["x.md"]
    assert path.read_text() == "old"


def test_an_interrupt_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.md"
    atomic_write(path, "old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic_write(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["x.md"]
    assert path.read_text() == "old"


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for call in (
        lambda: atomic_write(tmp_path / "data/x.md", "x"),
        lambda: save_prompt("x", tmp_path / "data"),
    ):
        with pytest.raises(UserError, match="cannot write"):
            call()
