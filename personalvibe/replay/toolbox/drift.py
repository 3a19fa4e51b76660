"""How the answers of today differ from the recorded ones, for the programs that read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.streams import parse_stream
from personalvibe.replay.model import JsonValue, RedactedInteraction, Response
from personalvibe.replay.toolbox.content import PartKind
from personalvibe.replay.toolbox.conversation import Conversation, conversation_of
from personalvibe.replay.toolbox.findings import Level
from personalvibe.replay.toolbox.shapes_of_json import NULL, Shape, shape_of


class Kind(StrEnum):
    STATUS = "status changed"
    FORM = "form changed"
    """JSON became a stream, or the like."""
    TYPE = "type changed"
    REMOVED = "field removed"
    EMPTIED = "value became null"
    NOT_RECORDED = "request not recorded"
    ADDED = "field added"
    FILLED = "value was null"
    NOT_ASKED = "request not made"
    TEXT = "text changed"


LEVELS = {
    Kind.STATUS: Level.ERROR,
    Kind.FORM: Level.ERROR,
    Kind.TYPE: Level.ERROR,
    Kind.REMOVED: Level.WARNING,
    Kind.EMPTIED: Level.WARNING,
    Kind.NOT_RECORDED: Level.WARNING,
    Kind.ADDED: Level.NOTE,
    Kind.FILLED: Level.NOTE,
    Kind.NOT_ASKED: Level.NOTE,
    Kind.TEXT: Level.NOTE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    kind: Kind
    place: str
    """``response.choices[].message.content``."""
    before: str
    after: str
    interaction: int | None = None
    """Of the cassette, 1 for the first; None if it is not in there."""

    @property
    def level(self) -> Level:
        return LEVELS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A recorded or a live interaction."""

    key: str
    """Equal keys mean equal requests."""
    interaction: RedactedInteraction
    number: int | None = None
    """Of the cassette, 1 for the first."""

    @property
    def address(self) -> str:
        request = self.interaction.request
        url = urlsplit(request.url)
        return f"{request.method} {url.netloc}{url.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    pairs: int
    differences: tuple[Difference, ...]


def compare(
    recorded: Sequence[Exchange], live: Sequence[Exchange], *, finished: bool
) -> Comparison:
    """What a test meets today beside what it has recorded.

    `finished` is false for a test that failed: it may not have come to all its requests.
    """
    pairs, rest, new = _paired(recorded, live)
    found = [one for before, after in pairs for one in _differences(before, after)]
    for exchange in new:
        place = exchange.address
        found.append(Difference(kind=Kind.NOT_RECORDED, place=place, before="", after=""))
    for exchange in rest if finished else ():
        found.append(
            Difference(
                kind=Kind.NOT_ASKED,
                place=exchange.address,
                before="",
                after="",
                interaction=exchange.number,
            )
        )
    return Comparison(pairs=len(pairs), differences=tuple(found))


_Pairs = list[tuple[Exchange, Exchange]]


def _paired(
    recorded: Sequence[Exchange], live: Sequence[Exchange]
) -> tuple[_Pairs, list[Exchange], list[Exchange]]:
    """Pairs of equal requests; then, of what is left, those to the same address in their order.

    What a program asks after an answer depends on that answer, and is another request today.
    """
    today = defaultdict(list)
    for one in live:
        today[one.key].append(one)
    pairs: _Pairs = []
    rest = []
    counts = {key: sum(one.key == key for one in recorded) for key in today}
    # A client that was refused asks again: what counts are the last answers.
    left = {key: found[-count:] if (count := counts[key]) else [] for key, found in today.items()}
    for one in recorded:
        if left.get(one.key):
            pairs.append((one, left[one.key].pop(0)))
        else:
            rest.append(one)
    new = [one for one in live if not counts[one.key]]
    for one in list(rest):
        match = next((other for other in new if other.address == one.address), None)
        if match is not None:
            pairs.append((one, match))
            rest.remove(one)
            new.remove(match)
    return pairs, rest, new


def _differences(before: Exchange, after: Exchange) -> Iterator[Difference]:
    old, new = before.interaction.response, after.interaction.response
    number = before.number
    if old.status != new.status:
        yield Difference(
            kind=Kind.STATUS,
            place="response.status",
            before=str(old.status),
            after=_status(after.interaction),
            interaction=number,
        )
        return
    forms = _form(old), _form(new)
    if forms[0] != forms[1]:
        yield Difference(
            kind=Kind.FORM,
            place="response.body",
            before=forms[0],
            after=forms[1],
            interaction=number,
        )
        return
    yield from _fields(_shape(old), _shape(new), number)
    yield from _texts(before.interaction, after.interaction, number)


def _status(live: RedactedInteraction) -> str:
    said = _text(conversation_of(live, {}))
    return f"{live.response.status} {said}".rstrip()


def _form(response: Response) -> str:
    if not response.body:
        return "empty"
    if parse_stream(response.headers, response.body) is not None:
        return "a stream"
    try:
        bodies.parse_json(response.body)
    except bodies.NotJsonError:
        return bodies.media_type(response.headers) or "bytes"
    return "JSON"


def _shape(response: Response) -> Shape:
    stream = parse_stream(response.headers, response.body)
    documents: list[JsonValue] = []
    for payload in stream.payloads if stream else [response.body]:
        try:
            documents.append(bodies.parse_json(payload))
        except bodies.NotJsonError:
            continue
    if stream is None:
        return shape_of(documents[0] if documents else None, "response")
    return shape_of(documents, "response.events")


_CHOSEN = frozenset(("tool_calls", "function_call", "functionCall", "toolUse"))
"""Fields that an answer has or has not, as the model likes."""
_NULLABLE = frozenset(("content", "refusal", "reasoning", "reasoning_content", "audio"))


def _fields(before: Shape, after: Shape, number: int | None) -> Iterator[Difference]:
    for place in dict.fromkeys((*before.types, *after.types)):
        old, new = before.types.get(place, set()), after.types.get(place, set())
        kind = _kind(place, old, new)
        holder = (before if old else after).holders[place]
        if kind and _in_both(holder, before, after):
            yield Difference(
                kind=kind,
                place=place,
                before=" or ".join(sorted(old)),
                after=" or ".join(sorted(new)),
                interaction=number,
            )


def _in_both(holder: str, before: Shape, after: Shape) -> bool:
    """Whether both have this object or list; where one has not, that itself is the difference."""
    types = before.types.get(holder, set()) & after.types.get(holder, set())
    return not holder or not types.isdisjoint(("object", "list"))


def _kind(place: str, old: set[str], new: set[str]) -> Kind | None:
    name = place.rpartition(".")[2]
    if name in _CHOSEN or (place.endswith("]") and not (old and new)):
        return None
    if not old:
        return Kind.ADDED
    if not new:
        return Kind.REMOVED
    values = old - {NULL}, new - {NULL}
    if all(values):
        return None if values[0] & values[1] else Kind.TYPE
    if values[0] == values[1] or name in _NULLABLE:
        return None
    return Kind.EMPTIED if values[0] else Kind.FILLED


def _texts(
    before: RedactedInteraction, after: RedactedInteraction, number: int | None
) -> Iterator[Difference]:
    old, new = conversation_of(before, {}), conversation_of(after, {})
    texts = {"answer": (_text(old), _text(new)), "response.model": (_model(before), _model(after))}
    for place, (was, now) in texts.items():
        if was != now:
            yield Difference(kind=Kind.TEXT, place=place, before=was, after=now, interaction=number)


def _text(said: Conversation) -> str:
    return "\n".join(
        f"{part.name}({part.text})" if part.kind is PartKind.TOOL_CALL else part.text
        for turn in said.answered
        for part in turn.parts
    )


def _model(one: RedactedInteraction) -> str:
    """The model that answered, by its own account."""
    stream = parse_stream(one.response.headers, one.response.body)
    for payload in stream.payloads if stream else [one.response.body]:
        try:
            document = bodies.parse_json(payload)
        except bodies.NotJsonError:
            continue
        if isinstance(document, dict):
            model = document.get("model") or document.get("modelVersion")
            if isinstance(model, str):
                return model
    return ""
