"""Project files -> context text."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalvibe.context import Context, get_context
from personalvibe.errors import UserError


@pytest.fixture
def tree(project: Any) -> Any:
    for name in (
        "README.md", "a.py", "z.py", "src/app/core.py", "src/app/util/text.py", "src/app/page.html",
        "tests/test_ok.py", "tests/data/big.json", "notes/todo.txt", "notes/deep/idea.txt",
    ):  # fmt: skip
        project.write(name, f"this is {name}\n")
    return project


def context(project: Any, *lines: str) -> Context:
    project.write("code.txt", "\n".join(lines))
    return get_context(["code.txt"], project.root)


def files(project: Any, *lines: str) -> list[str]:
    return list(context(project, *lines).files)


def refused(project: Any, *lines: str) -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        context(project, *lines)
    return caught.value.message, caught.value.hint


LANGUAGE = {
    "a file": (["a.py"], ["a.py"]),
    "from the root": (["/a.py", "./z.py"], ["a.py", "z.py"]),
    "comments and blank lines": (["# a comment", "", "  a.py  ", "   # another"], ["a.py"]),
    "a folder": (["src"], ["src/app/core.py", "src/app/page.html", "src/app/util/text.py"]),
    "a folder with a slash": (["notes/"], ["notes/deep/idea.txt", "notes/todo.txt"]),
    "a star stays in its folder": (["*.py"], ["a.py", "z.py"]),
    "a question mark": (["?.py"], ["a.py", "z.py"]),
    "a class": (["[a-c].py"], ["a.py"]),
    "a star in the middle": (["src/*/core.py"], ["src/app/core.py"]),
    "a star leaves folders alone": (["notes/*"], ["notes/todo.txt"]),
    "a star in the name of folders": (["notes/d*/"], ["notes/deep/idea.txt"]),
    "a star for every folder": (["*/"], ["notes/deep/idea.txt", "notes/todo.txt", "src/app/core.py",
                                "src/app/page.html", "src/app/util/text.py",
                                "tests/data/big.json", "tests/test_ok.py"]),
    "two stars": (
        ["**/*.py"],
        ["a.py", "src/app/core.py", "src/app/util/text.py", "tests/test_ok.py", "z.py"],
    ),
    "two stars match no folder too": (["notes/**/todo.txt"], ["notes/todo.txt"]),
    "two stars at the end": (["notes/**"], ["notes/deep/idea.txt", "notes/todo.txt"]),
    "the order of the lines": (["z.py", "a.py"], ["z.py", "a.py"]),
    "each file once": (["a.py", "*.py", "a.py"], ["a.py", "z.py"]),
    "leave out a file": (["*.py", "X a.py"], ["z.py"]),
    "leave out, whatever the order": (["X a.py", "*.py"], ["z.py"]),
    "leave out a folder": (["tests/", "X tests/data/"], ["tests/test_ok.py"]),
    "leave out at any depth": (["src", "X *.py"], ["src/app/page.html"]),
    "leave out from the root": (["src", "a.py", "X /*.py"],
                                ["src/app/core.py", "src/app/page.html", "src/app/util/text.py"]),
    "a file whose name begins with X": (["Xylophone.md"], ["Xylophone.md"]),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), LANGUAGE.values(), ids=LANGUAGE)
def test_the_language(tree: Any, lines: list[str], expected: list[str]) -> None:
    tree.write("Xylophone.md", "")
    assert files(tree, *lines) == expected


def test_brackets_in_a_real_name_are_meant_literally(tree: Any) -> None:
    tree.write("app/[id]/page.tsx", "export {}")
    assert files(tree, "app/[id]/page.tsx") == ["app/[id]/page.tsx"]


def test_several_context_files_add_up(tree: Any) -> None:
    tree.write("one.txt", "a.py")
    tree.write("two.txt", "z.py\nX a.py")
    assert get_context(["one.txt", "/two.txt"], tree.root).files == ("z.py",)


def test_text_and_fences(project: Any) -> None:
    project.write("a.py", "print('hi')")
    project.write("b.md", "# Title\r\n\r\n````\ncode\n````\r\n")
    project.write("c.unknown", "\ufeffhi\n")
    project.write("empty.py", "")
    assert context(project, "a.py", "b.md", "c.unknown", "empty.py").text == (
        "#### Start of a.py\n```python\nprint('hi')\n```\n#### End of a.py\n\n"
        "#### Start of b.md\n`````markdown\n# Title\n\n````\ncode\n````\n`````\n"
        "#### End of b.md\n\n"
        "#### Start of c.unknown\n```\nhi\n```\n#### End of c.unknown\n\n"
        "#### Start of empty.py\n```python\n```\n#### End of empty.py\n"
    )


def test_gitignore_is_respected(tree: Any) -> None:
    tree.write(".gitignore", "*.html\n/notes/\n!todo.txt\n")
    tree.write("src/.gitignore", "util/\n!*.html\n")
    tree.write("tests/.gitignore", "/data/*\n!/data/big.json\n")
    assert files(tree, "src/app", "notes", "tests", "X .*") == [
        "src/app/core.py", "src/app/page.html",  # taken back by the closer file
        # notes/ is not entered, so nothing in it can be taken back, as in git
        "tests/data/big.json", "tests/test_ok.py",
    ]  # fmt: skip


def test_a_folder_that_is_taken_back_takes_back_no_file_in_it(tree: Any) -> None:
    tree.write(".gitignore", "/fresh/sub/\nsecret\\[1\\].txt\n")
    tree.write("fresh/.gitignore", "!sub/\n")
    tree.write("fresh/sub/secret[1].txt", "S")
    tree.write("fresh/sub/open.txt", "O")
    assert files(tree, "fresh", "X .*") == ["fresh/sub/open.txt"]


def test_gitignore_above_the_project_is_respected(tree: Any) -> None:
    inner = tree.root / "inner"
    for name in ("inner/keep.py", "inner/gen/x.py", "inner/drop.log"):
        tree.write(name, "x")
    tree.write(".gitignore", "*.log\n/inner/gen/\n")
    (inner / "code.txt").write_text("**")
    assert get_context(["code.txt"], inner).files == ("code.txt", "drop.log", "gen/x.py", "keep.py")
    (tree.root / ".git").mkdir()
    assert get_context(["code.txt"], inner).files == ("code.txt", "keep.py")


def test_a_repository_that_ignores_the_whole_project_is_not_asked(tree: Any) -> None:
    (tree.root / ".git").mkdir()
    tree.write(".gitignore", "scratch/\n")
    tree.write("scratch/a.py", "x")
    tree.write("scratch/code.txt", "*.py")
    assert get_context(["code.txt"], tree.root / "scratch").files == ("a.py",)


def test_a_named_file_that_is_ignored_stays_out_and_is_told(tree: Any) -> None:
    tree.write(".gitignore", ".env\n")
    tree.write(".env", "TOKEN=1")
    found = context(tree, ".env", "a.py")
    assert found.files == ("a.py",)
    assert found.notes == ("code.txt:1: `.env` matches no file that may be shown",)


def test_own_artefacts_and_git_are_left_out(tree: Any) -> None:
    for name in (
        "data/demo/prompt_inputs/a.md", "data/demo/prompt_outputs/a.md", "logs/1.0.0_base.log",
        ".git/config", "data/demo/mine.csv", "logs/mine.log",
    ):  # fmt: skip
        tree.write(name, "x")
    assert files(tree, "data", "logs", ".git/*") == ["data/demo/mine.csv", "logs/mine.log"]


def test_what_cannot_be_shown_is_skipped_with_one_note_a_kind(tree: Any) -> None:
    for number in range(3):
        tree.write(f"img/{number}.png", b"\x89PNG\0\0")
    tree.write("img/latin.txt", b"caf\xe9")
    tree.write("img/huge.txt", b"x" * 1_000_001)
    (tree.root / "img/out").symlink_to("/etc/hostname")
    found = context(tree, "img", "nothing/*.py")
    assert found.files == ()
    assert found.notes == (
        "code.txt:2: `nothing/*.py` matches no file that may be shown",
        "left out, binary: img/0.png and 2 more",
        "left out, more than 1,000,000 bytes: img/huge.txt",
        "left out, not UTF-8: img/latin.txt",
        "left out, a link that leads out of the project: img/out",
    )


def test_files_that_hold_credentials_are_not_sent(tree: Any) -> None:
    for name in (".env", ".env.local", ".env.example", "tls/key.pem", ".netrc"):
        tree.write(name, "x")
    assert files(tree, ".*", "tls", ".env") == [".env.example"]


def test_links(tree: Any) -> None:
    (tree.root / "links").mkdir()
    (tree.root / "links/inside.py").symlink_to(tree.root / "a.py")
    (tree.root / "links/loop").symlink_to(tree.root / "links")
    (tree.root / "links/outside").symlink_to("/etc")
    (tree.root / "links/broken").symlink_to("nowhere")
    assert files(tree, "links", "links/outside/hostname") == ["links/inside.py"]


MISTAKES = {
    "a missing file": (["src/gone.py"], "code.txt:1: no such file or folder: src/gone.py"),
    "upwards": (["# x", "../secret.txt"], "code.txt:2: `../secret.txt` leads out of the project"),
    "upwards in a glob": (["src/../../*"], "code.txt:1: `src/../../*` leads out of the project"),
    "nothing left out": (["X "], "code.txt:1: nothing to leave out"),
    "taken back": (["X !a.py"], "code.txt:1: nothing to leave out"),
}


@pytest.mark.parametrize(("lines", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(tree: Any, lines: list[str], message: str) -> None:
    said, hint = refused(tree, *lines)
    assert said == message
    assert hint


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("gone.txt", "context file gone.txt: no such file", "Context paths start at"),
        ("src/*.py", "context file src/*.py: no such file", "List globs in a text file"),
        ("src", "context file src: is a folder", "List the folder in a text file"),
        ("image.png", "context file image.png: cannot be read: not UTF-8 text", "lists a glob"),
        ("../x.txt", "../x.txt: `../x.txt` leads out of the project", "Only files of the project"),
        ("a.py/x", "context file a.py/x: cannot be read: Not a directory", "lists a glob"),
    ],
)
def test_context_files_that_cannot_be_read(tree: Any, name: str, message: str, hint: str) -> None:
    tree.write("image.png", b"\x89\xff")
    with pytest.raises(UserError) as caught:
        get_context([name], tree.root)
    assert caught.value.message == message
    assert hint in caught.value.hint


def test_a_file_that_vanishes_is_skipped(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes

    def gone(path: Path) -> bytes:
        if path.name == "a.py":
            raise FileNotFoundError(2, "No such file or directory")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", gone)
    found = context(tree, "*.py")
    assert found.files == ("z.py",)
    assert found.notes == ("left out, cannot be read (No such file or directory): a.py",)


names = st.sampled_from(["a", "b", "c.py", "d.md", "[e]", "x y"])
segments = st.sampled_from(["a", "b", "*", "**", "*.py", "?", "[ab]", "[", "d.md", "x y"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.lists(st.lists(names, min_size=1, max_size=3).map("/".join), max_size=6),
    lines=st.lists(st.lists(segments, min_size=1, max_size=3).map("/".join), max_size=4),
    excluded=st.lists(segments, max_size=2),
)
def test_any_tree_and_any_lines(
    tmp_path_factory: pytest.TempPathFactory,
    paths: list[str],
    lines: list[str],
    excluded: list[str],
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for path in paths:
        if not any((root / parent).is_file() for parent in Path(path).parents):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            if not (root / path).exists():
                (root / path).write_text(path)
    (root / "code.txt").write_text("\n".join([*lines, *(f"X {glob}" for glob in excluded)]))
    with contextlib.suppress(UserError):  # a path without wildcards that is not there
        once, twice = (get_context(["code.txt"], root) for _ in range(2))
        check(root, lines, excluded, once, twice)


def check(root: Path, lines: list[str], excluded: list[str], once: Context, twice: Context) -> None:
    assert once == twice
    assert len(set(once.files)) == len(once.files)
    assert all((root / name).is_file() for name in once.files)
    if "**" in lines and not excluded:
        everything = {
            Path(folder, name).relative_to(root).as_posix()
            for folder, _, files in os.walk(root)
            for name in files
        }
        assert set(once.files) == everything
