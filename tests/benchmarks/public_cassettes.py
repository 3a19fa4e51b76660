"""Reads, converts and plays the cassettes of public repositories.

    python -m tests.benchmarks.public_cassettes [--every N] FOLDER [FOLDER ...]

A folder is a checkout, or what ``git archive`` gave of one. Nothing in them is changed. Prints one
line a folder, the files that were refused and why, and what the leak scan says of them. Ends with 1
if a file crashed the reader, or a request of it that a real client sends is not answered as it was
recorded: by the file itself through `use_cassette`, or by what `pv cassettes convert` makes of it.

Bars: 0 crashes; every file and every conversion plays; at most 1 in 100 files stopped by the leak
scan; of the files with embeddings, the conversion is at most as large, opens in at most 1.5 times
the time, and takes at most 3 times the reading; reading takes at most 5 times the file's size in
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
from pathlib import Path

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import CassetteError, Interaction
from personalvibe.replay.redaction.leak_scan import find_leaks
from personalvibe.replay.redaction.redact import RedactionRules, redact
from personalvibe.replay.toolbox.convert import Format, convert
from personalvibe.replay.toolbox.files import Recording
from tests.benchmarks.playing import play

SUFFIXES = (".yaml", ".yml", ".json", ".yaml.gz", ".yml.gz")
RULES = RedactionRules.from_config({}, {})
LARGE = 100_000


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the files of a folder."""

    files: int = 0
    interactions: int = 0
    refused: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    not_played: list[str] = field(default_factory=list)
    not_converted: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Of the files with embeddings: read, convert, read again."""
    size: Counter[str] = field(default_factory=Counter)
    """Of the files with embeddings: before and after."""


@contextlib.contextmanager
def timed(tally: Tally, what: str, counts: bool) -> Iterator[None]:
    start = time.process_time()
    yield
    if counts:
        tally.seconds[what] += time.process_time() - start


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
    with timed(tally, "read", dense):
        interactions = cassette.load(path)
    tally.interactions += len(interactions)
    with timed(tally, "convert", dense):
        stored = [redact(one, RULES) for one in interactions]
        content = cassette.dump(stored)
    with timed(tally, "read again", dense):
        cassette.parse(content, path)
    if dense:
        tally.size["before"] += path.stat().st_size
        tally.size["after"] += len(content)
    for number, one in enumerate(stored, 1):
        tally.leaks += [
            f"{path}: interaction {number}: {leak.shape} at {leak.place}"
            for leak in find_leaks(one, RULES)
        ]
    try:
        tally.not_played += not_played(path, interactions, scratch)
    except CassetteError as error:
        tally.not_converted.append(error.message)


def not_played(path: Path, interactions: list[Interaction], scratch: Path) -> Iterator[str]:
    """What a real client gets otherwise than it was recorded: of the file, and of its conversion.

    Raises `CassetteError` for a conversion that is refused.
    """
    if odd := [one.request.url for one in interactions if "://" not in one.request.url]:
        yield f"{path}: no client can ask for {odd[0]}"
        return
    yield from (f"{path}: {line}" for line in play(path, interactions, interactions))
    recording = Recording(path=path, content=path.read_bytes(), interactions=tuple(interactions))
    for to in Format:
        converted = convert(recording, to, RULES, scratch)
        if converted is None:
            continue
        target = scratch / f"{to}.yaml"
        target.write_bytes(converted.content)
        served = cassette.load(target)
        yield from (f"{path}: as {to}: {line}" for line in play(target, interactions, served))


def memory(path: Path) -> float:
    """Bytes of memory that reading a file takes at its peak, for each of its bytes."""
    script = (
        "import resource, sys, yaml; from pathlib import Path\n"
        "from personalvibe.replay.cassette import file, foreign, streams\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "yaml.CSafeLoader(b'a: 1').get_single_data(); before = peak()\n"
        "file.load(Path(sys.argv[1])); print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
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
        f"{len(tally.not_played)} not played, {len(tally.not_converted)} not converted, "
        f"{stopped} stopped by the leak scan"
    )
    for kind in ("refused", "leaks", "not_converted", "not_played", "crashed"):
        for line in getattr(tally, kind):
            print(f"  {kind}: {line}")
    if tally.size["before"]:
        seconds = tally.seconds
        print(
            f"  embeddings: {tally.size['before']:,} bytes become {tally.size['after']:,}; "
            f"read {seconds['read']:.2f} s, converted {seconds['read again']:.2f} s "
            f"({seconds['read again'] / seconds['read']:.2f}); conversion "
            f"{(seconds['read'] + seconds['convert']) / seconds['read']:.2f} times the reading"
        )


def memory_of_largest(paths: Sequence[Path]) -> list[float]:
    large = [path for path in paths if path.stat().st_size > LARGE]
    large.sort(key=lambda path: path.stat().st_size, reverse=True)
    ratios = []
    for path in large[:5]:
        with contextlib.suppress(subprocess.CalledProcessError):
            ratios.append(memory(path))
    return ratios


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
            failed |= bool(tally.crashed or tally.not_played)
            if ratios := memory_of_largest(paths):
                print(f"  memory of the largest: {max(ratios):.1f} times the file", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
