"""New recordings take the place of old ones in one step, or not at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from personalvibe.replay.cassette import file as cassette_file
from personalvibe.replay.cassette.disk import locked, remove_leftovers, replace_file, require_file
from personalvibe.replay.matching.canonical import MatchRules, canonicalise, normalise
from personalvibe.replay.matching.placeholders import stabilise
from personalvibe.replay.matching.rehearsal import Rehearsal, hidden_values, unanswered
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    Leak,
    RecordMode,
    RedactedInteraction,
    Request,
)
from personalvibe.replay.redaction.redact import (
    RedactionRules,
    find_leaks,
    find_warnings,
    redact,
    redact_request,
)


class Storage(Protocol):
    """A cassette format. The default is `cassette.file`; see `vcrpy.bridge` for vcrpy's own."""

    def load(self, path: Path) -> list[Interaction]:
        """Raises `FileNotFoundError` and `CassetteError`."""

    def parse(self, content: bytes, path: Path) -> Iterable[Interaction]:
        """What `load` would read from a file of this content, some of it when it is asked for.

        Raises `CassetteError`, also while it is iterated.
        """

    def dump(self, interactions: Sequence[RedactedInteraction]) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormat:
    """The harness's own format."""

    max_bytes: int = cassette_file.MAX_BYTES

    def load(self, path: Path) -> list[Interaction]:
        return cassette_file.load(path, max_bytes=self.max_bytes)

    def parse(self, content: bytes, path: Path) -> Iterable[Interaction]:
        return cassette_file.stream(content, path, max_bytes=self.max_bytes)

    def dump(self, interactions: Sequence[RedactedInteraction]) -> bytes:
        """Raises `CassetteError` for what `load` would refuse."""
        content = cassette_file.dump(interactions)
        if len(content) > self.max_bytes:
            raise CassetteError(
                f"the recording has {len(content):,} bytes; {self.max_bytes:,} are allowed",
                hint="Ask for less, or raise max_cassette_bytes in vcr_config.",
            )
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the recordings of a session."""

    kind: Literal["nothing", "written", "unchanged", "refused"]
    path: Path
    interactions: int = 0
    reason: str = ""
    """Why they were refused: one line, without secrets."""
    warnings: tuple[str, ...] = ()
    """What was written all the same, but should be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Recordings that want to get into a cassette."""

    path: Path
    mode: RecordMode
    interactions: Sequence[Interaction]
    """In the order in which the requests started."""
    asked: Sequence[Request]
    """What the program sent for each of them, after the suite's filters."""
    adapt: Callable[[Interaction], Interaction | None] = lambda interaction: interaction
    """What the suite's hooks make of an interaction that is read; None if they drop it."""
    loaded: Counter[str]
    """Key -> how many recordings of it the session found in the cassette and may have played."""
    shared: bool
    """Other tests keep recordings in this cassette, which REWRITE must then leave."""
    refresh_before: str = ""
    """An unchanged exchange recorded before this instant (ISO 8601) gets a new date."""
    lock_seconds: int
    """How long to wait for another process that records into the same cassette."""
    staging: Path | None = None
    """The folder that gets what the cassette would become; the cassette stays as it is."""


def staged(path: Path, staging: Path) -> Path:
    """The file below a folder of recordings that stands for a cassette."""
    resolved = path.resolve()
    return staging / resolved.relative_to(resolved.anchor)


def key_of(request: Request, match: MatchRules, rules: RedactionRules) -> str:
    return canonicalise(redact_request(normalise(request), rules), match).key


def commit(change: Change, storage: Storage, match: MatchRules, rules: RedactionRules) -> Outcome:
    """Merge the recordings into the cassette. The old file stays as it is unless all went well."""
    require_file(change.path)
    path = change.path.resolve()
    target = path if change.staging is None else staged(path, change.staging)
    try:
        with locked(target, seconds=change.lock_seconds):
            remove_leftovers(target.parent)
            # Of a cassette that tests share, one of them may have staged a part.
            source = target if target.exists() else path
            on_disk = _on_disk(source, storage, change.mode)
            planned = _planned(change, on_disk, storage, match, rules)
            if planned.problem:
                return Outcome(kind="refused", path=change.path, reason=planned.problem)
            recorded = len(change.interactions)
            if source.exists() and source.read_bytes() == planned.content:
                return Outcome(kind="unchanged", path=change.path, interactions=recorded)
            replace_file(target, planned.content)
    except OSError as error:
        reason = f"{error.strerror or error}: {error.filename or path}"
        return Outcome(kind="refused", path=change.path, reason=reason)
    return Outcome(
        kind="written", path=change.path, interactions=recorded, warnings=planned.warnings
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """What a cassette is to become."""

    content: bytes = b""
    problem: str = ""
    """Why it must not be written; empty if it may."""
    warnings: tuple[str, ...] = ()


def _planned(
    change: Change,
    on_disk: Sequence[Interaction],
    storage: Storage,
    match: MatchRules,
    rules: RedactionRules,
) -> _Planned:
    def key(request: Request) -> str:
        return key_of(request, match, rules)

    if change.mode in (RecordMode.REWRITE, RecordMode.ALL):
        stable = stabilise(change.interactions, key)
        before, given = [*on_disk], stable.interactions
    else:
        # What was recorded now may send back ids that were played from the cassette.
        stable = stabilise([*on_disk, *change.interactions], key)
        before, given = stable.interactions[: len(on_disk)], stable.interactions[len(on_disk) :]
    new = [redact(one, rules) for one in given]
    merged = merge([redact(one, rules) for one in before], new, key, change)
    problem = _leak(merged, rules)
    if problem:
        return _Planned(problem=problem)
    content = storage.dump(merged)
    rehearsal = Rehearsal(asked=change.asked, given=given, stored=new, ids=stable.ids)
    read = [change.adapt(one) for one in storage.parse(content, change.path)]
    played = change.loaded if change.mode is RecordMode.NEW_EPISODES else Counter[str]()
    problem = unanswered(rehearsal, [one.request for one in read if one], played, key)
    warnings = (*_warnings(merged, rules), *_hidden(given, new))
    return _Planned(content=content, problem=problem, warnings=warnings)


def _on_disk(path: Path, storage: Storage, mode: RecordMode) -> list[Interaction]:
    try:
        return storage.load(path)
    except FileNotFoundError:
        return []
    except CassetteError:
        # Recording again is how a damaged cassette is repaired.
        if mode is RecordMode.REWRITE:
            return []
        raise


def _leak(interactions: Sequence[RedactedInteraction], rules: RedactionRules) -> str:
    for number, one in enumerate(interactions, 1):
        for leak in find_leaks(one, rules):
            found = f"interaction {number} has what looks like {leak.shape} at {leak.place}"
            return f"{found}; {_what_to_do(leak)}"
    return ""


def _what_to_do(leak: Leak) -> str:
    if not leak.setting:
        return "redact it with `redact` in vcr_config"
    setting = f'["{leak.setting}"]'
    return f"in vcr_config redact={setting} hides it, redact_keep={setting} says it is no secret"


def _warnings(
    interactions: Sequence[RedactedInteraction], rules: RedactionRules
) -> tuple[str, ...]:
    return tuple(
        f"interaction {number} has an {warning.shape} at {warning.place}"
        for number, one in enumerate(interactions, 1)
        for warning in find_warnings(one, rules)
    )


def _hidden(given: Sequence[Interaction], new: Sequence[RedactedInteraction]) -> Iterator[str]:
    """The values of responses that the program will not get in replay."""
    for number, (before, after) in enumerate(zip(given, new, strict=True), 1):
        for one in hidden_values(before.response, after.response):
            keep = f'; to keep it: redact_keep=["{one.setting}"]' if one.setting else ""
            yield f"interaction {number}: {one.place} is hidden{keep}"


def merge(
    old: Sequence[RedactedInteraction],
    new: Sequence[RedactedInteraction],
    key: Callable[[Request], str],
    change: Change,
) -> list[RedactedInteraction]:
    """The recordings that the cassette is to hold, in a stable order. Pure."""
    old_at = _numbered(old, key, Counter())
    offset = change.loaded if change.mode is RecordMode.NEW_EPISODES else Counter[str]()
    new_at = _numbered(new, key, offset)
    dated = {place: _dated(one, old_at.get(place), change) for place, one in new_at.items()}
    if change.mode is RecordMode.REWRITE and not change.shared:
        return _in_order(dated, list(old_at))
    if change.mode in (RecordMode.REWRITE, RecordMode.ALL):
        again = {name for name, _ in dated}
        kept = {place: one for place, one in old_at.items() if place[0] not in again}
        return _in_order({**kept, **dated}, list(old_at))
    # Another process may have recorded the same while this one did: what is there stays.
    return [*old, *(one for place, one in new_at.items() if place not in old_at)]


Place = tuple[str, int]
"""The n-th recording of a key."""


def _numbered(
    interactions: Sequence[RedactedInteraction], key: Callable[[Request], str], offset: Counter[str]
) -> dict[Place, RedactedInteraction]:
    seen = Counter(offset)
    numbered = {}
    for one in interactions:
        name = key(one.request)
        seen[name] += 1
        numbered[name, seen[name]] = one
    return numbered


def _dated(
    one: RedactedInteraction, before: RedactedInteraction | None, change: Change
) -> RedactedInteraction:
    """An unchanged exchange keeps its date."""
    if before is None or before.provenance is None or not cassette_file.same(one, before):
        return one
    if before.provenance.recorded_at < change.refresh_before:
        return one
    return before


def _in_order(
    found: dict[Place, RedactedInteraction], before: list[Place]
) -> list[RedactedInteraction]:
    """What was there keeps its order; what is new follows what it was recorded after."""
    position = {place: number for number, place in enumerate(before)}
    groups: defaultdict[int, list[RedactedInteraction]] = defaultdict(list)
    last = -1
    for place, one in found.items():
        if place in position:
            last = position[place]
            groups[last].insert(0, one)
        else:
            groups[last].append(one)
    return [one for _, group in sorted(groups.items()) for one in group]
