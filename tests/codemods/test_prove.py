"""The proof: real programs, run before and after, against the stand-in."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from codemods.migrate_openai.prove import launch, report
from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import (
    CallSite,
    ChangedValue,
    Command,
    CommandResult,
    Proof,
    Run,
)
from codemods.migrate_openai.prove.proof import Options, prove
from codemods.migrate_openai.prove.recorded import answers
from codemods.migrate_openai.prove.scratch import Scratch, scratch
from tests.codemods.proofs import ROOT, command, once, proof_of, write_tree

pytestmark = pytest.mark.process

# Sabotage: every function below is migrated wrongly, each in another way.

_HEAD = """
    import asyncio
    import os
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    USER = [{"role": "user", "content": "hello"}]
    TWO = [{"role": "system", "content": "be brief"}, *USER]
    TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    SWAPPED = [{"function": {"parameters": {"type": "object"}, "name": "f"}, "type": "function"}]
    OTHER = [{"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}]

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
    "lost_header_on_the_second_call": (
        "[chat(model='gpt-4o', messages=USER, extra_headers={'x-n': '1'}) for n in (1, 2)]",
        "[chat(model='gpt-4o', messages=USER, extra_headers={'x-n': '1'} if n == 1 else {}) "
        "for n in (1, 2)]",
        "attempts",
    ),
    "other_header_on_the_second_call": (
        "[chat(model=f'gpt-{n}', messages=USER, extra_headers={'x-n': '1'}) for n in (4, 5)]",
        "[chat(model=f'gpt-{n}', messages=USER, extra_headers={'x-n': '1'} if n == 4 else {}) "
        "for n in (4, 5)]",
        "headers.x-n",
    ),
    "lost_timeout_on_the_second_call": (
        "[embed(model=f'e-{n}', input='a', timeout=9) for n in (1, 2)]",
        "[embed(model=f'e-{n}', input='a', **({'timeout': 9} if n == 1 else {})) for n in (1, 2)]",
        "timeout",
    ),
    "other_connect_timeout": (
        "chat(model='gpt-4o', messages=USER, timeout=httpx.Timeout(30, connect=2))",
        "chat(model='gpt-4o', messages=USER, timeout=30)",
        "timeout.connect",
    ),
    "swapped_tasks": (
        "asyncio.run(gather(achat(model='a', messages=USER), achat(model='b', messages=USER)))",
        "asyncio.run(gather(achat(model='b', messages=USER), achat(model='a', messages=USER)))",
        "body.model",
    ),
    "other_path_of_the_gateway": (
        "plain.with_options(base_url='https://gw.example.com/v1').embeddings.create("
        "model='e', input='a')",
        "plain.with_options(base_url='https://gw.example.com/v2').embeddings.create("
        "model='e', input='a')",
        "address",
    ),
    "other_default_query": (
        "plain.with_options(default_query={'tag': 'a'}).embeddings.create(model='e', input='a')",
        "plain.with_options(default_query={'tag': 'b'}).embeddings.create(model='e', input='a')",
        "query.tag",
    ),
    "lost_stream_options": (
        "list(chat(model='gpt-4o', messages=USER, stream=True, "
        "stream_options={'include_usage': True}))",
        "list(chat(model='gpt-4o', messages=USER, stream=True))",
        "body.stream_options",
    ),
    "swapped_tools": (
        "chat(model='gpt-4o', messages=USER, tools=TOOLS + OTHER)",
        "chat(model='gpt-4o', messages=USER, tools=OTHER + TOOLS)",
        "body.tools[0].function.name",
    ),
    "lost_user_agent": (
        "chat(model='gpt-4o', messages=USER, extra_headers={'User-Agent': 'search/1'})",
        "chat(model='gpt-4o', messages=USER)",
        "headers.user-agent",
    ),
    "lost_idempotency_key": (
        "chat(model='gpt-4o', messages=USER, extra_headers={'Idempotency-Key': 'order-7'})",
        "chat(model='gpt-4o', messages=USER)",
        "headers.idempotency-key",
    ),
    "renamed_parameter": (
        "chat(model='gpt-4o', messages=USER, max_tokens=7)",
        "chat(model='gpt-4o', messages=USER, max_completion_tokens=7)",
        "body.max_tokens",
    ),
    "text_for_number": (
        "chat(model='gpt-4o', messages=USER, seed=7)",
        "chat(model='gpt-4o', messages=USER, seed='7')",
        "body.seed",
    ),
    "flag_for_number": (
        "chat(model='gpt-4o', messages=USER, n=1)",
        "chat(model='gpt-4o', messages=USER, n=True)",
        "body.n",
    ),
    "false_for_absent": (
        "chat(model='gpt-4o', messages=USER)",
        "chat(model='gpt-4o', messages=USER, stream=False)",
        "body.stream",
    ),
    "text_for_a_list": (
        "embed(model='e', input=['a'])",
        "embed(model='e', input='a')",
        "body.input",
    ),
    "other_content": (
        "chat(model='gpt-4o', messages=USER)",
        "chat(model='gpt-4o', messages=[{'role': 'user', 'content': 'hello '}])",
        "body.messages[0].content",
    ),
    "lost_message": (
        "chat(model='gpt-4o', messages=TWO)",
        "chat(model='gpt-4o', messages=TWO[1:])",
        "body.messages[0].role",
    ),
    "other_role": (
        "chat(model='gpt-4o', messages=TWO)",
        "chat(model='gpt-4o', messages=[{**TWO[0], 'role': 'developer'}, TWO[1]])",
        "body.messages[0].role",
    ),
    "lost_tool_choice": (
        "chat(model='gpt-4o', messages=USER, tools=TOOLS, tool_choice='auto')",
        "chat(model='gpt-4o', messages=USER, tools=TOOLS)",
        "body.tool_choice",
    ),
    "other_response_format": (
        "chat(model='gpt-4o', messages=USER, response_format={'type': 'json_object'})",
        "chat(model='gpt-4o', messages=USER, response_format={'type': 'text'})",
        "body.response_format.type",
    ),
    "lost_extra_body": (
        "chat(model='gpt-4o', messages=USER, extra_body={'guided': {'deep': 1}})",
        "chat(model='gpt-4o', messages=USER, extra_body={'guided': {}})",
        "body.guided.deep",
    ),
    "changed_header": (
        "chat(model='gpt-4o', messages=USER, extra_headers={'x-trace': '1'})",
        "chat(model='gpt-4o', messages=USER, extra_headers={'x-trace': '2'})",
        "headers.x-trace",
    ),
    "added_query": (
        "embed(model='e', input='a')",
        "embed(model='e', input='a', extra_query={'tag': 'a'})",
        "query.tag",
    ),
    "other_dimensions": (
        "embed(model='e', input='a', dimensions=8)",
        "embed(model='e', input='a', dimensions=9)",
        "body.dimensions",
    ),
    "other_instructions": (
        "respond(model='gpt-4o', input='hello', instructions='brief')",
        "respond(model='gpt-4o', input='hello', instructions='long')",
        "body.instructions",
    ),
    "other_file": (
        "plain.audio.transcriptions.create(model='whisper-1', file=('a.wav', b'RIFF'))",
        "plain.audio.transcriptions.create(model='whisper-1', file=('a.wav', b'RIFX'))",
        "body.file",
    ),
    "other_file_name": (
        "plain.audio.transcriptions.create(model='whisper-1', file=('a.wav', b'RIFF'))",
        "plain.audio.transcriptions.create(model='whisper-1', file=('b.wav', b'RIFF'))",
        "body.file",
    ),
    "lost_language": (
        "plain.audio.transcriptions.create(model='whisper-1', file=('a.wav', b'R'), language='de')",
        "plain.audio.transcriptions.create(model='whisper-1', file=('a.wav', b'R'))",
        "body.language",
    ),
    "lost_suffix": (
        "plain.completions.create(model='i', prompt='a', suffix='b')",
        "plain.completions.create(model='i', prompt='a')",
        "body.suffix",
    ),
    "other_image_size": (
        "plain.images.generate(prompt='a', size='256x256')",
        "plain.images.generate(prompt='a', size='512x512')",
        "body.size",
    ),
    "other_moderation_model": (
        "plain.moderations.create(input='a', model='omni-moderation-latest')",
        "plain.moderations.create(input='a', model='text-moderation-latest')",
        "body.model",
    ),
    "azure_to_openai": (
        "azure.chat.completions.create(model='dep', messages=USER)",
        "chat(model='dep', messages=USER)",
        "address",
    ),
    "in_another_order": (
        "[embed(model='e', input='a'), embed(model='e2', input='b')]",
        "[embed(model='e2', input='b'), embed(model='e', input='a')]",
        "body.model",
    ),
    "one_call_more": (
        "chat(model='gpt-4o', messages=USER)",
        "[chat(model='gpt-4o', messages=USER), chat(model='gpt-4', messages=USER)]",
        "request",
    ),
    "one_call_less": (
        "[embed(model=f'e-{n}', input='a') for n in (1, 2)]",
        "[embed(model=f'e-{n}', input='a') for n in (1,)]",
        "request",
    ),
}

# Spelled in another way, the same on the wire: name -> (before, after).
SAME: dict[str, tuple[str, str]] = {
    "key_order": (
        "chat(model='gpt-4o', messages=USER, tools=TOOLS, temperature=1)",
        "chat(temperature=1.0, tools=SWAPPED, messages=[dict(content='hello', role='user')], "
        "model='gpt-4o')",
    ),
    "multipart_boundary": (
        "plain.audio.transcriptions.create(model='whisper-1', file=('a.wav', b'RIFF'))",
        "plain.audio.transcriptions.create(file=('a.wav', b'RIFF'), model='whisper-1')",
    ),
    "one_timeout_or_four": (
        "chat(model='gpt-4o', messages=USER, timeout=9)",
        "chat(model='gpt-4o', messages=USER, timeout=httpx.Timeout(9))",
    ),
    "header_case": (
        "chat(model='gpt-4o', messages=USER, extra_headers={'X-Trace': '1'})",
        "chat(model='gpt-4o', messages=USER, extra_headers={'x-trace': '1'})",
    ),
}

_TAIL = """
    async def gather(*calls):
        return await asyncio.gather(*calls)
"""


def program(head: str, column: int) -> str:
    functions = [
        f"    def {name}():\n        return {texts[column]}  # site {name}\n"
        for name, texts in [*SABOTAGES.items(), *SAME.items()]
    ]
    names = ", ".join([*SABOTAGES, *SAME])
    end = f"    for function in ({names}):\n        print(function.__name__, attempt(function))\n"
    return head + _TAIL + "\n".join(functions) + end


@pytest.fixture(scope="module")
def sabotaged(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    def make() -> Proof:
        return proof_of(
            tmp_path_factory.mktemp("sabotage"),
            {"main.py": program(_OLD_HEAD, 0)},
            {"main.py": program(_NEW_HEAD, 1)},
        )

    return once(tmp_path_factory, "sabotaged", make)


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
        if name not in (
            "no_request",
            "one_call_less",
        ):  # it has no line in the new code: the old one is shown
            assert line.endswith(f"# site {name}")


def test_what_is_right_is_proven_beside_all_that_is_wrong(sabotaged: Proof) -> None:
    verdicts = {result.site.source: result.verdict for result in sabotaged.sites}
    assert {verdicts.pop(name) for name in SAME} == {"proven"}
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
    assert {site["source"] for site in found["sites"]} == {*SABOTAGES, *SAME}
    sarif = json.loads(report.as_sarif(sabotaged))["runs"][0]
    lines = {r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in sarif["results"]}
    assert len(lines) >= len(SABOTAGES) - 1


# What the comparison lets pass, and what it does not blame on the migration

# Sends as an SDK would: how it and the router send is not the matter here, and both load slowly.
_ASK = """
    import sys
    import httpx

    ADDRESS = "https://api.openai.com/v1/chat/completions"
    new = {new}

    def ask(text):
        asked = {{"model": "gpt-4o", "messages": [{{"role": "user", "content": text}}]}}
        reply = httpx.post(ADDRESS, json=asked, headers={{"authorization": "Bearer x"}})  # site ask
        return reply.json()["choices"][0]["message"]["content"]
"""
_OLD = _ASK.format(new=False)
_NEW = _ASK.format(new=True)


def test_what_varies_by_itself_is_left_out_and_named(tmp_path: Path) -> None:
    tail = """
    import time
    ask(f"it is {time.time_ns()}")
    """
    proof = proof_of(tmp_path, {"main.py": _OLD + tail}, {"main.py": _NEW + tail})
    (result,) = proof.sites
    assert result.verdict == "proven"
    assert result.unstable == ("body.messages[0].content",)


def test_another_outcome_is_told_although_every_request_is_the_same(tmp_path: Path) -> None:
    proof = proof_of(
        tmp_path,
        {"main.py": _OLD + "\n    ask('x')\n"},
        {"main.py": _NEW + "\n    ask('x')\n    sys.exit(3)\n"},
    )
    assert proof.count("proven") == 1
    assert [change.after for change in proof.commands[0].changes] == [3]
    assert not proof.same


def test_output_is_compared_on_demand_only(tmp_path: Path) -> None:
    old = {"main.py": "print('a'); print('old')\n"}
    new = {"main.py": "print('a'); print('new')\n"}
    assert proof_of(tmp_path / "a", old, new).same
    strict = Options(timeout=120, compare_output=True)
    proof = proof_of(tmp_path / "b", old, new, options=strict)
    (change,) = proof.commands[0].changes
    assert (change.path, change.before, change.after) == ("output line 2", "old", "new")


def test_output_means_what_is_printed_to_stderr_as_well(tmp_path: Path) -> None:
    old = {"main.py": "import sys\nprint('old', file=sys.stderr)\n"}
    new = {"main.py": "import sys\nprint('new', file=sys.stderr)\n"}
    strict = Options(timeout=120, compare_output=True)
    proof = proof_of(tmp_path, old, new, options=strict)
    (change,) = proof.commands[0].changes
    assert (change.path, change.before, change.after) == ("stderr line 1", "old", "new")


def test_the_same_request_from_another_site_is_different(tmp_path: Path) -> None:
    text = """
        import httpx
        at, asked = "https://api.openai.com/v1/embeddings", {"model": "e", "input": "a"}

        def one():
            return httpx.post(at, json=asked)  # site one

        def two():
            return httpx.post(at, json=asked)  # site two

        one()
    """
    new = text.replace("httpx.post(at, json=asked)  # site one", "two()  # site one")
    proof = proof_of(tmp_path, {"main.py": text}, {"main.py": new})
    assert proof.sites[0].verdict == "different"
    (change,) = proof.sites[0].differences[0].changes
    assert (change.path, change.before, change.after) == ("call site", "main.py:5", "main.py:8")


def test_downloads_and_telemetry_of_the_program_are_not_compared(tmp_path: Path) -> None:
    tail = """
    import requests
    if new:
        try:
            requests.post("https://telemetry.example.com/batch", json={})
        except requests.RequestException:
            pass
    ask("x")
    """
    proof = proof_of(tmp_path, {"main.py": _OLD + tail}, {"main.py": _NEW + tail})
    assert proof.same
    assert proof.elsewhere == ()


def test_sub_processes_threads_and_another_directory_are_seen(tmp_path: Path) -> None:
    tail = """
    import os, subprocess, threading
    if len(sys.argv) == 1:
        os.chdir("/")
        here = os.path.abspath(__file__)
        subprocess.run([sys.executable, here, "child"], check=True)
        thread = threading.Thread(target=ask, args=["in a thread"])
        thread.start(); thread.join()
    else:
        ask("in a child")
    """
    proof = proof_of(tmp_path, {"main.py": _OLD + tail}, {"main.py": _NEW + tail})
    (result,) = proof.sites
    assert (result.verdict, result.requests) == ("proven", 2)


def test_places_are_lines_of_files(tmp_path: Path) -> None:
    write_tree(tmp_path, {"main.py": _OLD + "\n    exec('ask(1)')\n"})
    with scratch(tmp_path.resolve()) as place:
        run = launch.run(
            [sys.executable, "-m", "main"],
            place,
            place.root,
            timeout=60,
        )
    (call,) = run.calls
    assert {frame.file for frame in call.stack} == {"main.py"}


def test_nothing_leaves_the_machine(tmp_path: Path) -> None:
    program = """
    import socket, subprocess, sys, urllib.request
    for attempt in (
        lambda: socket.create_connection(("203.0.113.7", 80), 5),
        lambda: socket.getaddrinfo("example.com", 80),
        lambda: urllib.request.urlopen("https://api.openai.com/v1/models", timeout=5),
        lambda: subprocess.run(
            [sys.executable, "-I", "-c",
             "import urllib.request as u; u.urlopen('http://203.0.113.7/', timeout=5)"],
            check=True, capture_output=True),
        lambda: subprocess.run(["curl", "-sS", "https://203.0.113.7/"], check=True,
                               capture_output=True),
        lambda: __import__("requests").get("https://example.com/"),
    ):
        try:
            attempt()
        except Exception as error:
            print(type(error).__name__)
        else:
            print("out")
    """
    proof = proof_of(tmp_path, {"main.py": program}, {"main.py": program})
    printed = proof.commands[0].before.output.split()
    assert len(printed) == 6
    assert "out" not in printed


def test_every_run_begins_with_an_empty_home(tmp_path: Path) -> None:
    tail = """
    from pathlib import Path
    cache = Path.home() / "cache"
    if not cache.exists():
        ask("x")
        cache.touch()
    """
    proof = proof_of(tmp_path, {"main.py": _OLD + tail}, {"main.py": _NEW + tail})
    assert proof.count("proven") == 1
    assert not (Path.home() / "cache").exists()


def test_the_programs_own_sitecustomize_still_runs(tmp_path: Path) -> None:
    files = {
        "site/sitecustomize.py": "import builtins\nbuiltins.greeting = 'kept'\n",
        "main.py": "print(greeting)\n",
    }
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    options = Options(timeout=60, environment=environment)
    proof = proof_of(tmp_path, files, files, options=options)
    assert proof.commands[0].before.output == "kept\n"


def test_the_projects_own_recordings_answer_first(tmp_path: Path) -> None:
    cassette = """
    version: 1
    interactions:
    - request:
        method: POST
        uri: https://api.openai.com/v1/chat/completions
        headers: {}
        body: '{"model": "gpt-4o", "messages": [{"role": "user", "content": "recorded"}]}'
      response:
        status: {code: 200, message: OK}
        headers: {content-type: [application/json]}
        body: {string: '{"choices": [{"message": {"content": "from the cassette"}}]}'}
    """
    write_tree(tmp_path / "cassettes", {"a.yaml": cassette})
    tail = """
    for text in ("recorded", "other"):
        print(ask(text))
    """
    options = Options(timeout=60, first=answers(tmp_path / "cassettes"))
    files = {"main.py": _OLD + tail}
    proof = proof_of(tmp_path / "project", files, files, options=options)
    first, second = proof.commands[0].before.output.splitlines()
    assert first == "from the cassette"
    assert "stand-in" in second
    assert proof.same


# The command


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


GOOD = """
    from openai import OpenAI

    client = OpenAI()

    def ask(text):
        reply = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": text}], temperature=0.1
        )
        return reply.choices[0].message.content
"""
UNUSED = GOOD.replace("def ask", "def forgotten")
MAIN = """
    import good, unused
    print(good.ask("hello"))
"""


def test_the_command_proves_and_leaves_the_tree_alone(tmp_path: Path) -> None:
    project, scratch_home = tmp_path / "project", tmp_path / "tmp"
    write_tree(project, {"good.py": GOOD, "unused.py": UNUSED, "main.py": MAIN})
    scratch_home.mkdir()
    before = contents(project)
    done = command(
        project,
        "--markdown",
        "../proof.md",
        "--verbose",
        "--prove",
        "--",
        sys.executable,
        "main.py",
        environment={"TMPDIR": str(scratch_home)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "good.py:6:13: proven: client.chat.completions.create" in done.stdout
    assert "unused.py:6:13: not exercised" in done.stdout
    assert "2 sites: 1 proven, 1 not exercised (50 % of the sites covered)" in done.stdout
    assert contents(project) == before
    assert list(scratch_home.iterdir()) == []
    assert "| `good.py:6:13` " in (tmp_path / "proof.md").read_text()


def test_what_a_server_keeps_is_proven(tmp_path: Path) -> None:
    program = """
        from openai import OpenAI

        client = OpenAI()
        file = client.files.create(file=("b.jsonl", b"{}"), purpose="batch")
        for one in client.files.list(limit=1):
            print(one.filename, client.files.content(one.id).read())
        batch = client.batches.create(
            completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file.id
        )
        thread = client.beta.threads.create()
        run = client.beta.threads.runs.create_and_poll(
            thread_id=thread.id, assistant_id="asst_1", poll_interval_ms=1
        )
        print(client.batches.retrieve(batch.id).status, run.status)
    """
    write_tree(tmp_path, {"program.py": program})
    done = command(tmp_path, "--prove", ".", "--", sys.executable, "program.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 sites: 7 proven (100 % of the sites covered)" in done.stdout


def test_write_takes_what_is_proven_and_not_what_differs(tmp_path: Path) -> None:
    # What the program sends depends on how its own file reads: the migration changes that.
    shifty = GOOD.replace('"content": text', '"content": open(__file__).readline()').replace(
        "def ask", "def quote"
    )
    main = "import good, shifty\ngood.ask('hello')\nshifty.quote('')\n"
    files = {
        "good.py": GOOD,
        "shifty.py": shifty,
        "main.py": main,
        "requirements.txt": "openai>=1\n",
    }
    proof = ["--json", "--prove", "--", sys.executable, "main.py"]
    project, other = tmp_path / "project", tmp_path / "other"
    write_tree(project, files)
    write_tree(other, files)
    done = command(project, "--write", "--deps", *proof)
    assert done.returncode == 1, done.stdout + done.stderr
    summary = json.loads(done.stdout)["summary"]
    assert (summary["proven"], summary["different"]) == (1, 1)
    assert "openai/gpt-4o" in (project / "good.py").read_text()
    assert "from openai import OpenAI" in (project / "shifty.py").read_text()
    assert "shifty.py: not written" in done.stderr
    assert (project / "requirements.txt").read_text() == "openai>=1\npersonalvibe>=4\n"
    allowed = command(other, "--write", "--deps", "--allow-different", *proof)
    assert allowed.returncode == 1
    assert "openai/gpt-4o" in (other / "shifty.py").read_text()
    assert (other / "requirements.txt").read_text() == "personalvibe>=4\n"


def test_a_command_that_never_worked_is_told_so(tmp_path: Path) -> None:
    write_tree(tmp_path, {"good.py": GOOD, "main.py": "import good\nraise SystemExit(3)\n"})
    proof = ["--markdown", "proof.md", "--prove", "--", sys.executable, "main.py"]
    done = command(tmp_path, *proof)
    assert done.returncode == 1
    assert "exit 3, before and after; nothing is proven by it" in done.stdout
    assert "**failed** (exit 3, before and after)" in (tmp_path / "proof.md").read_text()


def test_a_command_that_hangs_is_stopped(tmp_path: Path) -> None:
    write_tree(tmp_path, {"good.py": GOOD, "main.py": "import time\ntime.sleep(1000)\n"})
    done = command(tmp_path, "--timeout", "1", "--prove", "--", sys.executable, "main.py")
    assert done.returncode == 1
    assert "stopped at the time limit" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prove"], "--prove without a command"),
        (["--timeout", "0", "--prove", "--", "true"], "--timeout 0: too short"),
        (["--before-python", "no-such-python", "--prove", "--", "true"], "no interpreter"),
        (["/", "--prove", "--", "true"], "outside of"),
    ],
)
def test_bad_arguments_are_two_clear_lines(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "a.py").write_text("import openai\n")
    done = command(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 2


# Calls in isolation

ISOLATED = """
    from openai import AsyncOpenAI, OpenAI

    client = OpenAI(timeout=7, default_headers={"x-team": "a"})

    class Bot:
        def __init__(self, key):
            self.talker = AsyncOpenAI(api_key=key)

        async def say(self, prompt, **options):
            return await self.talker.chat.completions.create(model=self.model, **options)

    def words(text, limit):
        for chunk in client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": text}], max_tokens=limit,
            stream=True,
        ):
            yield chunk

    def vectors(texts):
        return client.embeddings.create(model="text-embedding-3-small", input=texts)

    def later(pool):
        return pool.submit(client.moderations.create, input="x")

    class Own:
        def __init__(self, transport, **settings):
            self.client = OpenAI(http_client=transport, **settings)
            self.create = self.client.chat.completions.create

        def say(self, message, *args, **settings):
            self.client.chat.completions.create(model="m", messages=[message], *args, **settings)
            return self.create(model="m", messages=[message])
"""
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Vectors"]},
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": [
                "%matplotlib inline\n",
                "import openai\n",
                "openai.embeddings.create(model='e', input=['a'])",
            ],
        },
    ],
    "metadata": {"kernelspec": {"language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_sites_that_nothing_reaches_are_proven_alone(tmp_path: Path) -> None:
    write_tree(tmp_path, {"bot.py": ISOLATED})
    (tmp_path / "vectors.ipynb").write_text(json.dumps(NOTEBOOK))
    done = command(tmp_path, "--prove-sites", "--verbose")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [10, 13, 20, 23, 28, 31, 32]
    places = [*(f"bot.py:{line}" for line in lines), "vectors.ipynb:cell 2:3"]
    found = re.findall(r"^(\S.*):\d+: proven in isolation", done.stdout, re.MULTILINE)
    assert found == places, done.stdout


# Mocks, methods handed over, and what a kill leaves


def test_tests_that_patch_what_is_gone_are_told_together() -> None:
    gone = "failed: AttributeError: <module 'm'> does not have the attribute 'OpenAI'"
    changes = tuple(
        ChangedValue(path=f"test t.py::{name}", before="passed", after=gone) for name in "abc"
    )
    patched = {f"t.py::{name}": frozenset({"OpenAI"}) for name in "ab"}
    run = Run(exit_code=0, calls=(), tests={}, output="", errors="", patched=patched)
    result = CommandResult(
        command=Command(arguments=("pytest",)), before=run, after=run, changes=changes
    )
    shown = report.text(Proof(sites=(), elsewhere=(), commands=(result,)))
    assert "2 tests with another result (t.py::a, ...): they put mocks in the place of" in shown
    assert f"1 test with another result (t.py::c): {json.dumps('passed')} -> " in shown


def test_what_mocks_keep_back_is_no_difference_and_proven_alone(tmp_path: Path) -> None:
    files = {
        "good.py": GOOD,
        "mocked.py": GOOD,
        "test_good.py": """
            from unittest import mock
            from openai.resources.chat.completions import Completions
            import good, mocked

            def test_ask():
                assert good.ask("hello")

            def test_mocked():
                with mock.patch.object(Completions, "create") as create:
                    create.return_value.choices[0].message.content = "x"
                    assert good.ask("hello") == "x"

            def test_monkeypatched(monkeypatch):
                monkeypatch.setattr(Completions, "create", lambda *a, **k: mock.MagicMock())
                assert isinstance(good.ask("hello"), mock.MagicMock)

            def test_never_asked():
                with mock.patch.object(mocked, "client") as client:
                    client.chat.completions.create.return_value.choices[0].message.content = "x"
                    mocked.ask("hello")
        """,
    }
    write_tree(tmp_path, files)
    pytest_alone = [sys.executable, "-m", "pytest", "-q"]
    done = command(tmp_path, "--prove-sites", "--json", "--prove", "--", *pytest_alone)
    verdicts = {site["file"]: site["verdict"] for site in json.loads(done.stdout)["sites"]}
    assert verdicts == {"good.py": "proven", "mocked.py": "proven in isolation"}, done.stdout


def test_a_method_handed_over_is_the_site_of_what_it_sends(tmp_path: Path) -> None:
    site = CallSite(
        file="calls.py",
        line=3,
        column=9,
        rule="MOA121",
        source="client.embeddings.create",
        new_line=3,
    )
    old = "import openai\nclient = openai.OpenAI()\nembed = client.embeddings.create\n"
    new = old.replace("import openai", "from personalvibe import llm_router").replace(
        "openai.OpenAI()", "llm_router.Client(provider='openai')"
    )
    main = "import calls\nfor text in ('a', 'b'):\n    calls.embed(model='e', input=text)\n"
    write_tree(tmp_path, {"calls.py": old, "main.py": main})

    def migrate(place: Scratch) -> Migrated:
        write_tree(place.root, {"calls.py": new})
        return Migrated(sites=(site,), old={"calls.py": old}, new={"calls.py": new}, files={})

    with scratch(tmp_path.resolve()) as place:
        run = Command(arguments=(sys.executable, "main.py"))
        proof, _ = prove(place, [run], migrate, Options(timeout=120))
    assert (proof.sites[0].verdict, proof.sites[0].requests) == ("proven", 2)
    assert proof.elsewhere == ()


def processes_with(text: str) -> list[str]:
    found = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if text in line]


def until(condition: Callable[[], object]) -> bool:
    limit = time.monotonic() + 60
    while not condition() and time.monotonic() < limit:
        time.sleep(0.05)
    return bool(condition())


@contextmanager
def hanging_proof(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A proof whose command hangs, and the folder for its temporary files."""
    project, scratch_home = tmp_path / "project", tmp_path / "tmp"
    marker = tmp_path / "running"
    program = f"""
        import pathlib, subprocess, sys, time
        if len(sys.argv) == 2:
            subprocess.Popen([sys.executable, *sys.argv, "daemon"], start_new_session=True)
        else:
            pathlib.Path({str(marker)!r}).touch()
        time.sleep(1000)
    """
    write_tree(project, {"good.py": GOOD, "hangs.py": program})
    scratch_home.mkdir()
    before = contents(project)
    hangs = [sys.executable, str(project / "hangs.py"), tmp_path.name]
    with subprocess.Popen(
        [sys.executable, "-m", "codemods.migrate_openai", "--prove", "--", *hangs],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch_home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert until(marker.exists)
        assert len(processes_with(f"hangs.py {tmp_path.name}")) == 3
        yield process, scratch_home
    assert contents(project) == before
    assert until(lambda: not processes_with(f"hangs.py {tmp_path.name}"))


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    with hanging_proof(tmp_path) as (process, scratch_home):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert list(scratch_home.iterdir()) == []


def test_a_killed_proof_leaves_nothing_behind(tmp_path: Path) -> None:
    with hanging_proof(tmp_path) as (process, scratch_home):
        process.kill()
    assert until(lambda: not list(scratch_home.iterdir()))


def test_no_daemon_outlives_a_command(tmp_path: Path) -> None:
    main = f"""
        import os, subprocess, sys, time
        code = "import time; time.sleep(1000)"
        daemon = [sys.executable, "-I", "-c", code, "{tmp_path.name}-daemon"]
        subprocess.Popen(daemon, start_new_session=True)
        subprocess.Popen(daemon, start_new_session=True, env={{}}, cwd="/")
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execve(daemon[0], daemon, {{}})
            os._exit(0)
        os.wait()
        print("started")
    """
    write_tree(tmp_path, {"good.py": GOOD, "main.py": main})
    with scratch(tmp_path.resolve()) as place:
        run = launch.run([sys.executable, "main.py"], place, place.root, timeout=60)
        assert run.output == "started\n", run.errors
        assert processes_with(f"{tmp_path.name}-daemon") == []


def test_the_hook_is_written_for_the_oldest_interpreter() -> None:
    hook = ROOT / "codemods" / "migrate_openai" / "prove" / "hook"
    files = sorted(hook.glob("*.py"))
    assert len(files) > 4
    for file in files:
        ast.parse(file.read_text(), feature_version=(3, 8))
