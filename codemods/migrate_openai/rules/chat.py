"""Chat completions: create, parse, stream; and ChatCompletion of 0.28."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call, Case, Rule

CREATE = Rule(
    id="MOA101",
    title="chat.completions.create becomes chat_completion",
    what=(
        "A call on a client without settings becomes a call of the router's function; on a "
        "client with settings it becomes the method of the same name. A model that is written "
        "out gets its provider; any other model stays as it is and `provider` says whose it is."
    ),
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()


def ask(question):
    reply = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": question}],
    )
    return reply.choices[0].message.content
""",
            after="""\
from personalvibe import llm_router


def ask(question):
    reply = llm_router.chat_completion(
        model="openai/gpt-4o",
        messages=[{"role": "user", "content": question}],
    )
    return reply.choices[0].message.content
""",
        ),
        Case(
            before="""\
import openai


def ask(model, **options):
    return openai.chat.completions.create(model=model, **options)
""",
            after="""\
from personalvibe import llm_router


def ask(model, **options):
    return llm_router.chat_completion(provider="openai", model=model, **options)
""",
        ),
        Case(
            before="""\
from openai import AsyncOpenAI

client = AsyncOpenAI()


async def words(messages):
    stream = await client.chat.completions.create(
        model="gpt-4o",
        messages=messages,
        stream=True,
    )
    async for chunk in stream:
        yield chunk.choices[0].delta.content
""",
            after="""\
from personalvibe import llm_router


async def words(messages):
    stream = await llm_router.achat_completion(
        model="openai/gpt-4o",
        messages=messages,
        stream=True,
    )
    async for chunk in stream:
        yield chunk.choices[0].delta.content
""",
        ),
    ),
    calls=(Call(sdk="chat.completions.create", function="chat_completion"),),
)

PARSE = Rule(
    id="MOA102",
    title="chat.completions.parse becomes chat_completion_parse",
    what="The router parses the reply as the SDK does: `.choices[0].message.parsed` is the same.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
reply = client.beta.chat.completions.parse(
    model="gpt-4o", messages=messages, response_format=Answer
)
print(reply.choices[0].message.parsed)
""",
            after="""\
from personalvibe import llm_router

reply = llm_router.chat_completion_parse(
    model="openai/gpt-4o", messages=messages, response_format=Answer
)
print(reply.choices[0].message.parsed)
""",
        ),
    ),
    calls=(
        Call(sdk="chat.completions.parse", function="chat_completion_parse"),
        Call(sdk="beta.chat.completions.parse", function="chat_completion_parse"),
    ),
)

STREAM = Rule(
    id="MOA103",
    title="chat.completions.stream becomes chat_completion_stream",
    what="The streaming helper with its typed events, as a context manager.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
with client.chat.completions.stream(model="gpt-4o", messages=messages) as stream:
    for event in stream:
        print(event.type)
""",
            after="""\
from personalvibe import llm_router

with llm_router.chat_completion_stream(model="openai/gpt-4o", messages=messages) as stream:
    for event in stream:
        print(event.type)
""",
        ),
    ),
    calls=(
        Call(sdk="chat.completions.stream", function="chat_completion_stream"),
        Call(sdk="beta.chat.completions.stream", function="chat_completion_stream"),
    ),
)

LEGACY = Rule(
    id="MOA104",
    title="openai.ChatCompletion of 0.28 becomes chat_completion",
    what=(
        "`engine` and `deployment_id` become `model`, `request_timeout` becomes `timeout`, "
        "`headers` becomes `extra_headers`. With `llm_router.legacy = True` the module's calls do "
        "not retry, replies are dictionaries with attributes that print as JSON, and errors have "
        "the text and members that they had (`user_message`, `http_status`), so the code around "
        "the call stays. Where the program has calls of a later generation too, `legacy=True` "
        "goes to each call instead."
    ),
    cases=(
        Case(
            before="""\
import openai

openai.api_key = key


def ask(messages):
    reply = openai.ChatCompletion.create(model="gpt-4", messages=messages, request_timeout=30)
    return reply["choices"][0]["message"]["content"]
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

llm_router.api_key = key


def ask(messages):
    reply = llm_router.chat_completion(model="openai/gpt-4", messages=messages, timeout=30)
    return reply["choices"][0]["message"]["content"]
""",
        ),
        Case(
            before="""\
import openai


async def ask(**options):
    return await openai.ChatCompletion.acreate(**options)
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28


async def ask(**options):
    return await llm_router.achat_completion(provider="openai", **options)
""",
        ),
    ),
    calls=(
        Call(sdk="ChatCompletion.create", function="chat_completion", legacy=True),
        Call(sdk="ChatCompletion.acreate", function="achat_completion", legacy=True),
    ),
)

RULES = (CREATE, PARSE, STREAM, LEGACY)
