"""Conversations as text for people, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from personalvibe.replay import usage
from personalvibe.replay.cassette import bodies, yaml_io
from personalvibe.replay.model import Headers, RedactedInteraction
from personalvibe.replay.redaction.redact import RedactionRules, redact
from personalvibe.replay.toolbox.content import Part, PartKind, Turn
from personalvibe.replay.toolbox.conversation import Conversation, conversation_of
from personalvibe.replay.toolbox.files import Recording

_LONGEST_PARAMETER = 200
_ARROWS = {PartKind.TOOL_CALL: "->", PartKind.TOOL_RESULT: "<-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An interaction of a cassette, without its secrets."""

    path: Path
    number: int
    """1 for the first of the cassette."""
    of: int
    exchange: RedactedInteraction
    conversation: Conversation


def shown(
    recording: Recording, rules: RedactionRules, prices: usage.Prices, *, only: int | None = None
) -> list[Shown]:
    """The interactions of a cassette, or the one with the number `only`."""
    count = len(recording.interactions)
    return [
        Shown(
            path=recording.path,
            number=number,
            of=count,
            exchange=(exchange := redact(one, rules)),
            conversation=conversation_of(exchange, prices),
        )
        for number, one in enumerate(recording.interactions, 1)
        if only in (None, number)
    ]


def page(one: Shown) -> str:
    """A conversation as people read it."""
    said = one.conversation
    lines = [f"# {one.path}, interaction {one.number} of {one.of}", "", *_facts(said)]
    for turn in (*said.asked, *said.answered):
        lines += ["", *_turn(turn)]
    return "\n".join(lines) + "\n"


def _facts(said: Conversation) -> list[str]:
    streamed = ", streamed" if said.streamed else ""
    lines = [f"{said.method} {said.host}{said.path}: {said.status}{streamed}"]
    if said.model:
        lines.append(f"model: {said.model}")
    lines += [f"{name}: {_shortened(value)}" for name, value in said.parameters]
    if tokens := usage_text(said):
        lines.append(tokens)
    if said.recorded_at:
        lines.append(f"recorded: {said.recorded_at}")
    return lines


def usage_text(said: Conversation) -> str:
    """``tokens: 11 in, 7 out, USD 0.000006``; empty where the answer states none."""
    spent = said.usage
    if not spent.input_tokens and not spent.output_tokens:
        return ""
    cost = f", USD {spent.cost_usd:.6f}" if spent.cost_usd else ""
    return f"tokens: {spent.input_tokens:,} in, {spent.output_tokens:,} out{cost}"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_PARAMETER else f"{line[:_LONGEST_PARAMETER]}..."


def _turn(turn: Turn) -> Iterable[str]:
    yield f"## {turn.role}"
    for part in turn.parts:
        yield _part(part)


def _part(part: Part) -> str:
    if part.kind in _ARROWS:
        call = f"{part.name}({part.text})" if part.kind is PartKind.TOOL_CALL else part.text
        return f"{_ARROWS[part.kind]} {call}"
    if part.kind is PartKind.THINKING:
        return "\n".join(f"> {line}" for line in part.text.splitlines())
    return part.text


def exchange(one: Shown) -> str:
    """Both messages with their headers, as they go over the wire."""
    request, response = one.exchange.request, one.exchange.response
    return "\n".join(
        [
            f"# {one.path}, interaction {one.number} of {one.of}",
            "",
            f"{request.method} {request.url}",
            *_message(request.headers, request.body),
            "",
            f"{response.status} {response.reason}".rstrip(),
            *_message(response.headers, response.body),
            "",
        ]
    )


def _message(headers: Headers, body: bytes) -> list[str]:
    lines = [f"{name}: {value}" for name, value in headers]
    return [*lines, "", _body(headers, body)] if body else lines


def _body(headers: Headers, body: bytes) -> str:
    try:
        return yaml_io.dump(bodies.parse_json(body)).rstrip("\n")
    except (bodies.NotJsonError, UnicodeEncodeError):
        pass
    try:
        return body.decode().rstrip("\n")
    except UnicodeDecodeError:
        return f"[{bodies.media_type(headers) or 'bytes'}, {len(body):,} bytes]"


def document(found: Sequence[Shown]) -> list[dict[str, Any]]:
    """What ``--json`` prints."""
    return [
        {"cassette": str(one.path), "interaction": one.number, **asdict(one.conversation)}
        for one in found
    ]
