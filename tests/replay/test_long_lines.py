"""Long lines and blocks, which the YAML parser never sees: what is read is what it would say."""

from __future__ import annotations

import base64
import io
import random
from pathlib import Path

import pytest

from personalvibe.replay.cassette import yaml_io
from personalvibe.replay.cassette.long_lines import LONGEST, LongLines
from personalvibe.replay.model import CassetteError

MANY = 32 * 1024 * 1024
IMAGE = base64.b64encode(random.Random(14).randbytes(60_000)).decode()
NUMBERS = ",".join(str(number / 7) for number in range(3_000))


def block(text: str, indent: str, width: int = 96) -> str:
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    return "".join(f"{indent}{line}\n" for line in lines)


LITERAL = f"text: |\n      a: {IMAGE}\n      b: '{IMAGE}'\n      c: |\n{block(IMAGE, '        ')}"
VALUES = {
    "a word": f"a: {IMAGE}",
    "with a colon at its end": f"a: 'x{IMAGE}:'",
    "a key in a word": f"a: {IMAGE[:9_000]}:{IMAGE}",
    "in quotes": f'a: \'{{"b": "it\'\'s", "c": "{IMAGE}"}}\'',
    "quotes alone": f"a: '{chr(39) * 6_000}'",
    "behind a dash": f"- 'x {IMAGE}'",
    "a comment": f"a: x{'y' * 9_000} # {IMAGE}",
    "in double quotes": f'a: "x {IMAGE} \\n {IMAGE}"',
    "in a quoted text of several lines": f"a: \"x\n      b: '{IMAGE}'\n      \\t\"",
    "in a folded text": f"a: >\n      b: {IMAGE}\n      c: x\n",
    "not ASCII": f"a: 'ö{IMAGE}'",
    "an alias": f"a: &one '{IMAGE}'\n    b: *one",
    "a tag": f"a: !!binary {IMAGE}",
    "base64": f"a: !!binary |\n{block(IMAGE, '      ')}",
    "a block": f"a: |\n{block(IMAGE, '      ')}",
    "a block without its end": f"a: |-\n{block(IMAGE, '      ')}\n\n\n    b: 1",
    "a block that goes on": f"a: |\n{block(IMAGE, '      ')}\n{block(IMAGE, '      ')}",
    "a block with deeper lines": f"a: |\n{block(IMAGE, '      ')}{block(IMAGE, '        ')}",
    "a block with another": f"a: |\n{block(IMAGE, '      ')}      x: y\n    b: 1",
    "two blocks": f"a: |\n{block(IMAGE, '      ')}    b: |\n{block(IMAGE, '      ')}    c: 2",
    "numbers": f"a: !numbers |-\n{block(NUMBERS, '      ', 240)}    b: 1",
    "in a literal text": LITERAL,
    "lines of a literal text": f"text: |\n      a: {IMAGE}\n      b: '{IMAGE}'\n      c\n",
}
LEFT_OUT = (
    *("a word", "with a colon at its end", "a key in a word", "in quotes", "quotes alone"),
    *("base64", "a block", "a block without its end", "two blocks", "numbers"),
    "lines of a literal text",
)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("before", [0, 65_500])
def test_they_say_what_they_say(tmp_path: Path, name: str, before: int) -> None:
    """Also where a piece of the file ends within the line."""
    path = tmp_path / "a.yaml"
    other = f"- x: {'1' * 700}\n" * (before // 700) + f"- y: {'z' * (before % 700 + 5)}\n"
    path.write_text(f"items:\n{other}- z: 1\n  v:\n    {VALUES[name]}\n- end\n")
    raw = path.read_bytes()
    whole = yaml_io.load(raw, path, max_bytes=MANY).value["items"]
    assert list(yaml_io.Gradual(raw, path, max_bytes=MANY, name="items")) == whole
    with path.open("rb") as file:
        assert list(yaml_io.Gradual(file, path, max_bytes=MANY, name="items")) == whole


class Counting(io.BufferedReader):
    """A file that knows how many bytes of it were read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        return self._counted(super().read(size))

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._counted(super().readline(size))

    def _counted(self, read: bytes) -> bytes:
        self.count += len(read)
        return read


@pytest.mark.parametrize("name", LEFT_OUT)
def test_the_parser_does_not_get_them_and_the_file_is_read_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"items:\n- v:\n    {VALUES[name]}\n- end\n")
    lines = LongLines(path.read_bytes())
    assert sum(map(len, iter(lambda: lines.read(0), b""))) < LONGEST
    with Counting(io.FileIO(path)) as file:
        assert len(list(yaml_io.Gradual(file, path, max_bytes=MANY, name="items"))) == 2
        assert file.count == path.stat().st_size


def test_they_cost_no_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    text = f"items:\n- a: {IMAGE}\n  b: |\n{block(IMAGE, '    ')}  c: '{IMAGE}'\n  d: [\n"
    path.write_text(text)
    with pytest.raises(CassetteError) as whole:
        yaml_io.load(path.read_bytes(), path, max_bytes=MANY)
    with pytest.raises(CassetteError) as gradual:
        list(yaml_io.Gradual(path.read_bytes(), path, max_bytes=MANY, name="items"))
    assert gradual.value.line == whole.value.line == text.count("\n")
    assert gradual.value.message == whole.value.message
