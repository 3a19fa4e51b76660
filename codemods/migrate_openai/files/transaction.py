"""All files of a run, or none: staged, noted in a journal, then renamed.

Until the journal says "committed" no file of the tree has changed. From then on every file is
either renamed or has its new content beside it, so that the next run can finish what a kill cut
off, or take it back with the old contents in the journal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto
from pathlib import Path

from codemods.migrate_openai.errors import SourceError, UsageError
from codemods.migrate_openai.files import journal, write
from codemods.migrate_openai.files.journal import Journal, Record, Step, digest
from codemods.migrate_openai.files.state_folder import UNFINISHED, StateFolder

_LAST = "last"
# Long enough for a run that is ending, or for the processes of one that was killed.
_SECONDS_FOR_THE_LOCK = 3.0


class RefusedError(SourceError):
    """One file stood in the way; nothing of the run is in the tree."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class _FileState(Enum):
    """What a file is, seen from its step."""

    NEW = auto()
    STAGED = auto()
    """As it was, with the new content ready beside it."""
    OLD = auto()
    """As it was, and nothing is ready."""
    EDITED = auto()
    """Changed by somebody else, before its turn came."""
    EDITED_SINCE = auto()
    """Changed by somebody else, after its turn."""


@contextlib.contextmanager
def locked(state: StateFolder, say: Callable[[str], None]) -> Iterator[None]:
    """The only writing run of a project, after a run that was killed is ended.

    ``say`` gets a line about that. Raises `UsageError`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(state.folder / "lock", timeout=_SECONDS_FOR_THE_LOCK)
    try:
        state.make()
        lock.acquire()
    except Timeout as error:
        raise UsageError(
            f"{state.root}: another run is writing there", "Start again when it has ended."
        ) from error
    except OSError as error:
        raise UsageError(
            f"{state.folder}: {error.strerror or error}",
            "A run that writes keeps its journal there: make the folder writable.",
        ) from error
    try:
        _settle(state, say)
        yield
    finally:
        lock.release()


def settle(states: Iterable[StateFolder], say: Callable[[str], None]) -> None:
    """End the runs that were killed. Raises `UsageError` where that is not possible."""
    for state in states:
        with locked(state, say):
            pass


class Transaction:
    """What one run writes: `stage` every file, then `commit`. The caller holds the lock.

    As a context manager it leaves no temporary file and no journal behind, unless committed.
    """

    def __init__(self, state: StateFolder, *, undo: bool = False) -> None:
        self._state = state
        self._undo = undo
        self._journal: Journal | None = None
        self._steps: dict[str, Step] = {}

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, *error: object) -> None:
        if self._journal is not None:
            with contextlib.suppress(OSError):
                self._journal.close()
            _clean(self._state, self._steps.values())
            journal.discard(self._journal.folder)

    def stage(
        self, path: str, before: bytes | None, after: bytes | None, folders: Sequence[str] = ()
    ) -> None:
        """Have ``after`` ready; None removes the file, and those ``folders`` that are empty then.

        ``before`` is what the decision was made on. Raises `SourceError`.
        """
        target = Path(path).resolve()
        name = _name(target, self._state.root)
        try:
            write.check(target, before)
            if (earlier := self._steps.get(name)) is not None:
                if earlier.after != digest(after):
                    raise SourceError("it would change twice: another path leads to it as well")
                return
            if self._journal is None:
                self._journal = Journal(self._state.folder / UNFINISHED, undo=self._undo)
            step = Step(
                path=name,
                temporary=write.beside(target).name,
                before=digest(before),
                after=digest(after),
                mode=write.mode_for(target),
                offset=self._journal.offset,
                length=len(before or b""),
                folders=tuple(folders) or _missing(target, self._state.root),
            )
            self._journal.add(step, before or b"")
            self._steps[name] = step
            if after is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                write.stage(_temporary(self._state, step), after, step.mode, target)
        except OSError as error:
            raise write.refusal(error) from error

    def commit(self) -> None:
        """Make every file the new one, or raise `RefusedError`: all are the old ones then."""
        if self._journal is None:
            return
        try:
            self._journal.commit()
            self._journal.close()
        except OSError as error:
            raise RefusedError(str(self._journal.folder), str(write.refusal(error))) from error
        record = journal.read(self._journal.folder)
        self._journal = None  # From here on the journal ends this run, now or after a kill.
        for step in record.steps:
            try:
                _put(self._state, step)
            except BaseException as error:
                _take_back(self._state, record)
                if isinstance(error, SourceError):
                    raise RefusedError(str(self._state.root / step.path), str(error)) from error
                raise
        _finish(self._state, record)


def undo(state: StateFolder) -> tuple[list[Path], list[Path]]:
    """Take the last run back: the files undone, and those that somebody has changed since.

    The caller holds the lock. Raises `RefusedError`; `UsageError` where there is nothing to undo.
    """
    last = journal.read(state.folder / _LAST)
    done, left = list[Path](), list[Path]()
    with Transaction(state, undo=True) as transaction:
        for step in last.steps:
            path = state.root / step.path
            file = _state(state, step)
            if file in (_FileState.EDITED, _FileState.EDITED_SINCE):
                left.append(path)
            elif file is _FileState.NEW:
                old = last.content(step) if step.before else None
                try:
                    transaction.stage(str(path), write.content(path), old, step.folders)
                except SourceError as error:
                    raise RefusedError(str(path), str(error)) from error
                done.append(path)
        if not done and not left:
            raise UsageError(
                f"{state.root}: nothing to undo",
                "--undo takes back the last run with --write that changed a file, once.",
            )
        transaction.commit()
    if not left:
        journal.discard(state.folder / _LAST)
    return done, left


def _settle(state: StateFolder, say: Callable[[str], None]) -> None:
    """End the run that was killed, if there is one: forward where that is possible, else back."""
    record = journal.read(state.folder / UNFINISHED)
    number = len(record.steps)
    if not record.committed:
        _clean(state, record.steps)
        journal.discard(record.folder)
        if number:
            say(f"{state.root}: an interrupted run had not written anything; removed its traces")
    elif _put_rest(state, record):
        _finish(state, record)
        say(f"{state.root}: finished an interrupted run: files written: {number}")
    else:
        left = _take_back(state, record)
        names = ", ".join(map(str, left))
        kept = f", except what somebody has changed since: {names}" if left else ""
        say(f"{state.root}: took back an interrupted run: files as before it: {number}{kept}")


def _put_rest(state: StateFolder, record: Record) -> bool:
    """Rename what is not yet renamed; False where some file cannot follow the others."""
    states = {step: _state(state, step) for step in record.steps}
    if not {_FileState.OLD, _FileState.EDITED}.isdisjoint(states.values()):
        return False
    try:
        for step, file in states.items():
            if file is _FileState.STAGED:
                _put(state, step)
    except SourceError:
        return False
    return True


def _state(state: StateFolder, step: Step) -> _FileState:
    found = digest(write.content(state.root / step.path))
    if found == step.after:
        return _FileState.NEW
    ready = not step.after or digest(write.content(_temporary(state, step))) == step.after
    if found == step.before:
        return _FileState.STAGED if ready else _FileState.OLD
    return _FileState.EDITED if ready else _FileState.EDITED_SINCE


def _put(state: StateFolder, step: Step) -> None:
    """Raises `SourceError`, also for a file that is not what it was at the decision."""
    target = state.root / step.path
    try:
        if digest(write.content(target)) != step.before:
            raise SourceError(write.CHANGED)
        if step.after:
            _temporary(state, step).replace(target)
        else:
            target.unlink()
    except OSError as error:
        raise write.refusal(error) from error


def _take_back(state: StateFolder, record: Record) -> list[Path]:
    """Give every file its old content again; the files that somebody has changed since."""
    left = []
    for step in record.steps:
        target = state.root / step.path
        file = _state(state, step)
        try:
            if file is _FileState.NEW and not step.before:
                target.unlink()
            elif file is _FileState.NEW:
                _restore(state, step, record.content(step))
        except OSError as error:
            raise UsageError(
                f"{target}: an interrupted run cannot be taken back: {error.strerror or error}",
                f"Mend that and run again; the old contents are in {record.folder}.",
            ) from error
        if file is _FileState.EDITED_SINCE:
            left.append(target)
    _clean(state, record.steps)
    journal.discard(record.folder)
    return left


def _restore(state: StateFolder, step: Step, content: bytes) -> None:
    target = state.root / step.path
    target.parent.mkdir(parents=True, exist_ok=True)
    # The journal knows this name: the next run removes it if this one is killed.
    temporary = _temporary(state, step)
    temporary.unlink(missing_ok=True)
    write.stage(temporary, content, step.mode, target)
    temporary.replace(target)


def _finish(state: StateFolder, record: Record) -> None:
    """Every file is the new one. Keep the journal, so that the run can be undone."""
    _clean(state, record.steps)
    for folder in {(state.root / step.path).parent for step in record.steps}:
        write.sync_folder(folder)
    if record.undo:
        journal.discard(record.folder)
    else:
        journal.discard(state.folder / _LAST)
        record.folder.rename(state.folder / _LAST)


def _clean(state: StateFolder, steps: Iterable[Step]) -> None:
    """Remove temporary files, then the folders made for steps if nothing is in them."""
    steps = list(steps)
    for step in steps:
        with contextlib.suppress(OSError):
            _temporary(state, step).unlink(missing_ok=True)
    # A later step stands in a folder that an earlier one made.
    for folder in reversed([folder for step in steps for folder in step.folders]):
        with contextlib.suppress(OSError):
            (state.root / folder).rmdir()


def _temporary(state: StateFolder, step: Step) -> Path:
    return (state.root / step.path).with_name(step.temporary)


def _name(target: Path, root: Path) -> str:
    return str(target.relative_to(root) if target.is_relative_to(root) else target)


def _missing(target: Path, root: Path) -> tuple[str, ...]:
    """The folders that have to be made for a file, the outermost first."""
    missing = (folder for folder in target.parents if not folder.exists())
    return tuple(_name(folder, root) for folder in missing)[::-1]
