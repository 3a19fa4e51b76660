"""What is answered to a conversation, before any provider's shape is put on it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from personalvibe.replay.standin import derive, triggers
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.schema import instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    name: str
    parameters: Any
    """JSON schema of the arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request for words, in no provider's shape."""

    turns: tuple[tuple[str, str], ...]
    """(role, text) in order; the role of a tool's result is ``tool``."""
    tools: tuple[Tool, ...] = ()
    choice: str = "auto"
    """auto, none, required, or ``=`` and the name of the one tool to call."""
    schema: Any = None
    """JSON schema that the reply has to satisfy."""
    as_json: bool = False
    stops: tuple[str, ...] = ()
    limit: int | None = None
    """Tokens."""

    @property
    def question(self) -> str:
        return next((text for role, text in reversed(self.turns) if role == "user"), "")

    @property
    def tokens(self) -> int:
        return 3 + sum(4 + derive.count(text) for _, text in self.turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer: ``text``, a ``refusal`` or a call of a ``tool``."""

    text: str | None = None
    refusal: str | None = None
    tool: tuple[str, Any] | None = None
    """(function name, arguments)"""
    finish: str = "stop"
    """stop, length, or what a trigger asked for."""

    @property
    def arguments(self) -> str:
        return json.dumps(self.tool[1]) if self.tool else ""

    @property
    def tokens(self) -> int:
        words = self.text or self.refusal or ""
        return derive.count(words + (self.tool[0] + self.arguments if self.tool else "")) or 1


def text_of(content: Any) -> str:
    """The words in a message's content, a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            str(part.get("text") or "") if isinstance(part, dict) else str(part) for part in content
        )
    return ""


def plain(text: str) -> str:
    """A question without the words that steer the stand-in."""
    return re.sub(r"\[\[.*?\]\]", "", text, flags=re.DOTALL)


def decide(ask: Ask, seed: Seed) -> Choice:
    """What one choice says: a tool call when the user speaks last and there are tools."""
    said = triggers.said(ask.question)
    asked = bool(ask.turns) and ask.turns[-1][0] == "user"
    forced = ask.choice == "required" or ask.choice.startswith("=")
    if ask.tools and ask.choice != "none" and said is None and (asked or forced):
        name = ask.choice.removeprefix("=")
        tool = next((t for t in ask.tools if t.name == name), ask.tools[0])
        arguments = instance(tool.parameters or {"type": "object"}, seed)
        return Choice(tool=(tool.name, arguments if isinstance(arguments, dict) else {}))
    if triggers.refused(ask.question):
        return Choice(refusal="I'm sorry, but I cannot assist with that request.")
    if said is not None:
        text = said
    elif ask.schema is not None:
        text = json.dumps(instance(ask.schema, seed))
    else:
        text = derive.sentence(seed, plain(ask.question))
        if ask.as_json:
            text = json.dumps({"reply": text})
    return _cut(text, ask)


def _cut(text: str, ask: Ask) -> Choice:
    for stop in ask.stops:
        text = text.split(stop)[0] if stop else text
    finish = triggers.finish(ask.question)
    pieces = derive.tokens(text)
    if ask.limit is not None and 0 < ask.limit < len(pieces):
        return Choice(text="".join(pieces[: ask.limit]), finish=finish or "length")
    return Choice(text=text, finish=finish or "stop")


def limit_of(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def stops_of(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(v) for v in value) if isinstance(value, list) else ()
