"""Of what holds a secret nothing but the secret is hidden, wherever it stands and however it came.

Where more than the secret goes, that is written down in ``hidden_with_secrets.txt``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from personalvibe.replay.model import Interaction, RedactedInteraction, Request, Response
from personalvibe.replay.redaction.redact import RedactionRules, find_leaks, redact, redact_text

from .canaries import JSON, MARK, TEXTS, Canary, Message, canaries, canary_values, chat

RULES = RedactionRules.from_config({}, {})
CANARIES = list(canaries())
IN_TEXTS = dict(zip(TEXTS, canary_values(), strict=False))
"""A value for each of the texts."""
LONG_PROSE = "One of us saw the sea and went on, slowly. " * 20

WIDER = Path(__file__).with_name("hidden_with_secrets.txt")
"""How it is shown where more than the value is hidden: whom it belongs to, what comes with it."""


def exchange(canary: Canary) -> Interaction:
    sent, answer = canary.sent, canary.answer
    request = Request(
        method="POST",
        url=f"https://api.example.com/{canary.path}",
        headers=tuple(sent.headers.items()),
        body=sent.body,
    )
    response = Response(status=200, headers=tuple(answer.headers.items()), body=answer.body)
    return Interaction(request=request, response=response)


def parts(interaction: Interaction | RedactedInteraction) -> Iterator[str]:
    """Without the blanks and the escapes of JSON, which is written anew."""
    request, response = interaction.request, interaction.response
    yield request.url
    for body in (request.body, response.body):
        text = body.decode("utf-8", "replace")
        with suppress(ValueError):
            text = json.dumps(json.loads(text), ensure_ascii=False)
        yield text.replace('": ', '":').replace(', "', ',"')


def packed(canary: Canary) -> bool:
    return canary.kind.startswith("packed")


def test_nothing_but_the_secret_is_hidden(pytestconfig: pytest.Config) -> None:
    """``pytest --accept`` writes the exceptions as they are now."""
    wider = {}
    for canary in filter(lambda one: not packed(one), CANARIES):
        sent = exchange(canary)
        for before, after in zip(parts(sent), parts(redact(sent, RULES)), strict=True):
            if after != before.replace(canary.secret, "REDACTED"):
                wider[canary.kind] = after
    found = "".join(f"{kind}: {json.dumps(shown)}\n" for kind, shown in wider.items())
    if pytestconfig.getoption("--accept"):
        WIDER.write_text(found, "utf-8")
    assert found == WIDER.read_text("utf-8")


def content(interaction: Interaction | RedactedInteraction) -> str:
    text = json.loads(interaction.request.body)["messages"][0]["content"]
    assert isinstance(text, str)
    return text


def asking(text: str) -> Interaction:
    return exchange(Canary(kind="", secret="", sent=chat(text)))


def test_a_long_text_around_it_changes_nothing() -> None:
    """The search looks at windows of a text, which begin and end anywhere."""
    for name, secret in IN_TEXTS.items():
        text = TEXTS[name].replace(MARK, secret)
        alone = content(redact(asking(text), RULES))
        within = f"{LONG_PROSE}\n\n{{}}\n\n{LONG_PROSE}"
        assert content(redact(asking(within.format(text)), RULES)) == within.format(alone), name


def test_several_in_one_text_are_hidden_each() -> None:
    every = [TEXTS[name].replace(MARK, secret) for name, secret in IN_TEXTS.items()]
    shown = content(redact(asking(f"\n\n{LONG_PROSE}\n\n".join(every)), RULES))
    assert [name for name, secret in IN_TEXTS.items() if secret in shown] == []
    assert shown.count(LONG_PROSE) == len(every) - 1


def test_a_failure_message_shows_none() -> None:
    shown = [redact_text(TEXTS[name].replace(MARK, one), RULES) for name, one in IN_TEXTS.items()]
    assert not any(one in text for one, text in zip(IN_TEXTS.values(), shown, strict=True))


def test_the_scan_finds_none_afterwards_and_each_before() -> None:
    for canary in CANARIES:
        assert find_leaks(redact(exchange(canary), RULES), RULES) == [], canary.kind
    for name, secret in IN_TEXTS.items():
        sent = asking(TEXTS[name].replace(MARK, secret))
        leaks = find_leaks(RedactedInteraction(request=sent.request, response=sent.response), RULES)
        assert {leak.place for leak in leaks} == {"request.body.messages[0].content"}, name


def test_a_suites_function_is_asked_about_requests_alone() -> None:
    """Not about a text that the scan or a message looks into, to which no request belongs."""
    asked = []

    def longer(key: str, value: str, request: Request) -> str:
        asked.append(request.url)
        return f"{value}!"

    rules = RedactionRules.from_config({"filter_post_data_parameters": [("user", longer)]}, {})
    text = 'The rows {"user": "somebody", "password": "Zx81kQmT0aWv"}.'
    sent = asking(text)
    redacted = redact(sent, rules)
    assert set(asked) == {sent.request.url}
    asked.clear()
    assert find_leaks(redacted, rules) == []
    assert "Zx81kQmT0aWv" not in redact_text(text, rules)
    assert asked == []


HARMLESS = [
    [["kind", "api_key"], ["limit", "per-day-100"]],
    {"columns": ["name", "api_key"], "rows": [["rule", "none_at_all"]], "note": ["password"]},
    {"api_key": {"type": "string", "description": "of the shop-4711", "default": "none"}},
    {"logprobs": [{"token": "hello", "logprob": -0.1, "bytes": [90]}]},
    {"password": None, "api_key": "", "secret": True},
    {"thinking": "so", "signature": "Zx81kQmT0aWvB2nLr7cYp94DfGhJ3sEu"},
    {"headers": {"accept": "text/plain", "x-trace": "on"}, "env": {"LANG": "C"}},
    ["--model", "Zx81kQmT0aWvB2nL", "--api-key", "--verbose"],
    {"name": "colour", "value": "Zx81kQmT0aWvB2nL"},
]


@pytest.mark.parametrize("body", HARMLESS, ids=str)
def test_what_is_called_like_a_secret_and_is_none_stays(body: object) -> None:
    sent = json.dumps(body).encode()
    canary = Canary(kind="", secret="", sent=Message(headers=JSON, body=sent))
    redacted = redact(exchange(canary), RULES)
    assert redacted.request.body == sent
    assert find_leaks(redacted, RULES) == []
