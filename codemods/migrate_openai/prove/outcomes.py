"""How a command ended: well, badly, or before it began. Pure."""

from __future__ import annotations

import re

from codemods.migrate_openai.prove.model import Run

_NOT_FOUND = (126, 127)
_BEFORE_THE_FIRST_CALL = re.compile(
    r"^(?:E\s+)?((?:ModuleNotFoundError|ImportError|SyntaxError|IndentationError)\b.*"
    r"|.*can't open file.*|\S*python\S*: No module named .*|\S*python\S*: Error while finding.*"
    r"|ERROR: (?:file or directory )?not found.*|no tests ran.*)$",
    re.MULTILINE,
)


def never_started(run: Run) -> str:
    """What kept a command from beginning its work; empty if it did begin."""
    if not run.exit_code or run.calls or run.tests:
        return ""
    if run.exit_code in _NOT_FOUND:
        return (run.errors.strip().splitlines() or ["command not found"])[-1]
    for said in (run.errors, run.output):
        found = _BEFORE_THE_FIRST_CALL.findall(said)
        if found:
            return str(found[-1]).strip()
    return ""


def worked(run: Run, test: str) -> bool:
    """Did what sent a request end well: the test, or else the command?"""
    if test and test in run.tests:
        return run.tests[test].startswith(("passed", "xfailed"))
    if run.tests:
        # Some tests failed, and this was sent outside of any.
        return run.exit_code in (0, 1)
    return run.exit_code == 0
