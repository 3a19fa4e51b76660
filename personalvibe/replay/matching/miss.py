"""A request without a recording: what was asked, what is nearest, what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from personalvibe.replay.abort import Abort
from personalvibe.replay.cassette import bodies
from personalvibe.replay.matching.index import Index, Recording
from personalvibe.replay.matching.placeholders import PLACEHOLDER
from personalvibe.replay.model import (
    CanonicalRequest,
    Difference,
    JsonValue,
    Miss,
    Nearest,
    Request,
    SameRequest,
)

_SHOWN = 12
"""Differences printed; the rest is counted."""
_EXCERPT = 160
_CANDIDATES = 200
"""Recordings compared field by field, the likeliest first."""


class CassetteMiss(Abort):
    """A request that no cassette answers: a BaseException. `miss` says what happened."""

    # The name under which programs import it is the one that reports show.
    __module__ = "personalvibe.replay"

    def __init__(self, miss: Miss, text: str) -> None:
        self.miss = miss
        super().__init__(text)


def explain(
    request: Request,
    canonical: CanonicalRequest,
    index: Index,
    cassettes: Iterable[Path],
    *,
    hint: str = "",
) -> Miss:
    """The miss of a redacted request."""
    return Miss(
        request=request,
        cassettes=tuple(cassettes),
        interactions=len(index),
        nearest=_nearest(canonical, index),
        same=_same_request(index.with_key(canonical.key)),
        hint=hint,
    )


def _same_request(recordings: Sequence[Recording]) -> SameRequest:
    if not recordings:
        return SameRequest.NOT_RECORDED
    if all(one.times_played for one in recordings):
        return SameRequest.PLAYED
    return SameRequest.NOT_ACCEPTED


def _nearest(asked: CanonicalRequest, index: Index) -> Nearest | None:
    def likelihood(recording: Recording) -> tuple[int, int]:
        fields = recording.canonical.fields
        same = sum(fields.get(name) == value for name, value in asked.fields.items())
        return (-same, recording.times_played)

    candidates = sorted(index, key=likelihood)[:_CANDIDATES]
    best: tuple[tuple[int, float, int], Recording, list[Difference]] | None = None
    for recording in candidates:
        differences = list(differ(recording.canonical, asked))
        elsewhere = sum(_matcher_of(one.path) != "body" for one in differences)
        weight = sum(_distance(one) for one in differences)
        score = (elsewhere, weight, recording.times_played)
        if best is None or score < best[0]:
            best = (score, recording, differences)
    if best is None:
        return None
    _, recording, differences = best
    return Nearest(
        interaction=recording.interaction,
        cassette=recording.cassette,
        position=recording.position,
        times_played=recording.times_played,
        differences=tuple(differences),
    )


def _matcher_of(path: str) -> str:
    head = path.partition(".")[0]
    names = ("method", "scheme", "host", "port", "path", "query", "headers")
    return head if head in names else "body"


def _distance(difference: Difference) -> float:
    """0 to 1: two texts that share much are nearer than two that share nothing."""
    if difference.recorded is None or difference.asked is None:
        return 1.0
    ours, theirs = set(difference.recorded.split()), set(difference.asked.split())
    return 1.0 - 0.9 * len(ours & theirs) / max(1, len(ours | theirs))


def differ(recorded: CanonicalRequest, asked: CanonicalRequest) -> Iterator[Difference]:
    """The paths at which two canonical requests differ, in the order of the request."""
    for name, value in asked.fields.items():
        other = recorded.fields.get(name)
        if name == "query":
            value, other = _grouped(value), _grouped(other)
        if other != value:
            yield from _differ("" if name == "body" else name, other, value)


def _grouped(pairs: Any) -> JsonValue:
    grouped: dict[str, JsonValue] = {}
    for name, value in pairs or ():
        known = grouped.get(name)
        grouped[name] = f"{known}, {value}" if known is not None else value
    return grouped


_ABSENT: Any = object()


def _differ(path: str, recorded: Any, asked: Any) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for key in [*asked, *(key for key in recorded if key not in asked)]:
            ours, theirs = recorded.get(key, _ABSENT), asked.get(key, _ABSENT)
            if not _same(ours, theirs):
                yield from _differ(f"{path}.{key}" if path else str(key), ours, theirs)
    elif isinstance(recorded, list) and isinstance(asked, list):
        for position in range(max(len(recorded), len(asked))):
            ours = recorded[position] if position < len(recorded) else _ABSENT
            theirs = asked[position] if position < len(asked) else _ABSENT
            if not _same(ours, theirs):
                yield from _differ(f"{path}[{position}]", ours, theirs)
    else:
        shown = _excerpts(recorded, asked)
        yield Difference(path=path or "body", recorded=shown[0], asked=shown[1])


def _same(ours: Any, theirs: Any) -> bool:
    return (
        ours is not _ABSENT
        and theirs is not _ABSENT
        and type(ours) is type(theirs)
        and bool(ours == theirs)
    )


def _excerpts(recorded: Any, asked: Any) -> tuple[str | None, str | None]:
    """Both values, short; long texts from where they begin to differ."""
    if isinstance(recorded, str) and isinstance(asked, str):
        start = 0
        if max(len(recorded), len(asked)) > _EXCERPT:
            while start < min(len(recorded), len(asked)) and recorded[start] == asked[start]:
                start += 1
            start = max(0, start - 40)
        return _shortened(recorded, start), _shortened(asked, start)
    return _rendered(recorded), _rendered(asked)


def _shortened(text: str, start: int) -> str:
    piece = text[start : start + _EXCERPT]
    shown = json.dumps(piece, ensure_ascii=False)
    before = "..." if start else ""
    after = "..." if start + _EXCERPT < len(text) else ""
    return f"{before}{shown}{after}"


def _rendered(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}..."


def render(miss: Miss, redact_text: Callable[[str], str]) -> str:
    """The explanation that the test report prints, without secrets."""
    return redact_text("\n".join(_lines(miss)))


def _lines(miss: Miss) -> Iterator[str]:
    yield f"No recording answers this request: {miss.request.method} {miss.request.url}"
    summary = _summary(miss.request)
    if summary:
        yield f"  asked: {summary}"
    for path in miss.cassettes:
        missing = "" if path.exists() else " (does not exist)"
        yield f"  cassette: {path}{missing}"
    nearest = miss.nearest
    if miss.same is SameRequest.PLAYED:
        yield "  The same request is recorded, but every recording of it was already played."
    elif miss.same is SameRequest.NOT_ACCEPTED:
        yield "  The same request is recorded, but a matcher of the suite does not accept it."
    elif nearest is None:
        yield "  Nothing is recorded there."
    else:
        played = _times(nearest.times_played)
        yield (
            f"  nearest of {miss.interactions}: interaction {nearest.position}"
            f" of {nearest.cassette.name}, {played}; it differs in"
        )
        for one in nearest.differences[:_SHOWN]:
            yield f"    {one.path}: {_or_absent(one.recorded)} -> {_or_absent(one.asked)}"
        if len(nearest.differences) > _SHOWN:
            yield f"    ... and {len(nearest.differences) - _SHOWN} more"
        if all(_is_placeholder_only(one) for one in nearest.differences):
            yield "  They differ only in a placeholder, which stands for an id that an earlier"
            yield "  response of the cassette gave; this request has one of its own."
    if miss.hint:
        yield f"  To record it again: {miss.hint}"


def _is_placeholder_only(difference: Difference) -> bool:
    """Whether two texts are equal but for what stands where one of them has a placeholder."""
    texts = (difference.recorded or "", difference.asked or "")
    for one, other in (texts, texts[::-1]):
        pieces = PLACEHOLDER.split(one)
        if len(pieces) > 1 and re.fullmatch("[\\w-]+".join(map(re.escape, pieces)), other):
            return True
    return False


def _times(count: int) -> str:
    if not count:
        return "not played yet"
    return "already played" if count == 1 else f"already played {count} times"


def _or_absent(text: str | None) -> str:
    return "(absent)" if text is None else text


def _summary(request: Request) -> str:
    """The gist of a request to a model: the model and the last message."""
    try:
        value = bodies.parse_json(request.body)
    except bodies.NotJsonError:
        return ""
    if not isinstance(value, dict):
        return ""
    parts = []
    if isinstance(value.get("model"), str):
        parts.append(f"model {value['model']}")
    for name in ("messages", "contents", "input", "prompt"):
        said = value.get(name)
        if isinstance(said, list) and said:
            place, said = f"{name}[{len(said) - 1}]", said[-1]
        else:
            place = name
        if isinstance(said, dict):
            said = said.get("content") or said.get("parts")
        if said:
            parts.append(f"{place} {_rendered(said)}")
    return ", ".join(parts)
