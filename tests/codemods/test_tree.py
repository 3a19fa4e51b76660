"""A tree migrated without a word, as the proof does it; and the line that shows progress."""

from __future__ import annotations

import io
import shlex
import sys
import tomllib
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
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.Progress() as line:
        for _ in range(1200):
            line.step("found")
    assert stream.getvalue() == shown


def test_the_hooks_for_pre_commit_are_commands_that_exist() -> None:
    hooks = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in hooks} == {"migrate-openai", "migrate-openai-write"}
    for hook in hooks:
        command = shlex.split(hook["entry"])
        assert command[0] in tomllib.loads(PYPROJECT.read_text())["project"]["scripts"]
        parsed = settings.read([*command[1:], "a.py"])
        assert parsed.check
        assert parsed.write is hook["id"].endswith("-write")
