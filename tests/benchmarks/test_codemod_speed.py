"""What the migration costs, side by side with grep and libcst. Run: pytest -s tests/benchmarks"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

GREP_BAR = 3.0
LIBCST_BAR = 1.3
DENSE_BAR = 2.2
JOBS_BAR = 1.5
MEMORY_BAR = 1.25
CLIENTS_BAR = 2.5

CALLS = """\
import openai


def ask(question):
    reply = openai.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}]
    )
    return reply.choices[0].message.content
"""
# Both in one process that has imported both: the CPU time of the command, and of libcst alone.
IN_ONE_PROCESS = """\
import contextlib, io, sys, time
import libcst
import codemods.migrate_openai.cli.command
import codemods.migrate_openai.rewrite.statements
from codemods.migrate_openai.__main__ import main

folder, names = sys.argv[1], sys.argv[2:]

def libcst_alone():
    for name in names:
        with open(name, "rb") as file:
            libcst.parse_module(file.read()).code

def command():
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main([folder, "--diff", "--jobs", "1"]) == 0

def seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start

pairs = [(seconds(command), seconds(libcst_alone)) for _ in range(3)]
print(min(one for one, _ in pairs) / min(other for _, other in pairs))
"""


def source_texts(number: int) -> list[bytes]:
    """Files of the standard library that do not mention openai, 12 kB of each at most."""
    found = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-z]*/[a-z]*.py"))
    texts = [path.read_bytes()[:12_000] for path in random.Random(1).sample(found, number)]
    return [text[: text.rfind(b"\n") + 1] for text in texts if b"openai" not in text]


def fill(folder: Path, files: int, calling_every: int) -> Path:
    texts = source_texts(200)
    for number in range(files):
        path = folder / f"pkg{number // 100:03}" / f"sub{number // 20 % 5}" / f"m{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            CALLS.encode() if number % calling_every == 0 else texts[number % len(texts)]
        )
    return folder


def seconds(*command: str, data: str = "") -> float:
    start = time.perf_counter()
    subprocess.run(
        command,
        input=data.encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=300,
    )
    return time.perf_counter() - start


def migrate(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "codemods.migrate_openai", *arguments)


def ratio(ours: Sequence[str], theirs: Sequence[str], runs: int, data: str = "") -> float:
    """Minimum against minimum: what other processes add belongs to neither."""
    pairs = [(seconds(*ours), seconds(*theirs, data=data)) for _ in range(runs)]
    return min(one for one, _ in pairs) / min(other for _, other in pairs)


@pytest.mark.skipif(not shutil.which("grep"), reason="no grep to compare with")
def test_a_large_tree_that_hardly_mentions_openai(tmp_path: Path) -> None:
    tree = str(fill(tmp_path, 10_000, 100))
    found = ratio(migrate(tree), ("grep", "-rl", "openai", tree), runs=12)
    print(f"{found:.2f} x grep -rl openai")
    assert found <= GREP_BAR


def calling_files(folder: Path, number: int) -> Path:
    """Files of 10 kB that all call openai: a real module each, with the calls added."""
    for position, text in enumerate(source_texts(number)):
        path = folder / f"m{position}.py"
        path.write_bytes(_whole_statements(text) + b"\n\n" + CALLS.encode())
    return folder


def _whole_statements(text: bytes) -> bytes:
    """Without what was cut off in the middle of a statement."""
    lines = text.splitlines(keepends=True)
    starts = [n for n, line in enumerate(lines) if line[:1].strip(b" \t#)]}\r\n")]
    for start in [len(lines), *reversed(starts)]:
        cut = b"".join(lines[:start])
        try:
            compile(cut, "cut.py", "exec")
        except (SyntaxError, ValueError):
            continue
        return cut
    return b""


def dense_files(folder: Path, number: int) -> Path:
    """Files of 10 kB in which every other statement is a call of openai."""
    for position in range(number):
        (folder / f"dense{position}.py").write_bytes(CALLS.encode() * 40)
    return folder


def against_libcst(folder: Path) -> float:
    names = map(str, sorted(folder.iterdir()))
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS, str(folder), *names],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def test_files_that_all_call_openai(tmp_path: Path) -> None:
    found = against_libcst(calling_files(tmp_path, 150))
    print(f"{found:.2f} x libcst's parse and code generation")
    assert found <= LIBCST_BAR


def test_files_some_of_which_hold_little_but_calls(tmp_path: Path) -> None:
    found = against_libcst(dense_files(calling_files(tmp_path, 120), 30))
    print(f"{found:.2f} x libcst's parse and code generation, where a fifth is little but calls")
    assert found <= LIBCST_BAR


def test_files_that_hold_little_but_calls(tmp_path: Path) -> None:
    found = against_libcst(dense_files(tmp_path, 30))
    print(f"{found:.2f} x libcst's parse and code generation, where every other statement changes")
    assert found <= DENSE_BAR


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor")
def test_two_processes_are_nearly_twice_as_fast(tmp_path: Path) -> None:
    tree = str(calling_files(tmp_path, 300))
    found = ratio(migrate(tree, "--jobs", "1"), migrate(tree, "--jobs", "2"), runs=3)
    print(f"{found:.2f} x faster with two processes")
    assert found >= JOBS_BAR


def peak_memory(tree: Path) -> int:
    code = (
        "import resource, sys; from codemods.migrate_openai.__main__ import main;"
        f"main([{str(tree)!r}, '--jobs', '1']);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    return int(done.stderr)


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    small = peak_memory(fill(tmp_path / "small", 1_000, 100))
    large = peak_memory(fill(tmp_path / "large", 20_000, 100))
    print(f"{large / small:.2f} x the memory for 20 x the files")
    assert large / small <= MEMORY_BAR


MANY_CLIENTS = {
    "names": (
        "client{n} = OpenAI(timeout={n})\n"
        "client{n}.chat.completions.create(model='gpt-4o', messages=[])\n"
    ),
    "attributes": (
        "class Bot{n}:\n"
        "    def __init__(self):\n"
        "        self.client{n} = OpenAI(timeout={n})\n\n"
        "    def ask(self, messages):\n"
        "        self.client{n}.files.list()\n"
        "        return self.client{n}.chat.completions.create(model='m', messages=messages)\n\n"
    ),
    "lazy imports": (
        "def ask{n}(messages):\n"
        "    from openai import OpenAI\n\n"
        "    return OpenAI().chat.completions.create(model='gpt-4o', messages=messages)\n\n"
    ),
    "functions": (
        "def ask{n}(messages):\n"
        "    client = OpenAI()\n"
        "    return client.chat.completions.create(model='gpt-4o', messages=messages)\n\n"
    ),
}


@pytest.mark.parametrize("kind", MANY_CLIENTS)
def test_the_cost_of_a_file_grows_as_its_clients_do(tmp_path: Path, kind: str) -> None:
    for number in (1_000, 2_000):
        clients = "".join(MANY_CLIENTS[kind].format(n=n) for n in range(number))
        start = "" if kind == "lazy imports" else "from openai import OpenAI\n\n"
        (tmp_path / f"{number}.py").write_text(f"{start}{clients}")
    twice, once = (migrate(str(tmp_path / f"{n}.py"), "--jobs", "1") for n in (2_000, 1_000))
    found = ratio(twice, once, runs=2)
    print(f"{found:.2f} x the time for 2 x the clients ({kind})")
    assert found <= CLIENTS_BAR
