"""Embeddings."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call, Case, Rule

CREATE = Rule(
    id="MOA121",
    title="embeddings.create becomes embedding",
    what='Each item of the reply answers `.embedding` and `["embedding"]`.',
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()


def embed(texts, model="text-embedding-3-small"):
    reply = client.embeddings.create(input=texts, model=model)
    return [item.embedding for item in reply.data]
""",
            after="""\
from personalvibe import llm_router


def embed(texts, model="text-embedding-3-small"):
    reply = llm_router.embedding(provider="openai", input=texts, model=model)
    return [item.embedding for item in reply.data]
""",
        ),
    ),
    calls=(Call(sdk="embeddings.create", function="embedding"),),
)

LEGACY = Rule(
    id="MOA122",
    title="openai.Embedding of 0.28 becomes embedding",
    what="As for chat: `engine` becomes `model`, `request_timeout` becomes `timeout`.",
    cases=(
        Case(
            before="""\
import openai

reply = openai.Embedding.create(input=[text], engine="text-embedding-ada-002")
vector = reply["data"][0]["embedding"]
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

reply = llm_router.embedding(input=[text], model="openai/text-embedding-ada-002")
vector = reply["data"][0]["embedding"]
""",
        ),
    ),
    calls=(
        Call(sdk="Embedding.create", function="embedding", legacy=True),
        Call(sdk="Embedding.acreate", function="aembedding", legacy=True),
    ),
)

RULES = (CREATE, LEGACY)
