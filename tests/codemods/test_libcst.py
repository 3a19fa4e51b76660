"""The codemod as libcst's people know codemods, and libcst as the only writer of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import libcst
import pytest
from libcst.codemod import CodemodTest

from codemods.migrate_openai.engine import migrate
from codemods.migrate_openai.libcst_command import MigrateOpenAI
from codemods.migrate_openai.model import Options, SourceFile
from codemods.migrate_openai.rewrite.transformer import Transformer

from .conftest import rule_examples

COMMAND = "codemods.migrate_openai.libcst_command.MigrateOpenAI"
BEFORE = """\
from openai import OpenAI

client = OpenAI(timeout=3)
print(client.chat.completions.create(model="m", messages=[]))
client.live.connect()
"""
AFTER = """\
from openai import OpenAI
from personalvibe import llm_router

client = OpenAI(timeout=3)
router_client = llm_router.Client(timeout=3)
print(router_client.chat_completion(model="openai/m", messages=[]))
client.live.connect()
"""


class TestCommand(CodemodTest):
    TRANSFORM = MigrateOpenAI

    def test_the_engine_answers(self) -> None:
        self.assertCodemod(
            BEFORE,
            AFTER,
            expected_warnings=[
                "line 3: the client is also used for: live.connect; beside it: router_client. "
                "Make a second client, llm_router.Client(...), for the calls that can move.",
                "line 5: LiteLLM has no counterpart: live.connect. Keep it on the openai SDK, or "
                "replace the feature; the rest of the file works.",
            ],
        )

    def test_it_takes_the_options_of_the_command(self) -> None:
        before = "from openai import OpenAI\n\nx = OpenAI().embeddings.create(model=m, input=y)\n"
        after = (
            'from app import router\n\nx = router.embedding(provider="openai", model=m, input=y)\n'
        )
        self.assertCodemod(before, after, router="app.router")

    def test_a_file_that_does_not_mention_openai_stays(self) -> None:
        self.assertCodemod("import os\n", "import os\n")


@pytest.mark.process
def test_the_runner_of_libcst_writes_files(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_bytes(
        b"# -*- coding: latin-1 -*-\r\nimport openai\r\n\r\nopenai.embeddings."
        b'create(model="m", input="\xe9")\r\n'
    )
    subprocess.run(
        [
            sys.executable,
            "-m",
            "libcst.tool",
            "codemod",
            "--no-format",
            "-x",
            COMMAND,
            str(program),
        ],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    assert program.read_bytes() == (
        b"# -*- coding: latin-1 -*-\r\nfrom personalvibe import llm_router\r\n\r\n"
        b'llm_router.embedding(model="openai/m", input="\xe9")\r\n'
    )


CASES = [before for _, before, after in rule_examples() if before != after]


class BrokenError(Exception):
    pass


def broken(*_: object, **__: object) -> None:
    raise BrokenError


@pytest.mark.parametrize("before", CASES)
@pytest.mark.parametrize(
    ("owner", "method"), [(Transformer, "on_leave"), (libcst.CSTNode, "with_changes")]
)
def test_no_change_gets_past_libcst(
    owner: type, method: str, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, method, broken)
    with pytest.raises(BrokenError):
        migrate([SourceFile(path="program.py", text=before)], Options())


def test_only_the_statements_that_change_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []

    def parse(source: str, *args: object) -> libcst.Module:
        parsed.append(source)
        return real(source, *args)  # type: ignore[arg-type]

    real = libcst.parse_module
    monkeypatch.setattr(libcst, "parse_module", parse)
    text = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(50))
    [result] = migrate([SourceFile(path="program.py", text=BEFORE + text)], Options())
    assert result.text == AFTER + text
    assert parsed
    assert not any("return" in source for source in parsed)
