"""Credentials are kept out of what is printed and logged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalvibe.scrub import scrub

KEPT = [
    "risk-averse task-list of sk-learn",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAsk-AAA",
    "https://api.openai.com/v1/chat/completions",
    "the model gpt-4o-mini-2024-07-18 took 0.000123 USD",
    "commit 9e725601cef98753ee3061f6ca7d75212a3d372a",
]
HIDDEN = [
    "sk-proj-0123456789abcdefABCDEF",
    "sk-ant-api03-0123456789-abc_DEF",
    "sk-ab***********************wxyz",
    "gsk_0123456789abcdef",
    "AIzaSyA0123456789abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "hf_0123456789abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
]


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_text_is_kept(text: str) -> None:
    assert scrub(text, {}) == text


@pytest.mark.parametrize("secret", HIDDEN)
def test_what_looks_like_a_key_is_hidden(secret: str) -> None:
    assert scrub(f"Incorrect API key: {secret}.", {}).replace(".", "") == "Incorrect API key: ***"


def test_headers_and_addresses() -> None:
    assert scrub("Authorization: Bearer abcdefgh12345", {}) == "Authorization: Bearer ***"
    assert scrub("http://me:pass@proxy:3128/x", {}) == "http://***@proxy:3128/x"


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=40))
def test_the_value_of_a_secret_variable_is_hidden_whatever_its_shape(value: str) -> None:
    shown = scrub(f"url?key={value}&x", {"SOME_API_KEY": value, "PATH": "/bin"})
    assert shown == "url?key=***&x"


def test_other_variables_are_not_hidden() -> None:
    assert scrub("in /home/somebody", {"HOME": "/home/somebody"}) == "in /home/somebody"
