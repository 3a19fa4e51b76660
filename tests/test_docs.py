"""The documentation, tried: README.md and every page below docs/ and .github/.

Fenced blocks are tested by their language:

- ``bash``: a script; run from the top of a copy of the repository, must succeed.
- ``console``: commands after ``$ `` (continued after ``> ``), each with the output that it is to
  print (stdout and stderr together). Output that is shown is compared; ``...`` in it stands for
  anything, alone on a line for any lines. No output shown: not compared.
- ``python``, ``yaml``, ``json``, ``toml``: must parse.
- anything else (``text``): not looked at.

Words after the language change that: ``needs-key``, ``needs-network`` and ``no-run`` have a script
checked for its syntax only; ``exit=2`` is the exit code of the last command; ``one-command`` says
that only the first ``$ `` is a command, and that those below are printed.

The blocks of a page run in order, in one copy of the repository, without keys and without a
network; ``pip install`` does nothing, because the package is installed. After a change of help
texts ``python tests/test_docs.py`` writes them anew.
"""

from __future__ import annotations

import ast
import html
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import codemods
import personalvibe

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "docs", ROOT / ".github")
PAGES = [ROOT / "README.md", *(page for one in FOLDERS for page in sorted(one.rglob("*.md")))]
NOT_RUN = {"needs-key", "needs-network", "no-run"}
MARKER = "@@command-ended@@"

PRELUDE = """\
python() { if [ "$1 $2 $3" = "-m pip install" ]; then :; else command python "$@"; fi; }
pip() { if [ "$1" = install ]; then :; else command pip "$@"; fi; }
"""

# Imported by every Python that a page starts.
SITECUSTOMIZE = """\
import socket

def _guard(name, real, address_of):
    def guarded(*args, **kwargs):
        address = address_of(args)
        host = address[0] if isinstance(address, tuple) else address
        if isinstance(address, tuple) and host not in ("127.0.0.1", "localhost", "::1"):
            raise OSError(f"the documentation's tests have no network: {host}")
        return real(*args, **kwargs)
    return guarded

for name in ("connect", "connect_ex"):
    setattr(socket.socket, name, _guard(name, getattr(socket.socket, name), lambda a: a[1]))
socket.getaddrinfo = _guard("getaddrinfo", socket.getaddrinfo, lambda a: (a[0] or "localhost",))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    page: Path
    line: int
    language: str
    words: frozenset[str]
    text: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def exit_code(self) -> int:
        return next((int(w[5:]) for w in self.words if w.startswith("exit=")), 0)

    @property
    def runs(self) -> bool:
        return self.language in {"bash", "console"} and not self.words & NOT_RUN

    @property
    def commands(self) -> list[Command]:
        if "one-command" not in self.words:
            return commands(self.text)
        source, _, expected = self.text.removeprefix("$ ").partition("\n")
        return [Command(source=source, expected=expected.strip("\n"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    source: str
    expected: str


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text("utf-8").splitlines()
    number = 0
    while number < len(lines):
        opening = re.fullmatch(r"( {0,3})(`{3,}|~{3,})\s*([^`]*)", lines[number])
        number += 1
        if not opening:
            continue
        indent, fence, info = opening.groups()
        start, content = number, []
        while number < len(lines) and lines[number].strip() != fence:
            content.append(lines[number].removeprefix(indent))
            number += 1
        number += 1
        language, *words = info.split() or [""]
        yield Block(
            page=page,
            line=start + 1,
            language=language,
            words=frozenset(words),
            text="".join(f"{line}\n" for line in content),
        )


def commands(text: str) -> list[Command]:
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0].append(line[2:])
        elif found:
            found[-1][1].append(line.rstrip())
        else:
            raise AssertionError(f"output before the first `$ `: {line}")
    return [
        Command(source="\n".join(source), expected="\n".join(expected).strip("\n"))
        for source, expected in found
    ]


def matches(expected: str, printed: str) -> bool:
    lines = (
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + r"\n"
        for line in expected.splitlines()
    )
    shown = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch("".join(lines), shown) is not None


def script_of(block: Block) -> str:
    if block.language == "bash":
        return block.text
    return "\n".join(command.source for command in block.commands)


ALL = [block for page in PAGES for block in blocks(page)]


def where(block: Block) -> str:
    return block.where


def of(*languages: str) -> list[Block]:
    return [block for block in ALL if block.language in languages]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard/sitecustomize.py").write_text(SITECUSTOMIZE)
    (tmp_path / "home").mkdir()
    closed = "http://127.0.0.1:9"
    return {
        "COLUMNS": "80",
        "HOME": str(tmp_path / "home"),
        "HTTP_PROXY": closed,
        "HTTPS_PROXY": closed,
        "LANG": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(tmp_path / "guard"),
        "TERM": "dumb",
    }


def bash(script: str, cwd: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", PRELUDE + script],
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.process
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.runs for block in ALL if block.page == page)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_commands_do_what_the_page_says(
    page: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    copy = tmp_path / "repository"
    shutil.copytree(
        ROOT, copy, symlinks=True,
        ignore=shutil.ignore_patterns(
            ".git", ".site", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "dist"
        ),
    )  # fmt: skip
    for block in blocks(page):
        if not block.runs:
            continue
        if block.language == "bash":
            done = bash(f"set -eo pipefail\n{block.text}", copy, environ)
            assert done.returncode == block.exit_code, f"{block.where}:\n{done.stdout}"
            continue
        asked = block.commands
        script = "".join(
            f"{{\n{command.source}\n}} 2>&1\nprintf '%s %d\\n' '{MARKER}' $?\n" for command in asked
        )
        printed = bash(script, copy, environ).stdout
        pieces = re.split(rf"(?m){MARKER} (\d+)\n", printed)
        for number, command in enumerate(asked):
            output, code = pieces[2 * number], int(pieces[2 * number + 1])
            wanted = block.exit_code if number == len(asked) - 1 else 0
            assert code == wanted, f"{block.where}: $ {command.source}\n{output}"
            if command.expected:
                assert matches(command.expected, output), (
                    f"{block.where}: $ {command.source}\nprinted:\n{output}"
                )


@pytest.mark.process
@pytest.mark.parametrize("block", of("bash", "console"), ids=where)
def test_scripts_are_valid(block: Block) -> None:
    known = NOT_RUN | {"one-command"}
    unknown = {w for w in block.words - known if not re.fullmatch(r"exit=\d+", w)}
    assert not unknown, f"{block.where}: unknown words after the language: {unknown}"
    done = subprocess.run(
        ["bash", "-n"], input=script_of(block), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{block.where}: {done.stderr}"


@pytest.mark.parametrize("block", of("python", "yaml", "json", "toml"), ids=where)
def test_snippets_parse(block: Block) -> None:
    parsers: dict[str, Callable[[str], object]] = {
        "python": lambda text: compile(
            text, block.where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
        ),
        "yaml": lambda text: list(yaml.safe_load_all(text)),
        "json": json.loads,
        "toml": tomllib.loads,
    }
    parsers[block.language](block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"(?ms)^( {0,3})(`{3,}).*?^\1\2$", "", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.relative_to(ROOT)}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.relative_to(ROOT)}: {target}"


def anchors(page: Path) -> set[str]:
    """The ids that GitHub gives to headings."""
    text = re.sub(r"(?ms)^( {0,3})(`{3,}).*?^\1\2$", "", page.read_text("utf-8"))
    headings = re.findall(r"(?m)^#+ +(.+?)\s*$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_command_is_documented() -> None:
    from personalvibe.cli import cli

    documented = {c.source for b in of("console") for c in b.commands}
    wanted = {"pv --help", *(f"pv {name} --help" for name in cli.commands)}
    assert wanted - documented == set()


def test_messages_that_the_troubleshooting_quotes_are_printed() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    quoted = re.findall(r"(?m)^### `([^`]+)`", text)
    packages = [Path(package.__path__[0]) for package in (personalvibe, codemods)]  # as installed
    sources = [path for package in packages for path in package.rglob("*.py")]
    printed = "".join(path.read_text("utf-8") for path in sources).lower()
    assert quoted
    assert [message for message in quoted if message.lower() not in printed] == []


def test_files_that_the_security_model_names_exist() -> None:
    text = (ROOT / "docs" / "security_model.md").read_text("utf-8")
    named = re.findall(r"`(tests/[^`]+)`", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", ["docs/architecture.md", ".github/CONTRIBUTING.md"])
def test_modules_that_newcomers_are_sent_to_exist(page: str) -> None:
    whole = (ROOT / page).read_text("utf-8")
    text = whole.partition("### One call site")[0]  # whose modules are none of ours
    named = re.findall(r"`([\w./]+\.py)`", text)
    packages = [Path(one.__file__ or "").parent for one in (personalvibe, codemods)]
    folders = [*packages, ROOT / "tests", ROOT / ".ci"]
    files = [path.as_posix() for folder in folders for path in folder.rglob("*.py")]
    assert named
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in files)] == []


def test_the_picture_shows_the_steps_of_the_demonstration() -> None:
    from personalvibe.demo import STEPS

    drawing = (ROOT / "docs" / "images" / "demo.svg").read_text("utf-8")
    shown = html.unescape(re.sub(r"<[^>]+>", "", drawing)).replace("\N{NO-BREAK SPACE}", " ")
    lines = [f"$ {step.line}" for step in STEPS if step.line != "migrate-openai --diff"]
    assert [line for line in lines if line not in shown] == [], "python .ci/terminal_svg.py"


def test_the_reference_is_what_the_code_says() -> None:
    reference = runpy.run_path(str(ROOT / ".ci" / "reference.py"))
    written = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert written == reference["page"](), "write it anew: python .ci/reference.py"


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a", "a\nb\n", False),
        ("a ... c", "a b c\n", True),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...\nd", "a\nd\n", True),
        ("a\n...", "a\n", True),
        ("...\nd", "b\nd\n", True),
        ("a.c", "abc\n", False),
    ],
)
def test_the_comparison(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) is same


def update_help(page: Path) -> None:
    """Write the output of every ``$ ... --help`` of a page anew."""
    text = page.read_text("utf-8")
    for block in blocks(page):
        for command in block.commands if block.language == "console" else []:
            abridged = "..." in command.expected.splitlines()
            if command.source.endswith("--help") and not abridged:
                done = subprocess.run(
                    ["bash", "-c", command.source], capture_output=True, text=True, check=True,
                    env={**os.environ, "COLUMNS": "80"}, cwd=ROOT,
                )  # fmt: skip
                fresh = "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())
                old = f"$ {command.source}\n{command.expected}".rstrip("\n")
                text = text.replace(f"{old}\n", f"$ {command.source}\n{fresh}\n", 1)
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    for page in PAGES:
        update_help(page)
