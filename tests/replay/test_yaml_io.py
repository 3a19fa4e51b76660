"""Plain data survives the trip through YAML text, and hostile text is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
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


SPELLINGS: dict[str, tuple[object, str]] = {
    "a word": ("word", "word"),
    "words": ("gpt-4o, really", "gpt-4o, really"),
    "an address": ("https://h/x?a=1#b", "https://h/x?a=1#b"),
    "a path": ("/v1/x", "/v1/x"),
    "nothing": ("", '""'),
    "a digit first": ("4o", '"4o"'),
    "a sign first": ("-a", '"-a"'),
    "a colon inside": ("a: b", '"a: b"'),
    "a colon last": ("a:", '"a:"'),
    "a space last": ("a ", '"a "'),
    "a comment": ("a #b", '"a #b"'),
    "a word of YAML": ("Yes", '"Yes"'),
    "JSON": ('{"a": "it\'s"}', """'{"a": "it\'\'s"}'"""),
    "a backslash": ("1\\d", "'1\\d'"),
    "quotes inside": ('say "hi"', 'say "hi"'),
    "a tab": ("a\tb", '"a\\tb"'),
    "a tab and quotes": ('1\t"', "'1\t\"'"),
    "what YAML wants escaped": ("a\x85\u2028\x07", '"a\\u0085\\u2028\\u0007"'),
    "that, and quotes": ('"\x85', '"\\"\\u0085"'),
    "letters": ("ü\U0001f600", '"ü\U0001f600"'),
    "lines": ("a\n\nb", "|-\n  a\n\n  b"),
    "lines with an end": ("a\nb\n", "|\n  a\n  b"),
    "lines with two ends": ("a\n\n", '"a\\n\\n"'),
    "lines after a space": (" a\nb", '" a\\nb"'),
    "lines after an end": ("\na", '"\\na"'),
    "lines that end in spaces": ("a\n  ", '"a\\n  "'),
    "lines of Windows": ("a\r\nb", '"a\\r\\nb"'),
    "null": (None, "null"),
    "true": (True, "true"),
    "false": (False, "false"),
    "a number": (-12, "-12"),
    "a fraction": (0.5, "0.5"),
    "a large fraction": (1e300, "1.0e+300"),
    "a small fraction": (-1.5e-07, "-1.5e-07"),
    "an empty mapping": ({}, "{}"),
    "an empty list": ([], "[]"),
    "a mapping": ({"a": {"b b": 1}}, "\n  a:\n    b b: 1"),
    "a list": ([1, [2, {"a": 1, "b": []}]], "\n- 1\n- - 2\n  - a: 1\n    b: []"),
    "a name with a colon": ({"a:": 1}, '\n  "a:": 1'),
    "few numbers": ([0.5] * 31, "\n- 0.5" * 31),
    "many numbers": ([0.5] * 32, " !numbers |-\n  " + ",".join(["0.5"] * 32)),
    "numbers and a text": ([*[1] * 32, "a"], "\n- 1" * 32 + "\n- a"),
}


@pytest.mark.parametrize("kind", SPELLINGS)
def test_how_it_is_written(kind: str) -> None:
    value, spelling = SPELLINGS[kind]
    space = "" if spelling.startswith("\n") else " "
    assert yaml_io.dump({"it": value}) == f"it:{space}{spelling.lstrip(' ')}\n"
    if kind != "many numbers":
        assert load(yaml_io.dump([value, value])) == [value, value]


def test_many_numbers_stand_on_lines_of_a_bounded_length() -> None:
    numbers = [round(number / 7, 5) for number in range(1_000)]
    head, *lines = yaml_io.dump([numbers]).splitlines()
    assert head == "- !numbers |-"
    assert "".join(line.strip() for line in lines) == ",".join(map(str, numbers))
    assert all(line.startswith("  ") for line in lines)
    assert {len(line) > 230 for line in lines[:-1]} == {True}
    assert max(map(len, lines)) <= 242


@given(DATA | st.binary(), st.booleans(), st.booleans())
def test_what_others_write_is_read_as_they_read_it(data: object, flow: bool, unicode: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=unicode, sort_keys=False)
    assert repr(load(text)) == repr(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!int '12'", 12), ("!!float '1'", 1.0), ("!!null x", None), ("!!str 1", "1"),
        ("! 1", "1"), ("'1'", "1"), ("!!timestamp 2026-01-02", "2026-01-02"),
        ("!!binary YWI=", b"ab"), ("+1", 1), ("-0", 0), ("1.", 1.0), (".5", 0.5),
        ("1.5e+3", 1500.0),
        ("1e3", "1e3"), ("012", "012"), ("0x1f", "0x1f"), ("1_000", "1_000"), ("yes", "yes"),
        ("~", None), ("", None), ("NULL", None), ("TRUE", True), ("False", False),
        ("!!omap [a: 1]", [{"a": 1}]), ("!!python/tuple [1]", [1]),
        ("!!python/dict {a: 1}", {"a": 1}),
        ("!!python/unicode a", "a"), ("!!python/object/new:_io.StringIO {state: [a, 0]}", "a"),
        ("!!python/object/apply:builtins.iter [[a]]", ["a"]), ("1" * 5_000, "1" * 5_000),
        ("[&a x, *a]", ["x", "x"]), ("[&a {b: 1}, *a]", [{"b": 1}, {"b": 1}]),
        ("{a: 1, 2: b}", {"a": 1, 2: "b"}),
    ],
)  # fmt: skip
def test_the_scalars_and_tags_of_others(text: str, value: object) -> None:
    found = load(f"it: {text}")
    assert repr(found) == repr({"it": value})


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
        ("a: !!int x", 1, "'x' is not a number"),
        ("a:\n  !!float x", 2, "'x' is not a number"),
        ("a: !!set {b}", 1, "not allowed"),
        ("a: !mine b", 1, "the tag !mine is not allowed"),
        ("a: !!python/object/new:_io.StringIO [!!binary YQ==]", 1, "StringIO without its data"),
        ("a: !!python/object/new:_io.BytesIO []", 1, "BytesIO without its data"),
        ("a: !numbers 1,b", 1, "no list of numbers"),
        ('a: "\\xg"', 1, "not valid YAML"),
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
    assert yaml_io.load(b"a: 1", HERE, max_bytes=4).value == {"a": 1}
    with pytest.raises(CassetteError, match="has more than the 3 bytes allowed") as caught:
        yaml_io.load(b"a: 1", HERE, max_bytes=3)
    assert "max_cassette_bytes" in str(caught.value.hint)


@pytest.mark.parametrize("more", [0, 1])
def test_what_aliases_repeat_is_counted(more: int) -> None:
    """A text of 100 characters five times, and names: twice as much as the file has bytes."""
    text = f"a: &a {'x' * 100}\nb: [*a, *a]\nc: &c {{d: *a}}\ne: *c\n"
    counted = 5 * 100 + len("abcde") + 1
    size = (counted + 1) // 2 - more
    padded = text + "#" * (size - len(text))
    if not more:
        assert len(yaml_io.load(padded.encode(), HERE, max_bytes=size).value) == 4
        return
    with pytest.raises(CassetteError, match="larger than allowed"):
        yaml_io.load(padded.encode(), HERE, max_bytes=size)


def test_depth_is_bounded_at_a_level() -> None:
    deep = yaml_io.MAX_DEPTH
    assert load("[" * deep + "]" * deep)
    with pytest.raises(CassetteError, match=f"nested deeper than {deep} levels"):
        load("[" * (deep + 1) + "]" * (deep + 1))
