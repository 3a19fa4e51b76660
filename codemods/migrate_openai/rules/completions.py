"""Legacy text completions."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call, Case, Rule

CREATE = Rule(
    id="MOA111",
    title="completions.create becomes text_completion",
    what="The legacy completions endpoint, by prompt.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
reply = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=prompt)
""",
            after="""\
from personalvibe import llm_router

reply = llm_router.text_completion(model="openai/gpt-3.5-turbo-instruct", prompt=prompt)
""",
        ),
    ),
    calls=(Call(sdk="completions.create", function="text_completion"),),
)

LEGACY = Rule(
    id="MOA112",
    title="openai.Completion of 0.28 becomes text_completion",
    what="As for chat: `engine` becomes `model`, `request_timeout` becomes `timeout`.",
    cases=(
        Case(
            before="""\
import openai

reply = openai.Completion.create(engine="davinci-002", prompt=prompt, max_tokens=5)
print(reply["choices"][0]["text"])
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

reply = llm_router.text_completion(model="openai/davinci-002", prompt=prompt, max_tokens=5)
print(reply["choices"][0]["text"])
""",
        ),
    ),
    calls=(
        Call(sdk="Completion.create", function="text_completion", legacy=True),
        Call(sdk="Completion.acreate", function="atext_completion", legacy=True),
    ),
)

RULES = (CREATE, LEGACY)
