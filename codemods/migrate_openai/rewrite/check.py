"""Is the new text a program, where the old one was?"""

from __future__ import annotations

import ast
import warnings


def compile_error(old: str, new: str, path: str) -> str | None:
    """Why the new text does not compile although the old one did; None where all is well.

    Where this interpreter is too old to say, the new text must be readable to libcst.
    """
    error = _error(new, path)
    if error is None or _error(old, path) is None:
        return error
    from codemods.migrate_openai.flow import newer_syntax

    return error if newer_syntax.parsed(new) is None else None


def _error(text: str, path: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return None
