"""What a user did wrong, told in one line, with one line that says what to do.

Exit codes (the same for every command of this project):

====  =================================================
0     clean
1     there is something to do (check mode), or tests failed
2     usage or configuration
3     some inputs failed, the rest was processed
4     a bug; a traceback is in the log file that was named
130   interrupted
====  =================================================
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Process exit codes, documented in the module docstring."""

    OK = 0
    TODO = 1
    USAGE = 2
    PARTIAL = 3
    BUG = 4
    INTERRUPTED = 130


class UserError(Exception):
    """An error that the user can mend.

    Args:
        message: one line, what is wrong and where.
        hint: one line, what to do about it; may be empty.
        exit_code: what the process returns.
    """

    def __init__(self, message: str, hint: str = "", *, exit_code: int = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class PersonalvibeDeprecationWarning(DeprecationWarning):
    """A name that goes away; the text says which version removes it."""
