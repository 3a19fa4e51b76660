"""Every form in which a secret travels: none of them reaches the file, the recording replays.

Each case sends one canary, or is answered with one, by name, by shape or by place.
"""

from __future__ import annotations

import base64
import json
import random
import string
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from personalvibe.replay import use_cassette
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.redaction.token_prefixes import TOKEN_PREFIXES, TokenPrefix

C = "cnry7Qx2Lm9Zt4Kp"
"""The canary: no word, and of no known shape."""


def chat(text: str) -> dict[str, object]:
    return {"json": {"messages": [{"role": "user", "content": text}]}}


def packed(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


SERVER = {"type": "mcp", "server_label": "x", "server_url": "https://mcp.example.com/sse"}
CREDENTIALS = json.dumps({"type": "service_account", "private_key_id": C, "private_key": C})
SENT: dict[str, dict[str, Any]] = {
    "mcp header": {"json": {"tools": [{**SERVER, "headers": {"X-House": C}}]}},
    "mcp authorization": {"json": {"tools": [{**SERVER, "authorization": C}]}},
    "mcp environment": {
        "json": {"mcpServers": {"a": {"command": "npx", "env": {"HOUSE_PASS": C}}}}
    },
    "headers of a tool": {"json": {"request": {"headers": {"X-Api-Key": C, "accept": "*/*"}}}},
    "headers as pairs": {"json": {"headers": [{"name": "Authorization", "value": C}]}},
    "assignment": chat(f"my .env:\nDEBUG=1\nDB_PASSWORD={C}\nPORT=80"),
    "export": chat(f"export X_API_KEY={C}"),
    "export, quoted": chat(f"export SERVICE_TOKEN='{C}' && run"),
    "dockerfile": chat(f"ENV APP_SECRET={C}"),
    "yaml": chat(f"db:\n  user: me\n  password: {C}\n  port: 1"),
    "yaml in a list": chat(f"- api_key: {C}"),
    "yaml, quoted": chat(f'secret_key: "{C}"  # prod'),
    "code": chat(f'client = Client(api_key="{C}")'),
    "code with spaces": chat(f'db_password = "{C}"'),
    "toml": chat(f"[db]\npassword = '{C}'"),
    "curl header": chat(f"curl -H 'X-House-Token: {C}' https://x.example.com"),
    "curl authorization": chat(f'curl --header "Authorization: Basic {C}" x'),
    "curl user": chat(f"curl -u admin:{C} https://x.example.com"),
    "option": chat(f"mysql --user me --password {C}"),
    "option with =": chat(f"tool --auth-token={C}"),
    "connection string": chat(f"Server=db;User Id=me;Password={C};Encrypt=true"),
    "address with a password": chat(f"postgresql://me:{C}@db/x"),
    "azure": chat(f"Endpoint=sb://x/;SharedAccessKeyName=r;SharedAccessKey={C}"),
    **{
        f"field {name}": {"json": {"outer": [{name: C}]}}
        for name in (
            *("auth", "bearer", "pwd", "passphrase", "otp", "jwt", "connectionString", "secret"),
            *("token", "dsn", "database_url", "signing_secret", "apiSecret", "db_password"),
        )
    },
    "webhook of slack": chat(f"https://hooks.slack.com/services/T0/B0/{C}"),
    "webhook of discord": chat(f"https://discord.com/api/webhooks/123456/{C}"),
    "webhook of teams": chat(f"https://x.webhook.office.com/webhookb2/{C}@y/IncomingWebhook/z"),
    "form without a type": {"content": f"user=me&password={C}"},
    "form with a wrong type": {
        "content": f"user=me&client_secret={C}",
        "headers": {"content-type": "text/plain"},
    },
    "form of json type": {
        "content": f"grant_type=password&password={C}",
        "headers": {"content-type": "application/json"},
    },
    "oauth code": {"data": {"grant_type": "authorization_code", "code": C}},
    "base64 of a credential file": chat(f"decode {packed(CREDENTIALS)} please"),
    "base64 of settings": {"json": {"file": packed(f"A=1\nAPI_KEY={C}\nB=2\nLONG=enough")}},
    "utf-16": {"content": f"password={C}\n".encode("utf-16")},
    "utf-16 without a mark": {"content": f"\napi_key: {C}\n".encode("utf-16-le")},
}
PATHS = {
    "code in a query": f"/callback?code={C}&state=1",
    "token in a fragment": f"/x?a=1#access_token={C}&b=2",
    "password in a query": f"/x?password={C}",
    "address in a query": f"/x?next={quote(f'https://hooks.slack.com/services/T0/B0/{C}')}",
    "telegram": f"/bot123456789:AA{C}{C}x/sendMessage",
}
FORM = "application/x-www-form-urlencoded"
ANSWERED = {
    "form response": (FORM, urlencode({"oauth_token_secret": "a", "access_token": C}).encode()),
    "form response without a type": ("text/html", f"access_token={C}&scope=a".encode()),
    "xml": ("text/xml", f"<a><SecretAccessKey>{C}</SecretAccessKey></a>".encode()),
    "xml with a namespace": ("text/xml", f'<a:Password x="1">{C}</a:Password>'.encode()),
    "json": ("application/json", json.dumps({"data": {"webhook_secret": C}}).encode()),
    "text": ("text/plain", f"export API_TOKEN={C}\n".encode()),
    "utf-16 response": ("text/plain", f"password={C}\n".encode("utf-16")),
    "unknown header": ("text/plain", b"x"),
}


@pytest.mark.parametrize("case", [*SENT, *PATHS, *ANSWERED])
def test_it_is_hidden(tmp_path: Path, server, case: str) -> None:
    server.answers["/answer"] = lambda rest, sent: ANSWERED[case][1]
    server.headers["/answer"] = [("x-house-ticket", C)] if case == "unknown header" else []
    server.kinds["/answer"] = ANSWERED[case][0] if case in ANSWERED else ""
    server.answers["/"] = lambda rest, sent: b"fine"
    address = PATHS.get(case, "/answer" if case in ANSWERED else "/sent")
    path = tmp_path / "it.yaml"
    for mode in ("once", "none"):
        with use_cassette(path, record_mode=mode):
            assert httpx.post(server.url + address, **SENT.get(case, {})).status_code == 200
    assert len(server.asked) == 1
    text = path.read_text()
    for spelled in (C, packed(C)[:18], packed(CREDENTIALS)[-40:]):
        assert spelled not in text
    (one,) = cassette.load(path)
    assert C.encode() not in (one.request.body + one.response.body).replace(b"\0", b"")
    assert b"REDACTED" in (text.encode() + one.request.body + one.response.body).replace(b"\0", b"")


def sample(line: TokenPrefix, prefix: str, seed: int) -> str:
    alphabets = {
        "hex": "0123456789abcdef",
        "caps": string.ascii_uppercase + string.digits,
        "uuid": "0123456789abcdef",
    }
    letters = alphabets.get(line.alphabet, string.ascii_letters + string.digits)
    chosen = "".join(random.Random(seed).choices(letters, k=line.length - 2)) + "7a"
    return prefix + (chosen.upper() if line.alphabet == "caps" else chosen)


@pytest.mark.parametrize("line", TOKEN_PREFIXES, ids=lambda line: line.vendor)
def test_a_vendors_token_is_hidden_in_a_prompt(tmp_path: Path, server, line: TokenPrefix) -> None:
    tokens = [sample(line, prefix, seed) for seed, prefix in enumerate(line.prefixes)]
    path = tmp_path / "it.yaml"
    with use_cassette(path, record_mode="once"):
        httpx.post(server.url, json={"content": "\n".join(f"I have {one}, see" for one in tokens)})
    text = path.read_text()
    assert [one for one in tokens if one[len(line.prefixes[0]) :][:12] in text] == []
    assert text.count("I have REDACTED, see") >= len(tokens)


HARMLESS = [
    "def login(user: str, password: str, token: str = None) -> bool:",
    "password: required\ntoken: string\nsecret: optional",
    "api_key=os.environ['API_KEY'], token=get_token()",
    'OpenAI(api_key="YOUR_API_KEY")',
    "API_KEY=$MY_KEY\nDB_PASSWORD=${DB_PASSWORD}\nTOKEN=<token>",
    "max_tokens=100 and total_tokens: 512, next_page_token=abcdef123456",
    "The key: value pairs of the author: keynote speakers; a secret is a secret.",
    "pad_token=</s> eos_token='<eos>'",
    "https://example.com/docs?page=2#section-token",
    "a=1&b=2",
    "sk-learn-is-a-library and task-oriented-dialogue-systems, desk-research",
    "text-embedding-3-small, claude-3-5-sonnet-20241022, gpt-4o-mini-2024-07-18",
    "the store_ and feature_engineering_is_useful_for_models of re_",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(tmp_path: Path, server, text: str) -> None:
    path = tmp_path / "it.yaml"
    with use_cassette(path, record_mode="once"):
        httpx.post(server.url, json={"content": text})
    assert "REDACTED" not in path.read_text()


def test_what_is_named_can_be_kept(tmp_path: Path, server) -> None:
    path = tmp_path / "it.yaml"
    keep = ["body:db_password", "body:otp", "header:x-house-ticket"]
    server.answers["/"] = lambda rest, sent: {}
    server.headers["/"] = [("x-house-ticket", C)]
    with use_cassette(path, record_mode="once", redact_keep=keep):
        httpx.post(server.url, json={"content": f"DB_PASSWORD={C}1", "otp": f"{C}2"})
    assert path.read_text().count(f"{C}1") == 1
    assert f"otp: {C}2" in path.read_text()
    assert f"x-house-ticket: {C}" in path.read_text()
