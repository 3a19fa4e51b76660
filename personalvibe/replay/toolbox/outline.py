"""A recording as sections of lines that change where its meaning does, and nowhere else.

What matching ignores is left out here too: ids, times, most headers, the order of keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from personalvibe.replay import usage
from personalvibe.replay.cassette import bodies
from personalvibe.replay.matching.canonical import is_random_id
from personalvibe.replay.matching.placeholders import PLACEHOLDER, stabilise
from personalvibe.replay.model import Headers, Interaction, RedactedInteraction, Usage
from personalvibe.replay.redaction.names import INTACT_NAMES, squeeze
from personalvibe.replay.redaction.redact import RedactionRules, redact
from personalvibe.replay.toolbox.content import Part, PartKind, Turn, digest
from personalvibe.replay.toolbox.conversation import (
    answered_by,
    asked_of,
    document_of,
    documents_of,
    settings,
    tool_names,
)
from personalvibe.replay.toolbox.fields import items, mapping, text


class Topic(StrEnum):
    ENDPOINT = "endpoint"
    MODEL = "model"
    PARAMETER = "parameter"
    TOOL = "tool"
    """Its definition."""
    PROMPT = "prompt"
    STATUS = "status"
    ANSWERED_BY = "answered by"
    """The version of the model."""
    ANSWER = "answer"
    TOOL_CALL = "tool call"
    FINISH = "finish"
    """Why the model stopped."""
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    topic: Topic
    name: str
    """Of the parameter or the tool; the role of a message."""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """An interaction."""

    title: str
    """``POST api.openai.com/v1/chat/completions``."""
    sections: tuple[Section, ...]
    usage: Usage


def outlines(interactions: Iterable[Interaction], rules: RedactionRules) -> tuple[Outline, ...]:
    """The interactions of a cassette. Holds no secret."""
    stable = stabilise(interactions, lambda request: "")
    return tuple(_outline(redact(one, rules)) for one in stable.interactions)


def text_of(found: Iterable[Outline]) -> str:
    """What a cassette says, for tools that compare lines; tokens and times are left out."""
    lines = (line for one in found for line in ("", f"# {one.title}", *_text(one.sections)))
    return "\n".join(lines).lstrip("\n") + "\n"


def _text(sections: Iterable[Section]) -> Iterator[str]:
    in_message = False
    for one in sections:
        was_in_message, in_message = in_message, one.topic in _MESSAGES
        if in_message or was_in_message:
            yield ""
        if in_message:
            yield from (f"## {one.topic}: {one.name}", *one.lines)
        elif one.topic is not Topic.ENDPOINT:
            label = f"{one.topic} {one.name}".rstrip()
            yield from (f"{label}: {line}" for line in one.lines)


_MESSAGES = frozenset((Topic.PROMPT, Topic.ANSWER, Topic.TOOL_CALL))


def _outline(recorded: RedactedInteraction) -> Outline:
    request = recorded.request
    url = urlsplit(request.url)
    plain = Interaction(request=request, response=recorded.response)
    title = _anonymous(f"{request.method} {url.netloc}{url.path}")
    return Outline(
        title=title,
        sections=(
            _section(Topic.ENDPOINT, "", [title]),
            *_request(recorded, usage.model_of(plain)),
            *_response(recorded),
        ),
        usage=usage.usage_of(plain, {}),
    )


def _section(topic: Topic, name: str, lines: Iterable[str]) -> Section:
    return Section(topic=topic, name=name, lines=tuple(map(_anonymous, lines)))


def _anonymous(line: str) -> str:
    """The line without ids, and with digests of data that nobody reads."""
    short = _DATA.sub(
        lambda found: f"[{len(found[0]):,} characters, digest {digest(found[0])}]", line
    )
    return PLACEHOLDER.sub("<id>", short)


_DATA = re.compile(r"[A-Za-z0-9+/=_-]{400,}")


def _request(recorded: RedactedInteraction, model: str) -> Iterator[Section]:
    request = recorded.request
    document = document_of(request.headers, request.body)
    if model:
        yield _section(Topic.MODEL, "", [model])
    parameters = dict(_query(request.url)) | dict(_features(request.headers))
    if said := settings(document):
        parameters |= dict(_leaves(said))
    for name, value in sorted(parameters.items()):
        yield _section(Topic.PARAMETER, name, _text_lines(value) or [""])
    for name, tool in _tools(document):
        yield _section(Topic.TOOL, name, _assignments(tool))
    for turn in asked_of(request):
        yield _section(Topic.PROMPT, turn.role, _turn_lines(turn.parts))


def _query(url: str) -> Iterator[tuple[str, str]]:
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        yield f"query.{name}", value


_FEATURES = re.compile(r"(?i)(?:anthropic|openai)-(?:beta|version)")


def _features(headers: Headers) -> Iterator[tuple[str, str]]:
    """The headers that switch something on."""
    for name, value in headers:
        if _FEATURES.fullmatch(name):
            yield f"header.{name.lower()}", value


def _tools(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for tool in [*items(document, "tools"), *items(mapping(document, "toolConfig"), "tools")]:
        yield ", ".join(tool_names(tool)), tool


def _response(recorded: RedactedInteraction) -> Iterator[Section]:
    response = recorded.response
    yield _section(Topic.STATUS, "", [str(response.status)])
    events = documents_of(response.headers, response.body)
    models = dict.fromkeys(one for event in events if (one := _model(event)))
    if models:
        yield _section(Topic.ANSWERED_BY, "", models)
    turns = answered_by(response)
    if turns is None:
        document = document_of(response.headers, response.body)
        said = {name: value for name, value in document.items() if name not in _USAGE}
        yield _section(Topic.ANSWER, "response", _assignments(said))
    for turn in turns or ():
        yield from _answer(turn)
    finish = dict.fromkeys(one for event in events for one in _finish(event))
    if finish:
        yield _section(Topic.FINISH, "", finish)


_USAGE = frozenset(("usage", "usageMetadata"))


def _model(event: dict[str, Any]) -> str:
    for holder in (event, mapping(event, "message"), mapping(event, "response")):
        if found := text(holder, "model") or text(holder, "modelVersion"):
            return found
    return ""


_FINISH = frozenset(
    ("finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason", "stop_sequence")
)


def _finish(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _finish(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in _FINISH and isinstance(one, str):
                yield one
            elif isinstance(one, (dict, list)):
                yield from _finish(one)


def _answer(turn: Turn) -> Iterator[Section]:
    """A turn, with each call of a tool as a section of its own."""
    for is_call, parts in groupby(turn.parts, lambda part: part.kind is PartKind.TOOL_CALL):
        if is_call:
            for call in parts:
                yield _section(Topic.TOOL_CALL, call.name, _value_lines(call.text))
        else:
            yield _section(Topic.ANSWER, turn.role, _turn_lines(parts))


def _turn_lines(parts: Iterable[Part]) -> list[str]:
    return [line for part in parts for line in _part_lines(part)]


def _part_lines(part: Part) -> list[str]:
    lines = _value_lines(part.text)
    if part.kind is PartKind.TOOL_CALL:
        return [f"-> {part.name}({', '.join(lines)})"]
    if part.kind is PartKind.MEDIA and part.digest:
        return [f"{line[:-1]}, digest {part.digest}]" for line in lines]
    mark = _MARKS.get(part.kind, "")
    return [mark + line for line in lines]


_MARKS = {PartKind.TOOL_RESULT: "<- ", PartKind.THINKING: "> "}


def _value_lines(said: str) -> list[str]:
    """A text by its sentences; JSON by its fields, whose order means nothing."""
    if said.lstrip()[:1] in ("{", "["):
        try:
            return _assignments(bodies.parse_json(said.encode()))
        except (bodies.NotJsonError, UnicodeEncodeError):
            pass
    return _text_lines(said)


def _text_lines(said: str) -> list[str]:
    lines = (line for line in said.splitlines() if line.strip())
    return [sentence for line in lines for sentence in _sentences(line)]


_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=\S)|(?<=[。！？])(?=\S)")


def _sentences(line: str) -> Iterator[str]:
    start = 0
    for found in _SENTENCE_END.finditer(line):
        yield line[start : found.end()].rstrip()
        start = found.end()
    yield line[start:].rstrip()


def _assignments(value: Any) -> list[str]:
    return [
        f"{path}: {line}" if path else line
        for path, leaf in _leaves(value)
        for line in _text_lines(leaf) or [""]
    ]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of a document with their paths; keys in one order.

    What is opaque to everybody but the provider is another one each time.
    """
    if isinstance(value, dict) and value:
        for key in sorted(key for key in value if squeeze(key) not in INTACT_NAMES):
            yield from _leaves(value[key], f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and not bodies.is_numbers(value):
        for position, one in enumerate(value):
            yield from _leaves(one, f"{path}[{position}]")
    else:
        yield path, _leaf(value)


def _leaf(value: Any) -> str:
    if isinstance(value, str):
        return "<id>" if is_random_id(value) else value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list) and len(value) > _FEW:
        return f"[{len(value):,} numbers]"
    return json.dumps(value)


_FEW = 16
"""Longer lists of numbers are embeddings, whose last digits differ each time."""
