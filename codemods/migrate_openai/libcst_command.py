r"""The codemod for libcst's own runner and its ``CodemodTest``.

    python -m libcst.tool codemod --no-format \
        -x codemods.migrate_openai.libcst_command.MigrateOpenAI src/

The same engine as ``python -m codemods.migrate_openai``, one file at a time: a client that one file
makes and another uses is followed only by the whole-project command.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from codemods.migrate_openai.engine import migrate
from codemods.migrate_openai.files.pipeline import finder
from codemods.migrate_openai.model import DEFAULT_ROUTER, Options, SourceFile, Spelling


class MigrateOpenAI(CodemodCommand):
    """Rewrites calls of the openai SDK into calls of the router on LiteLLM.

    Args:
        context: libcst's; its file name tells where imported modules are looked for.
        router: the dotted name of the router's module.
        select: ids of rules, or prefixes of them; none means all.
        ignore: those to leave out.
        spelling: ``auto``, ``sdk`` or ``router``.

    Raises:
        SkipFile: the file cannot be analysed, or its result would not compile.
    """

    DESCRIPTION: str = "Rewrite direct openai calls into llm_router calls on LiteLLM."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        arg_parser.add_argument("--router", default=DEFAULT_ROUTER, help="the router's module")
        arg_parser.add_argument("--select", nargs="*", default=(), help="rules to apply")
        arg_parser.add_argument("--ignore", nargs="*", default=(), help="rules to leave out")
        arg_parser.add_argument(
            "--spelling",
            choices=[*map(str, Spelling)],
            default=Spelling.AUTO,
            help="how calls are written",
        )

    def __init__(
        self,
        context: CodemodContext,
        router: str = DEFAULT_ROUTER,
        select: Collection[str] = (),
        ignore: Collection[str] = (),
        spelling: str = Spelling.AUTO,
    ) -> None:
        super().__init__(context)
        self._options = Options(
            router=router,
            select=frozenset(select),
            ignore=frozenset(ignore),
            spelling=Spelling(spelling),
        )

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        path = self.context.filename or "module.py"
        [result] = migrate([SourceFile(path=path, text=tree.code)], self._options, finder([path]))
        if result.error:
            raise SkipFile(result.error)
        for finding in result.findings:
            if finding.status == "left":
                self.warn(f"line {finding.line}: {finding.message}. {finding.advice}")
        return cst.parse_module(result.text, tree.config_for_parsing) if result.changed else tree
