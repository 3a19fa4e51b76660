"""Interactions without secrets, and the scan that makes sure. Pure and idempotent.

The only module that constructs `RedactedInteraction`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote, unquote, unquote_plus

from personalvibe.replay.cassette import bodies
from personalvibe.replay.matching.random_ids import is_of_unknown_kind
from personalvibe.replay.model import (
    Headers,
    Interaction,
    Leak,
    RedactedInteraction,
    Request,
    Response,
)
from personalvibe.replay.redaction.body import BodyRedactor, secrets_in
from personalvibe.replay.redaction.leak_scan import find_leaks, find_warnings
from personalvibe.replay.redaction.rules import SIDES, RedactionRules, Side
from personalvibe.replay.redaction.shapes import PLACEHOLDER, Hit, replaced

__all__ = [
    "Leak",
    "RedactionRules",
    "find_leaks",
    "find_warnings",
    "redact",
    "redact_miss",
    "redact_request",
    "redact_text",
]


def redact(interaction: Interaction, rules: RedactionRules) -> RedactedInteraction:
    """The interaction as it may be written: secrets replaced, compressed bodies unpacked."""
    request = redact_request(interaction.request, rules)
    return RedactedInteraction(
        request=request,
        response=_response(interaction.response, request, rules),
        provenance=interaction.provenance,
    )


def redact_request(request: Request, rules: RedactionRules) -> Request:
    """A request, live or recorded, as it is compared: equal requests stay equal."""
    headers, body = bodies.decompress(request.headers, request.body)
    redacted = BodyRedactor(rules=rules, side="request", request=request).body(headers, body)
    return replace(
        request,
        url=redact_url(request.url, rules, request),
        headers=_sized(_headers(headers, "request", rules, request), redacted),
        body=redacted,
    )


def _response(response: Response, request: Request, rules: RedactionRules) -> Response:
    headers, body = bodies.decompress(response.headers, response.body)
    redacted = BodyRedactor(rules=rules, side="response", request=request).body(headers, body)
    return replace(
        response,
        reason=replaced(response.reason, rules.find(response.reason)),
        headers=_sized(_headers(headers, "response", rules, request), redacted),
        body=redacted,
    )


def _sized(headers: Headers, body: bytes) -> Headers:
    """Headers whose content-length is that of the body."""
    return tuple(
        (name, str(len(body)) if name.lower() == "content-length" and body else value)
        for name, value in headers
    )


def _headers(headers: Headers, side: Side, rules: RedactionRules, request: Request) -> Headers:
    kept = []
    unnamed = [
        f"{name}: {value}" for name, value in headers if rules.header_action(side, name) is False
    ]
    harmless = not rules.may_find("\n".join(unnamed))
    for name, value in headers:
        action = rules.header_action(side, name)
        if action is False:
            if name.lower() in ("location", "content-location", "referer"):
                value = redact_url(value, rules, request)
            elif side == "response" and rules.header_hides(name, value):
                value = PLACEHOLDER
            elif not harmless and (hits := rules.find(line := f"{name}: {value}")):
                value = replaced(line, hits)[len(name) + 2 :]
        elif callable(action):
            changed = action(key=name, value=value, request=request)
            if changed is None:
                continue
            value = changed
        elif action is None:
            continue
        elif value:
            value = action
        kept.append((name, value))
    return tuple(kept)


def redact_url(url: str, rules: RedactionRules, request: Request) -> str:
    """An address: the password before the host, secret parameters, shapes anywhere."""
    address, hash_mark, fragment = url.partition("#")
    base, mark, query = address.partition("?")
    named = {unquote_plus(field.partition("=")[0]) for field in query.split("&")}
    # ``code`` is a coupon or a country elsewhere.
    grants = bool(named & _OAUTH_PARAMETERS) or _OAUTH_PATH.search(base) is not None
    hidden = _parameters(query, rules, request, grants=grants)
    # An address whose every parameter is dropped has no question mark either.
    url = _quoted_text(base, rules) + (mark + hidden if hidden or not query else "")
    if hash_mark:
        plain = "=" not in fragment
        text = _quoted_text(fragment, rules) if plain else _parameters(fragment, rules, request)
        url += hash_mark + text
    return replaced(url, secrets_in(url, rules))


_OAUTH_PARAMETERS = frozenset(("state", "redirect_uri", "grant_type", "code_verifier"))
_OAUTH_PATH = re.compile(r"(?i)oauth|callback|/authori[sz]e|/token\b")


def _parameters(
    query: str, rules: RedactionRules, request: Request, *, grants: bool = False
) -> str:
    """The parameters of a query or of a fragment."""
    fields = []
    for field in query.split("&"):
        name, equals, value = field.partition("=")
        plain = unquote_plus(name)
        action = rules.query_action(plain)
        if action is False and grants and plain == "code" and "query:code" not in rules.keep:
            action = PLACEHOLDER
        if callable(action):
            changed = action(key=plain, value=unquote_plus(value), request=request)
            if changed is None:
                continue
            value = quote(changed)
        elif action is None:
            continue
        elif action is False:
            value = _quoted_text(value, rules)
        elif value:
            value = quote(action)
        fields.append(name + equals + value)
    return "&".join(fields)


def _quoted_text(text: str, rules: RedactionRules) -> str:
    """A part of an address, looked at as it is written and as it is meant."""
    if hits := rules.find(text):
        text = replaced(text, hits)
    if "%" in text and (hits := rules.find(plain := unquote(text))):
        text = quote(replaced(plain, hits), safe="/:@!$'()*,;+")
    return text


# ``api_key=...`` and ``Authorization: ...`` as they stand in tracebacks and logs, unquoted, and the
# parameters whose names are too common to be looked for in the text of a prompt.
_ASSIGNED = re.compile(
    r"(?i)(?<![\w-])(?:(?:proxy-)?authorization|(?:[\w-]+[-_])?api[-_]?key|x-amz-security-token|"
    r"(?:set-)?cookie|(?:[\w-]+_)?(?:password|secret|access_token))[\"']?\s*[:=]\s*"
    r"(?:[bu]?[\"'])?(?:(?:bearer|basic)\s+)?(?P<v>[^\s\"',;)}\]]+)|"
    r"[?&](?:key|token|project_id)=(?P<p>[^&\s\"'<>()]+)"
)


# ``(b'Set-Cookie', b'sid=...')`` as HTTP clients log headers.
_PAIR = re.compile(
    r"\(b?(?P<a>[\"'])(?P<name>[\w-]+)(?P=a), b?(?P<b>[\"'])(?P<v>(?:(?!(?P=b)).)+)(?P=b)\)"
)


# Not the digests that stand for large payloads: they tell which differs.
_DRAWN = re.compile(r"(?<!sha256 )(?<![\w-])[A-Za-z0-9_-]{16,}")


def redact_miss(text: str, rules: RedactionRules) -> str:
    """The text of a miss: without secrets, and without values of which nobody knows what they are.

    Ids that providers give stay, by which a reader finds out what differs.
    """
    return _DRAWN.sub(
        lambda found: (
            f"<{len(found[0])} random characters>" if is_of_unknown_kind(found[0]) else found[0]
        ),
        redact_text(text, rules),
    )


def redact_text(text: str, rules: RedactionRules) -> str:
    """Text for people, such as a failure message. Hides more than `redact` does."""
    hits = secrets_in(text, rules)
    hits += [
        Hit(*match.span("v"), "a header")
        for match in _PAIR.finditer(text)
        if any(rules.header_action(side, match["name"]) is not False for side in SIDES)
    ]
    hits += [
        Hit(*match.span("v" if match["v"] else "p"), "a named secret")
        for match in _ASSIGNED.finditer(text)
        if (match["v"] or match["p"]) not in (PLACEHOLDER, "None", "null")
    ]
    return replaced(text, hits) if hits else text
