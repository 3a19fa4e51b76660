"""Is the new text a program, where the old one was?"""

from __future__ import annotations

import ast
import warnings

from codemods.migrate_openai.flow.parse import is_readable


def compile_error(old: str, new: str, path: str) -> str | None:
    """Why the new text does not compile although the old one did; None where all is well.

    Where this interpreter is too old to say, the new text must be readable to libcst.
    """
    error = _error(new, path)
    if error is not None and (_error(old, path) is None or not is_readable(new)):
        return error
    return None


def _error(text: str, path: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return None
