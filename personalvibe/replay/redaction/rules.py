"""Which names and values are secret: the defaults, the project's own, the environment's."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol
from urllib.parse import quote

from personalvibe.replay.model import CassetteError, Request
from personalvibe.replay.redaction.assignments import assigned_secrets, may_have_assignment
from personalvibe.replay.redaction.blocks import block_secrets
from personalvibe.replay.redaction.escapes import may_be_escaped, unescaped
from personalvibe.replay.redaction.names import (
    is_secret_name,
    last_name,
    may_have_name,
    named_values,
    squeeze,
    squeezed_name,
)
from personalvibe.replay.redaction.packed import may_be_packed, packed_secrets, without_binary
from personalvibe.replay.redaction.shapes import (
    ACCOUNT,
    PLACEHOLDER,
    Hit,
    looks_random,
    lower_case,
    may_have_shape,
    merged,
    shape_hits,
)
from personalvibe.replay.redaction.tables import table_secrets

Side = Literal["request", "response"]
SIDES: tuple[Side, ...] = ("request", "response")


class Replacement(Protocol):
    """A function of vcrpy's filters, called as vcrpy calls it."""

    def __call__(self, *, key: str, value: Any, request: Request) -> str | None: ...


Action = str | None | Replacement
"""What becomes of a value: this text, nothing (the field goes, too), or what a function says."""

# Lower case; ``*`` stands for anything. What shows a machine, an account or a moment and helps no
# reader is dropped, the rest keeps its name so that a cassette shows that it was sent.
_MASKED_REQUEST = (
    "authorization proxy-authorization *-authorization authentication apikey *-key *-auth *-token "
    "*-secret *-password *-signature *-signature-256 *-client-id x-auth-* sec-websocket-protocol "
    "x-goog-user-project openai-organization openai-project *-organization-id"
)
_DROPPED_REQUEST = (
    "cookie x-amz-date x-amz-content-sha256 amz-sdk-* idempotency-key x-idempotency-key "
    "*-idempotency-key traceparent tracestate baggage *trace-id sentry-trace x-stainless-* "
    "user-agent"
)
_MASKED_RESPONSE = (
    "openai-organization openai-project *-organization-id request-id *-request-id x-litellm-key-* "
    "*trace-id x-session-id www-authenticate authorization *-api-key *-auth-token set-cookie"
)
_KEPT_RESPONSE = "x-amzn-errortype x-amzn-remapped-content-type"
_DROPPED_RESPONSE = (
    "x-amzn-* apim-request-id azureml-model-session cf-ray x-amz-cf-* traceresponse "
    "x-oauth-* x-accepted-oauth-scopes report-to nel via server-timing *ratelimit-*"
)

_QUERY_NAMES = frozenset(
    ("key", "token", "sig", "signature", "projectid", "uploadid", "appid", "hapikey")
)
_QUERY_PREFIXES = ("xamz", "xgoog")

_PLAIN_RESPONSE_HEADERS = re.compile(
    r"accept-.*|access-control-.*|age|allow|alt-svc|cache-.*|cf-cache-status|connection|content-.*|"
    r"date|etag|expires|last-modified|link|location|retry-after|server|strict-transport-.*|"
    r"transfer-encoding|vary|x-content-type-.*|x-powered-by|.*-version|.*-model|.*-region"
)

_SECRET_VARIABLE = re.compile(
    # A shell's PWD is where it stands.
    r"(?!PWD$)(?:.*_)?(?:API_?KEY|SECRET|TOKEN|(?:PG)?PASSWORD|PASS(?:WD|PHRASE)?|PWD|ACCESS_KEY|"
    r"ACCESS_KEY_ID|SECRET_KEY|AUTH_?KEY|CONNECTION_STRING|WEBHOOK_URL)",
    re.IGNORECASE,
)
MIN_VALUE_LENGTH = 8
"""Shorter values of the environment are left alone: to hide every ``test`` would destroy text."""
_WORD = re.compile(r"[a-z]{1,15}|[A-Z]{1,15}|[0-9]{1,11}")


class Memory:
    """What was found in the last texts."""

    def __init__(self) -> None:
        self._hits: dict[str, Sequence[Hit]] = {}
        self._characters = 0

    def get(self, text: str) -> Sequence[Hit] | None:
        return self._hits.get(text)

    def keep(self, text: str, hits: Sequence[Hit]) -> Sequence[Hit]:
        self._characters += len(text)
        if self._characters > _REMEMBERED:
            self._hits.clear()
            self._characters = len(text)
        if len(text) <= _REMEMBERED:
            self._hits[text] = hits
        return hits


_REMEMBERED = 300_000
"""Characters that are kept; to look through them again takes milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionRules:
    """What to hide. Immutable; made once for a test."""

    headers: Mapping[Side, Mapping[str, Action]] = field(default_factory=dict)
    """Beside the defaults; lower case, ``*`` allowed. Likewise for the other two."""
    query: Mapping[str, Action] = field(default_factory=dict)
    """Squeezed names."""
    body: Mapping[Side, Mapping[str, Action]] = field(default_factory=dict)
    """Squeezed names."""
    values: tuple[str, ...] = ()
    """Texts that are secret wherever they stand."""
    keep: frozenset[str] = frozenset()
    """``header:x-shard``, ``query:key``, ``body:client_id``: neither hidden nor suspected."""
    found: Memory = field(default_factory=Memory, init=False, repr=False, compare=False)
    """Of these rules alone: most texts are looked through twice, and headers come again."""

    @classmethod
    def from_config(
        cls, config: Mapping[str, object], environ: Mapping[str, str]
    ) -> RedactionRules:
        """The rules of a ``vcr_config``.

        ``redact`` lists what else is secret: ``x-my-header`` or ``header:x-my-header``,
        ``query:sid``, ``body:session_key`` (a JSON or form field at any depth), ``text:...`` (a
        literal). ``redact_keep`` lists what is not, in the same spelling. vcrpy's
        ``filter_headers``, ``filter_query_parameters`` and ``filter_post_data_parameters`` mean
        what they mean there: names are removed, (name, replacement) pairs replaced.

        Args:
            config: the merged configuration; other keys are ignored.
            environ: values of its ``*_API_KEY``, ``*_SECRET``, ``*_TOKEN`` and the like are hidden
                wherever they occur, from `MIN_VALUE_LENGTH` characters on.

        Raises:
            CassetteError: an entry that cannot be understood.
        """
        headers: dict[str, Action] = {}
        query: dict[str, Action] = {}
        body: dict[str, Action] = {}
        literals: list[str] = []
        for kind, name in _entries(config, "redact"):
            if kind == "header":
                headers[name.lower()] = PLACEHOLDER
            elif kind == "query":
                query[squeeze(name)] = PLACEHOLDER
            elif kind == "body":
                body[squeeze(name)] = PLACEHOLDER
            else:
                literals.append(name)
        request_headers = headers | _filters(config, "filter_headers", str.lower)
        request_body = body | _filters(config, "filter_post_data_parameters", squeeze)
        kept = _entries(config, "redact_keep")
        return cls(
            headers={"request": request_headers, "response": headers},
            query=query | _filters(config, "filter_query_parameters", squeeze),
            body={"request": request_body, "response": body},
            values=tuple(sorted({*literals, *_secret_values(environ)} - {PLACEHOLDER})),
            keep=frozenset(
                f"{kind}:{name.lower() if kind == 'header' else squeeze(name)}"
                for kind, name in kept
            ),
        )

    def hiding(self, entries: Iterable[str]) -> RedactionRules:
        """The same rules, and what these entries of ``redact`` name."""
        more = RedactionRules.from_config({"redact": list(entries)}, {})
        return replace(
            self,
            headers={side: {**self.headers.get(side, {}), **more.headers[side]} for side in SIDES},
            query={**self.query, **more.query},
            body={side: {**self.body.get(side, {}), **more.body[side]} for side in SIDES},
        )

    def without_functions(self) -> RedactionRules:
        """The same rules but for a body's fields that the suite replaces by functions of its own.

        They are given the request, and a text that is looked into may belong to none.
        """
        if not any(callable(action) for own in self.body.values() for action in own.values()):
            return self
        body = {
            side: {name: action for name, action in own.items() if not callable(action)}
            for side, own in self.body.items()
        }
        return replace(self, body=body)

    def keeping_headers(self, names: Iterable[str]) -> RedactionRules:
        """The same rules, but these headers stay. What is found in texts is the same."""
        kept = replace(self, keep=self.keep | {f"header:{name}" for name in names})
        object.__setattr__(kept, "found", self.found)
        return kept

    def header_action(self, side: Side, name: str) -> Action | Literal[False]:
        """What becomes of a header; False leaves it."""
        lower = name.lower()
        own = self.headers.get(side)
        if own:
            if lower in own:
                return own[lower]
            for glob, action in own.items():
                if "*" in glob and _globs((glob,)).fullmatch(lower):
                    return action
        if f"header:{lower}" in self.keep:
            return False
        return _default_header_action(side, lower)

    def query_action(self, name: str) -> Action | Literal[False]:
        """What becomes of a query parameter; False leaves it."""
        squeezed = squeeze(last_name(name))
        if squeezed in self.query:
            return self.query[squeezed]
        if f"query:{squeezed}" in self.keep:
            return False
        if squeezed in _QUERY_NAMES or squeezed.startswith(_QUERY_PREFIXES) or is_secret_name(name):
            return PLACEHOLDER
        return False

    def header_hides(self, name: str, value: str) -> bool:
        """Whether a header of a response that nobody knows has a value that looks drawn."""
        lower = name.lower()
        return (
            f"header:{lower}" not in self.keep
            and not _PLAIN_RESPONSE_HEADERS.fullmatch(lower)
            and looks_random(value, bits=3.5)
        )

    def body_action(self, side: Side, name: str) -> Action | Literal[False]:
        """What becomes of a body field; False leaves it."""
        squeezed = squeezed_name(name)
        own = self.body.get(side)
        if own and squeezed in own:
            return own[squeezed]
        if is_secret_name(name) and f"body:{squeezed}" not in self.keep:
            return PLACEHOLDER
        return False

    def find(self, text: str) -> list[Hit]:
        """What is secret in running text: by shape, by value, by the name it is given there."""
        hits = self.found.get(text)
        if hits is None:
            hits = self.found.keep(text, self._find(text))
        return list(hits)

    def _find(self, text: str) -> Sequence[Hit]:
        if not self.may_find(text):
            return ()
        hits = self._plain_hits(text)
        for meant in unescaped(text):
            if self.may_find(meant.text):
                hits += map(meant.spelled, self._plain_hits(meant.text))
        hits += packed_secrets(text, self._hides)
        return merged(hits)

    def _hides(self, text: str) -> bool:
        """Whether a text has a secret that no other value can stand for."""
        return any(hit.replacement != ACCOUNT for hit in self._plain_hits(text))

    def _plain_hits(self, text: str) -> list[Hit]:
        hits = list(shape_hits(text))
        for value in self.values:
            start = text.find(value)
            while start >= 0:
                hits.append(Hit(start, start + len(value), "a value of the environment"))
                start = text.find(value, start + len(value))
        if _may_name(text):
            hits += _named_hits(text, self._names_secret)
        if may_have_assignment(lower_case(text)):
            hits += assigned_secrets(text, lambda name: f"body:{squeeze(name)}" in self.keep)
            hits += table_secrets(text, self._names_secret)
            hits += block_secrets(text)
        return hits

    def _names_secret(self, name: str) -> bool:
        return self.body_action("response", name) is not False

    def may_find(self, text: str) -> bool:
        """False if `find` would find nothing: quick, for the many texts without any secret."""
        suspicious = _is_often_asked if len(text) <= _SHORT else _is_suspicious
        if suspicious(text):
            return True
        for value in self.values:
            if value in text:
                return True
        own = {name for names in self.body.values() for name in names}
        if own and _may_name(text):
            squeezed = squeeze(text)
            return any(name in squeezed for name in own)
        return False


_SHORT = 80
"""Characters of keys and of values that are words: they come again and again."""
_LONG = 5_000
"""Characters from which on a text may hold an image."""


def _is_suspicious(text: str) -> bool:
    """Whether a text may hold a secret by the default rules."""
    if len(text) > _LONG:
        text = without_binary(text)
    lower = lower_case(text)
    if may_have_shape(lower) or may_have_assignment(lower) or may_be_packed(text):
        return True
    if may_be_escaped(text):
        return True
    return _may_name(text) and may_have_name(squeeze(lower))


_is_often_asked = functools.lru_cache(maxsize=8192)(_is_suspicious)


def _may_name(text: str) -> bool:
    """Whether a value may stand in a text with its name: JSON or XML."""
    return ":" in text or "</" in text


def _named_hits(text: str, is_secret: Callable[[str], bool]) -> Iterable[Hit]:
    for match in named_values(text, is_secret):
        groups = match.groupdict()
        bare = groups["v"] is None
        if match["n" if bare else "v"] != PLACEHOLDER:
            # A bare number becomes a string, so that JSON stays JSON.
            quotes = match["q"] if bare else ""
            yield Hit(
                *match.span("n" if bare else "v"),
                "a named secret",
                f"{quotes}{PLACEHOLDER}{quotes}",
            )


@functools.lru_cache(maxsize=256)
def _globs(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(glob).replace(r"\*", ".*") for glob in globs))


@functools.lru_cache(maxsize=4096)
def _default_header_action(side: Side, name: str) -> Action | Literal[False]:
    masked, dropped, kept = (
        (_MASKED_REQUEST, _DROPPED_REQUEST, "")
        if side == "request"
        else (_MASKED_RESPONSE, _DROPPED_RESPONSE, _KEPT_RESPONSE)
    )
    if name in kept.split():
        return False
    if _globs(tuple(dropped.split())).fullmatch(name):
        return None
    if name == "set-cookie":
        return _without_value
    return PLACEHOLDER if _globs(tuple(masked.split())).fullmatch(name) else False


_COOKIE = re.compile(r"(?P<name>[^=;]*=)(?P<value>[^;]*)(?P<attributes>.*)", re.DOTALL)
# Servers take a cookie back by a date near the epoch, some of them with a value.
_EXPIRES = re.compile(r"(?i)(;\s*expires=)(?![^;]*\b(?:19\d\d|70)\b)[^;]*")
_NEVER = "Fri, 31 Dec 9999 23:59:59 GMT"


def _without_value(*, key: str, value: str, request: Request) -> str:
    """A cookie with its name and attributes: the program's session has to get one in replay.

    One with a value is given to be used, and a date that passes would take it away.
    """
    found = _COOKIE.match(value)
    if found is None:
        return PLACEHOLDER
    if not found["value"].strip():
        return value
    return f"{found['name']}{PLACEHOLDER}" + _EXPIRES.sub(rf"\g<1>{_NEVER}", found["attributes"])


_KINDS = ("header", "query", "body", "text")


def _entries(config: Mapping[str, object], key: str) -> list[tuple[str, str]]:
    """The (kind, name) pairs of a list such as ``["x-my-header", "query:sid"]``."""
    given = config.get(key) or ()
    entries = [given] if isinstance(given, str) else given
    found = []
    for entry in entries if isinstance(entries, Iterable) else [entries]:
        if not isinstance(entry, str) or not entry.strip():
            raise _misunderstood(key, entry)
        kind, colon, name = entry.partition(":")
        if not colon:
            kind, name = "header", entry
        if kind not in _KINDS or not name.strip():
            raise _misunderstood(key, entry)
        found.append((kind, name.strip() if kind != "text" else name))
    return found


def _misunderstood(key: str, entry: object) -> CassetteError:
    return CassetteError(
        f"{key} in vcr_config has an entry of type {type(entry).__name__} that names nothing"
        if not isinstance(entry, str)
        else f"{key} in vcr_config has an entry without a known kind and a name",
        hint='Write "x-header", "header:x-header", "query:name", "body:name" or "text:literal".',
    )


def _filters(
    config: Mapping[str, object], key: str, spell: Callable[[str], str]
) -> dict[str, Action]:
    """vcrpy's filters: names, or pairs of a name and its replacement."""
    found: dict[str, Action] = {}
    given = config.get(key) or ()
    for entry in given if isinstance(given, Iterable) else ():
        if isinstance(entry, str):
            found[spell(entry)] = None
        elif isinstance(entry, (tuple, list)) and len(entry) == 2 and isinstance(entry[0], str):
            replacement = entry[1]
            if replacement is not None and not isinstance(replacement, str):
                found[spell(entry[0])] = replacement if callable(replacement) else str(replacement)
            else:
                found[spell(entry[0])] = replacement
        else:
            raise CassetteError(
                f"{key} in vcr_config has an entry that is neither a name nor a pair",
                hint='Write "name" to remove it, or ("name", "replacement").',
            )
    return found


def _secret_values(environ: Mapping[str, str]) -> Iterable[str]:
    for name in environ:
        if _is_secret_variable(name):
            value = environ[name].strip()
            if len(value) >= MIN_VALUE_LENGTH and not _WORD.fullmatch(value):
                yield value
                yield quote(value, safe="")


@functools.lru_cache(maxsize=1024)
def _is_secret_variable(name: str) -> bool:
    return _SECRET_VARIABLE.fullmatch(name) is not None
