"""Moderation."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call, Case, Rule

CREATE = Rule(
    id="MOA161",
    title="moderations.create becomes moderation",
    what="A call that names no model stays so: the provider chooses, as before.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
flagged = client.moderations.create(input=text).results[0].flagged
""",
            after="""\
from personalvibe import llm_router

flagged = llm_router.moderation(provider="openai", input=text).results[0].flagged
""",
        ),
    ),
    calls=(Call(sdk="moderations.create", function="moderation"),),
)

LEGACY = Rule(
    id="MOA162",
    title="openai.Moderation of 0.28 becomes moderation",
    what="The input may come by position: it gets its name.",
    cases=(
        Case(
            before="""\
import openai

flagged = openai.Moderation.create(text)["results"][0]["flagged"]
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

flagged = llm_router.moderation(provider="openai", input=text)["results"][0]["flagged"]
""",
        ),
    ),
    calls=(
        Call(
            sdk="Moderation.create",
            function="moderation",
            legacy=True,
            positional=("input", "model"),
        ),
        Call(
            sdk="Moderation.acreate",
            function="amoderation",
            legacy=True,
            positional=("input", "model"),
        ),
    ),
)

RULES = (CREATE, LEGACY)
