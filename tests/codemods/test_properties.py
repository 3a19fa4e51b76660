"""Modules made at random out of what programs do with the SDK: nothing breaks, nothing is lost.

Every call carries ``seed=<number>``, so that it can be found again in the new text.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

import libcst
from hypothesis import example, given
from hypothesis import strategies as st

from codemods.migrate_openai.engine import migrate
from codemods.migrate_openai.model import FileResult, Options, SourceFile

RESOURCES = (
    "chat.completions.create",
    "chat.completions.parse",
    "beta.chat.completions.parse",
    "completions.create",
    "embeddings.create",
    "responses.create",
    "images.generate",
    "audio.transcriptions.create",
    "audio.speech.create",
    "moderations.create",
)
LEGACY = (
    "ChatCompletion.create",
    "ChatCompletion.acreate",
    "Completion.create",
    "Embedding.create",
    "Image.create",
    "Moderation.create",
)
MODELS = ('model="gpt-4o"', "model='gpt-4o'", "model=NAME", "model=f'{NAME}-mini'", "**OPTIONS", "")
SETTINGS = (
    "",
    "api_key=KEY",
    "timeout=5, max_retries=1",
    "**SETTINGS",
    "base_url=URL, api_key='x', default_headers={'a': 'b'},",
)
# What stands around a call. {call} is the whole call, {f} its function, {a} its arguments.
FORMS = (
    "x = {call}",
    "{call}",
    "x = {call}; y = 1",
    "if x: x = {call}",
    "x = [{call} for _ in range(3)]",
    "x = {{'k': {call}}}",
    "x = ({call}\n     .choices[0]  # the first\n     .message)",
    "for chunk in {call}:\n    print(chunk)",
    'x = f"""{{len({call}.data)}}"""',
    "x = (lambda q: {call})(1)",
    "x = retry({f}, {a})",
    "x = functools.partial({f}, {a})",
    "with {call} as stream:\n    print(stream)",
    "print({call}, end='')  # openai",
    "x = {f}(\n    # what is asked\n    {a},  # as ever\n)",
    "try:\n    x = {call}\nexcept openai_errors.RateLimitError:\n    raise",
    "@retry\ndef inner():\n    return {call}",
    "assert {call}, 'none'",
    "x = y if {call} else {{}}",
    "async def later():\n    return await {call}",
)
NOISE = (
    "note = 'openai.ChatCompletion.create(model=1)'  # openai",
    '"""Docs: client.chat.completions.create(model="gpt-4o")"""',
    "# from openai import OpenAI",
    "ünï = 'ä' * 3  # ẞ",
    "groq.chat.completions.create(model='llama')",
    "other.embeddings.create(input='x')",
    "if x:\n    pass\nelse:\n    x = 'completions.create'",
    "def helper(a, *, b=1):\n\n    return a",
    "class Empty: ...",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where a client comes from: lines before the calls, its name, and what the calls stand in."""

    setup: str
    name: str
    legacy: bool = False
    inside: str = ""
    """A header whose body the calls are."""


@st.composite
def receivers(draw: st.DrawFn, number: int) -> Receiver:
    """A receiver whose names carry a number of its own."""
    cls = draw(st.sampled_from(["OpenAI", "AsyncOpenAI", "AzureOpenAI"]))
    given_settings = draw(st.sampled_from(SETTINGS))
    local = f"client_{number}"
    alias = f"Maker{number}"
    made = f"{alias}({given_settings})"
    imported = f"from openai import {cls} as {alias}\n"
    kinds = {
        "module": Receiver(setup=f"import openai as ai{number}", name=f"ai{number}"),
        "plain": Receiver(setup="import openai", name="openai"),
        "legacy": Receiver(setup="import openai", name="openai", legacy=True),
        "late": Receiver(
            setup="",
            name=f"ai{number}",
            inside=f"def late{number}():\n    import openai as ai{number}",
        ),
        "variable": Receiver(setup=f"{imported}{local} = {made}", name=local),
        "dotted": Receiver(
            setup=f"import openai\n{local} = openai.{cls}({given_settings})", name=local
        ),
        "straight": Receiver(setup=imported.rstrip(), name=made),
        "annotated": Receiver(
            setup=imported.rstrip(), name=local, inside=f"def ask{number}({local}: {alias}, q=1):"
        ),
        "attribute": Receiver(
            setup=f"{imported}class Bot{number}:\n    def __init__(self):\n        self.c = {made}",
            name="self.c",
            inside="    def ask(self):",
        ),
        "factory": Receiver(
            setup=f"{imported}def make{number}():\n    return {made}", name=f"make{number}()"
        ),
        "with": Receiver(
            setup=imported.rstrip(),
            name=local,
            inside=f"def use{number}():\n    with {made} as {local}:",
        ),
        "options": Receiver(
            setup=f"{imported}{local} = {made}.with_options(timeout=3)", name=local
        ),
        "global": Receiver(
            setup=f"{imported}{local} = None\n"
            f"def init{number}():\n    global {local}\n    {local} = {made}",
            name=local,
        ),
        "guarded": Receiver(
            setup=f"try:\n    {imported}except ImportError:\n    {alias} = None\n{local} = {made}",
            name=local,
        ),
    }
    return kinds[draw(st.sampled_from(sorted(kinds)))]


@st.composite
def modules(draw: st.DrawFn) -> tuple[str, list[int]]:
    """A module, and the numbers of its calls."""
    calls: list[int] = []
    parts = ["import functools", "import openai as openai_errors", "import groq, other"]
    if draw(st.booleans()):
        parts.insert(0, '"""A program."""\nfrom __future__ import annotations')
    for number in range(draw(st.integers(1, 3))):
        receiver = draw(receivers(number))
        parts.append(receiver.setup)
        body: list[str] = []
        for _ in range(draw(st.integers(1, 3))):
            calls.append(1000 + len(calls))
            resource = draw(st.sampled_from(LEGACY if receiver.legacy else RESOURCES))
            model = draw(st.sampled_from(MODELS))
            arguments = ", ".join(part for part in (model, f"seed={calls[-1]}") if part)
            function = f"{receiver.name}.{resource}"
            form = draw(st.sampled_from(FORMS))
            body.append(form.format(call=f"{function}({arguments})", f=function, a=arguments))
            if draw(st.booleans()):
                body.append(draw(st.sampled_from(NOISE)))
        text = "\n".join(body)
        if receiver.inside:
            deeper = receiver.inside.startswith((" ", "def use"))
            depth = "        " if deeper else "    "
            text = f"{receiver.inside}\n{textwrap.indent(text, depth)}"
        parts.append(text)
    source = "\n".join(part for part in parts if part) + draw(st.sampled_from(["\n", "", "\n\n"]))
    if draw(st.booleans()):
        source = source.replace("        ", "\t\t").replace("    ", "\t")
    if draw(st.booleans()):
        source = source.replace("\n", "\r\n")
    return source, calls


def run(text: str) -> FileResult:
    [result] = migrate([SourceFile(path="program.py", text=text)], Options())
    return result


def untouchable(text: str) -> list[str]:
    """The lines that say nothing of the SDK but in strings and comments, and the look-alikes."""
    kept = {line.strip() for noise in NOISE for line in noise.splitlines()} - {"pass", ""}
    return [line for line in re.split(r"\r?\n", text) if line.strip() in kept]


def seeds(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\bseed=(\d+)", text)]


def lines_of(calls: Iterable[int], text: str) -> dict[int, int]:
    lines = re.split(r"\r?\n", text)
    return {c: n for c in calls for n, line in enumerate(lines, 1) if f"seed={c}" in line}


ONE_LINE = "import openai\nx = openai.chat.completions.create(seed=1000); y = 1\n"


@given(modules())
@example((ONE_LINE, [1000]))
def test_a_module_survives(module: tuple[str, list[int]]) -> None:
    source, calls = module
    ast.parse(source)
    result = run(source)

    assert not result.error
    compile(result.text, "program.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    libcst.parse_module(result.text)
    assert seeds(result.text) == seeds(source), "a call was lost"
    assert untouchable(result.text) == untouchable(source)
    assert result.text.count("\r\n") in (0, result.text.count("\n"))

    sites = [finding for finding in result.findings if finding.kind == "call"]
    for call, line in lines_of(calls, source).items():
        found = [s for s in sites if s.line <= line <= (s.end_line or s.line)]
        assert found, f"seed={call} is in no finding"
        assert {s.status for s in found} == {"migrated"}, f"seed={call}: {found}"
    assert len(sites) == len(calls)

    again = run(result.text)
    assert again.text == result.text, "the second run changed something"
    assert not again.edits
