"""What is left as it is, and why."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Case, Rule

_FILES = """\
from openai import OpenAI

client = OpenAI()
print(client.files.list())
"""
NO_COUNTERPART = Rule(
    id="MOA901",
    title="LiteLLM has no counterpart",
    what=(
        "Files, batches, fine-tuning, assistants, threads, realtime and the like stay as they are "
        "written. Where their client has to move, the router's passes them on to the SDK."
    ),
    cases=(Case(before=_FILES, after=_FILES),),
)

_UNPROVEN = """\
def ask(client, messages):
    return client.chat.completions.create(model="gpt-4o", messages=messages)
"""
UNPROVEN = Rule(
    id="MOA902",
    title="nothing proves that this is an openai client",
    what=(
        "The call has the shape, but its receiver may be anything. It stays; handed an "
        "`llm_router.Client`, it works."
    ),
    cases=(Case(before=_UNPROVEN, after=_UNPROVEN),),
)

_LOOK_ALIKE = """\
from groq import Groq

reply = Groq().chat.completions.create(model="llama", messages=messages)
"""
LOOK_ALIKE = Rule(
    id="MOA903",
    title="another SDK of the same shape",
    kind="other",
    what="Never touched. A drop-in module such as `langfuse.openai` is reported.",
    cases=(Case(before=_LOOK_ALIKE, after=_LOOK_ALIKE),),
)

_RAW = """\
from openai import OpenAI

client = OpenAI()
raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=messages)
"""
RAW = Rule(
    id="MOA904",
    title="raw and streaming HTTP responses",
    what=(
        "`with_raw_response` and `with_streaming_response` hand out the HTTP response itself: "
        "left, but for speech that streams. Where their client has to move, the router's passes "
        "them on to the SDK."
    ),
    cases=(Case(before=_RAW, after=_RAW),),
)

_MOCK = """\
from unittest.mock import patch

from openai import OpenAI


def ask(text):
    return OpenAI().embeddings.create(model="m", input=text)


@patch("openai.OpenAI")
def test_ask(make):
    ask("x")
    make.assert_called_once_with()
"""
_MOCK_AFTER = """\
from unittest.mock import patch

from personalvibe import llm_router


def ask(text):
    return llm_router.Client().embeddings.create(model="m", input=text)


@patch("personalvibe.llm_router.Client")
def test_ask(make):
    ask("x")
    make.assert_called_once_with()
"""
MOCK = Rule(
    id="MOA905",
    title="a test replaces part of the SDK by name",
    kind="other",
    what=(
        'What a test replaces stays where it looks for it. `patch("app.OpenAI")`: the import in '
        "`app` becomes `from personalvibe.llm_router import Client as OpenAI`. "
        '`patch("app.openai.ChatCompletion.create")`: it becomes `from personalvibe.llm_router '
        'import openai`, a module that has the SDK\'s names. `patch("openai.OpenAI")`: the string '
        "names the router's class. A client that a fake may stand in for keeps the SDK's spelling "
        "of its calls, and the arguments that it is made with."
    ),
    cases=(Case(before=_MOCK, after=_MOCK_AFTER),),
)

RULES = (NO_COUNTERPART, UNPROVEN, LOOK_ALIKE, RAW, MOCK)
