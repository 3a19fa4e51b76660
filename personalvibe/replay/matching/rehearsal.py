"""Would the program that was just recorded be answered in replay? Pure.

In replay a program is given what the cassette says, and sends that back: placeholders for ids, and
``REDACTED`` for what was hidden. So its requests are made again with those in place of what it was
given while recording, and looked up in what the file says.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.streams import parse_stream
from personalvibe.replay.matching.placeholders import Carried, sent_back
from personalvibe.replay.model import (
    Interaction,
    JsonValue,
    RedactedInteraction,
    Request,
    Response,
)

_SHORTEST_INSIDE = 8
"""Characters from which on a hidden value is also looked for inside of longer texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A value of a response that the file does not have."""

    place: str
    setting: str
    """What ``redact_keep`` keeps it by: ``body:password``; empty where the field has no name."""
    value: str
    stored: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What is rehearsed."""

    asked: Sequence[Request]
    """What the program sent, after the suite's filters, in the order of the cassette."""
    given: Sequence[Interaction]
    """The exchanges as they were, but for placeholders."""
    stored: Sequence[RedactedInteraction]
    """The same exchanges as they are written."""
    ids: Mapping[str, str]
    """An id that a response gave -> its placeholder."""


def unanswered(
    rehearsal: Rehearsal,
    cassette: Sequence[Request],
    played: Counter[str],
    key: Callable[[Request], str],
) -> str:
    """Why the cassette does not answer the program; empty if it does.

    `cassette` are the requests of the file as it will be read, `played` counts the recordings of
    a key that the program was answered with before it recorded.
    """
    available = Counter(key(request) for request in cassette)
    used = Counter(played)
    hidden: dict[str, Hidden] = {}
    carried = Carried()
    exchanges = zip(rehearsal.asked, rehearsal.given, rehearsal.stored, strict=True)
    for number, (asked, given, stored) in enumerate(exchanges, 1):
        carried.add(asked)
        as_recorded = sent_back(asked, rehearsal.ids)
        live = _with_hidden(as_recorded, hidden)
        name = key(live)
        used[name] += 1
        if used[name] > available[name]:
            return _reason(number, asked, as_recorded, hidden, available, key)
        for one in (
            *hidden_values(given.response, stored.response),
            *_hidden_headers(given.response, stored.response),
        ):
            if one.value not in carried:
                hidden.setdefault(one.value, one)
    return ""


def _reason(
    number: int,
    asked: Request,
    as_recorded: Request,
    hidden: Mapping[str, Hidden],
    available: Counter[str],
    key: Callable[[Request], str],
) -> str:
    what = f"request {number} ({asked.method} {asked.url.partition('?')[0]})"
    for one in hidden.values():
        if key(_with_hidden(as_recorded, {one.value: one})) not in available:
            keep = (
                f'; keep it with redact_keep=["{one.setting}"] in vcr_config' if one.setting else ""
            )
            return (
                f"{what} would not be answered in replay: it sends back what an earlier response "
                f"has at {one.place}, which is hidden in the file{keep}"
            )
    return (
        f"{what} would not be answered in replay: the file does not say what was sent "
        "(does a filter or a hook of the suite change it?)"
    )


def hidden_values(given: Response, stored: Response) -> Iterator[Hidden]:
    """The strings of a response, in JSON or in events, that the file does not have."""
    if given.body == stored.body:
        return
    streams = [parse_stream(one.headers, one.body) for one in (given, stored)]
    payloads = [
        stream.payloads if stream else [one.body]
        for stream, one in zip(streams, (given, stored), strict=True)
    ]
    for number, (ours, theirs) in enumerate(zip(*payloads, strict=False)):
        place = f"response.body.events[{number}]" if streams[0] else "response.body"
        with contextlib.suppress(bodies.NotJsonError):
            yield from _pairs(bodies.parse_json(ours), bodies.parse_json(theirs), place, "")


def _hidden_headers(given: Response, stored: Response) -> Iterator[Hidden]:
    """Those that can be known again; the name of an organization may be any word of a request."""
    for name, value in given.headers:
        now, lower = bodies.header(stored.headers, name), name.lower()
        is_drawn = len(value) >= _SHORTEST_INSIDE and any(map(str.isdigit, value))
        if is_drawn and now is not None and now != value:
            place, setting = f"response.headers.{lower}", f"header:{lower}"
            yield Hidden(place=place, setting=setting, value=value, stored=now)


def _pairs(ours: JsonValue, theirs: JsonValue, place: str, name: str) -> Iterator[Hidden]:
    if ours == theirs:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in (key for key in ours if key in theirs):
            yield from _pairs(ours[key], theirs[key], f"{place}.{key}", key)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _pairs(one, other, f"{place}[{number}]", name)
    elif isinstance(theirs, str):
        text = ours if isinstance(ours, str) else bodies.write_json(ours).decode()
        inner = _parsed(text), _parsed(theirs)
        if all(isinstance(one, (dict, list)) for one in inner):
            # The arguments of a tool: JSON in a string.
            yield from _pairs(*inner, place, name)
        else:
            setting = f"body:{name}" if name else ""
            yield Hidden(place=place, setting=setting, value=text, stored=theirs)


def _parsed(text: str) -> JsonValue:
    try:
        return bodies.parse_json(text.encode()) if text[:1] in ("{", "[") else None
    except (bodies.NotJsonError, UnicodeEncodeError):
        return None


def _with_hidden(request: Request, hidden: Mapping[str, Hidden]) -> Request:
    """The request of a program that was given the file's values."""
    if not hidden:
        return request
    url, body = request.url, request.body
    for one in hidden.values():
        if len(one.value) >= _SHORTEST_INSIDE:
            url = url.replace(quote(one.value, safe=""), quote(one.stored, safe=""))
    try:
        document = bodies.parse_json(body)
    except bodies.NotJsonError:
        return replace(request, url=url)
    changed = _changed(document, hidden)
    return replace(
        request, url=url, body=body if changed == document else bodies.write_json(changed)
    )


def _changed(value: JsonValue, hidden: Mapping[str, Hidden]) -> JsonValue:
    if isinstance(value, dict):
        return {key: _changed(child, hidden) for key, child in value.items()}
    if isinstance(value, list):
        return [_changed(child, hidden) for child in value]
    if not isinstance(value, str):
        return value
    if value in hidden:
        return hidden[value].stored
    for one in hidden.values():
        if len(one.value) >= _SHORTEST_INSIDE:
            value = value.replace(one.value, one.stored)
    return value
