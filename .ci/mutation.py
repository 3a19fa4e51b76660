"""Change the code in one place at a time and see whether a test notices.

mutmut makes the mutants and runs the tests that reach each ([tool.mutmut] in pyproject.toml says
which); here a sample of each room's mutants is drawn and the survivors are counted by room.
``mutmut show NAME`` shows one. The first run takes some minutes more: all mutants are made and all
tests are timed; delete ``mutants/`` to have that again.

It is also a plugin of pytest: of the tests that reach a mutant those come first that tell most for
what they take.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

HERE = Path(__file__).resolve()
ROOMS = {
    "canonical": "personalvibe.replay.matching.canonical.",
    "redact": "personalvibe.replay.redaction.",
    "cassette": "personalvibe.replay.cassette.",
    "rewrite": "codemods.migrate_openai.rewrite.",
    "resolve": "codemods.migrate_openai.flow.resolve.",
}
# mutmut makes all mutants, and finds out which tests reach them, before it tries the first.
FIRST = "personalvibe.replay.matching.canonical.x_is_random_id__mutmut_1"
NOTICED = {"killed", "timeout", "segfault"}
# They make tables while modules are imported, and mutmut imports before it puts a mutant in.
AT_IMPORT = (
    "assignment_forms.x__form__",
    "shapes.x__by_rarest_mark__",
    "shapes.x__in__",
    "shapes.x__key__",
    "shapes.x__of__",
    "token_prefixes.x__read__",
)
MUTMUT = str(Path(sys.executable).with_name("mutmut"))


class Test(Protocol):
    nodeid: str


def pytest_collection_modifyitems(items: list[Test]) -> None:
    """The files in the order of the selection, the tests of each by what they take."""
    try:
        seconds = json.loads(Path("mutmut-stats.json").read_text())["duration_by_test"]
    except OSError:
        return  # they are being timed
    settings = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["mutmut"]
    files = settings["pytest_add_cli_args_test_selection"]
    items.sort(
        key=lambda test: (
            files.index(test.nodeid.partition("::")[0]),
            seconds.get(test.nodeid, 0),
        )
    )


def statuses() -> dict[str, str]:
    """Every mutant's name, and what became of it."""
    done = subprocess.run(
        [MUTMUT, "results", "--all", "true"], capture_output=True, text=True, check=True
    )
    pairs = (line.strip().rpartition(": ") for line in done.stdout.splitlines() if ": " in line)
    return {name: status for name, _, status in pairs}


def run(names: list[str]) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parent),
        "PYTEST_ADDOPTS": f"-p {HERE.stem}",
    }
    subprocess.run([MUTMUT, "run", "--max-children", "1", *names], check=True, env=environment)


def drawn_from(room: str, names: Iterable[str]) -> list[str]:
    """The mutants of a room that a test can notice."""
    return [
        name
        for name in names
        if name.startswith(ROOMS[room]) and not any(one in name for one in AT_IMPORT)
    ]


def sample(names: list[str], number: int, seed: int) -> list[str]:
    return random.Random(seed).sample(sorted(names), min(number, len(names)))  # noqa: S311


def report(room: str, tried: list[str], found: dict[str, str], of: int) -> float:
    """Print a room's survivors and its figure, which is the share that was noticed."""
    left = sorted(name for name in tried if found[name] not in NOTICED)
    share = 1 - len(left) / len(tried)
    print(f"{room}: {share:.1%} of {len(tried)} noticed, drawn from {of}")
    # On a busy machine tests take too long for no fault of the mutant: those want a look as well.
    for name in sorted({*left, *(name for name in tried if found[name] == "timeout")}):
        print(f"    {name}: {found[name]}")
    return share


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", action="append", choices=ROOMS, help="All, if none is named.")
    parser.add_argument("--number", type=int, default=150, help="Mutants of a room.")
    parser.add_argument("--seed", type=int, default=16, help="Of the sample.")
    parser.add_argument("--least", type=float, default=0.85, help="The share to be noticed.")
    options = parser.parse_args()
    # mutmut copies the tests, and leaves the copies of those that are gone.
    shutil.rmtree("mutants/tests", ignore_errors=True)
    run([FIRST])
    names = statuses()
    rooms = {room: drawn_from(room, names) for room in options.room or ROOMS}
    samples = {room: sample(names, options.number, options.seed) for room, names in rooms.items()}
    run([name for tried in samples.values() for name in tried])
    found = statuses()
    shares = [report(room, samples[room], found, len(rooms[room])) for room in rooms]
    return 0 if min(shares) >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
