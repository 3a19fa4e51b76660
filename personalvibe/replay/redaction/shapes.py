"""What secrets look like in running text: provider key prefixes, tokens, signed addresses.

A shape is looked for only where one of its hints, plain substrings, occurs, so that a megabyte of
base64 costs a few substring searches. Every prefix must start where a word starts: ``sk-`` in the
middle of a base64 image is not a key.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from personalvibe.replay.redaction.token_prefixes import ALPHABETS, TOKEN_PREFIXES, TokenPrefix

PLACEHOLDER = "REDACTED"
"""Stands for a secret. Safe in a header, an address, a form, JSON and YAML, and itself no shape."""

ACCOUNT = "000000000000"
"""Stands for an AWS account number, so that the ARN around it stays an ARN."""


class Hit(NamedTuple):
    """A stretch of text that must not be shown."""

    start: int
    end: int
    shape: str
    replacement: str = PLACEHOLDER


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern when it is needed: most runs meet none of what a hundred of them look for."""
    return re.compile(pattern)


class Shape(NamedTuple):
    name: str
    hints: tuple[str, ...]
    """Substrings in lower case; where none of them occurs the pattern cannot match."""
    pattern: str
    """Group ``v`` is the secret, or the whole match when there is no such group."""
    replacement: str = PLACEHOLDER
    core: re.Pattern[str] | None = None
    """In place of hints: what every match holds, which begins with a literal and is found fast."""


# Not in the middle of a longer token, nor of base64url. Plain base64 has no hyphen, underscore or
# dot, so a prefix with one of them cannot occur in it.
_WORD = "[A-Za-z0-9_-]"
_END = f"(?!{_WORD})"
_BASE64 = "[A-Za-z0-9_+/-]"
# A key has a digit somewhere; a long hyphenated word mostly has none.
_DIGIT = r"(?=[A-Za-z_-]*[0-9])"
# A path has words, numbers and dates with hyphens; a drawn part has both within one word.
_MIXED = r"(?=[\w-]*?(?:[A-Za-z][0-9]+[A-Za-z]|[0-9][A-Za-z]+[0-9]))"


def _key(name: str, prefix: str, tail: str, *, hints: str = "", before: str = _WORD) -> Shape:
    # The look-behind comes second, because `re` searches fast for a literal that comes first.
    pattern = f"{prefix}(?<!{before}{prefix}){tail}{_END}"
    return Shape(name, tuple((hints or prefix).lower().split()), pattern)


def _in(
    name: str, hints: str, pattern: str, replacement: str = PLACEHOLDER, *, core: str = ""
) -> Shape:
    core_pattern = re.compile(core) if core else None
    words = tuple(hints.lower().split())
    return Shape(name, words, pattern, replacement, core_pattern)


def _of(line: TokenPrefix) -> Shape:
    """The shape of a vendor's tokens."""
    alphabet = ALPHABETS[line.alphabet]
    # Base64 has no hyphen, underscore or dot, but any other prefix may stand in the middle of it.
    marked = all(re.search("[-_.~]", prefix) for prefix in line.prefixes)
    before = _WORD if marked and line.alphabet != "b64" else _BASE64
    # A key has digits or letters of both cases; a long hyphenated word mostly has neither.
    digit = f"(?={alphabet}*?(?:[0-9]|[a-z][A-Z]))"
    choices = "|".join(
        f"{re.escape(prefix)}(?<!{before}{re.escape(prefix)})" for prefix in line.prefixes
    )
    pattern = f"(?:{choices}){digit}{alphabet}{{{line.length},}}{_END}"
    hints = tuple(prefix.lower() for prefix in line.prefixes)
    return Shape(f"a token of {line.vendor}", hints, pattern)


_ADDRESSES = (
    _in(
        "webhook address",
        "hooks.slack.com/ /webhooks/ webhook.office.com/ hooks.zapier.com/ .make.com/ "
        "logic.azure.com maker.ifttt.com/ hc-ping.com/",
        r"(?i)(?:hooks\.slack\.com/(?:services|workflows|triggers)|"
        r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+|[\w.-]*webhook\.office\.com/webhookb2|"
        r"hooks\.zapier\.com/hooks/(?:catch|standard)|hook\.(?:[\w-]+\.)?make\.com|"
        r"maker\.ifttt\.com/[\w/-]{1,80}/key|hc-ping\.com|"
        r"[\w.-]+\.logic\.azure\.com(?::443)?/workflows)/(?P<v>[^\s\"'<>?#\\)]{8,})",
    ),
    # Of Mattermost, Rocket.Chat, Feishu, Home Assistant and programs of one's own.
    _in(
        "webhook address",
        "hook/ hooks/",
        rf"(?i)/(?:web)?hooks?/(?:[\w.-]{{1,80}}/)*?(?P<v>{_MIXED}[\w-]{{16,}})(?![\w-])",
    ),
    _in("webhook address", ".m.pipedream.net", rf"(?P<v>{_MIXED}[\w-]{{12,}})\.m\.pipedream\.net"),
    _in(
        "secret in a path",
        "key/ token/ secret/ password/ ;token= ;password=",
        r"(?i)(?:/(?:api[_-]?key|access[_-]?token|token|secret|password)/|;(?:token|password)=)"
        rf"(?P<v>{_MIXED}[\w.~-]{{16,}})(?![\w.~-])",
    ),
    _in(
        "code of a redirection",
        "code=",
        r"(?i)(?:oauth|callback|authorize|redirect)[^\s\"'<>?]{0,80}\?(?:[^\s\"'<>]{0,200}&)?code="
        r"(?P<v>[^&\s\"'<>()\\]{8,})",
    ),
    _in(
        "line of a .pgpass file",
        ":5432: :*:*:",
        r"(?m)^[\w.*-]+:(?:5432|\*):[\w.*-]+:[\w.*-]+:(?P<v>\S+)$",
    ),
    _in(
        "hash of a password",
        "$1$ $2a$ $2b$ $2y$ $5$ $6$ $y$ $7$ $apr1$ $argon2 $scrypt$ $pbkdf2",
        r"\$(?:1|2[aby]|[567]|y|apr1|argon2[a-z]{1,2}|scrypt|pbkdf2[\w-]{0,10})\$(?P<v>[\w./=,+$-]{16,})",
    ),
    _in(
        "cookie of a browser",
        "\ttrue\t \tfalse\t",
        r"\t(?:TRUE|FALSE)\t/[^\t\r\n]*\t(?:TRUE|FALSE)\t\d+\t[^\t\r\n]+\t(?P<v>[^\t\r\n]+)",
    ),
    _in("password in an address", ":thin:", r"(?i):thin:[\w.-]+/(?P<v>[^\s@\"']+)@"),
    _in("Telegram bot token", ":aa", r"(?<!\d)(?P<v>\d{8,10}:AA[\w-]{32,})(?![\w-])"),
    _in(
        "Discord bot token",
        "",
        rf"(?<!{_WORD})[MNO][A-Za-z\d_-]{{23,27}}\.[\w-]{{6}}\.[\w-]{{27,40}}{_END}",
        core=r"\.[\w-]{6}\.[\w-]{27}",
    ),
    _in("Terraform token", ".atlasv1.", r"[\w-]{10,}\.atlasv1\.[\w-]{40,}"),
    _in(
        "Mailchimp key",
        "-us1 -us2 -us3 -us4 -us5 -us6 -us7 -us8 -us9",
        r"(?<![0-9A-Za-z])[0-9a-f]{32}-us\d{1,2}(?!\d)",
    ),
    _in(
        "Airtable token",
        "",
        rf"pat(?<!{_BASE64}pat)[A-Za-z0-9]{{14}}\.[0-9a-f]{{64}}(?![0-9a-f])",
        core=r"\.[0-9a-f]{64}",
    ),
    _in(
        "Asana token",
        "",
        r"(?<![\w/])[12]/\d{10,20}(?:/\d{10,20})?:[0-9a-f]{32}(?![0-9a-f])",
        core=r":[0-9a-f]{32}(?![0-9a-f])",
    ),
    _in("Sentry address", "sentry", r"https?://(?P<v>[0-9a-f]{32}(?::[0-9a-f]{32})?)@"),
    _in(
        "Azure client secret",
        "q~",
        r"(?<![\w.~-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w.~-])",
    ),
)

SHAPES: tuple[Shape, ...] = (
    *(_of(line) for line in TOKEN_PREFIXES),
    *_ADDRESSES,
    _key("AWS session token", "IQoJ", r"[A-Za-z0-9+/]{80,}=*", before=_BASE64),
    _key("AWS session token", "FwoG", r"[A-Za-z0-9+/]{80,}=*", before=_BASE64),
    _in("AWS signature", "AWS4-HMAC-SHA256", r"AWS4-HMAC-SHA256 (?P<v>Credential=[^\s\"']+.*)"),
    _in(
        "AWS account number",
        "arn:aws arn%3aaws",
        r"(?i)arn(?::|%3a)aws[a-z-]*(?:(?::|%3a)[a-z0-9-]*){2}(?::|%3a)(?P<v>[0-9]{12})(?![0-9])",
        ACCOUNT,
    ),
    _in(
        "key in a connection string",
        "accountkey= sharedaccesskey= sharedaccesssignature=",
        r"(?i)(?:AccountKey|SharedAccessKey|SharedAccessSignature)=(?P<v>[^;\s\"']{16,})",
    ),
    _in("JSON web token", "eyJ", rf"eyJ(?<!{_WORD}eyJ)[\w-]{{8,}}(?:\.[\w-]*){{2,4}}{_END}"),
    _in(
        "private key",
        "key----- block-----",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?P<v>[\s\S]*?)"
        r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    _in("bearer token", "bearer", rf"\b[Bb]earer (?P<v>{_DIGIT}[\w.~+/-]{{20,}}=*)"),
    _in(
        "signed address",
        "signature= sig= -credential= -token= accesskeyid= pair-id= api_key= api-key= apikey= "
        "access_token= client_secret= upload_id=",
        r"(?i)(?:[?&]|&amp;)(?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|"
        r"awsaccesskeyid|key-pair-id|api[-_]?key|access_token|client_secret|upload_id)="
        r"(?P<v>[^&\s\"'<>()\\]+)",
    ),
    _in("signed address", "key= token=", rf"(?i)[?&](?:key|token)=(?P<v>{_MIXED}[\w.~%+-]{{16,}})"),
    _in(
        "token in an address",
        "",
        rf"(?i)\bhttps?://(?P<v>{_MIXED}[\w.~%-]{{16,}})@",
        core=r"@(?<=[\w.~%-]{16}@)",
    ),
    _in(
        "password in an address",
        "@",
        r"(?i)\b[a-z][a-z0-9+.-]{0,20}://(?P<v>[^\s/?#\"'<>@]*:[^\s/?#\"'<>@]+)@",
    ),
    _in(
        "Google Cloud project",
        "projects/",
        r"\bprojects/(?P<v>[a-z][a-z0-9-]{4,28}[a-z0-9])/locations/",
    ),
)

EMAIL = re.compile(
    r"(?i)(?<![\w.+-])[\w.+-]{1,64}@(?!(?:[\w-]+\.)*example\.|[\w.-]+\.(?:test|invalid|png|jpe?g|gif|svg|webp)\b)"
    r"(?:[a-z0-9-]+\.)+[a-z]{2,24}(?![\w-])"
)
"""Addresses of persons, probably. They are reported, not replaced: prompts are full of them."""


_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~:-]{16,4096}")


def looks_random(text: str, *, bits: float = 3.2) -> bool:
    """Whether a text without spaces has letters, digits and the variety of a generated token."""
    if not _TOKEN.fullmatch(text) or PLACEHOLDER in text or "replay-" in text or "://" in text:
        return False
    if not (any(map(str.isdigit, text)) and any(map(str.isalpha, text))):
        return False
    counts = Counter(text)
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return entropy >= bits


def _by_rarest_mark() -> dict[str, tuple[str, ...]]:
    """Hints under a character of theirs that ordinary prose may lack altogether."""
    hints = sorted({hint for shape in SHAPES for hint in shape.hints})
    found: dict[str, list[str]] = {}
    for hint in hints:
        mark = next((char for char in "@=/_.-" if char in hint), hint[0])
        found.setdefault(mark, []).append(hint)
    return {mark: tuple(group) for mark, group in found.items()}


_HINTS = _by_rarest_mark()
_BY_HINT = {
    hint: tuple(position for position, shape in enumerate(SHAPES) if hint in shape.hints)
    for hints in _HINTS.values()
    for hint in hints
}
_CORES = tuple(
    (position, shape.core) for position, shape in enumerate(SHAPES) if shape.core is not None
)


def may_have_shape(lower: str) -> bool:
    """False if `shape_hits` would find nothing in a text, given in lower case."""
    for mark, hints in _HINTS.items():
        if mark in lower:
            for hint in hints:
                if hint in lower:
                    return True
    return any(core.search(lower) for _, core in _CORES)


_PIECE = 65_536
_LONGER_IN_LOWER_CASE = "\u0130"
"""The only letter that becomes two, an i and its dot."""


def lower_case(text: str) -> str:
    """In lower case, in which `re` searches faster than in any; every character at its place.

    Piece by piece: Python takes twelve times the memory of a text that is not in ASCII.
    """
    if text.isascii() or len(text) <= _PIECE:
        return _lower(text)
    return "".join(_lower(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE))


def _lower(text: str) -> str:
    return text.replace(_LONGER_IN_LOWER_CASE, "i").lower()


def _possible_shapes(text: str) -> list[Shape]:
    lower = lower_case(text)
    found = {
        position
        for mark, hints in _HINTS.items()
        if mark in lower
        for hint in hints
        if hint in lower
        for position in _BY_HINT[hint]
    }
    found.update(position for position, core in _CORES if core.search(text))
    return [SHAPES[position] for position in sorted(found)]


def shape_hits(text: str) -> Iterator[Hit]:
    """Every stretch of `text` that has the shape of a secret, in no particular order."""
    for shape in _possible_shapes(text):
        pattern = compiled(shape.pattern)
        group = "v" if "v" in pattern.groupindex else 0
        for match in pattern.finditer(text):
            if match[group] not in (shape.replacement, PLACEHOLDER):
                yield Hit(*match.span(group), shape.name, shape.replacement)


def merged(hits: Iterable[Hit]) -> list[Hit]:
    """In order of position, overlapping ones as one."""
    result: list[Hit] = []
    for hit in sorted(hits):
        if result and hit.start < result[-1].end:
            last = result[-1]
            if hit.end > last.end:
                result[-1] = last._replace(end=hit.end, replacement=PLACEHOLDER)
        else:
            result.append(hit)
    return result


def replaced(text: str, hits: Iterable[Hit]) -> str:
    """`text` with every hit replaced."""
    parts, position = [], 0
    for hit in merged(hits):
        parts += [text[position : hit.start], hit.replacement]
        position = hit.end
    return "".join([*parts, text[position:]])


Finder = Callable[[str], list[Hit]]
"""Text in, what to hide in it out."""
