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


@patch("app.openai.ChatCompletion.create")
def test_ask(create):
    create.return_value = {}
"""
MOCK = Rule(
    id="MOA905",
    title="a test replaces part of the SDK by name",
    kind="other",
    what=(
        "Strings are never changed; where the test replaces something that moves, it must move. "
        "A client whose parts are replaced in the file that makes it stays, and so do its calls."
    ),
    cases=(Case(before=_MOCK, after=_MOCK),),
)

RULES = (NO_COUNTERPART, UNPROVEN, LOOK_ALIKE, RAW, MOCK)
