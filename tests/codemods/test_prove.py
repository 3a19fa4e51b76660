"""The proof: real programs, run before and after, against the stand-in."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from codemods.migrate_openai.prove import report
from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import ABSENT, Command, Proof, Site
from codemods.migrate_openai.prove.proof import Options, prove
from codemods.migrate_openai.prove.scratch import Scratch, scratch

ROOT = Path(__file__).resolve().parent.parent.parent


def write_tree(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))


def by_hand(old: Mapping[str, str], new: Mapping[str, str]) -> Callable[[Scratch], Migrated]:
    """A migration that somebody typed. A comment ``# site NAME`` marks the line of a call."""
    old = {name: textwrap.dedent(text).lstrip("\n") for name, text in old.items()}
    new = {name: textwrap.dedent(text).lstrip("\n") for name, text in new.items()}

    def marks(texts: Mapping[str, str]) -> dict[tuple[str, str], int]:
        return {
            (name, found[1]): number
            for name, text in texts.items()
            for number, line in enumerate(text.splitlines(), 1)
            if (found := re.search(r"# site (\S+)", line))
        }

    after = marks(new)
    sites = tuple(
        Site(file=file, line=line, column=1, rule="MOA101", source=name, new_line=after[file, name])
        for (file, name), line in marks(old).items()
    )

    def migrate(place: Scratch) -> Migrated:
        write_tree(place.root, new)
        files = {name: (old[name].encode(), text.encode()) for name, text in new.items()}
        return Migrated(sites=sites, old=old, new=new, files=files)

    return migrate


def proof_of(
    project: Path,
    old: Mapping[str, str],
    new: Mapping[str, str],
    *command: str,
    options: Options | None = None,
) -> Proof:
    write_tree(project, old)
    with scratch(project.resolve()) as place:
        arguments = command or (sys.executable, "main.py")
        given = options or Options(timeout=120)
        proof, _ = prove(place, [Command(arguments=arguments)], by_hand(old, new), given)
    return proof


# Sabotage: every function below is migrated wrongly, each in another way.

_HEAD = """
    import asyncio
    import os
    from concurrent.futures import ThreadPoolExecutor

    USER = [{"role": "user", "content": "hello"}]
    TWO = [{"role": "system", "content": "be brief"}, *USER]
    TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]

    def attempt(function):
        try:
            return function()
        except Exception as error:
            return type(error).__name__
"""
_OLD_HEAD = f"""{_HEAD}
    import openai
    client = openai.OpenAI(
        api_key="sk-one", organization="org-1", timeout=30, max_retries=4,
        default_headers={{"x-team": "search"}}, default_query={{"tag": "a"}},
    )
    plain = openai.OpenAI(api_key="sk-one")
    many = openai.AsyncOpenAI(api_key="sk-one")
    azure = openai.AzureOpenAI(
        api_key="az", azure_endpoint="https://u.openai.azure.com", api_version="2024-10-21"
    )
    chat, achat = plain.chat.completions.create, many.chat.completions.create
    embed, respond = plain.embeddings.create, plain.responses.create
    speak = plain.audio.speech.create
"""
# The router's own OpenAI-shaped clients: what is under test is the proof, not the router.
_NEW_HEAD = (
    _OLD_HEAD.replace("import openai\n", "from personalvibe import llm_router\n")
    .replace("openai.OpenAI(", "llm_router.Client(provider='openai', ")
    .replace("openai.AsyncOpenAI(", "llm_router.AsyncClient(provider='openai', ")
    .replace("openai.AzureOpenAI(", "llm_router.Client(provider='azure', ")
)

# name -> (the right call, the sabotaged one, what the report has to name)
SABOTAGES: dict[str, tuple[str, str, str]] = {
    "dropped_parameter": (
        "chat(model='gpt-4o', messages=USER, temperature=0.2)",
        "chat(model='gpt-4o', messages=USER)",
        "body.temperature",
    ),
    "changed_parameter": (
        "chat(model='gpt-4o', messages=USER, temperature=0.2)",
        "chat(model='gpt-4o', messages=USER, temperature=0.3)",
        "body.temperature",
    ),
    "added_parameter": (
        "chat(model='gpt-4o', messages=USER)",
        "chat(model='gpt-4o', messages=USER, seed=1)",
        "body.seed",
    ),
    "wrong_model": (
        "chat(model='gpt-4o', messages=USER)",
        "chat(model='gpt-4o-mini', messages=USER)",
        "body.model",
    ),
    "doubled_prefix": (
        "chat(model='gpt-4o', messages=USER)",
        "chat(model='openai/gpt-4o', messages=USER)",
        "body.model",
    ),
    "lost_header": (
        "chat(model='gpt-4o', messages=USER, extra_headers={'x-trace': '1'})",
        "chat(model='gpt-4o', messages=USER)",
        "headers.x-trace",
    ),
    "lost_default_headers": (
        "client.chat.completions.create(model='gpt-4o', messages=USER)",
        "chat(model='gpt-4o', messages=USER, timeout=30)",
        "headers.x-team",
    ),
    "other_timeout": (
        "chat(model='gpt-4o', messages=USER, timeout=12)",
        "chat(model='gpt-4o', messages=USER, timeout=13)",
        "timeout",
    ),
    "lost_timeout": (
        "chat(model='gpt-4o', messages=USER, timeout=12)",
        "chat(model='gpt-4o', messages=USER)",
        "timeout",
    ),
    "swapped_messages": (
        "chat(model='gpt-4o', messages=TWO)",
        "chat(model='gpt-4o', messages=TWO[::-1])",
        "body.messages[0].role",
    ),
    "lost_stream_flag": (
        "list(chat(model='gpt-4o', messages=USER, stream=True))",
        "chat(model='gpt-4o', messages=USER)",
        "body.stream",
    ),
    "retry_count": (
        "plain.with_options(max_retries=5).chat.completions.create(model='gpt-4o', messages=USER)",
        "plain.with_options(max_retries=1).chat.completions.create(model='gpt-4o', messages=USER)",
        "max_retries",
    ),
    "fewer_attempts": (
        "attempt(lambda: chat(model='gpt-4o', messages=["
        "{'role': 'user', 'content': '[[status:500 retry-after:0]]'}]))",
        "attempt(lambda: plain.with_options(max_retries=0).chat.completions.create("
        "model='gpt-4o', messages=[{'role': 'user', 'content': '[[status:500 retry-after:0]]'}]))",
        "attempts",
    ),
    "other_key": (
        "chat(model='gpt-4o', messages=USER)",
        "plain.with_options(api_key='sk-' + 'two').chat.completions.create("
        "model='gpt-4o', messages=USER)",
        "headers.authorization",
    ),
    "lost_organization": (
        "plain.with_options(organization='org-1').chat.completions.create("
        "model='gpt-4o', messages=USER)",
        "chat(model='gpt-4o', messages=USER)",
        "headers.openai-organization",
    ),
    "other_address": (
        "plain.with_options(base_url='https://gw.example.com/v1').embeddings.create("
        "model='e', input='a')",
        "embed(model='e', input='a')",
        "address",
    ),
    "other_endpoint": (
        "respond(model='gpt-4o', input='hello')",
        "chat(model='gpt-4o', messages=USER)",
        "address",
    ),
    "lost_query": (
        "chat(model='gpt-4o', messages=USER, extra_query={'tag': 'b'})",
        "chat(model='gpt-4o', messages=USER)",
        "query.tag",
    ),
    "lost_tools": (
        "chat(model='gpt-4o', messages=USER, tools=TOOLS)",
        "chat(model='gpt-4o', messages=USER)",
        "body.tools",
    ),
    "azure_version": (
        "azure.chat.completions.create(model='dep', messages=USER)",
        "azure.with_options(api_version='2023-05-15').chat.completions.create("
        "model='dep', messages=USER)",
        "query.api-version",
    ),
    "azure_deployment": (
        "azure.chat.completions.create(model='dep', messages=USER)",
        "azure.chat.completions.create(model='other', messages=USER)",
        "address",
    ),
    "no_request": (
        "chat(model='gpt-4o', messages=USER)",
        "None",
        "request",
    ),
    "twice": (
        "chat(model='gpt-4o', messages=USER)",
        "[chat(model='gpt-4o', messages=USER) for _ in range(2)]",
        "attempts",
    ),
    "lost_metadata": (
        "chat(model='gpt-4o', messages=USER, metadata={'a': 'b'}, store=True)",
        "chat(model='gpt-4o', messages=USER, store=True)",
        "body.metadata",
    ),
    "null_for_absent": (
        "chat(model='gpt-4o', messages=USER, user=None)",
        "chat(model='gpt-4o', messages=USER)",
        "body.user",
    ),
    "lost_in_a_thread": (
        "ThreadPoolExecutor(1).submit(embed, model='e', input=['a', 'b']).result()",
        "ThreadPoolExecutor(1).submit(embed, model='e', input=['a']).result()",
        "body.input[1]",
    ),
    "lost_in_a_task": (
        "asyncio.run(gather(achat(model='gpt-4o', messages=USER, top_p=0.5)))",
        "asyncio.run(gather(achat(model='gpt-4o', messages=USER)))",
        "body.top_p",
    ),
    "other_voice": (
        "speak(model='tts-1', voice='alloy', input='hi').read()",
        "speak(model='tts-1', voice='nova', input='hi').read()",
        "body.voice",
    ),
}

_TAIL = """
    async def gather(*calls):
        return await asyncio.gather(*calls)
"""


def program(head: str, column: int) -> str:
    functions = [
        f"    def {name}():\n        return {texts[column]}  # site {name}\n"
        for name, texts in SABOTAGES.items()
    ]
    right = "    def right():\n        return chat(model='gpt-4o', messages=USER)  # site right\n"
    names = ", ".join([*SABOTAGES, "right"])
    end = f"    for function in ({names}):\n        function()\n"
    return head + _TAIL + "\n".join([*functions, right]) + end


@pytest.fixture(scope="module")
def sabotaged(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    return proof_of(
        tmp_path_factory.mktemp("sabotage"),
        {"main.py": program(_OLD_HEAD, 0)},
        {"main.py": program(_NEW_HEAD, 1)},
    )


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_reported_at_its_line(sabotaged: Proof, name: str) -> None:
    result = next(r for r in sabotaged.sites if r.site.source == name)
    assert result.verdict == "different"
    paths = {change.path for difference in result.differences for change in difference.changes}
    wanted = SABOTAGES[name][2]
    assert any(path == wanted or path.startswith(f"{wanted}.") for path in paths), paths
    for difference in result.differences:
        assert difference.where is not None
        line = sabotaged.texts["main.py"].splitlines()[difference.where.line - 1]
        if name != "no_request":  # it has no line in the new code: the old one is shown
            assert line.endswith(f"# site {name}")


def test_what_is_right_is_proven_beside_all_that_is_wrong(sabotaged: Proof) -> None:
    verdicts = {result.site.source: result.verdict for result in sabotaged.sites}
    assert verdicts.pop("right") == "proven"
    assert set(verdicts.values()) == {"different"}


def test_no_secret_is_in_any_report(sabotaged: Proof) -> None:
    for render in (report.text, report.markdown, report.as_json, report.as_sarif):
        shown = render(sabotaged)
        assert "different" in shown
        assert "sk-one" not in shown
        assert "sk-two" not in shown


def test_the_machine_reports_name_every_site(sabotaged: Proof) -> None:
    found = json.loads(report.as_json(sabotaged))
    assert found["summary"]["different"] == len(SABOTAGES)
    assert {site["source"] for site in found["sites"]} == {*SABOTAGES, "right"}
    sarif = json.loads(report.as_sarif(sabotaged))["runs"][0]
    lines = {r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in sarif["results"]}
    assert len(lines) >= len(SABOTAGES) - 1
