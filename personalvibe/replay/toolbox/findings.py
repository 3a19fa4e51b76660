"""What an audit can find, and how grave it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def reaches(self, least: Level) -> bool:
        order = tuple(Level)
        return order.index(self) <= order.index(least)


class Rule(StrEnum):
    SECRET = "secret"  # noqa: S105 - the name of a rule
    UNSAFE_YAML = "unsafe-yaml"
    UNREADABLE = "unreadable"
    COOKIE = "cookie"
    INTERNAL_HOST = "internal-host"
    ENCODING = "content-encoding"
    LARGE_BODY = "large-body"
    ERROR_RESPONSE = "error-response"
    PERSONAL = "personal-data"
    ACCOUNT = "account"
    DUPLICATE = "duplicate"
    OTHER_PROTOCOL = "other-protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    level: Level
    what: str
    help: str


RULES: Mapping[Rule, RuleText] = {
    Rule.SECRET: RuleText(
        level=Level.ERROR,
        what="A value that gives access: a key, a token, a password, a signed address.",
        help="Revoke it, then run pv cassettes scrub, or record the cassette again.",
    ),
    Rule.UNSAFE_YAML: RuleText(
        level=Level.ERROR,
        what="YAML that makes Python objects: vcrpy before 8.2.1 runs what it names.",
        help="Record the cassette again, or remove the tag.",
    ),
    Rule.UNREADABLE: RuleText(
        level=Level.ERROR,
        what="A cassette that is damaged, empty, too large or in an unknown format.",
        help="Restore it from version control, or record it again.",
    ),
    Rule.COOKIE: RuleText(
        level=Level.WARNING,
        what="A cookie with its value: a session, if it has not ended.",
        help="Run pv cassettes scrub, or filter the header and record the cassette again.",
    ),
    Rule.INTERNAL_HOST: RuleText(
        level=Level.WARNING,
        what="The name or the address of a machine in a private network.",
        help="Record through the public address, or set host_aliases.",
    ),
    Rule.ENCODING: RuleText(
        level=Level.WARNING,
        what="A body that is not in the encoding that its header states: httpx refuses to play it.",
        help="Record the cassette again, or remove the header.",
    ),
    Rule.LARGE_BODY: RuleText(
        level=Level.WARNING,
        what="A body that makes the repository large and the replay slow.",
        help="Record a smaller example.",
    ),
    Rule.ERROR_RESPONSE: RuleText(
        level=Level.WARNING,
        what="A refused key, a rate limit or a failing server, which tests rarely mean to play.",
        help="Record the cassette again, or accept it in a baseline if the test is about it.",
    ),
    Rule.PERSONAL: RuleText(
        level=Level.NOTE,
        what="Personal data: an e-mail address, the number of a card or of a bank account.",
        help="Ask with made-up data.",
    ),
    Rule.ACCOUNT: RuleText(
        level=Level.NOTE,
        what="What names an account without giving access: an organisation, a project, a resource.",
        help="Filter it, if nobody should know.",
    ),
    Rule.DUPLICATE: RuleText(
        level=Level.NOTE,
        what="Two cassettes with the same interactions.",
        help="Let the tests share one.",
    ),
    Rule.OTHER_PROTOCOL: RuleText(
        level=Level.NOTE,
        what="A recording of something else than HTTP, of which only the text is searched.",
        help="Nothing has to be done.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Never holds the value that was found."""

    rule: Rule
    path: Path
    message: str
    interaction: int | None = None
    """1 for the first of the cassette."""
    place: str = ""
    """``response.body.data[0].token``."""
    line: int | None = None
    check: str = ""
    """Changes with the value, so that a baseline does not accept another one at the same place."""

    @property
    def level(self) -> Level:
        return RULES[self.rule].level
