"""The tests of which the migration says that they will break. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence


def test_at(file: str, text: str, line: int) -> str:
    """The beginning of the pytest node ids that a line belongs to: a test, a class or the file."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return file
    names: list[str] = []
    scope: ast.AST = tree
    while True:
        inner = next((node for node in ast.iter_child_nodes(scope) if _holds(node, line)), None)
        if not isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            break
        if not inner.name.lower().startswith("test") and not isinstance(inner, ast.ClassDef):
            return file  # a fixture or a helper: any test of the file may use it
        names.append(inner.name)
        if not isinstance(inner, ast.ClassDef):
            break
        scope = inner
    return "::".join([file, *names])


def _holds(node: ast.AST, line: int) -> bool:
    first = getattr(node, "lineno", line + 1)
    for decorator in getattr(node, "decorator_list", ()):
        first = min(first, decorator.lineno)
    return bool(first <= line <= (getattr(node, "end_lineno", None) or 0))


def announced(beginnings: Sequence[str], paths: Iterable[str]) -> frozenset[str]:
    """The tests among the paths of changes that one of the beginnings covers."""
    return frozenset(
        test
        for path in paths
        if (test := path.removeprefix("test ")) != path
        and any(_covers(beginning, test) for beginning in beginnings)
    )


def _covers(beginning: str, test: str) -> bool:
    file, *names = beginning.split("::")
    test_file, *test_names = test.split("::")
    # Node ids are relative to pytest's own root, which may be a folder of the project.
    if file != test_file and not file.endswith(f"/{test_file}"):
        folder = file.removesuffix("conftest.py")
        return folder != file and test_file.startswith(folder)
    bare = [name.partition("[")[0] for name in test_names]
    return bare[: len(names)] == names
