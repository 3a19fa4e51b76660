"""Which files of a tree are looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.files.discover import Candidate, discover, may_call_openai

CALL = "import openai\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def fill(folder: Path, files: Mapping[str, str] | Sequence[str]) -> None:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name] if isinstance(files, Mapping) else CALL)


def paths(*given: str, exclude: Sequence[str] = ()) -> list[str]:
    excludes = [(str(Path.cwd()), exclude)] if exclude else []
    found = discover(given or (".",), excludes)
    return [candidate.path for candidate in found if not candidate.requirements]


def test_python_and_notebooks_in_the_order_of_their_names(here: Path) -> None:
    fill(here, ["b.py", "a.pyi", "c.ipynb", "pkg/a.py", "apkg/z.py", "readme.md", "x.txt", "pyx"])
    assert paths() == ["a.pyi", "b.py", "c.ipynb", "apkg/z.py", "pkg/a.py"]


def test_only_what_may_call_openai(here: Path) -> None:
    fill(
        here,
        {
            "a.py": "x = 1\n",
            "b.py": "from .llm import client\nclient.chat.completions.create(model='m')\n",
            "c.py": "x.create()\n",
            "d.py": "#" * 200_000 + "openai",
        },
    )
    assert paths() == ["b.py", "d.py"]


@pytest.mark.parametrize(
    "text",
    [
        b"import openai",
        b"c.chat.completions.create(",
        b"c.embeddings.create(",
        b"c.responses.create(",
        b"c.chat.completions.parse(",
        b"c.images.generate(",
        b"c.responses.stream(",
        b"c.audio.transcriptions.create(",
        b"run = c.chat.completions.create",
    ],
)
def test_a_client_from_elsewhere_needs_no_import(text: bytes) -> None:
    assert may_call_openai(text)


@pytest.mark.parametrize("text", [b"", b"Foo.objects.create()", b"completions = []", b"open(ai)"])
def test_other_code_is_not_parsed(text: bytes) -> None:
    assert not may_call_openai(text)


@pytest.mark.parametrize(
    "folder", [".git", ".venv", "node_modules", "__pycache__", "build", "site-packages", ".tox"]
)
def test_what_tools_write_is_not_walked(here: Path, folder: str) -> None:
    fill(here, ["a.py", f"{folder}/b.py", f"pkg/{folder}/c.py"])
    assert paths() == ["a.py"]
    assert paths(folder) == [f"{folder}/b.py"]


def test_a_virtual_environment_of_any_name_is_not_walked(here: Path) -> None:
    fill(here, ["a.py", "my-env/lib/b.py", "my-env/pyvenv.cfg"])
    assert paths() == ["a.py"]


def test_vendored_code_is_named_as_such(here: Path) -> None:
    fill(here, ["a.py", "pkg/_vendor/x/b.py", "vendor/c.py"])
    found = {c.path: c.left for c in discover(["."])}
    assert found == {"a.py": "", "pkg/_vendor/x/b.py": "vendored", "vendor/c.py": "vendored"}
    assert list(discover(["vendor/c.py"])) == [Candidate(path="vendor/c.py")]


@pytest.mark.parametrize(
    "marks", [("_client.py", "_base_client.py"), ("openai_object.py", "api_requestor.py")]
)
def test_the_sdk_itself_is_other_peoples_code(here: Path, marks: tuple[str, str]) -> None:
    sdk = [f"lib/openai/{name}" for name in (*marks, "cli/_api.py")]
    fill(here, [*sdk, "lib/other.py", "own/openai/_client.py"])
    found = {c.path for c in discover(["."]) if c.left == "vendored"}
    assert found == set(sdk)


def test_gitignore_is_respected_at_every_level(here: Path) -> None:
    fill(here, ["a.py", "b.py", "out/c.py", "pkg/d.py", "pkg/e.py", "pkg/sub/d.py", "pkg/keep.py"])
    (here / ".git").mkdir()
    (here / ".gitignore").write_text("b.py\nout/\nkeep.py\n")
    (here / "pkg/.gitignore").write_text("/d.py\n!keep.py\n")
    assert paths() == ["a.py", "pkg/e.py", "pkg/keep.py", "pkg/sub/d.py"]
    assert paths("pkg") == ["pkg/e.py", "pkg/keep.py", "pkg/sub/d.py"]
    assert paths(str(here / "pkg")) == [str(here / p) for p in paths("pkg")]


def test_a_list_of_what_is_not_ignored_is_read_as_git_reads_it(here: Path) -> None:
    fill(here, ["a.py", "kept/b.py", "kept/c.pyi", "other/d.py", "b/x.py", "b/keep/e.py"])
    (here / ".git").mkdir()
    (here / ".gitignore").write_text("*\n!*.py\n!kept\n!b/\nb/*\n!b/keep\n")
    assert paths() == ["a.py", "b/keep/e.py", "kept/b.py"]


def test_what_is_asked_for_by_name_is_not_ignored(here: Path) -> None:
    fill(here, ["a.py", "out/c.py"])
    (here / ".git").mkdir()
    (here / ".gitignore").write_text("a.py\nout/\n")
    assert paths() == []
    assert paths("a.py", "out") == ["a.py", "out/c.py"]


def test_exclude_always_wins(here: Path) -> None:
    fill(here, ["a.py", "gen/b.py", "pkg/gen/c.py", "pkg/test_d.py"])
    assert paths(exclude=["gen"]) == ["a.py", "pkg/test_d.py"]
    assert paths(exclude=["/gen", "test_*.py"]) == ["a.py", "pkg/gen/c.py"]
    assert paths("a.py", "gen", exclude=["gen", "a.py"]) == []
    assert paths(str(here), exclude=["pkg/**"]) == [str(here / p) for p in ("a.py", "gen/b.py")]


def test_a_link_out_of_the_tree_is_refused(here: Path, tmp_path: Path) -> None:
    fill(tmp_path, ["elsewhere.py", "folder/b.py"])
    (here / "link.py").symlink_to(tmp_path / "elsewhere.py")
    (here / "folder").symlink_to(tmp_path / "folder")
    target = str((tmp_path / "elsewhere.py").resolve())
    refused = [Candidate(path="link.py", outside=target)]
    assert list(discover(["."])) == refused
    assert list(discover(["link.py"])) == refused


def test_a_link_within_the_tree_is_found_once(here: Path) -> None:
    fill(here, ["pkg/a.py"])
    (here / "link.py").symlink_to("pkg/a.py")
    (here / "again").symlink_to("pkg")
    (here / "broken.py").symlink_to("nowhere.py")
    assert paths() == ["pkg/a.py"]


def test_requirement_files_are_found_on_the_way(here: Path) -> None:
    names = ["requirements.txt", "requirements-dev.in", "requirements/base.txt", "pyproject.toml"]
    names += ["pkg/dev-requirements.txt", "setup.py", "setup.cfg", "Pipfile", "environment.yml"]
    fill(
        here,
        [*names, "notes.txt", ".venv/requirements.txt", "vendor/x/requirements.txt", "out.txt"],
    )
    (here / ".git").mkdir()
    (here / ".gitignore").write_text("/setup.cfg\n")
    found = {c.path for c in discover(["."]) if c.requirements}
    assert found == {*names} - {"setup.cfg"}


def test_a_pipe_does_not_block_the_run(here: Path) -> None:
    fill(here, ["a.py"])
    os.mkfifo(here / "pipe.py")
    assert paths() == ["a.py"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_said(here: Path) -> None:
    fill(here, ["a.py"])
    (here / "a.py").chmod(0)
    (candidate,) = discover(["."])
    assert "cannot be read" in candidate.error


def test_a_path_that_does_not_exist_is_a_usage_error(here: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.py"):
        paths("nowhere.py")
