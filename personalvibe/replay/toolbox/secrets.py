"""Secrets in an interaction: all that the recorder would hide or refuse, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.streams import parse_stream
from personalvibe.replay.model import Headers, Interaction, JsonValue, Request
from personalvibe.replay.redaction.body import gunzipped, secrets_in
from personalvibe.replay.redaction.names import squeeze
from personalvibe.replay.redaction.redact import RedactionRules, find_leaks, redact, redact_url
from personalvibe.replay.redaction.rules import Side
from personalvibe.replay.redaction.shapes import merged
from personalvibe.replay.toolbox.dummies import is_dummy
from personalvibe.replay.toolbox.findings import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something that should not be there. Holds the value, so it is not to be shown."""

    rule: Rule
    place: str
    what: str
    value: str = ""


# Not everything that the recorder hides gives access: it also leaves out what is of no use.
_CREDENTIALS = re.compile(
    r"(?:proxy-)?authorization|authentication|apikey|x-auth-.*|x-litellm-key-.*|"
    r"(?!.*(?:idempotency|websocket|cache|surrogate)-key).*-(?:authorization|auth|token|secret|password|key)"
)
# They name who may load what, and keys that a page shows everybody.
_PUBLIC = re.compile(r"content-security-policy.*")
_ADDRESSES = frozenset(("location", "content-location", "referer"))
_COOKIES = frozenset(("cookie", "set-cookie"))
_ACCOUNTS = re.compile(r"openai-(?:organization|project)|.*-organization-id|x-goog-user-project")
_ACCOUNT_SHAPES = frozenset(
    (
        *("AWS account number", "Google Cloud project"),
        *("a token of OpenAI organization", "a token of OpenAI project"),
    )
)
_ACCOUNT_NAMES = frozenset(("clientid", "rolearn", "projectid"))
_NOT_SECRET_PARAMETERS = re.compile(
    r"x(?:amz|goog)(?:date|expires|algorithm|signedheaders|contentsha256|copysource)"
)


def sightings(one: Interaction, rules: RedactionRules) -> Iterator[Sighting]:
    """`one` with its bodies unpacked."""
    clean = redact(one, rules)
    request, response = one.request, one.response
    yield from _in_url("request.url", request.url, rules, request)
    yield from _in_headers("request", request.headers, rules, request)
    yield from _in_body("request.body", request.headers, request.body, clean.request.body, rules)
    yield from in_text("response.reason", response.reason, rules)
    yield from _in_headers("response", response.headers, rules, request)
    yield from _in_body(
        "response.body", response.headers, response.body, clean.response.body, rules
    )
    for leak in find_leaks(clean, rules):
        yield Sighting(rule=Rule.SECRET, place=leak.place, what=leak.shape)


def in_text(place: str, text: str, rules: RedactionRules) -> Iterator[Sighting]:
    """By shape, and by the names that the text itself gives."""
    for hit in merged(secrets_in(text, rules, _side(place))):
        value = text[hit.start : hit.end]
        if hit.shape in _ACCOUNT_SHAPES:
            yield Sighting(rule=Rule.ACCOUNT, place=place, what=hit.shape, value=value)
        elif not is_dummy(value):
            yield Sighting(rule=Rule.SECRET, place=place, what=hit.shape, value=value)


def _in_url(place: str, url: str, rules: RedactionRules, request: Request) -> Iterator[Sighting]:
    parts = urlsplit(url)
    yield from in_text(place, url.partition("?")[0].partition("#")[0], rules)
    yield from in_text(f"{place}.fragment", parts.fragment, rules)
    left = parse_qsl(urlsplit(redact_url(url, rules, request)).query)
    for name, value in parse_qsl(parts.query):
        hidden = (name, value) not in left
        yield from _in_parameter(f"{place}.query.{name}", name, value, rules, hidden=hidden)


def _in_parameter(
    place: str, name: str, value: str, rules: RedactionRules, *, hidden: bool
) -> Iterator[Sighting]:
    harmless = _NOT_SECRET_PARAMETERS.fullmatch(squeeze(name))
    inside = [] if rules.query_action(name) and not harmless else list(in_text(place, value, rules))
    if inside or harmless or not hidden or is_dummy(value):
        yield from inside
    else:
        yield _named(place, name, value)


def _named(place: str, name: str, value: str) -> Sighting:
    rule = Rule.ACCOUNT if squeeze(name) in _ACCOUNT_NAMES else Rule.SECRET
    return Sighting(rule=rule, place=place, what=f"a value under the name {name}", value=value)


def _in_headers(
    side: Side, headers: Headers, rules: RedactionRules, request: Request
) -> Iterator[Sighting]:
    for name, value in headers:
        lower = name.lower()
        place = f"{side}.headers.{lower}"
        hidden = rules.header_action(side, lower) is not False or (
            side == "response" and rules.header_hides(lower, value)
        )
        if hidden and lower in _COOKIES:
            if not _is_dummy_cookie(value):
                yield Sighting(rule=Rule.COOKIE, place=place, what="a cookie", value=value)
        elif lower in _ADDRESSES:
            yield from _in_url(place, value, rules, request)
        elif _PUBLIC.fullmatch(lower):
            continue
        elif hidden and _ACCOUNTS.fullmatch(lower):
            if not is_dummy(value):
                yield Sighting(rule=Rule.ACCOUNT, place=place, what=f"the {lower}", value=value)
        elif hidden and (_CREDENTIALS.fullmatch(lower) or _is_own(side, lower, rules)):
            if not is_dummy(value):
                yield _named(place, lower, value)
        else:
            yield from in_text(place, value, rules)


def _is_own(side: Side, name: str, rules: RedactionRules) -> bool:
    return name in rules.headers.get(side, {})


def _is_dummy_cookie(value: str) -> bool:
    content = value.partition(";")[0].partition("=")[2] or value
    return is_dummy(content)


def _in_body(
    place: str, headers: Headers, before: bytes, after: bytes, rules: RedactionRules
) -> Iterator[Sighting]:
    """What the recorder changes in a body."""
    if before == after:
        return
    if before[:2] == b"\x1f\x8b":
        plain, hidden = gunzipped(before), gunzipped(after)
        if plain is not None and hidden is not None:
            yield from _in_body(place, (), plain, hidden, rules)
        return
    stream, hidden_stream = parse_stream(headers, before), parse_stream(headers, after)
    if stream and hidden_stream:
        pairs = zip(stream.payloads, hidden_stream.payloads, strict=True)
        for number, (payload, changed) in enumerate(pairs):
            yield from _in_body(f"{place}.events[{number}]", (), payload, changed, rules)
        return
    parts, hidden_parts = (bodies.parse_multipart(headers, one) for one in (before, after))
    if parts is not None and hidden_parts is not None:
        for part, other in zip(parts, hidden_parts, strict=True):
            yield from _in_field(f"{place}.{part.name}", part, other, rules)
        return
    yield from _in_document(place, headers, before, after, rules)


def _in_field(
    place: str, part: bodies.Part, hidden: bodies.Part, rules: RedactionRules
) -> Iterator[Sighting]:
    text, other = (one.content.decode("utf-8", "replace") for one in (part, hidden))
    yield from _leaf(place, part.name, text, other, rules)


def _in_document(
    place: str, headers: Headers, before: bytes, after: bytes, rules: RedactionRules
) -> Iterator[Sighting]:
    """A body that is JSON, a form or a text."""
    try:
        document, hidden = bodies.parse_json(before), bodies.parse_json(after)
    except bodies.NotJsonError:
        pass
    else:
        yield from _changes(place, document, hidden, rules)
        return
    form, hidden_form = (bodies.parse_form(headers, one) for one in (before, after))
    if form and hidden_form:
        left = dict(hidden_form)
        for name, value in form:
            yield from _leaf(f"{place}.{name}", name, value, left.get(name, ""), rules)
        return
    found = False
    for encoding in bodies.text_encodings(before):
        # What is no text in an encoding may hold one all the same.
        for one in in_text(place, before.decode(encoding, "replace"), rules):
            found = True
            yield one
    if not found and not is_dummy(before.decode("utf-8", "replace")):
        yield Sighting(rule=Rule.SECRET, place=place, what="what the recorder hides")


def _changes(
    place: str, before: JsonValue, after: JsonValue, rules: RedactionRules
) -> Iterator[Sighting]:
    stack: list[tuple[str, str, JsonValue, JsonValue]] = [(place, "", before, after)]
    while stack:
        where, name, old, new = stack.pop()
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            if list(old) != list(new):  # a name is a secret, or its field goes
                yield from in_text(where, "\n".join(old), rules)
            stack += [(f"{where}.{key}", key, value, new.get(key)) for key, value in old.items()]
        elif isinstance(old, list) and isinstance(new, list):
            pairs = zip(old, new, strict=False)
            stack += [(f"{where}[{n}]", name, *pair) for n, pair in enumerate(pairs)]
        else:
            yield from _leaf(where, name, str(old), str(new), rules)


def _side(place: str) -> Side:
    return "request" if place.startswith("request") else "response"


def _leaf(
    place: str, name: str, before: str, after: str, rules: RedactionRules
) -> Iterator[Sighting]:
    if before == after:
        return
    if rules.body_action(_side(place), name) is not False:
        if not is_dummy(before):
            yield _named(place, name, before)
        return
    if secrets_in(before, rules, _side(place)):
        yield from in_text(place, before, rules)
    elif not is_dummy(before) and not _is_noise(name.lower(), rules):
        yield Sighting(rule=Rule.SECRET, place=place, what="what the recorder hides", value=before)


def _is_noise(header: str, rules: RedactionRules) -> bool:
    """Whether the recorder drops a header as of no use: the name of a program, a trace."""
    grants = header in _COOKIES or _CREDENTIALS.fullmatch(header)
    return not grants and rules.header_action("request", header) is None
