"""Plain data survives the trip through YAML text, and hostile text is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from personalvibe.replay.cassette import yaml_io
from personalvibe.replay.model import CassetteError

HERE = Path("cassette.yaml")

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text(" \n\t:#-a|>%'\"", max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(
        ["yes", "1", "1.0", "1e3", "~", "", "2024-01-01", "0x1f", "null", "- a", "=", "<<"]
    )
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def load(text: str | bytes) -> object:
    raw = text.encode() if isinstance(text, str) else text
    return yaml_io.load(raw, HERE, max_bytes=10_000_000).value


@settings(max_examples=400)
@given(DATA)
def test_what_is_written_is_read_back(data: object) -> None:
    if yaml_io.representable(data):
        text = yaml_io.dump(data)
        again = load(text)
        assert again == data
        assert repr(again) == repr(data)
        # Any other YAML parser agrees with ours about what was written.
        assert repr(yaml.load(text, yaml.SafeLoader)) == repr(data)


def test_texts_are_block_literals() -> None:
    text = "Dear user,\n\n  indented \U0001f600\nthe end: # not a comment"
    assert yaml_io.dump({"content": text}).splitlines()[0] == "content: |-"
    assert load(yaml_io.dump({"content": text})) == {"content": text}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: [", 2, "not valid YAML"),
        ("a: 1\n\tb: 2", 2, "not valid YAML"),
        ("a: 1\nb: !!python/object/apply:os.system [true]", 2, "not allowed"),
        ("a: 1\nb: !!python/name:os.system", 2, "not allowed"),
        ("b:\n  a: 1\n  a: 2", 3, "appears twice"),
        ("a: !!python/object/new:_io.BytesIO {b: 1}", 1, "BytesIO without its data"),
        ("a: !!python/object/apply:builtins.eval ['1']", 1, "not allowed"),
        ("? [1]\n: 2", 1, "cannot be a key"),
        ("a: *nothing", 1, "nothing"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("a: !!binary 1", 1, "base64"),
    ],
)
def test_damage_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(CassetteError, match=reason) as caught:
        load(text)
    assert caught.value.line == line
    assert caught.value.message.startswith(f"cassette.yaml:{line}: ")
    assert caught.value.hint


@pytest.mark.parametrize("text", ["[" * 5_000, "{a: " * 5_000, "- " * 50_000, "a:\n" + " b:\n" * 3])
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises(CassetteError):
        load(text)


def test_aliases_are_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(CassetteError, match="nodes"):
        load("\n".join(lines))


def test_size_is_bounded() -> None:
    with pytest.raises(CassetteError, match="bytes"):
        yaml_io.load(b"a: 1", HERE, max_bytes=3)
