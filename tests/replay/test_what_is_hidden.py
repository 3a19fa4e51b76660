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

from .canaries import JSON, MARK, TEXTS, Canary, Message, canaries, canary_values, chat, jsoned

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


NAMED = {
    "env file": ["a named secret"],
    "row of json in prose": ["a named secret", "a secret in JSON"],
    "list of json in prose": ["a secret in JSON"],
    "json with letters as escapes": ["a secret in JSON"],
    "csv": ["a secret in a table"],
    "html table": ["a secret in a table"],
    "kubernetes, any name": ["a value of a secret"],
    "pip": ["password in an address"],
    "connection, signature": ["key in a connection string"],
    "address, code": ["code of a redirection"],
}


def test_the_scan_says_what_it_found() -> None:
    found = {}
    for name in NAMED:
        sent = asking(TEXTS[name].replace(MARK, IN_TEXTS[name]))
        leaks = find_leaks(RedactedInteraction(request=sent.request, response=sent.response), RULES)
        found[name] = [leak.shape for leak in leaks]
    assert found == NAMED


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


TABLES = {
    "a quoted cell behind a blank": ('name, password\nme, "@@,@@"\n', '"REDACTED"\n'),
    "an escaped underscore, Markdown": ("|a|password|\n|-|-|\n|b|@@\\_1|", "b|REDACTED|"),
    "an escaped underscore, LaTeX": ("a & password \\\\\nb & @@\\_1 \\\\", "b & REDACTED \\\\"),
    "a break before the first line": ("\nname,password\nme,@@", "\nname,password\nme,REDACTED"),
    "another one": ("\rname,password\nme,@@", "\rname,password\nme,REDACTED"),
    "a word that stands elsewhere": (
        "The market opens.\n\nname,password\nme,market\n",
        "The market opens.\n\nname,password\nme,REDACTED\n",
    ),
    "twice in a row, and below": ("a|password\n@@|@@\n\n@@", "REDACTED|REDACTED\n\n@@"),
}


@pytest.mark.parametrize(("text", "end"), TABLES.values(), ids=list(TABLES))
def test_of_a_table_the_cells_are_hidden(text: str, end: str) -> None:
    secret = "Zx81kQmT0aWv"
    shown = content(redact(asking(text.replace(MARK, secret)), RULES))
    assert shown.endswith(end.replace(MARK, secret))


WORDS = {
    # A password may be a word where the text is nothing but a table.
    "name,password\nme,sunshine\n": "sunshine",
    "name;password\nme;sunshine\n": "sunshine",
    "name\tpassword\nme\tsunshine\n": "sunshine",
    "name,password\nme,sunny day\n": "sunny day",
    "name,password (old)\nme,sunshine\n": "sunshine",
    "INSERT INTO people (name, password) VALUES ('me', 'sunshine');": "sunshine",
    "<tr><th>name</th><th>password</th></tr><tr><td>me</td><td>sunshine</td></tr>": "",
    "a & password \\\\\nme & sunshine \\\\": "",
    "name,password\nme,abc\n": "",
    "name,the password; it is long\nme,sunshine\n": "",
    # Lines of Markdown, sentences and single lines say "password" of other things as well.
    "| name | password |\n|---|---|\n| me | sunshine |": "",
    "| name | password |\n|---|---|\n| me | sunny_day7 |": "sunny_day7",
    "name, password\nme, sunshine\n": "",
    "password,sunshine\n": "",
    "password,sunny7\nother,x\n": "sunny7",
    "password\nsunshine\n": "",
    "password\nsunny7\n": "sunny7",
    "See\npassword\nsunny7\n": "",
    "See\npassword\nZx81kQmT0aWv\n": "Zx81kQmT0aWv",
    # A row of another width may be no row of the table.
    "name,password,x\nme,sunshine\n": "",
    "name,password,x\nme,Zx81kQmT0aWv\n": "Zx81kQmT0aWv",
    "name,password\nme,Zx81kQmT0aWv,more\n": "Zx81kQmT0aWv",
    # A key is no name that code has, and no sentence; a token is often a piece of text.
    "name,api_key\nme,sunny_day\n": "",
    "name,api_key\nme,sunny-day\n": "sunny-day",
    "name,api_key\nme,sunny day7\n": "",
    "name,token\nme,sun-shine7\n": "",
    "name,token\nme,Zx81kQmT0aWv\n": "Zx81kQmT0aWv",
    "name,auth\nme,basic-1\n": "",
    "api_key,sunny_day7\n": "",
    "api_key,Zx81kQmT0aWv\n": "Zx81kQmT0aWv",
    "api_key\nsunny-day\n": "",
}


def test_how_far_a_table_is_believed_depends_on_what_it_is() -> None:
    for text, secret in WORDS.items():
        shown = text.replace(secret, "REDACTED") if secret else text
        assert content(redact(asking(text), RULES)) == shown, text


ROWS: list[tuple[object, str]] = [
    ([["name", "password"], ["me", "sunny7"]], "sunny7"),
    # Two cells may be a name and its value.
    ([["name", "password"], ["me", "sunshine"]], ""),
    ([["name", "password", "x"], ["me", "sunshine", "y"]], "sunshine"),
    ([["name", "api_key", "x"], ["me", "sunny-day", "y"]], "sunny-day"),
    ([["name", "api_key", "x"], ["me", "sunny_day", "y"]], ""),
    ([["name", "api_key", "x"], ["me", "Zx81kQmT0aWv"]], ""),
    ([["name", "api_key"], ["me", "Zx81kQmT0aWv", "x"]], ""),
    ([["password"], ["sunshine"]], ""),
    ([["password"], ["Zx81kQmT0aWv"]], "Zx81kQmT0aWv"),
    ([[], ["password", "sunshine"]], ""),
    ({"columns": ["name", "password"], "rows": [["me", "sunshine"]]}, "sunshine"),
    ({"columns": ["name", 3], "rows": [["password", "sunshine"]]}, ""),
    ({"columns": [{"title": "me"}, {"type": "password"}], "rows": [["me", "sunshine"]]}, ""),
    (
        {
            "schema": {"fields": [{"name": "user"}, {"name": "password"}]},
            "rows": [{"f": [{"v": "me"}, {"v": "sunshine"}]}],
            "note": "of the shop",
        },
        "sunshine",
    ),
    (
        {
            "cols": [{"label": "user"}, {"label": "password", "type": "string"}],
            "rows": [{"c": [{"v": "me"}, {"v": "sunshine", "f": "shown"}]}],
        },
        "sunshine",
    ),
    (
        {
            "columns": ["name", "password"],
            "data": [
                {"cells": ["me", "sunshine"]},
                {"values": ["me", {"value": "sunshine"}]},
                ["me", 3],
                ["me", None],
                "me",
            ],
        },
        "sunshine",
    ),
]


def test_of_rows_of_json_the_cells_below_a_secrets_name_are_hidden() -> None:
    for body, secret in ROWS:
        sent = json.dumps(body)
        redacted = redact(exchange(Canary(kind="", secret="", sent=jsoned(body))), RULES)
        shown = json.loads(sent.replace(secret, "REDACTED") if secret else sent)
        assert json.loads(redacted.request.body) == shown, sent


PLACED: list[object] = [
    {"auth": {"token": "@@", "user": "@@"}},
    {"headers": {"X-House-Token": "@@", "accept": "sunshine", "x-who": "sunny-day-1"}},
    {"server_url": "x", "headers": {"x-who": "@@", "accept": "sunshine"}},
    {"env": {"DB_PASSWORD": "@@", "HOME": "sunshine"}},
    {"cookies": {"sid": "@@"}},
    {"cookies": [{"name": "sid", "value": "@@", "httpOnly": True}]},
    {"kind": "Secret", "data": {"a": "@@"}, "stringData": {"b": "@@"}, "metadata": {"n": "x"}},
    {"kind": "ConfigMap", "data": {"a": "sunshine"}},
    {"name": "x-api-key", "value": "@@"},
    {"key": "DB_PASSWORD", "default": "@@"},
    {"Name": "password", "Value": "@@"},
    {"name": 3, "value": "sunshine"},
    {"kty": "oct", "k": "@@", "d": "@@", "n": "sunshine"},
    {"k": "sunshine"},
    {"api_keys": ["@@", "@@"]},
    {"api_keys": {"openai": "@@"}},
    {"api_keys": [{"a": "sunshine"}]},
    {"keys": ["sunshine"]},
    {"password": {"value": "@@", "ok": True, "none": None, "empty": ""}},
    {"password": ["@@", ["@@"]]},
    {"password": {"type": "string", "default": "sunshine"}},
    {"signature": "sunshine", "thoughtSignature": "sunshine"},
    ["--api-key", "@@"],
    ["run", "--token", "@@", "x"],
    ["--token", "--verbose"],
    ["--max-tokens", "12", "--user", "sunshine"],
    ["Authorization", "sunshine"],
    {"args": ["--password=@@"]},
]


def test_a_value_is_hidden_for_the_place_that_it_has() -> None:
    for body in PLACED:
        before = json.dumps(body).replace(MARK, "sunshine")
        message = Message(headers=JSON, body=before.encode())
        redacted = redact(exchange(Canary(kind="", secret="", sent=message, answer=message)), RULES)
        for shown in (redacted.request.body, redacted.response.body):
            after = json.loads(json.dumps(body).replace(MARK, "REDACTED"))
            assert json.loads(shown) == after, before


OF_TEXT = ("logprob", "logprobs", "bytes", "top_logprobs", "id", "text")


@pytest.mark.parametrize("other", [{}, *({name: 1} for name in OF_TEXT)])
def test_a_token_is_a_credential_where_it_is_sent_and_no_piece_of_text(
    other: dict[str, object],
) -> None:
    message = jsoned({"token": "sunshine", **other})
    redacted = redact(exchange(Canary(kind="", secret="", sent=message, answer=message)), RULES)
    shown = "sunshine" if other else "REDACTED"
    assert json.loads(redacted.request.body)["token"] == shown
    assert json.loads(redacted.response.body)["token"] == "sunshine"


def test_values_of_the_environment_that_begin_alike_are_hidden_whole() -> None:
    names = {"A_TOKEN": "hunter2hunter2", "B_TOKEN": "hunter2hunter2extra", "C_TOKEN": "extra-more"}
    rules = RedactionRules.from_config({}, names)
    text = "hunter2hunter2extra-more, hunter2hunter2extra and hunter2hunter2 and more"
    assert redact_text(text, rules) == "REDACTED, REDACTED and REDACTED and more"


def test_what_stands_for_a_secret_is_none() -> None:
    rules = RedactionRules.from_config({"redact": ["text:REDACTED", "text:4711"]}, {})
    redacted = redact(asking("REDACTED is 4711"), rules)
    assert content(redacted) == "REDACTED is REDACTED"
    assert find_leaks(redacted, rules) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Zx81kQmT0aWvB2nLr7", "REDACTED"),
        ("strawberrybananachocolate", "strawberrybananachocolate"),
        ("20261130123456789012", "20261130123456789012"),
        ("aaaaaaaaaaaaaaaaaaa1", "aaaaaaaaaaaaaaaaaaa1"),
        ("Zx81kQmT0a-REDACTED-r7", "Zx81kQmT0a-REDACTED-r7"),
        ("replay-9f8a7c6b5d", "replay-9f8a7c6b5d"),
        ("https://Zx81kQmT0aWvB2nLr7", "https://Zx81kQmT0aWvB2nLr7"),
    ],
)
def test_of_a_header_that_nobody_knows_what_looks_drawn_is_hidden(value: str, shown: str) -> None:
    answer = Message(headers={"x-flavour": value})
    redacted = redact(exchange(Canary(kind="", secret="", answer=answer)), RULES)
    assert dict(redacted.response.headers) == {"x-flavour": shown}


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
