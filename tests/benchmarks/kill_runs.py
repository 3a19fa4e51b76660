"""Runs of the migration that are killed, or cannot write; the next run has to make it good.

    python tests/benchmarks/kill_runs.py [--kills 200] [--unwritable 50] [--full-disk 50] [--seed 1]

Every run gets a fresh project of 36 files that share one client. After a run that failed and the
run after it, the project has to be, byte for byte, what it was or what it becomes; half of a
migration, a temporary file or a traceback is a failure. What it was and what it becomes are run
once, against a fake SDK and a fake router, and print the same.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

Tree = dict[str, bytes]

MIGRATE = (sys.executable, "-m", "codemods.migrate_openai", "--router", "llm")
FAKES = {
    "openai.py": """
class OpenAI:
    def __init__(self, timeout):
        self.embeddings = self
    def create(self, model, input):
        return f"{model}: {input}"
""",
    "llm.py": """
class Client:
    def __init__(self, timeout):
        pass
    def embedding(self, model, input):
        return f"{model.removeprefix('openai/')}: {input}"
""",
}
# The system refuses one file: the file itself, a new one beside it, or to be put in its place.
REFUSALS = (
    "os.access = lambda path, mode, real=os.access: not mine(path) and real(path, mode)",
    "os.open = lambda path, *rest, real=os.open, **more: "
    "refuse() if '.migrate-' in str(path) and left() else real(path, *rest, **more)",
    "pathlib.Path.replace = lambda self, target, real=pathlib.Path.replace: "
    "refuse() if mine(target) else real(self, target)",
)
REFUSED = """
import os, pathlib, sys
from codemods.migrate_openai.__main__ import main
def mine(path): return str(path).endswith({name!r})
def left(numbers=iter(range(99))): return next(numbers) == {number}
def refuse(): raise PermissionError(13, "Permission denied")
{refusal}
sys.exit(main(["--router", "llm", "--write"]))
"""
FULL = """
import resource, sys
from codemods.migrate_openai.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
sys.exit(main(["--router", "llm", "--write"]))
"""


def sources() -> dict[str, str]:
    """A program that prints a line for each of its modules, which all need one client."""
    numbers = range(34)
    files = {
        "clients.py": "from openai import OpenAI\n\n\ndef make():\n    return OpenAI(timeout=3)\n"
        "\n\nclient = make()\n",
        "main.py": "".join(f"import m{number}\n" for number in numbers)
        + "".join(f"print(m{number}.ask('x'))\n" for number in numbers),
    }
    for number in numbers:
        before = f"from m{number - 1} import NUMBER as BEFORE\n" if number else "BEFORE = -1\n"
        files[f"m{number}.py"] = (
            f"from clients import client\n{before}\nNUMBER = BEFORE + 1\n\n\ndef ask(text):\n"
            '    return client.embeddings.create(model="m", input=f"{text}{NUMBER}")\n'
        )
    return files


def fresh(folder: Path) -> Path:
    (folder / ".git").mkdir(parents=True)
    for name, text in sources().items():
        (folder / name).write_text(text)
    return folder


def tree(folder: Path) -> Tree:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def migrate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*MIGRATE, *arguments], cwd=folder, capture_output=True, timeout=120, check=False
    )


def prints(folder: Path, fakes: Path) -> bytes:
    return subprocess.run(
        [sys.executable, "main.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(fakes), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=True,
    ).stdout


class Trials:
    """Projects in one folder, what they may be, and what went wrong."""

    def __init__(self, place: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.found: Counter[str] = Counter()
        self.failures: list[str] = []
        self._place = place
        self._number = 0
        fakes = place / "fakes"
        fakes.mkdir()
        for name, text in FAKES.items():
            (fakes / name).write_text(text)
        folder = fresh(place / "reference")
        self.old = tree(folder)
        before = prints(folder, fakes)
        start = time.monotonic()
        assert migrate(folder, "--write").returncode == 0
        self.seconds = time.monotonic() - start
        self.new = tree(folder)
        assert not self.new.keys() ^ self.old.keys()
        assert before.count(b"\n") == 34
        assert prints(folder, fakes) == before

    def project(self) -> Path:
        self._number += 1
        return fresh(self._place / str(self._number))

    def check(self, what: str, folder: Path, *, allowed: Sequence[Tree]) -> None:
        if tree(folder) not in allowed:
            self.failures.append(f"{what}: {folder}")

    def next_run(self, what: str, folder: Path) -> None:
        """A preview finds one or the other; the run after it makes the new one; --undo the old."""
        if self.chance.random() < 0.5:
            done = migrate(folder, "--check")
            self.check(f"{what}, then a preview", folder, allowed=[self.old, self.new])
            if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
                self.failures.append(f"{what}, then a preview: {done.stderr.decode()}")
        done = migrate(folder, "--write")
        self.check(f"{what}, then a run", folder, allowed=[self.new])
        if done.returncode or b"Traceback" in done.stderr:
            self.failures.append(f"{what}, then a run: {done.stderr.decode()}")
        if self.chance.random() < 0.25:
            done = migrate(folder, "--undo")
            self.check(f"{what}, then undone", folder, allowed=[self.old])


def killed(trials: Trials) -> None:
    """At any moment of the run; in every second trial, while it writes."""
    folder = trials.project()
    jobs = trials.chance.choice("12")
    running = subprocess.Popen(
        [*MIGRATE, "--write", "--jobs", jobs],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    first = folder / "clients.py"
    inode = first.stat().st_ino
    begun: Callable[[], object]
    begun, longest = trials.chance.choice(
        (
            (lambda: True, trials.seconds),
            (lambda: True, trials.seconds),
            (lambda: list(folder.glob(".migrate-*")), trials.seconds / 5),
            (lambda: first.stat().st_ino != inode, 0.002),
        )
    )
    while not begun() and running.poll() is None:
        pass
    threading.Event().wait(trials.chance.uniform(0, longest))
    running.send_signal(signal.SIGKILL)
    running.wait()
    now = tree(folder)
    renamed = sum(now.get(name) == text != trials.old[name] for name, text in trials.new.items())
    changed = sum(trials.old[name] != text for name, text in trials.new.items())
    whole = {0: "before the first rename", changed: "after the last"}
    trials.found[f"killed {whole.get(renamed, 'between two renames')}"] += 1
    trials.next_run(f"killed with {renamed} files renamed", folder)


def refused(trials: Trials, program: str, what: str) -> None:
    folder = trials.project()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, timeout=120, check=False
    )
    trials.found[f"{what}: exit code {done.returncode}"] += 1
    whole = trials.new if done.returncode == 0 else trials.old
    trials.check(f"{what}, exit code {done.returncode}", folder, allowed=[whole])
    if done.returncode not in (0, 2, 3) or b"Traceback" in done.stderr:
        trials.failures.append(f"{what}: {done.stderr.decode()}")
    trials.next_run(what, folder)


def unwritable(trials: Trials) -> None:
    number = trials.chance.randrange(34)
    refusal = trials.chance.choice(REFUSALS)
    program = REFUSED.format(name=f"/m{number}.py", number=number, refusal=refusal)
    refused(trials, program, "unwritable")


def full_disk(trials: Trials) -> None:
    limit = trials.chance.randrange(sum(map(len, trials.old.values())) + 1000)
    refused(trials, FULL.format(limit=limit), "full disk")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--unwritable", type=int, default=50)
    parser.add_argument("--full-disk", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    kinds: tuple[tuple[Callable[[Trials], None], int], ...] = (
        (killed, given.kills),
        (unwritable, given.unwritable),
        (full_disk, given.full_disk),
    )
    with tempfile.TemporaryDirectory() as place:
        trials = Trials(Path(place), given.seed)
        for trial, number in kinds:
            for _ in range(number):
                trial(trials)
    for what, number in sorted(trials.found.items()):
        print(f"{number:>4}  {what}")
    print(*trials.failures, f"{len(trials.failures)} failures", sep="\n")
    return 1 if trials.failures else 0


if __name__ == "__main__":
    sys.exit(main())
