"""The responses endpoint."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call, Case, Rule

CREATE = Rule(
    id="MOA131",
    title="responses.create becomes responses",
    what="`output_text`, streams and tools stay as they are.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
print(client.responses.create(model="gpt-4o", input="Hello").output_text)
""",
            after="""\
from personalvibe import llm_router

print(llm_router.responses(model="openai/gpt-4o", input="Hello").output_text)
""",
        ),
    ),
    calls=(Call(sdk="responses.create", function="responses"),),
)

PARSE = Rule(
    id="MOA132",
    title="responses.parse becomes responses_parse",
    what="`.output_parsed` is the same object that the SDK builds.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
reply = client.responses.parse(model="gpt-4o", input=text, text_format=Event)
print(reply.output_parsed)
""",
            after="""\
from personalvibe import llm_router

reply = llm_router.responses_parse(model="openai/gpt-4o", input=text, text_format=Event)
print(reply.output_parsed)
""",
        ),
    ),
    calls=(Call(sdk="responses.parse", function="responses_parse"),),
)

STREAM = Rule(
    id="MOA134",
    title="responses.stream becomes responses_stream",
    what="The streaming helper with its typed events, as a context manager.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
with client.responses.stream(model="gpt-4o", input=text) as stream:
    print(stream.get_final_response().output_text)
""",
            after="""\
from personalvibe import llm_router

with llm_router.responses_stream(model="openai/gpt-4o", input=text) as stream:
    print(stream.get_final_response().output_text)
""",
        ),
    ),
    calls=(Call(sdk="responses.stream", function="responses_stream"),),
)

BY_ID = Rule(
    id="MOA133",
    title="responses.retrieve, delete and cancel",
    what="Calls that name a stored response rather than a model.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
again = client.responses.retrieve(response_id)
""",
            after="""\
from personalvibe import llm_router

again = llm_router.responses_retrieve(response_id)
""",
        ),
    ),
    calls=tuple(
        Call(
            sdk=f"responses.{verb}",
            function=f"responses_{verb}",
            has_model=False,
            positional=("response_id",),
        )
        for verb in ("retrieve", "delete", "cancel")
    ),
)

RULES = (CREATE, PARSE, BY_ID, STREAM)
