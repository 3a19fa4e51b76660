"""The scan before every write: what still looks like a secret, and where. Never the value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.native import ParseJson
from personalvibe.replay.cassette.streams import leaves, parse_stream
from personalvibe.replay.model import Headers, JsonValue, Leak, RedactedInteraction
from personalvibe.replay.redaction.body import gunzipped, secrets_in
from personalvibe.replay.redaction.names import INTACT_NAMES, squeeze, squeezed_name
from personalvibe.replay.redaction.rules import RedactionRules, Side
from personalvibe.replay.redaction.shapes import EMAIL, looks_random

_IN_HEADER = "a random value in an unknown header"
_UNDER_NAME = "a random value under a secret's name"

_SECRETIVE = re.compile(
    r"(?:secret|passw|apikey|authkey|accesskey|credential|sessionkey|privatekey)|token(?!s|iz|type|count|usage|limit)"
)
_NOT_SECRET = re.compile(
    r"tokenid|.*(?:page|continuation|sync|next|previous|cursor)token|.*(?:stop|pad|bos|eos|mask|unk)token.*"
)
_PLAIN_REQUEST_HEADERS = re.compile(
    r"accept.*|content-.*|host|connection|anthropic-(?:beta|version|dangerous-direct-browser-access)|"
    r"openai-beta|x-amz-target|x-goog-api-client|http-referer|referer|origin|x-title|range|"
    r"x-ms-.*|date|cache-control|if-.*|transfer-encoding|expect|te|upgrade.*|sec-fetch-.*|"
    r".*-version|x-litellm-.*|x-request-id|x-correlation-id|x-client-request-id"
)


def find_leaks(
    interaction: RedactedInteraction,
    rules: RedactionRules,
    parse: ParseJson = bodies.parse_json_sparing,
) -> list[Leak]:
    """What looks like a secret in an interaction that is about to be written.

    Shapes that `redact` replaces (it should have left none), and two things that it cannot know:
    a random-looking value in a request header that no provider documents, and one under a name
    such as ``session_token``. `redact_keep` in ``vcr_config`` names what is harmless.
    """
    request, response = interaction.request, interaction.response
    found = [
        *_in_query(request.url, rules),
        *_in_text("request.url", request.url, rules),
        *_in_headers("request", request.headers, rules),
        *_in_body("request.body", request.headers, request.body, rules, parse),
        *_in_text("response.reason", response.reason, rules),
        *_in_headers("response", response.headers, rules),
        *_in_body("response.body", response.headers, response.body, rules, parse),
    ]
    return list(dict.fromkeys(found))


def find_warnings(interaction: RedactedInteraction, rules: RedactionRules) -> list[Leak]:
    """What should be looked at but does not stop a write: e-mail addresses."""
    places = [
        ("request.url", interaction.request.url),
        ("request.body", interaction.request.body.decode("utf-8", "replace")),
        ("response.body", interaction.response.body.decode("utf-8", "replace")),
    ]
    return [
        Leak(place=place, shape="e-mail address")
        for place, text in places
        if "@" in text and EMAIL.search(text)
    ]


def _in_text(place: str, text: str, rules: RedactionRules) -> Iterator[Leak]:
    side: Side = "response" if place.startswith("response") else "request"
    for hit in secrets_in(text, rules, side):
        yield Leak(place=place, shape=hit.shape)


def _in_query(url: str, rules: RedactionRules) -> Iterator[Leak]:
    for name, value in parse_qsl(urlsplit(url).query):
        yield from _in_named(f"request.url.query.{name}", "query", name, value, rules)


def _in_headers(side: str, headers: Headers, rules: RedactionRules) -> Iterator[Leak]:
    for name, value in headers:
        lower = name.lower()
        place = f"{side}.headers.{lower}"
        yield from _in_text(place, f"{name}: {value}", rules)
        setting = f"header:{lower}"
        if setting in rules.keep:
            continue
        if side == "request" and not _PLAIN_REQUEST_HEADERS.fullmatch(lower):
            if looks_random(value, bits=3.5):
                yield Leak(place=place, shape=_IN_HEADER, setting=setting)
        else:
            yield from _in_named(place, "header", name, value, rules)


def _in_named(
    place: str, kind: str, name: str, value: str, rules: RedactionRules
) -> Iterator[Leak]:
    squeezed = squeezed_name(name)
    if not _SECRETIVE.search(squeezed) or _NOT_SECRET.fullmatch(squeezed):
        return
    if f"{kind}:{name.lower() if kind == 'header' else squeezed}" in rules.keep:
        return
    if looks_random(value):
        yield Leak(place=place, shape=_UNDER_NAME, setting=f"{kind}:{name}")


def _in_body(
    place: str, headers: Headers, body: bytes, rules: RedactionRules, parse: ParseJson
) -> Iterator[Leak]:
    if not body:
        return
    encoding = (bodies.header(headers, "content-encoding") or "identity").strip().lower()
    if encoding != "identity":
        yield Leak(place=place, shape=f"a compressed body ({encoding}) that cannot be searched")
        return
    if body[:2] == b"\x1f\x8b":
        plain = gunzipped(body)
        if plain is None:
            yield Leak(place=place, shape="a compressed body (gzip) that cannot be searched")
        else:
            yield from _in_body(place, (), plain, rules, parse)
        return
    stream = parse_stream(headers, body)
    documents = list(enumerate(stream.payloads)) if stream else [(None, body)]
    texts: dict[tuple[str | int, ...], list[str]] = {}
    for number, payload in documents:
        here = place if number is None else f"{place}.events[{number}]"
        try:
            document = parse(payload)
        except bodies.NotJsonError:
            whole = [(0, len(payload))]
            runs = bodies.printable_runs(payload) if bodies.is_binary(payload) else whole
            for start, end in runs:
                yield from _in_text(here, payload[start:end].decode("utf-8", "replace"), rules)
            continue
        yield from _in_json(here, document, rules)
        if stream:
            for leaf in leaves(document):
                if squeeze(str(leaf.key)) not in INTACT_NAMES:
                    texts.setdefault(leaf.channel, []).append(leaf.text)
    for channel, pieces in texts.items():
        if len(pieces) > 1:
            joined = f"{place}.events[*].{'.'.join(map(str, channel))}"
            yield from _in_text(joined, "".join(pieces), rules)


def _in_json(place: str, value: JsonValue, rules: RedactionRules) -> Iterator[Leak]:
    stack: list[tuple[str, str, JsonValue]] = [(place, "", value)]
    while stack:
        where, name, item = stack.pop()
        if isinstance(item, dict):
            for key, child in item.items():
                yield from _in_text(where, key, rules)
                stack.append((f"{where}.{key}", key, child))
        elif isinstance(item, list) and not bodies.is_numbers(item):
            stack.extend((f"{where}[{number}]", name, child) for number, child in enumerate(item))
        elif isinstance(item, str) and squeezed_name(name) not in INTACT_NAMES:
            yield from _in_text(where, item, rules)
            yield from _in_named(where, "body", name, item, rules)
