"""Clients: where they are made, declared, and reached under another name."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Case, Rule

MADE = Rule(
    id="MOA201",
    title="OpenAI(...) becomes llm_router.Client(...), or goes",
    kind="client",
    what=(
        "A client without settings, used in one file, is not needed any more. One with settings, "
        "or one that is handed around, becomes the router's client. Where models are not written "
        "out, and for Azure, the client names the provider, and calls keep their models. A client "
        "that is also used for something without a counterpart stays, with a second one beside it; "
        "where that cannot be, it moves, and passes those calls on to the SDK."
    ),
    cases=(
        Case(
            before="""\
import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["KEY"], base_url="https://example.com/v1")
reply = client.chat.completions.create(model="gpt-4o", messages=messages)
""",
            after="""\
import os

from personalvibe import llm_router

client = llm_router.Client(api_key=os.environ["KEY"], base_url="https://example.com/v1")
reply = client.chat_completion(model="openai/gpt-4o", messages=messages)
""",
        ),
        Case(
            before="""\
from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint=endpoint, api_version="2024-06-01")
reply = client.chat.completions.create(model="my-deployment", messages=messages)
""",
            after="""\
from personalvibe import llm_router

client = llm_router.Client(provider="azure", azure_endpoint=endpoint, api_version="2024-06-01")
reply = client.chat_completion(model="my-deployment", messages=messages)
""",
        ),
        Case(
            before="""\
from openai import OpenAI

client = OpenAI(timeout=30)
file = client.files.create(file=open("data.jsonl", "rb"), purpose="batch")
reply = client.chat.completions.create(model="gpt-4o", messages=messages)
""",
            after="""\
from openai import OpenAI
from personalvibe import llm_router

client = OpenAI(timeout=30)
router_client = llm_router.Client(timeout=30)
file = client.files.create(file=open("data.jsonl", "rb"), purpose="batch")
reply = router_client.chat_completion(model="openai/gpt-4o", messages=messages)
""",
        ),
        Case(
            before="""\
from openai import OpenAI


def connect(key):
    return OpenAI(api_key=key)


def names(key):
    return [model.id for model in connect(key).models.list()]


def ask(key, messages):
    return connect(key).chat.completions.create(model="gpt-4o", messages=messages)
""",
            after="""\
from personalvibe import llm_router


def connect(key):
    return llm_router.Client(api_key=key)


def names(key):
    return [model.id for model in connect(key).models.list()]


def ask(key, messages):
    return connect(key).chat_completion(model="openai/gpt-4o", messages=messages)
""",
        ),
    ),
)

TYPED = Rule(
    id="MOA202",
    title="OpenAI in an annotation becomes llm_router.Client",
    kind="type",
    what=(
        "Parameters and variables that are declared to be a client, and calls on them. A function "
        "that others can call may be given a client of the SDK as well: calls on its parameter "
        "keep the SDK's spelling, which both answer."
    ),
    cases=(
        Case(
            before="""\
from openai import OpenAI


def ask(client: OpenAI, model: str, question: str) -> str:
    messages = [{"role": "user", "content": question}]
    reply = client.chat.completions.create(model=model, messages=messages)
    return reply.choices[0].message.content
""",
            after="""\
from personalvibe import llm_router


def ask(client: llm_router.Client, model: str, question: str) -> str:
    messages = [{"role": "user", "content": question}]
    reply = client.chat.completions.create(model=model, messages=messages)
    return reply.choices[0].message.content
""",
        ),
    ),
)

RESOURCE = Rule(
    id="MOA203",
    title="a resource under another name stays: the router's client answers it",
    kind="client",
    what=(
        "`chat = client.chat` and the like keep the spelling of the SDK. On the router's client "
        "it works as before, and the model is the name on the wire."
    ),
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI(timeout=30)
completions = client.chat.completions
reply = completions.create(model="gpt-4o", messages=messages)
""",
            after="""\
from personalvibe import llm_router

client = llm_router.Client(timeout=30)
completions = client.chat.completions
reply = completions.create(model="gpt-4o", messages=messages)
""",
        ),
    ),
)

RULES = (MADE, TYPED, RESOURCE)
