"""A run is written whole or not at all, whatever ends it, and can be taken back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from filelock import FileLock

from codemods.migrate_openai.__main__ import main

pytestmark = pytest.mark.process

MAKES = """\
from openai import OpenAI

client = OpenAI(timeout=3)
"""
CALLS = """\
from clients import client

reply = client.embeddings.create(model="m", input="x")
"""
OLD = {"clients.py": MAKES, **{f"m{number}.py": CALLS for number in range(4)}}

# A program that runs the command and dies, or does something else, at a moment of its choice.
AT_RENAME = """
import os, pathlib, sys
from codemods.migrate_openai.__main__ import main
replace = pathlib.Path.replace
def counted(self, target, number=iter(range(99))):
    if next(number) == {number}:
        {action}
    return replace(self, target)
pathlib.Path.replace = counted
sys.exit(main(sys.argv[1:]))
"""
AT_SYNC = """
import os, sys
from codemods.migrate_openai.__main__ import main
fsync = os.fsync
def counted(descriptor, number=iter(range(99))):
    if next(number) == {number}:
        {action}
    fsync(descriptor)
os.fsync = counted
sys.exit(main(sys.argv[1:]))
"""
DIES = "os.kill(os.getpid(), 9)"
DISK_FULL = "raise OSError(28, 'No space left on device')"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path, OLD)
    return tmp_path


@pytest.fixture
def command(here: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(arguments)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def fill(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def texts(folder: Path) -> dict[str, str]:
    """Every file of the tree, hidden ones too; not what git keeps."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def child(program: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *(arguments or ("--write",))],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def new(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the project becomes."""
    folder = tmp_path_factory.mktemp("new")
    fill(folder, OLD)
    assert main(["--write", str(folder)]) == 0
    return texts(folder)


# -- killed


@pytest.mark.parametrize(
    ("number", "git", "mode"),
    [
        *((number, "", []) for number in range(5)),
        *((2, git, []) for git in ("folder", "worktree")),
        *((2, "", [mode]) for mode in ("--check", "--write", "--json")),
    ],
)
def test_the_next_run_finishes_what_a_kill_cut_off(
    here: Path, command: Run, new: dict[str, str], number: int, git: str, mode: list[str]
) -> None:
    if git == "folder":
        (here / ".git").mkdir()
    elif git == "worktree":
        elsewhere = here.with_name(f"{here.name}-git")
        elsewhere.mkdir()
        fill(here, {".git": f"gitdir: ../{elsewhere.name}\n"})
    done = child(AT_RENAME.format(number=number, action=DIES), here)
    assert done.returncode == -signal.SIGKILL
    left = texts(here)
    assert sum(left.get(name) == text for name, text in new.items()) == number
    code, out, err = command(*mode)
    assert (code, texts(here)) == (0, new)
    assert err == f"{here}: finished an interrupted run: files written: 5\n"
    if mode == ["--json"]:
        json.loads(out)
    assert command(*mode)[2] == ""


def test_a_run_from_another_folder_finds_it(here: Path, command: Run, new: dict[str, str]) -> None:
    (here / "pkg").mkdir()
    for name in OLD:
        (here / name).rename(here / "pkg" / name)
    child(AT_RENAME.format(number=2, action=DIES), here, "--write", "pkg")
    fill(here, {"pkg/inner/a.py": "x = 1\n"})
    assert "finished" in command("pkg/inner")[2]
    assert texts(here / "pkg") == {**new, "inner/a.py": "x = 1\n"}


@pytest.mark.parametrize("number", range(7))
def test_what_was_killed_before_it_wrote_leaves_no_trace(
    here: Path, state_home: Path, command: Run, number: int
) -> None:
    done = child(AT_SYNC.format(number=number, action=DIES), here)
    assert done.returncode == -signal.SIGKILL
    assert len(texts(here)) > len(OLD)
    _, _, err = command()
    assert texts(here) == OLD
    assert err == f"{here}: an interrupted run had not written anything; removed its traces\n"
    assert [path.name for path in state_home.glob("*/*/*")] == ["lock", "root"]


def test_a_file_edited_before_its_turn_takes_a_killed_run_back(here: Path, command: Run) -> None:
    child(AT_RENAME.format(number=3, action=DIES), here)
    fill(here, {"m3.py": "theirs\n"})
    _, _, err = command()
    assert texts(here) == {**OLD, "m3.py": "theirs\n"}
    assert err == f"{here}: took back an interrupted run: files as before it: 5\n"


def test_a_file_edited_after_its_turn_stays(here: Path, command: Run, new: dict[str, str]) -> None:
    child(AT_RENAME.format(number=3, action=DIES), here)
    fill(here, {"m0.py": "theirs\n"})
    assert "finished" in command()[2]
    assert texts(here) == {**new, "m0.py": "theirs\n"}


def test_files_edited_before_and_after_their_turn_are_named(here: Path, command: Run) -> None:
    child(AT_RENAME.format(number=3, action=DIES), here)
    fill(here, {"m0.py": "theirs\n", "m3.py": "theirs, too\n"})
    err = command()[2]
    assert err.endswith(f"5, except what somebody has changed since: {here}/m0.py\n")
    assert texts(here) == {**OLD, "m0.py": "theirs\n", "m3.py": "theirs, too\n"}


def test_a_tree_that_was_cleaned_meanwhile_is_left_alone(here: Path, command: Run) -> None:
    child(AT_RENAME.format(number=3, action=DIES), here)
    for path in here.glob(".migrate-*"):
        path.unlink()
    command()
    assert texts(here) == OLD


@pytest.mark.parametrize("number", range(1, 5))
def test_a_run_that_is_killed_while_it_takes_another_back(
    here: Path, command: Run, number: int
) -> None:
    child(AT_RENAME.format(number=4, action=DIES), here)
    (here / "m3.py").write_text("theirs\n")
    child(AT_RENAME.format(number=number - 1, action=DIES), here, ".")
    command()
    assert texts(here) == {**OLD, "m3.py": "theirs\n"}


def test_ctrl_c_while_files_are_prepared(here: Path) -> None:
    many = {f"n{number:03}.py": CALLS for number in range(200)}
    fill(here, many)
    running = subprocess.Popen(
        [sys.executable, "-m", "codemods.migrate_openai", "--write", "--jobs", "2"],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not list(here.glob(".migrate-*")):
        threading.Event().wait(0.005)
    os.killpg(running.pid, signal.SIGINT)
    assert running.communicate(timeout=60) == (
        b"",
        b"interrupted: the files of the run are all written, or none is\n",
    )
    assert running.returncode == 130
    assert texts(here) == OLD | many


def test_ctrl_c_between_two_renames(here: Path) -> None:
    done = child(AT_RENAME.format(number=2, action="raise KeyboardInterrupt"), here)
    assert done.returncode == 130
    assert texts(here) == OLD


# -- refused


@pytest.mark.parametrize("number", range(7))
def test_a_full_disk_leaves_everything_as_it_was(here: Path, number: int) -> None:
    done = child(AT_SYNC.format(number=number, action=DISK_FULL), here)
    assert done.returncode == 3
    assert "cannot be written: No space left on device" in done.stdout
    assert texts(here) == OLD
    lines = done.stdout.splitlines()
    assert sum(": failed: " in line for line in lines) == (6 if number >= 5 else 5)
    assert "0 sites migrated" in lines[-1]


def test_one_file_that_cannot_be_written_keeps_all_from_it(
    here: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = os.access
    with monkeypatch.context() as patch:
        patch.setattr(
            os, "access", lambda path, mode: "m1" not in str(path) and allowed(path, mode)
        )
        code, out, _ = command("--write")
        report = json.loads(command("--write", "--json")[1])
        sarif = json.loads(command("--write", "--sarif")[1])
    assert (code, texts(here)) == (3, OLD)
    assert out.splitlines() == [
        "clients.py: failed: not written, because m1.py could not be",
        "m0.py: failed: not written, because m1.py could not be",
        "m1.py: failed: cannot be written: it is read-only",
        "m2.py: failed: not written, because m1.py could not be",
        "m3.py: failed: not written, because m1.py could not be",
        "5 files: 0 sites migrated, 5 left, 5 files failed.",
    ]
    assert {site["reason"] for file in report["files"] for site in file["sites"]} == {"not-written"}
    assert report["summary"]["changed"] == 0
    assert report["written"] is False
    assert sarif["runs"][0]["properties"]["written"] is False
    assert [json.loads(command("--write", "--json")[1])["written"] for _ in "12"] == [True, False]


def test_a_requirement_file_and_the_router_are_of_the_run(
    here: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(here, {"requirements.txt": "openai\n"})
    before = texts(here)
    arguments = ["--write", "--deps", "--vendor-router", "new/folder/llm_router.py"]
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: "requirements" not in str(path))
        code, out, _ = command(*arguments)
    assert (code, texts(here)) == (3, before)
    assert "requirements.txt: failed: cannot be written: it is read-only" in out
    assert not (here / "new").exists()
    assert command(*arguments)[0] == 0
    assert (here / "new/folder/llm_router.py").exists()
    assert "litellm" in (here / "requirements.txt").read_text()
    assert list((here / "new/folder/llm_router_parts").glob("*.py"))
    changed = [path for path, text in texts(here).items() if before.get(path) != text]
    undone = f"Undone: {len(changed)} files as before the run.\n"
    assert command("--undo")[:2] == (0, undone)
    assert texts(here) == before
    assert not (here / "new").exists()


@pytest.mark.parametrize("number", range(4))
def test_an_edit_between_the_decision_and_the_rename_is_not_overwritten(
    here: Path, number: int
) -> None:
    action = "open('m3.py', 'w').write('theirs')"
    done = child(AT_RENAME.format(number=number, action=action), here)
    assert done.returncode == 3
    assert "m3.py: failed: it was changed by someone else meanwhile; run again" in done.stdout
    assert texts(here) == {**OLD, "m3.py": "theirs"}


def test_two_runs_at_once(here: Path, state_home: Path, command: Run) -> None:
    assert command("--write", "--check")[0] == 0
    assert command("--undo")[0] == 0
    (lock,) = state_home.glob("migrate-openai/*/lock")
    with FileLock(lock):
        code, out, err = command("--write")
        assert (code, out) == (2, "")
        assert err.startswith(f"error: {here}: another run is writing there\n")
        assert command()[0] == 0
    assert texts(here) == OLD


# -- taken back


def test_the_last_run_can_be_undone_once(here: Path, command: Run, new: dict[str, str]) -> None:
    (here / "m0.py").chmod(0o751)
    assert command("--write")[0] == 0
    assert texts(here) == new
    assert command("--write")[0] == 0  # it changes nothing, so there is nothing to remember
    assert command("--undo") == (0, "Undone: 5 files as before the run.\n", "")
    assert texts(here) == OLD
    assert (here / "m0.py").stat().st_mode & 0o777 == 0o751
    code, out, err = command("--undo")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {here}: nothing to undo\n")


def test_a_file_edited_since_is_named_and_left(
    here: Path, command: Run, new: dict[str, str]
) -> None:
    command("--write")
    fill(here, {"m1.py": "theirs\n"})
    (here / "m2.py").unlink()
    code, out, err = command("--undo")
    assert (code, out) == (3, "Undone: 3 files as before the run.\n")
    assert err.splitlines() == [
        f"{here}/m1.py: left as it is: it was changed since the run",
        f"{here}/m2.py: left as it is: it was changed since the run",
    ]
    assert texts(here) == {
        **{name: text for name, text in OLD.items() if name != "m2.py"},
        "m1.py": "theirs\n",
    }
    fill(here, {"m1.py": new["m1.py"], "m2.py": new["m2.py"]})
    assert command("--undo")[:2] == (0, "Undone: 2 files as before the run.\n")
    assert texts(here) == OLD


@pytest.mark.parametrize("number", range(5))
def test_an_undo_that_is_killed_is_finished(
    here: Path, command: Run, new: dict[str, str], number: int
) -> None:
    command("--write")
    child(AT_RENAME.format(number=number, action=DIES), here, "--undo")
    assert "finished an interrupted run" in command("--check")[2]
    assert texts(here) == OLD
    assert command("--undo")[0] == 2


def test_an_undo_that_cannot_write_changes_nothing(
    here: Path, command: Run, new: dict[str, str]
) -> None:
    command("--write")
    done = child(AT_SYNC.format(number=2, action=DISK_FULL), here, "--undo")
    assert done.returncode == 3
    assert "No space left on device; nothing was undone" in done.stderr
    assert texts(here) == new
    assert command("--undo")[0] == 0
    assert texts(here) == OLD


@pytest.mark.parametrize("more", [["--write"], ["--check"], ["--diff"], ["--deps"], ["-"]])
def test_undo_stands_alone(command: Run, more: list[str]) -> None:
    assert command("--undo", *more)[0] == 2


def test_some_runs_that_are_killed_or_refused_at_random_moments() -> None:
    script = Path(__file__).parents[1] / "benchmarks/kill_runs.py"
    numbers = ["--kills", "4", "--unwritable", "2", "--full-disk", "2"]
    done = subprocess.run(
        [sys.executable, script, *numbers], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("\n0 failures\n")


# -- nowhere else


@pytest.mark.parametrize(
    "path", ["../llm_router.py", "{outside}/llm_router.py", "link/llm_router.py"]
)
def test_a_project_cannot_have_the_router_written_elsewhere(
    here: Path, command: Run, path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (here / "link").symlink_to(outside)
    table = f"[tool.migrate_openai]\nvendor-router = '{path.format(outside=outside)}'\n"
    fill(here, {"pyproject.toml": table})
    code, out, err = command("--write")
    assert (code, out) == (2, "")
    assert "leads out of the project" in err
    assert not list(outside.iterdir())
    assert not (here.parent / "llm_router.py").exists()
    assert command("--write", "--vendor-router", str(outside / "llm_router.py"))[0] == 0
    assert {file.name for file in outside.iterdir()} == {"llm_router.py", "llm_router_parts"}


def test_a_state_folder_that_cannot_be_made_is_said(
    here: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "m0.py"))
    code, _, err = command("--write")
    assert (code, texts(here)) == (2, OLD)
    assert "Not a directory" in err
    assert "make the folder writable" in err
