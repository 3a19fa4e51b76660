"""A tree migrated without a word, as the proof does it; and the line that shows progress."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
import threading
import time
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from codemods.migrate_openai.cli import progress, settings
from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.files.tree import migrate_tree
from codemods.migrate_openai.model import Options

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
OLD = "import openai\n\nopenai.embeddings.create(model='m', input='x')\n"
NEW = "from personalvibe import llm_router\n\nllm_router.embedding(model='openai/m', input='x')\n"


def test_a_tree_is_migrated_in_place(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/a.py").write_text(OLD)
    (tmp_path / "b.py").write_text("import openai\ndef f(:\n")
    (tmp_path / "requirements.txt").write_text("openai\n")
    dry = {o.path: o for o in migrate_tree(tmp_path, Options(), dry=True)}
    assert (tmp_path / "pkg/a.py").read_text() == OLD
    found = {o.path: o for o in migrate_tree(tmp_path, Options())}
    assert (tmp_path / "pkg/a.py").read_text() == NEW
    assert {path: o.status for path, o in found.items()} == {
        "pkg/a.py": "changed",
        "b.py": "failed",
    }
    assert dry == found
    assert found["pkg/a.py"].after == NEW.encode()
    (site,) = found["pkg/a.py"].sites
    assert (site.line, site.column, site.finding.new_line, site.finding.kind) == (3, 1, 3, "call")
    assert capfd.readouterr() == ("", "")


def test_some_paths_of_a_tree(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(OLD)
    (tmp_path / "b.py").write_text(OLD)
    assert [o.path for o in migrate_tree(tmp_path, Options(), paths=["b.py"])] == ["b.py"]
    assert (tmp_path / "a.py").read_text() == OLD
    with pytest.raises(UsageError, match="nowhere"):
        list(migrate_tree(tmp_path, Options(), paths=["nowhere"]))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "shown"),
    [(Terminal(), "\r\033[Kfound 1,200 files\r\033[K"), (io.StringIO(), "")],
    ids=["terminal", "pipe"],
)
def test_progress_is_for_terminals(
    stream: io.StringIO, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, *[0.1] * 1199, *[0.9] * 3])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    line = progress.Progress()
    for _ in range(1200):
        line.step("found")
    line.clear()
    assert stream.getvalue() == shown


def test_the_hooks_for_pre_commit_are_commands_that_exist() -> None:
    hooks = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    names = {"migrate-openai", "migrate-openai-write", "audit-cassettes"}
    assert {hook["id"] for hook in hooks} == names
    for hook in hooks:
        command = shlex.split(hook["entry"])
        assert command[0] in tomllib.loads(PYPROJECT.read_text())["project"]["scripts"]
        if command[0] != "migrate-openai":
            continue
        parsed = settings.read([*command[1:], "a.py"])
        assert parsed.check
        assert parsed.write is hook["id"].endswith("-write")


SHADOWS = {"types.py": "x = 1\n", "codemods/__init__.py": "raise SystemExit('not this one')\n"}
SPAWNING = """
import multiprocessing, sys
from codemods.migrate_openai.__main__ import main
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main())
"""


@pytest.mark.process
@pytest.mark.parametrize("start", ["command", "spawn"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_with_modules_of_our_names(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, start: str, jobs: str
) -> None:
    for name, text in {**SHADOWS, **{f"m{number}.py": OLD for number in range(20)}}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [str(Path(sys.executable).with_name("migrate-openai"))]
    if start == "spawn":
        script = tmp_path_factory.mktemp("bin") / "migrate.py"
        script.write_text(SPAWNING)
        command = [sys.executable, str(script)]
    # No pipe: workers that cannot start would keep it open.
    said = tmp_path_factory.mktemp("said") / "stderr"
    with said.open("wb") as stderr:
        arguments = [*command, "--write", "--jobs", jobs]
        done = subprocess.run(
            arguments, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=stderr, timeout=60
        )
    assert (done.returncode, said.read_text()) == (0, "")
    assert {path.read_text() for path in tmp_path.glob("m*.py")} == {NEW}


@pytest.mark.process
def test_the_version() -> None:
    command = Path(sys.executable).with_name("migrate-openai")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"migrate-openai {version('personalvibe')}\n"


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes")
def test_workers_end_with_a_command_that_is_killed(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"m{number}.py").write_text(OLD * 20)
    running = subprocess.Popen(
        [sys.executable, "-m", "codemods.migrate_openai", "--write", "--jobs", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    while not list(tmp_path.glob(".migrate-*")):
        threading.Event().wait(0.005)
    running.kill()
    # The pipe ends when the last worker has closed it.
    assert running.communicate(timeout=60) == (b"", None)
