"""Personal data in an interaction, by shape: addresses, cards and bank accounts that check out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from personalvibe.replay.model import Interaction
from personalvibe.replay.redaction.shapes import EMAIL
from personalvibe.replay.toolbox.findings import Rule
from personalvibe.replay.toolbox.secrets import Sighting

# The look-behinds come late, because `re` searches fast for a class that comes first.
_CARD = re.compile(r"[3-6]\d{3}(?P<gap>[ -])(?<![\w.-].{5})(?:\d{4}(?P=gap)){2}\d{3,4}(?![\w.-])")
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?<!\w.{4})(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")


def personal_data(one: Interaction) -> Iterator[Sighting]:
    """`one` with its bodies unpacked."""
    for place, text in (
        ("request.url", one.request.url),
        ("request.body", one.request.body.decode("utf-8", "replace")),
        ("response.body", one.response.body.decode("utf-8", "replace")),
    ):
        for what, value in _in(text):
            yield Sighting(rule=Rule.PERSONAL, place=place, what=what, value=value)


def _in(text: str) -> Iterator[tuple[str, str]]:
    if "@" in text:
        for found in EMAIL.finditer(text):
            yield "an e-mail address", found[0]
    for found in _CARD.finditer(text):
        if _passes_luhn(found[0]):
            yield "the number of a card", found[0]
    for found in _IBAN.finditer(text):
        if _passes_mod_97(found[0]):
            yield "the number of a bank account", found[0]


def _passes_luhn(text: str) -> bool:
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _passes_mod_97(text: str) -> bool:
    plain = text.replace(" ", "")
    number = "".join(str(int(char, 36)) for char in plain[4:] + plain[:4])
    return int(number) % 97 == 1
