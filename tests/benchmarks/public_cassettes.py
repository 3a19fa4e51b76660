"""Reads, converts and plays the cassettes of public repositories.

    python -m tests.benchmarks.public_cassettes [--every N] FOLDER [FOLDER ...]

A folder is a checkout, or what ``git archive`` gave of one. Nothing in them is changed. Prints one
line a folder, the files that were refused and why, and what the leak scan says of them. Ends with 1
if a file crashed the reader, or a request of it that a real client sends is not answered as it was
recorded: by the file itself through `use_cassette`, or by what `pv cassettes convert` makes of it.

Bars: 0 crashes; every file and every conversion plays; at most 1 in 100 files stopped by the leak
scan; a conversion takes at most 3 times as long as reading, is at most as large and opens in at
most 1.5 times the time where it holds embeddings; it takes at most 5 times the file's size in
memory.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import CassetteError, Interaction
from personalvibe.replay.redaction.leak_scan import find_leaks
from personalvibe.replay.redaction.redact import RedactionRules, redact
from personalvibe.replay.toolbox.convert import Format, convert
from tests.benchmarks.playing import play

SUFFIXES = (".yaml", ".yml", ".json", ".yaml.gz", ".yml.gz")
RULES = RedactionRules.from_config({}, {})
LARGE = 100_000


class Kind(StrEnum):
    ALL = "all files"
    DENSE = "embeddings"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the files of a folder."""

    files: int = 0
    interactions: int = 0
    refused: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    not_played: list[str] = field(default_factory=list)
    not_converted: list[str] = field(default_factory=list)
    seconds: dict[Kind, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Read, convert, read again."""
    size: dict[Kind, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Before and after."""


@contextlib.contextmanager
def timed(tally: Tally, what: str, kinds: Sequence[Kind]) -> Iterator[None]:
    start = time.process_time()
    yield
    for kind in kinds:
        tally.seconds[kind][what] += time.process_time() - start  # type: ignore[assignment]


def cassettes(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = any("cassette" in part.lower() for part in path.relative_to(folder).parts[:-1])
        if inside and path.name.endswith(SUFFIXES) and path.is_file():
            yield path


def examine(path: Path, tally: Tally, scratch: Path) -> None:
    tally.files += 1
    # The first look warms the page cache and says whether the file counts as one of embeddings.
    interactions = cassette.load(path)
    dense = "embedding" in " ".join(one.request.url for one in interactions)
    kinds = tuple(Kind) if dense else (Kind.ALL,)
    with timed(tally, "read", kinds):
        interactions = cassette.load(path)
    tally.interactions += len(interactions)
    for number, one in enumerate(interactions, 1):
        tally.leaks += [
            f"{path}: interaction {number}: {leak.shape} at {leak.place}"
            for leak in find_leaks(redact(one, RULES), RULES)
        ]
    if odd := [one.request.url for one in interactions if "://" not in one.request.url]:
        tally.not_asked.append(f"{path}: no client can ask for {odd[0]}")
        return
    tally.not_played += [f"{path}: {line}" for line in play(path, interactions, interactions)]
    for to in Format:
        try:
            tally.not_played += conversion_not_played(path, interactions, to, tally, scratch, kinds)
        except CassetteError as error:
            tally.not_converted.append(error.message)


def conversion_not_played(
    path: Path,
    interactions: list[Interaction],
    to: Format,
    tally: Tally,
    scratch: Path,
    kinds: Sequence[Kind],
) -> list[str]:
    """What a real client gets otherwise than it was recorded. Raises what `convert` does."""
    counted = kinds if to is Format.NATIVE else ()
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        with timed(tally, "convert", counted):
            target = convert(path, to, RULES, Path(folder))
        if target is None:
            return []
        with timed(tally, "read again", counted):
            served = cassette.load(target)
        for kind in counted:
            tally.size[kind].update(before=path.stat().st_size, after=target.stat().st_size)
        unplayed = play(target, interactions, served)
    return [f"{path}: as {to}: {line}" for line in unplayed]


# Of this process alone: what `getrusage` says is inherited from the one that started it. A small
# file first, by which all modules are imported.
PEAK = """
import re, sys
from pathlib import Path
from personalvibe.replay.redaction.redact import RedactionRules
from personalvibe.replay.toolbox.convert import Format, convert

def peak():
    return int(re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1]) * 1024

small, large, folder = map(Path, sys.argv[1:])
rules = RedactionRules.from_config({}, {})
convert(small, Format.NATIVE, rules, folder)
before = peak()
convert(large, Format.NATIVE, rules, folder)
print(peak() - before)
"""
SMALL = """interactions:
- request: {body: '{"a": 1}', headers: {}, method: POST, uri: 'https://x.test/'}
  response: {body: {string: 'a: 1'}, headers: {}, status: {code: 200, message: OK}}
version: 1
"""


def memory(path: Path, folder: Path) -> float:
    """Bytes at the peak of converting a file, for each of its bytes. On Linux."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        small = Path(scratch, "small.yaml")
        small.write_text(SMALL)
        arguments = map(str, (small, path, Path(scratch, "new")))
        command = [sys.executable, "-c", PEAK, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) / path.stat().st_size


def survey(paths: Sequence[Path], scratch: Path) -> Tally:
    tally = Tally()
    for path in paths:
        try:
            examine(path, tally, scratch)
        except CassetteError as error:
            tally.refused.append(error.message)
        except Exception:
            tally.crashed.append(f"{path}\n{traceback.format_exc()}")
    return tally


def report(folder: Path, tally: Tally) -> None:
    stopped = len({line.partition(": interaction")[0] for line in tally.leaks})
    print(
        f"{folder.name}: {tally.files} files, {tally.interactions} interactions, "
        f"{len(tally.refused)} refused, {len(tally.crashed)} crashed, "
        f"{len(tally.not_asked)} not asked, {len(tally.not_played)} not played, "
        f"{len(tally.not_converted)} not converted, {stopped} stopped by the leak scan"
    )
    for kind in ("refused", "leaks", "not_asked", "not_converted", "not_played", "crashed"):
        for line in getattr(tally, kind):
            print(f"  {kind}: {line}")
    for dense, size in tally.size.items():
        seconds = tally.seconds[dense]
        print(
            f"  {dense}: {size['before']:,} bytes become {size['after']:,}; "
            f"read {seconds['read']:.2f} s, converted {seconds['read again']:.2f} s "
            f"({seconds['read again'] / seconds['read']:.2f}); conversion "
            f"{seconds['convert'] / seconds['read']:.2f} times the reading"
        )


def report_memory(paths: Sequence[Path], folder: Path) -> None:
    large = [path for path in paths if path.stat().st_size > LARGE]
    large.sort(key=lambda path: path.stat().st_size, reverse=True)
    for path in large[:10]:
        try:
            peak = memory(path, folder)
        except subprocess.CalledProcessError as error:
            print(f"  {path.name}: {error.stderr}")
            continue
        print(
            f"  {path.name}, {path.stat().st_size:,} bytes: converting takes {peak:.1f} times that "
            "in memory",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description="Reads, converts and replays public cassettes.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="look at every N-th file only")
    arguments = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        for folder in arguments.folders:
            paths = list(cassettes(folder))[:: arguments.every]
            tally = survey(paths, Path(scratch))
            report(folder, tally)
            sys.stdout.flush()
            failed |= bool(tally.crashed or tally.not_played)
            report_memory(paths, Path(scratch))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
