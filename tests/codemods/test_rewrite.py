"""How statements are rewritten, where it takes more than a program before and after."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libcst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.migrate_openai.engine import migrate
from codemods.migrate_openai.files.tree import migrate_tree
from codemods.migrate_openai.flow import collect
from codemods.migrate_openai.flow.parse import Parsed
from codemods.migrate_openai.flow.parse import parse as parse_module
from codemods.migrate_openai.model import Options, SourceFile

# libcst cannot parse the line of this import, which has to change.
UNPRINTABLE = """\
def make():
    (seconds): int = 3; from openai import OpenAI
    return OpenAI(timeout=seconds)
"""
USED = "from made import make\n\nprint(make().embeddings.create(model=m, input=1))\n"


def test_a_statement_that_libcst_does_not_print_stays_with_all_that_hangs_on_it() -> None:
    files = [SourceFile(path="made.py", text=UNPRINTABLE), SourceFile(path="used.py", text=USED)]
    made, user = migrate(files, Options())
    assert (made.text, user.text) == (UNPRINTABLE, USED)
    assert [(f.line, f.rule, f.reason) for f in made.findings] == [(3, "MOA201", "unprintable")]
    assert [finding.reason for finding in user.findings] == ["client-stays"]


def test_of_a_file_only_what_hangs_on_it_stays() -> None:
    other = (
        "\n\ndef other():\n    client = OpenAI(timeout=4)\n"
        '    return client.embeddings.create(model="m", input="x")\n'
    )
    kept = "def make(x):\n    (y): int = x\n    client = OpenAI()\n    return {}\n".format(
        'client.embeddings.create(model="m", input=y)'
    )
    before = f"from openai import OpenAI\n\n\n{kept}{other}"
    [result] = migrate([SourceFile(path="program.py", text=before)], Options())
    assert result.text == before.replace(
        "OpenAI\n", "OpenAI\nfrom personalvibe import llm_router\n", 1
    ).replace("OpenAI(timeout=4)", "llm_router.Client(timeout=4)").replace(
        other.splitlines()[-1], '    return client.embedding(model="openai/m", input="x")'
    )
    reasons = {f.line: f.reason for f in result.findings}
    assert (reasons[6], reasons[7], reasons[11]) == ("unprintable", "unprintable", "")


@pytest.mark.process
@pytest.mark.parametrize("jobs", [1, 2])
def test_in_a_tree_what_hangs_on_it_is_in_other_files(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "made.py").write_text(UNPRINTABLE)
    (tmp_path / "used.py").write_text(USED)
    made, user = migrate_tree(tmp_path, Options(), jobs=jobs)
    assert (made.status, user.status) == ("needs-human", "needs-human")
    assert (tmp_path / "made.py").read_text() == UNPRINTABLE
    assert (tmp_path / "used.py").read_text() == USED


@pytest.mark.parametrize(
    "call", ["(x): int = {}", "(x): int = f({})", "async def g(): (x): int = {}"]
)
def test_of_a_statement_only_what_changes_is_parsed(call: str) -> None:
    """libcst does not read the target of such an assignment in a function."""
    before = "import openai\n\n\ndef ask():\n    " + call + "\n"
    [result] = migrate(
        [SourceFile(path="a.py", text=before.format("openai.embeddings.create(model=m, input=1)"))],
        Options(),
    )
    new = 'llm_router.embedding(provider="openai", model=m, input=1)'
    after = before.replace("import openai", "from personalvibe import llm_router")
    assert result.text == after.format(new)


def _cannot_be_parsed(code: str) -> libcst.BaseExpression:
    raise libcst.ParserSyntaxError("newer", lines=[code], raw_line=1, raw_column=0)


def _too_deep(code: str) -> libcst.BaseExpression:
    raise RecursionError


def _printed_otherwise(code: str) -> libcst.BaseExpression:
    return libcst.Name("other")


@pytest.mark.parametrize("answer", [_cannot_be_parsed, _too_deep, _printed_otherwise])
def test_the_statement_of_an_expression_that_a_libcst_cannot_handle_stays(
    answer: Callable[[str], libcst.BaseExpression], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interpreter may know more than the libcst that is installed."""
    parse_expression = libcst.parse_expression
    monkeypatch.setattr(
        libcst,
        "parse_expression",
        lambda code, *more: answer(code) if "newer" in code else parse_expression(code, *more),
    )
    head = "import openai\n{}\nprint(\n    openai.embeddings.create(model='m', input=1),\n"
    kept = (
        head + "    openai.embeddings.create(\n"
        "        model=m, input=newer, user=openai.embeddings.create(model=m, input=2)\n    ),\n)\n"
    )
    other = "openai.embeddings.create(model=m, input=3)\n"
    before = (kept + other).format("")
    [result] = migrate([SourceFile(path="program.py", text=before)], Options())
    imports = "from personalvibe import llm_router\n"
    other = 'llm_router.embedding(provider="openai", model=m, input=3)\n'
    assert result.text == (kept + other).format(imports)
    assert [(f.line, f.reason) for f in result.findings] == [
        *((line, "unprintable") for line in (4, 5, 6)),
        (9, ""),
    ]


def test_what_libcst_does_not_read_elsewhere_is_in_nobodys_way() -> None:
    before = (
        "import openai\n\n\ndef ask():\n    (x): int = 3\n"
        '    return openai.embeddings.create(model="m", input=x)\n'
    )
    [result] = migrate([SourceFile(path="program.py", text=before)], Options())
    assert result.text == (
        "from personalvibe import llm_router\n\n\ndef ask():\n    (x): int = 3\n"
        '    return llm_router.embedding(model="openai/m", input=x)\n'
    )


@pytest.mark.parametrize("end", ["\r", ""])
def test_a_file_with_bare_carriage_returns_stays_and_says_why(end: str) -> None:
    text = f"import openai\rprint(openai.embeddings.create(model='m', input=1)){end}"
    [result] = migrate([SourceFile(path="program.py", text=text)], Options())
    assert not result.error
    if result.text == text:
        assert [finding.reason for finding in result.findings] == ["unprintable"]
    else:
        compile(result.text, "program.py", "exec")


@pytest.mark.parametrize(
    ("string", "quote"),
    [
        ('f"{} x"', "'"),
        ("f'a' f\"{} x\"", "'"),
        ("f\"a\" f'{} x'", '"'),
        ('"a" f"""{} x""" \'c\'', "'"),
        ('f"é {} {{y}}"', "'"),
        ('rf"{{x!r:>{}}}"', "'"),
    ],
)
def test_new_strings_within_an_f_string_have_the_other_quotes(string: str, quote: str) -> None:
    text = "import openai\n\nprint(" + string + ")\n"
    before = text.format("{openai.embeddings.create(model=m, input=1)}")
    [result] = migrate([SourceFile(path="program.py", text=before)], Options())
    after = text.replace("import openai", "from personalvibe import llm_router").format(
        f"{{llm_router.embedding(provider={quote}openai{quote}, model=m, input=1)}}"
    )
    assert result.text == after


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t", "  "])
@pytest.mark.parametrize("ending", [True, False])
def test_new_lines_look_like_the_old_ones(newline: str, indent: str, ending: bool) -> None:
    before = (
        "import openai\n\n\ndef ask(m):\n    return openai.ChatCompletion.create(\n"
        "        model=m,\n        messages=[],\n    )\n"
    )
    after = (
        "from personalvibe import llm_router\n\n"
        "llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28\n\n\n"
        "def ask(m):\n    return llm_router.chat_completion(\n"
        '        provider="openai",\n        model=m,\n        messages=[],\n    )\n'
    )

    def shaped(text: str) -> str:
        text = text.replace("    ", indent).replace("\n", newline)
        return text if ending else text.removesuffix(newline)

    [result] = migrate([SourceFile(path="program.py", text=shaped(before))], Options())
    assert result.text == shaped(after)


@given(
    before=st.text("é𝔘 \"'#", max_size=12),
    above=st.integers(0, 3),
    nested=st.booleans(),
)
def test_a_finding_says_where_its_call_is_now(before: str, above: int, nested: bool) -> None:
    """The new line is that of the call, whatever comes and goes above it and inside of it."""
    call = "client.embeddings.create(\n    model=m, input={}\n)"
    inner = call.format("'deep'") if nested else "'flat'"
    text = (
        f"import os\nfrom openai import OpenAI\n{'import openai' if above else ''}\n"
        f"note = {before!r}\n"
        + "client = OpenAI(timeout=2)\n"
        + "\n" * above
        + f"x = [note, {call.format(inner)}]\n"
    )
    [result] = migrate([SourceFile(path="program.py", text=text)], Options())
    lines = result.text.splitlines()
    calls = [f for f in result.findings if f.kind == "call"]
    assert len(calls) == 1 + nested
    assert all("client.embedding(" in lines[f.new_line - 1] for f in calls if f.new_line)
    assert {f.new_line for f in calls} == {
        number for number, line in enumerate(lines, 1) if "client.embedding(" in line
    }
    libcst.parse_module(result.text)


FILLERS = [
    "x = 1",
    "x = 1; y = 2",
    "x = [\n    1,\n]  # why",
    "@cached\n@other\ndef f():\n    return 1",
    "if x:\n    y = 2\nelse:\n    y = 3",
    'text = """\n\nof lines"""',
    "type A = int",
]


@pytest.mark.parametrize("filler", FILLERS)
@pytest.mark.parametrize("filled", list(itertools.product((True, False), repeat=3)))
def test_what_has_nothing_to_do_with_the_imports_changes_nothing(
    filler: str, filled: tuple[bool, bool, bool]
) -> None:
    one, two, three = (f"{filler}\n" if wanted else "" for wanted in filled)
    before = (
        f"import os\n{one}from openai import error, ChatCompletion\n{two}import sys\n\n{three}"
        'print(ChatCompletion.create(model="m", messages=[]), error.Timeout)\n'
    )
    [result] = migrate([SourceFile(path="program.py", text=before)], Options())
    head, _, rest = result.text.partition("from personalvibe import llm_router\n")
    legacy = "\nllm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28\n"
    assert head == f"import os\n{one}"
    assert rest == (
        (f"{legacy}{two}import sys\n" if two else f"import sys\n{legacy}")
        + f'\n{three}print(llm_router.chat_completion(model="openai/m", messages=[]), '
        "llm_router.APITimeoutError)\n"
    )


def test_a_statement_without_a_name_of_the_imports_is_analysed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[str] = []

    def parse(text: str) -> Parsed:
        parsed.append(text)
        return parse_module(text)

    monkeypatch.setattr(collect, "parse", parse)
    filler = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(50))
    call = 'print(openai.embeddings.create(model="m", input=1))\n'
    [result] = migrate(
        [SourceFile(path="program.py", text=f"import openai\n\n\n{filler}{call}")], Options()
    )
    assert result.changed
    assert ["return 1" in text for text in parsed] == [True, True, False]


NEIGHBOURS = ["abacus", "flask", "Pandas", "personal", "pytz", "requests", "zoo"]


@st.composite
def sections(draw: st.DrawFn) -> list[str]:
    """Import statements of third-party modules in a row, one of them the SDK's."""
    names = draw(st.lists(st.sampled_from(NEIGHBOURS), unique=True, max_size=4))
    straight = draw(st.lists(st.booleans(), min_size=len(names), max_size=len(names)))
    lines = [
        f"import {name}" if plain else f"from {name} import part"
        for name, plain in zip(names, straight, strict=True)
    ]
    of_sdk = draw(st.sampled_from(["import openai", "from openai import embeddings as e"]))
    return draw(st.permutations([*lines, of_sdk]))


def straight_first(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.split()[1].lower()


def by_module(line: str) -> str:
    return line.split()[1].lower()


@given(lines=sections(), order=st.sampled_from([straight_first, by_module, None]))
def test_imports_that_were_sorted_stay_sorted_and_others_stay_where_they_are(
    lines: list[str], order: Callable[[str], Any] | None
) -> None:
    lines = sorted(lines, key=order) if order else lines
    [of_sdk] = [line for line in lines if "openai" in line]
    call = f"{'e' if 'from' in of_sdk else 'openai.embeddings'}.create(model='m', input=1)"
    text = "".join(f"{line}\n" for line in lines)
    [result] = migrate([SourceFile(path="program.py", text=f"{text}\nprint({call})\n")], Options())
    new = "from personalvibe import llm_router"
    found = result.text.partition("\n\n")[0].split("\n")
    assert [line for line in found if line != new] == [line for line in lines if line != of_sdk]
    orders = [key for key in (straight_first, by_module) if lines == sorted(lines, key=key)]
    if len(lines) > 1 and orders:
        assert found == sorted(found, key=orders[0])
    else:
        assert found.index(new) == lines.index(of_sdk)
