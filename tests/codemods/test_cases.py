"""Programs before and after, in tests/codemods/cases: one file for a family of programs.

=== name of the case
--- before path.py
--- after path.py           only where the file changes
--- left path.py LINE RULE REASON

``pytest tests/codemods/test_cases.py --accept`` writes the cases that are no longer right as the
codemod answers them now.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codemods.migrate_openai.model import FileResult

from .golden import Case, accept, cases, left_in


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in cases()])
def test_case(
    case: Case,
    twice: Callable[[dict[str, str]], dict[str, FileResult]],
    pytestconfig: pytest.Config,
) -> None:
    before = case.programs("before")
    results = twice(before)
    wanted = {**before, **case.programs("after")}
    found = {path: result.text for path, result in results.items()}
    if pytestconfig.getoption("--accept") and (found != wanted or left_in(results) != case.left):
        accept(case, results)
        return
    assert found == wanted
    assert left_in(results) == case.left


def test_a_case_that_is_wrong_is_written_anew_on_demand(
    tmp_path: Path, twice: Callable[[dict[str, str]], dict[str, FileResult]]
) -> None:
    program = "--- before a.py\nimport openai\nopenai.live.connect()\n"
    wrong = f"{program}--- after a.py\nimport nothing\n"
    file = tmp_path / "cases.txt"
    file.write_text(f"=== one\n{wrong}=== two\n{wrong}")
    case = Case(file=file, name="two", body=wrong)
    accept(case, twice(case.programs("before")))
    assert file.read_text() == (
        f"=== one\n{wrong}=== two\n{program}--- left a.py 2 MOA901 no-counterpart\n"
    )
