"""The life of a cassette while a test or a script runs: play, record, miss, commit.

Knows nothing of HTTP clients (`vcrpy` does) nor of pytest (`pytest_plugin` does).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from personalvibe.replay.cassette import disk
from personalvibe.replay.matching import miss as misses
from personalvibe.replay.matching.canonical import canonicalise, normalise
from personalvibe.replay.matching.index import Entries, Entry, Index, Recording
from personalvibe.replay.model import (
    CanonicalRequest,
    CassetteError,
    Interaction,
    Miss,
    Provenance,
    RecordMode,
    Request,
    Response,
    Usage,
)
from personalvibe.replay.options import Options
from personalvibe.replay.redaction.redact import redact_miss, redact_request
from personalvibe.replay.shared import Reading, SharedCassettes
from personalvibe.replay.transaction import Change, FileFormat, Outcome, Storage, commit
from personalvibe.replay.usage import Prices, total, usage_of

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True


class Session:
    """One cassette in use (and further ones that are only read). Safe to use from threads."""

    def __init__(
        self,
        path: Path,
        options: Options,
        *,
        extra_paths: Sequence[Path] = (),
        storage: Storage | None = None,
        provenance: Callable[[], Provenance | None] = lambda: None,
        shared: SharedCassettes | None = None,
    ) -> None:
        self.path = path
        self.paths = tuple(dict.fromkeys((path, *extra_paths)))
        self.options = options
        self.index = Index()
        self.misses: list[misses.CassetteMiss] = []
        self.error_played = False
        """An answer of 400 or above was played: a client may now wait before it tries again."""
        self.existed = False
        self._storage = storage or FileFormat(max_bytes=options.max_bytes)
        self._shared = shared
        self._provenance = provenance
        self._recorded: list[tuple[int, Interaction, Request]] = []
        self._adapt: Callable[[Interaction], Interaction | None] = lambda interaction: interaction
        self._order = itertools.count()
        self._lock = threading.Lock()

    @property
    def records(self) -> bool:
        """Whether a request without a recording goes to the network."""
        mode = self.options.record_mode
        return mode is not RecordMode.NONE and not (mode is RecordMode.ONCE and self.existed)

    @property
    def plays(self) -> bool:
        return self.options.record_mode not in (RecordMode.ALL, RecordMode.REWRITE)

    def load(self, adapt: Callable[[Interaction], Interaction | None] | None = None) -> None:
        """Read the cassettes. Raises `CassetteError`; a file that does not exist is empty.

        `adapt` edits or drops an interaction before it is indexed. Without it a cassette is read
        as far as its recordings are asked for; the suite's own code sees all of them, and now.
        """
        self._adapt = adapt or self._adapt
        if not self.plays:
            self.existed = self.path.exists()
            return
        if self._note is not None and self._note.exists():
            # Another test of this run made the cassette: to this one it is as good as new.
            return
        for path in self.paths:
            try:
                entries = self._read(path)
            except FileNotFoundError:
                continue
            self.existed = True
            entries.at(0)  # a file that is damaged from the start is an error before the test
            self.index.add(path, entries)
        if adapt is not None:
            self.index.read_all()

    def _read(self, path: Path) -> Entries:
        """The entries of a cassette. Raises `FileNotFoundError` and `CassetteError`."""
        content = disk.read(path, self.options.max_bytes + 1)
        if self._shared is None:
            return Entries(self._entries(self._storage.parse(content, path)))
        return self._shared.entries(
            path,
            content,
            Reading(
                match=self.options.match,
                redaction=self.options.redaction,
                max_bytes=self.options.max_bytes,
            ),
            lambda: self._entries(self._storage.parse(content, path)),
        )

    def _entries(self, interactions: Iterable[Interaction]) -> Iterator[Entry]:
        for position, stored in enumerate(interactions, 1):
            interaction = self._adapt(stored)
            if interaction is not None:
                canonical = self.canonical(self.prepared(interaction.request))
                yield Entry(position=position, interaction=interaction, canonical=canonical)

    def prepared(self, request: Request) -> Request:
        """A live or stored request as it is compared and shown: normalised and redacted."""
        return redact_request(normalise(request), self.options.redaction)

    def canonical(self, prepared: Request) -> CanonicalRequest:
        return canonicalise(prepared, self.options.match)

    def play(
        self, request: Request, accepts: Callable[[Interaction], bool] | None = None
    ) -> Interaction | None:
        """The recording that answers a request; None if the request is to go to the network.

        Raises `CassetteMiss` where there is no recording and the mode does not record.
        """
        if not self.plays:
            return None
        prepared = self.prepared(request)
        canonical = self.canonical(prepared)
        try:
            recording = self.index.take(canonical.key, accepts)
        except CassetteError as error:
            raise self._unreadable(prepared, error) from None
        if recording is not None:
            if recording.interaction.response.status >= 400:
                self.error_played = True
            return recording.interaction
        if self.records:
            return None
        raise self._missed(prepared, canonical)

    def _missed(self, prepared: Request, canonical: CanonicalRequest) -> misses.CassetteMiss:
        try:
            found = misses.explain(
                prepared, canonical, self.index, self.paths, hint=self.options.hint
            )
        except CassetteError as error:
            return self._unreadable(prepared, error)
        text = misses.render(found, lambda text: redact_miss(text, self.options.redaction))
        return self._noted(misses.CassetteMiss(found, text))

    def _unreadable(self, prepared: Request, error: CassetteError) -> misses.CassetteMiss:
        """A request whose recording may stand behind the place where a cassette is damaged."""
        found = Miss(request=prepared, cassettes=self.paths, interactions=0, hint=error.hint)
        return self._noted(misses.CassetteMiss(found, str(error)))

    def _noted(self, error: misses.CassetteMiss) -> misses.CassetteMiss:
        if not self.options.raises_miss:
            self.misses.append(error)
        return error

    def ticket(self) -> int:
        """The place of a request that starts now in the order of the cassette."""
        return next(self._order)

    def record(
        self, ticket: int, request: Request, response: Response, *, asked: Request | None = None
    ) -> None:
        """Keep an exchange until `commit`. Nothing is written before.

        `asked` is what the program sent, where a hook of the suite has changed the request.
        """
        interaction = Interaction(request=request, response=response, provenance=self._provenance())
        with self._lock:
            self._recorded.append((ticket, interaction, asked or request))

    @property
    def recorded(self) -> list[Interaction]:
        """What was recorded so far, in the order in which the requests started."""
        return [interaction for _, interaction, _ in self._in_order()]

    def _in_order(self) -> list[tuple[int, Interaction, Request]]:
        return sorted(self._recorded, key=lambda entry: entry[0])

    def commit(self) -> Outcome:
        """Write what was recorded, if it deserves it. To be called once, after success."""
        recorded = self.recorded
        if not recorded:
            return Outcome(kind="nothing", path=self.path)
        for number, one in enumerate(recorded, 1):
            if not self._wanted(one.response.status):
                return Outcome(
                    kind="refused",
                    path=self.path,
                    reason=(
                        f"request {number} was answered with {one.response.status}; a test that "
                        "wants errors recorded says so: @pytest.mark.vcr(allow_errors=True)"
                    ),
                )
        change = Change(
            path=self.path,
            mode=self.options.record_mode,
            interactions=recorded,
            asked=[asked for _, _, asked in self._in_order()],
            adapt=self._adapt,
            loaded=self._loaded(),
            shared=self.options.shared,
            refresh_before=self.options.refresh_before,
            lock_seconds=self.options.lock_seconds,
            staging=self.options.staging,
        )
        outcome = commit(change, self._storage, self.options.match, self.options.redaction)
        if self._note is not None and outcome.kind == "written" and not self.existed:
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.touch()
        return outcome

    def _loaded(self) -> Counter[str]:
        """How many recordings of each key stood in the session's own cassette."""
        return Counter(one.canonical.key for one in self.index if one.cassette == self.path)

    @property
    def _note(self) -> Path | None:
        """The file whose existence says that the cassette was made in this run."""
        if self.options.record_mode is not RecordMode.ONCE or self.options.notes is None:
            return None
        name = hashlib.blake2b(os.fsencode(self.path.resolve()), digest_size=16).hexdigest()
        return self.options.notes / name

    def _wanted(self, status: int) -> bool:
        allowed = self.options.allow_errors
        return status < 400 or (allowed if isinstance(allowed, bool) else status in allowed)

    @property
    def played(self) -> list[Recording]:
        return self.index.played

    @property
    def unplayed(self) -> list[Recording]:
        """Raises `CassetteError` if a cassette is damaged where nobody has read it yet."""
        return [recording for recording in self.index if not recording.times_played]

    def usage_played(self) -> Usage:
        return total([usage_of(recording.interaction) for recording in self.played])

    def usage_recorded(self, prices: Prices | None = None) -> Usage:
        return total([usage_of(one, prices) for one in self.recorded])

    def stored(self) -> list[Entry]:
        """What the cassettes hold, also where they are not played. Raises `CassetteError`."""
        found: list[Entry] = []
        for path in self.paths:
            with contextlib.suppress(FileNotFoundError):
                found += self._entries(self._storage.load(path))
        return found
