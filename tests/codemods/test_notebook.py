"""Notebooks: magics stay, and only the lines of edited cells change in the file."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.migrate_openai.engine import migrate
from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files.ipython_magics import mask
from codemods.migrate_openai.files.notebook import apply, read, write
from codemods.migrate_openai.files.pipeline import load
from codemods.migrate_openai.model import Edit, Options


def notebook(*cells: str | list[str], indent: int | None = 1, **dump: object) -> str:
    body = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": 1,
                "metadata": {"tags": ["a"]},
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["\u00fc\n"]}],
                "source": cell,
            }
            for cell in cells
        ],
        "metadata": {"kernelspec": {"language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(body, indent=indent, **dump) + "\n"  # type: ignore[arg-type]


def replaced(raw: str, old: str, new: str) -> str:
    book = read(raw)
    start = book.text.index(old)
    return write(book, apply(book, [Edit(start=start, end=start + len(old), replacement=new)]))


def migrated(**files: str) -> dict[str, list[str]]:
    """The cells of each notebook after a migration of all of them together."""
    loaded = [load(f"{name}.ipynb", raw.encode()) for name, raw in files.items()]
    results = migrate([each.file for each in loaded], Options())
    assert [result.error for result in results] == [""] * len(results)
    cells = {}
    for name, each, result in zip(files, loaded, results, strict=True):
        assert each.notebook is not None
        new = apply(each.notebook, result.edits)
        cells[name] = [new.get(cell.number, cell.source) for cell in each.notebook.cells]
    return cells


@pytest.mark.parametrize(
    ("cell", "masked"),
    [
        ("x = 1\n", "x = 1\n"),
        ("!ls\nx = 1", "0##\nx = 1"),
        ("%matplotlib inline\nx = 1", "0" + "#" * 17 + "\nx = 1"),
        ("!pip install \\\n  openai\nx = 1", "0" + "#" * 13 + "\n########\nx = 1"),
        ("files = !ls *.py\nx = 1", "files = 0#######\nx = 1"),
        ("out = %sql select 1\nx = 1", "out = 0############\nx = 1"),
        ("%time y = f(x)", "_____=y = f(x)"),
        ("%timeit -n 3 f(x)", "____________=f(x)"),
        ("%%time\nx = 1", "0#####\nx = 1"),
        ("%%capture out\nf(x)", "0############\nf(x)"),
        ("%%bash\nls", None),
        ("%%html\n<b>", None),
        ("x?\nf()", "0#\nf()"),
        ("?x\nf()", "0#\nf()"),
        ("pip install openai\nx = 1", "0" + "#" * 17 + "\nx = 1"),
        ("x = (10\n% 3)", "x = (10\n% 3)"),
        ('x = """\n!ls\n"""\n!ls', 'x = """\n!ls\n"""\n0##'),
        ("if x:\n    !ls\n    f()", "if x:\n    0##\n    f()"),
        ("await f()", "await f()"),
        ("def f(:\n  pass", None),
    ],
)
def test_magics_become_python_of_the_same_length(cell: str, masked: str | None) -> None:
    found = mask(cell)
    assert found == masked
    assert found is None or (len(found) == len(cell) and ast.parse(found))


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_only_the_edited_line_changes(indent: int | None, ascii_only: bool) -> None:
    raw = notebook(
        ["!pip install openai\n", "a = 'h\u00e9'\n", "b = old()\n", "c = 3"],
        "%%bash\nold()",
        indent=indent,
        ensure_ascii=ascii_only,
    )
    assert replaced(raw, "old()", "new('\u00fc')") == raw.replace(
        'b = old()\\n"', "b = new('\\u00fc')\\n\"" if ascii_only else "b = new('\u00fc')\\n\"", 1
    )


def test_a_source_that_is_one_string_stays_one() -> None:
    raw = notebook("a = 1\nb = old()\n")
    assert replaced(raw, "old()", "new()") == raw.replace("old()", "new()")


def test_cells_share_a_namespace_and_places_are_found_again() -> None:
    book = read(notebook(["x = 1\n", "y = 2"], "%%bash\nls", ["z = 3"]))
    assert ast.parse(book.text)
    line = book.text[: book.text.index("z = 3")].count("\n") + 1
    assert book.locate(line) == (3, 1)
    assert book.locate(2) == (1, 2)


def test_a_removed_last_line_leaves_no_newline_behind() -> None:
    raw = notebook(["a = 1\n", "import openai"], ["b = 2"])
    assert replaced(raw, "import openai\n", "") == notebook(["a = 1"], ["b = 2"])


def test_a_cell_does_not_end_in_the_blank_lines_above_what_goes() -> None:
    raw = notebook(["a = 1\n", "\n", "\n", "import openai"])
    assert replaced(raw, "import openai\n", "") == notebook(["a = 1"])


def test_an_import_put_in_front_of_another_language_goes_to_python() -> None:
    raw = notebook(["a = 1"], "%%bash\nls", ["b = 2"])
    book = read(raw)
    start = book.cells[1].start
    edits = [Edit(start=start, end=start, replacement="import new\n")]
    assert write(book, apply(book, edits)) == notebook(
        ["a = 1\n", "import new"], "%%bash\nls", ["b = 2"]
    )


def test_an_import_put_above_a_cell_magic_goes_below_it() -> None:
    raw = notebook(["%%time\n", "b = 2"])
    book = read(raw)
    edits = [Edit(start=0, end=0, replacement="import new\n")]
    assert write(book, apply(book, edits)) == notebook(["%%time\n", "import new\n", "b = 2"])


def test_an_indented_cell_is_read_as_ipython_does() -> None:
    raw = notebook(["    a = 1\n", "    b = old()"])
    assert replaced(raw, "old()", "new()") == raw.replace("old()", "new()")


def test_an_edit_across_cells_is_refused() -> None:
    book = read(notebook("a = 1", "b = 2"))
    with pytest.raises(SourceError, match="cell 1"):
        apply(book, [Edit(start=0, end=len(book.text), replacement="")])


def test_an_edit_of_a_magic_is_refused() -> None:
    book = read(notebook("%time a = old()"))
    with pytest.raises(SourceError, match="magic"):
        apply(book, [Edit(start=0, end=15, replacement="new()")])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "not a notebook"),
        ('{"cells": [', "not a notebook"),
        ('{"cells": 3}', "not a notebook"),
        ("[]", "not a notebook"),
        ('{"worksheets": [{"cells": []}]}', "format 3"),
    ],
)
def test_what_is_no_notebook_is_refused(raw: str, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        read(raw)


def test_another_kernel_has_no_python() -> None:
    raw = notebook("x <- 1").replace('"python"', '"R"')
    assert read(raw).text == ""


_LINES = st.lists(
    st.sampled_from(
        [
            "x = 1",
            "!ls -l",
            "%time f(1)",
            "# \u00e9 comment",
            "y = '''a",
            "b'''",
            "",
            "if x:",
            "    f()",
        ]
    ),
    max_size=6,
)


@given(cells=st.lists(_LINES.map("\n".join), max_size=5), as_list=st.booleans())
def test_any_notebook_survives_a_rewrite(cells: list[str], as_list: bool) -> None:
    sources: list[str | list[str]] = [c.splitlines(keepends=True) if as_list else c for c in cells]
    raw = notebook(*sources)
    book = read(raw)
    assert ast.parse(book.text) is not None
    assert write(book, {cell.number: cell.source for cell in book.cells}) == raw
    for cell in book.cells:
        assert len(book.text[cell.start : cell.end]) == len(cell.source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            ["import openai", "from openai import OpenAI\n", "c = openai.OpenAI()"],
            ["from personalvibe import llm_router", "", "c = llm_router.Client()"],
        ),
        (
            ["import openai", "a = openai.OpenAI()", "", "from openai import OpenAI", "import os"],
            ["from personalvibe import llm_router", "a = llm_router.Client()", "", "", "import os"],
        ),
        (
            [
                "import openai",
                "openai.api_base = ''  # yours",
                "openai.api_type = 'azure'\n",
                "openai.ChatCompletion.create(engine='x', messages=[])",
                "openai.Edit.create()",
            ],
            [
                "import openai\nfrom personalvibe import llm_router\n\n"
                "llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28",
                "llm_router.api_base = openai.api_base = ''  # yours",
                "llm_router.api_type = openai.api_type = 'azure'\n",
                "llm_router.chat_completion(model='azure/x', messages=[])",
                "openai.Edit.create()",
            ],
        ),
    ],
)
def test_what_changes_in_neighbouring_cells_stays_in_its_cell(
    before: list[str], after: list[str]
) -> None:
    assert migrated(a=notebook(*before))["a"] == after


CALL = "import openai\nopenai.Completion.create(model='m', prompt=text)"
MOVED = (
    "from personalvibe import llm_router\n\n"
    "llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28\n"
    "llm_router.text_completion(model='openai/m', prompt=text)"
)


@pytest.mark.parametrize(
    "other",
    [
        "import openai, requests\nopenai.requestssession = requests.Session()\n",
        "import openai\nopenai.chat.completions.create(model='m', messages=[])\n",
        "import openai\nopenai.Edit.create()\n",
        "import openai\nopenai.api_key = 'k'\n",
    ],
)
def test_a_notebook_is_a_program_of_its_own(other: str) -> None:
    """What another one sets or calls happens in another process."""
    together = migrated(a=notebook(CALL), b=notebook(other + CALL))
    assert together["a"] == [MOVED]
    assert together["b"] == migrated(b=notebook(other + CALL))["b"]


@pytest.mark.parametrize("imports", ["import helper", "from helper import *", "import sub.helper"])
def test_what_a_notebook_imports_is_of_its_program(imports: str) -> None:
    sets = "import openai, requests\nopenai.requestssession = requests.Session()\n"
    book = load("a.ipynb", notebook(f"{imports}\n{CALL}").encode())
    names = ["helper.py", "sub/__init__.py", "sub/helper.py"]
    helpers = [load(name, sets.encode()).file for name in names]
    result, *_ = migrate([book.file, *helpers], Options())
    assert [finding.reason for finding in result.findings if finding.kind == "call"] == ["setting"]


_OF_OPENAI = st.lists(
    st.sampled_from(
        [
            "import openai",
            "import openai; import os",
            "from openai import OpenAI",
            "from openai import OpenAI, AsyncOpenAI",
            "client = OpenAI()",
            "other = openai.OpenAI()",
            "openai.api_key = 'k'",
            "openai.api_base = 'u'  # comment",
            "openai.api_type = 'azure'",
            "r = openai.ChatCompletion.create(engine='x', messages=[])",
            "client.chat.completions.create(model='m', messages=[])",
            "other.embeddings.create(model='m', input='x')",
            "openai.realtime.connect()",
            "try:\n    other.models.list()\nexcept openai.error.APIError:\n    pass",
            "%pip install openai",
            "# comment",
            "",
        ]
    ),
    max_size=3,
)


@given(st.lists(_OF_OPENAI.map("\n".join), min_size=2, max_size=5))
def test_any_cells_are_migrated_once_and_for_all(cells: list[str]) -> None:
    once = migrated(a=notebook(*cells))["a"]
    assert len(once) == len(cells)
    assert migrated(a=notebook(*once))["a"] == once
