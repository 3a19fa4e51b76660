"""A run's record for the commands that ask what the tests did: `toolbox.last_run`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from personalvibe.replay.dates import now
from personalvibe.replay.model import CassetteError
from personalvibe.replay.pytest_plugin.report import RunRecord, TestRecord
from personalvibe.replay.toolbox import last_run


def remember(
    run: RunRecord,
    path: Path,
    *,
    root: Path,
    ini_file: str,
    folders: Sequence[Path],
    skipped: Iterable[str],
    failed: Iterable[str],
) -> None:
    """Write what is known after a run. `folders` are those of which all tests ran."""
    digests = last_run.Digests()
    # What one test recorded, another may have played before or after.
    changed = {Path(one.paths[0]) for one in run.tests.values() if one.recorded}
    after = last_run.LastRun(
        root=str(root),
        tests={name: _use(one, digests, changed) for name, one in run.tests.items()},
        whole_at=now() if folders else "",
        folders=tuple(map(str, folders)),
        skipped=tuple(sorted(skipped)),
        opened=tuple(sorted(run.other_paths)),
        failed=tuple(sorted(set(failed) - run.tests.keys())),
        ini_file=ini_file,
    )
    last_run.save(path, last_run.merged(_before(path), after))


def _before(path: Path) -> last_run.LastRun | None:
    try:
        return last_run.load(path)
    except CassetteError:
        return None  # there was none yet, or another version wrote it


def _use(test: TestRecord, digests: last_run.Digests, changed: Iterable[Path]) -> last_run.TestUse:
    return last_run.TestUse(
        cassettes={
            name: last_run.CassetteUse(
                digest="" if Path(name) in changed else digests.of(Path(name)),
                played=tuple(played),
            )
            for name, played in test.uses.items()
        },
        passed=test.passed,
        missed=test.missed,
        recording=test.outcome,
        reason=test.reason,
    )
