"""Write docs/reference.md from the code: ``python .ci/reference.py [--check]``.

``--check`` writes nothing and exits with 1 when the page is not what the code says.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from codemods.migrate_openai.rules import pages, reasons
from personalvibe import config, llm_router
from personalvibe.replay import options as replay
from personalvibe.replay.pytest_plugin import fixtures
from personalvibe.replay.pytest_plugin import options as plugin

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference.md"
INTRODUCTION = """\
# Reference

Written from the code by `python .ci/reference.py`: it names everything there is, and nothing else.
Commands with all their options: [`pv`](cli.md#every-command-and-option),
[`migrate-openai`](migrate.md#every-option), [the proof](proof.md#options).
"""


def table(*rows: tuple[str, ...]) -> str:
    heading, *body = rows
    lines = [heading, ("---",) * len(heading), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def markdown(text: str) -> str:
    """A line of a docstring, as a cell: names as code, no role of Sphinx."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    return text.replace("|", r"\|")


def options() -> str:
    rows = [
        (f"`{name}{_values(about)}`", markdown(about["help"]))
        for name, about in plugin.OPTIONS.items()
    ]
    return table(("option", "what"), *rows)


def _values(about: dict[str, object]) -> str:
    if choices := about.get("choices"):
        return f"={'|'.join(choices)}".replace("|", r"\|")  # type: ignore[arg-type]
    return f"={about['metavar']}" if about.get("metavar") else ""


def ini_settings() -> str:
    rows = [
        (f"`{name}`", f"{' or '.join(f'`{word}`' for word in words)}: {markdown(what)}")
        for name, (words, what) in plugin.INI_WORDS.items()
    ]
    own = ("`replay_block_network`", "`true` or `false`: whether the network is closed")
    return table(("setting", "what"), own, *rows)


def marks() -> str:
    rows = (mark.split(": ", 1) for mark in plugin.MARKS)
    return table(("mark", "what"), *((f"`{name}`", what) for name, what in rows))


def documented_fixtures() -> Iterator[tuple[str, str]]:
    for node in ast.parse(inspect.getsource(fixtures)).body:
        if isinstance(node, ast.FunctionDef) and _is_public_fixture(node):
            yield f"`{node.name}`", markdown(_beginning(ast.get_docstring(node)))


def _is_public_fixture(node: ast.FunctionDef) -> bool:
    decorators = map(ast.unparse, node.decorator_list)
    return not node.name.startswith("_") and any("pytest.fixture" in one for one in decorators)


def _beginning(docstring: str | None) -> str:
    """The first paragraph, up to the end of its first sentence."""
    paragraph = " ".join((docstring or "").partition("\n\n")[0].split())
    return re.split(r"(?<=\.) (?=[A-Z])", paragraph)[0]


def settings() -> str:
    own = ", ".join(f"`{name}`" for name in sorted(replay.OWN_KEYS))
    theirs = ", ".join(f"`{name}`" for name in sorted(replay.VCRPY_KEYS))
    return (
        f"Of this harness ([what they mean](replay.md)): {own}.\n\n"
        f"vcrpy's, which it applies itself: {theirs}.\n"
    )


def yaml_fields() -> str:
    documented = dict(_documented_fields())
    rows = []
    for name, field in config.ConfigModel.model_fields.items():
        default = "needed" if field.is_required() else f"`{field.get_default()!r}`"
        rows.append((f"`{name}`", markdown(documented.get(name, "")), default))
    return table(("field", "what", "default"), *rows)


def _documented_fields() -> Iterator[tuple[str, str]]:
    (model,) = ast.parse(inspect.getsource(config.ConfigModel)).body
    assert isinstance(model, ast.ClassDef)
    for field, text in pairwise(model.body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            yield ast.unparse(field.target), ast.literal_eval(text.value)


def rules() -> str:
    names = sorted(page.stem for page in (ROOT / "docs" / "rules").glob("MOA*.md"))
    rows = ((f"[{name}](rules/{name}.md)", markdown(pages.summary(name)[0])) for name in names)
    return table(("rule", "what"), *rows)


def reasons_for_leaving() -> str:
    rows = ((f"`{one.code}`", markdown(one.title)) for one in reasons.REASONS.values())
    return table(("reason", "meaning"), *rows)


def router() -> str:
    rows = []
    for name in llm_router.__all__:
        member = getattr(llm_router, name)
        if callable(member) and not (name.startswith("a") and hasattr(llm_router, name[1:])):
            rows.append((f"`{name}`", markdown(_beginning(inspect.getdoc(member)))))
    return table(("name", "what"), *rows)


def sections() -> Iterable[tuple[str, str]]:
    yield "pytest: options", options()
    yield "pytest: settings of the ini file", ini_settings()
    yield "pytest: marks", marks()
    yield "pytest: fixtures", table(("fixture", "what"), *documented_fixtures())
    yield "pytest: settings of `vcr_config` and of the mark `vcr`", settings()
    yield "`pv`: fields of a config", yaml_fields()
    yield "`migrate-openai`: rules", rules()
    yield "`migrate-openai`: reasons for leaving a site", reasons_for_leaving()
    yield (
        "`llm_router`: functions and classes",
        f"Functions have an asynchronous twin: `achat_completion` and so on.\n\n{router()}",
    )


def page() -> str:
    return INTRODUCTION + "".join(f"\n## {title}\n\n{text}" for title, text in sections())


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        print("docs/reference.md is not what the code says: python .ci/reference.py")
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
