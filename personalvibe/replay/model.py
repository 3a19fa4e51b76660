"""Every type that the parts of the replay harness hand to each other. Data only.

How they flow::

    playing    live request -> redact_request -> CanonicalRequest.key -> Interaction | Miss
    recording  Interaction -> stabilise -> redact -> RedactedInteraction -> find_leaks -> bytes

Bodies are bytes as the program sees them: already decoded (no gzip), never chunked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order of the wire. Names keep their spelling; compare them in lower case."""

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

Source = Literal["provider", "stand-in"]


class RecordMode(StrEnum):
    """What happens to a request. The names are vcrpy's and pytest-recording's."""

    NONE = "none"
    """Play; a request without a recording is a miss. The network is closed."""
    ONCE = "once"
    """Record when the cassette does not exist yet, otherwise as NONE."""
    NEW_EPISODES = "new_episodes"
    """Play what is recorded, record what is not."""
    ALL = "all"
    """Record every request; keep the recordings that no new one replaces."""
    REWRITE = "rewrite"
    """Record every request and replace the cassette, if the test passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    """Upper case."""
    url: str
    """Absolute, with the query."""
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a recording comes from."""

    recorded_at: str
    """UTC, ISO 8601 to the second: ``2026-11-22T19:30:00Z``."""
    recorded_by: tuple[tuple[str, str], ...] = ()
    """(package, version), sorted by package."""
    recorded_from: Source = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A request and its response. May hold secrets: it is not to be written or shown."""

    request: Request
    response: Response
    provenance: Provenance | None = None
    """None when the recording does not say (cassettes of other tools)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedInteraction:
    """An interaction without secrets, the only thing that the serialiser accepts.

    Deliberately not a subclass of `Interaction`, nor the other way round, and constructed in
    ``redact.py`` only: an unredacted write does not type-check.
    """

    request: Request
    response: Response
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Something that looks like a secret in an interaction about to be written."""

    place: str
    """``request.headers.x-custom``, ``response.body.data[0].token``."""
    shape: str
    """What it looks like: ``"OpenAI API key"``. Never the value."""
    setting: str = ""
    """What ``redact`` would hide it by, and ``redact_keep`` keep: ``header:x-custom``; none if
    it is known by its shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalRequest:
    """A request reduced to what matching compares."""

    key: str
    """Equal keys mean equal requests; a digest of the fields below."""
    fields: Mapping[str, JsonValue] = field(compare=False)
    """Matcher name (``method``, ``host``, ``body``, ...) -> canonical value, for explanations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path at which two requests differ. Values are already redacted."""

    path: str
    """``messages[1].content``, ``query.beta``, ``host``."""
    recorded: str | None
    """A short rendering; None where the recording has nothing at this path."""
    asked: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The recording that is most like a request that was not found."""

    interaction: Interaction
    cassette: Path
    position: int
    """1 for the first interaction of the cassette."""
    times_played: int
    differences: tuple[Difference, ...]


class SameRequest(StrEnum):
    """What became of the recordings of the very request that was asked."""

    NOT_RECORDED = "not recorded"
    PLAYED = "played"
    """Every one of them was already played."""
    NOT_ACCEPTED = "not accepted"
    """Some were not played, but a matcher of the suite does not accept them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A request that no recording answers."""

    request: Request
    """Redacted."""
    cassettes: tuple[Path, ...]
    interactions: int
    """How many recordings were there to choose from."""
    nearest: Nearest | None = None
    same: SameRequest = SameRequest.NOT_RECORDED
    hint: str = ""
    """What to do: the command that re-records just this test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and cost of a number of responses."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


_LONGEST = 600
"""Characters of a message: it quotes files, in which a key can have a megabyte."""


class CassetteError(Exception):
    """A cassette that cannot be read or must not be written.

    `message` is one line that says what and where, `hint` one line that says what to do.
    """

    def __init__(
        self, message: str, *, path: Path | None = None, line: int | None = None, hint: str = ""
    ) -> None:
        where = "" if path is None else f"{path}:{line}: " if line else f"{path}: "
        if len(message) > _LONGEST:
            message = f"{message[:_LONGEST]}..."
        self.message = f"{where}{message}"
        self.path = path
        self.line = line
        self.hint = hint
        super().__init__(f"{self.message}\n{hint}" if hint else self.message)


class NotACassetteError(CassetteError):
    """A file that can be read, and holds something else than recordings."""


class OtherProtocolError(CassetteError):
    """A recording of something else than HTTP: of WebSockets, of gRPC."""
