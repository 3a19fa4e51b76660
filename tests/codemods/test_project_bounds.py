"""What the analysis reads besides the files that it is given: the project's, nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codemods.migrate_openai.files.pipeline import finder

CLIENTS = "from openai import OpenAI\n\nclient = OpenAI(timeout=3)\n"
USE = "from clients import client\n\nclient.chat.completions.create(model='m', messages=[])\n"


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def finds(paths: list[Path], wanted: Path) -> bool:
    return finder(map(str, paths))(wanted.as_posix()) is not None


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", "setup.py", "setup.cfg"])
def test_a_project_is_what_its_marker_stands_in(tmp_path: Path, marker: str) -> None:
    app = write(tmp_path / "project" / "src" / "app", a="")
    lib = write(tmp_path / "project" / "lib", b="")
    other = write(tmp_path / "other", c="")
    (tmp_path / "project" / marker).touch()
    assert finds([app], lib / "b.py")
    assert finds([app / "a.py"], lib / "b.py")
    assert not finds([app], other / "c.py")
    assert finds([app, other], other / "c.py")


def test_a_repository_holds_the_projects_in_it(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", a=""), write(tmp_path / "two", b="")
    (one / "pyproject.toml").touch()
    assert not finds([one], two / "b.py")
    (tmp_path / ".git").mkdir()
    assert finds([one], two / "b.py")


def test_without_a_marker_it_is_the_working_folder_or_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = write(tmp_path / "work" / "app" / "inner", __init__="", a="")
    app = write(tmp_path / "work" / "app", __init__="", b="")
    beside = write(tmp_path / "work", c="")
    assert finds([inner], app / "b.py")
    assert not finds([inner], beside / "c.py")
    monkeypatch.chdir(tmp_path / "work")
    assert finds([inner], beside / "c.py")
    assert finds([Path("app")], Path("c.py"))


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_an_installed_package_is_a_project_of_its_own(tmp_path: Path, folder: str) -> None:
    (tmp_path / ".git").mkdir()
    installed = tmp_path / ".venv" / "lib" / folder
    inner = write(installed / "app" / "inner", __init__="", a="")
    app = write(installed / "app", __init__="", b="")
    sibling = write(installed / "other", __init__="", c="")
    assert finds([inner], app / "b.py")
    assert not finds([inner], sibling / "c.py")
    assert not finds([tmp_path], sibling / "c.py")


@pytest.mark.process
def test_the_command_reads_no_package_that_is_installed_beside(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    app = write(installed / "app", __init__="", use=USE.replace("clients", "beside.clients"))
    beside = write(installed / "beside", __init__="", clients=CLIENTS)
    clients = str(beside / "clients.py")
    trace = (
        "import sys; from codemods.migrate_openai.__main__ import main\n"
        "def note(event, args):\n"
        f"    if event == 'open' and str(args[0]) == {clients!r}: print('read')\n"
        "sys.addaudithook(note); main(sys.argv[1:])"
    )

    def output(*paths: Path) -> str:
        command = [sys.executable, "-c", trace, *map(str, paths), "--jobs", "1"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
        ).stdout

    assert "read" not in output(app).split()
    assert "read" in output(app, beside).split()
