"""The openai module itself: its settings, exceptions, sentinels and types."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Case, Rule

SETTING = Rule(
    id="MOA301",
    title="openai.api_key and its like become settings of the router",
    kind="setting",
    what=(
        "Settings of the module, of 0.28 and later. They move when a call on the module moves. "
        "Where something that stays reads them too, both are set."
    ),
    cases=(
        Case(
            before="""\
import openai

openai.api_type = "azure"
openai.api_base = endpoint
openai.api_version = "2023-05-15"
reply = openai.ChatCompletion.create(engine="my-deployment", messages=messages)
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

llm_router.api_type = "azure"
llm_router.api_base = endpoint
llm_router.api_version = "2023-05-15"
reply = llm_router.chat_completion(model="azure/my-deployment", messages=messages)
""",
        ),
        Case(
            before="""\
import openai

openai.api_key = key
files = openai.File.list()
reply = openai.ChatCompletion.create(model="gpt-4", messages=messages)
""",
            after="""\
import openai
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

llm_router.api_key = openai.api_key = key
files = openai.File.list()
reply = llm_router.chat_completion(model="openai/gpt-4", messages=messages)
""",
        ),
    ),
)

EXCEPTION = Rule(
    id="MOA401",
    title="openai.RateLimitError becomes llm_router.RateLimitError",
    kind="exception",
    what=(
        "Exceptions of every generation get the name that they have today: "
        "`openai.error.InvalidRequestError` is `BadRequestError`, `openai.error.Timeout` is "
        "`APITimeoutError`. They catch what the router raises and what an openai client raises. "
        "One that a program of 0.28 makes itself becomes "
        '`llm_router.legacy_error(llm_router.RateLimitError, "slow down")`, one that it derives '
        "from `llm_router.legacy_base(llm_router.RateLimitError)`."
    ),
    cases=(
        Case(
            before="""\
import openai

try:
    reply = openai.ChatCompletion.create(model="gpt-4", messages=messages)
except (openai.error.RateLimitError, openai.error.Timeout) as error:
    print(error)
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

try:
    reply = llm_router.chat_completion(model="openai/gpt-4", messages=messages)
except (llm_router.RateLimitError, llm_router.APITimeoutError) as error:
    print(error)
""",
        ),
        Case(
            before="""\
from openai import OpenAI, RateLimitError

client = OpenAI()
try:
    reply = client.chat.completions.create(model="gpt-4", messages=messages)
except RateLimitError:
    raise
""",
            after="""\
from personalvibe import llm_router

try:
    reply = llm_router.chat_completion(model="openai/gpt-4", messages=messages)
except llm_router.RateLimitError:
    raise
""",
        ),
    ),
)

SENTINEL = Rule(
    id="MOA402",
    title="NOT_GIVEN and omit come from the router",
    kind="type",
    what="The sentinels are the SDK's own objects: the router hands them on.",
    cases=(
        Case(
            before="""\
from openai import NOT_GIVEN, OpenAI

client = OpenAI()
reply = client.chat.completions.create(
    model="gpt-4o",
    messages=messages,
    tools=tools or NOT_GIVEN,
)
""",
            after="""\
from personalvibe import llm_router

reply = llm_router.chat_completion(
    model="openai/gpt-4o",
    messages=messages,
    tools=tools or llm_router.NOT_GIVEN,
)
""",
        ),
    ),
)

TYPE = Rule(
    id="MOA403",
    title="types of replies in annotations",
    kind="type",
    what=(
        "`ChatCompletion` in an annotation becomes `llm_router.ChatCompletion`: the same class, "
        "which replies are instances of. Where it is made or checked at run time too, it stays."
    ),
    cases=(
        Case(
            before="""\
from openai import OpenAI
from openai.types.chat import ChatCompletion

client = OpenAI()


def ask(messages) -> ChatCompletion:
    return client.chat.completions.create(model="gpt-4o", messages=messages)
""",
            after="""\
from personalvibe import llm_router


def ask(messages) -> llm_router.ChatCompletion:
    return llm_router.chat_completion(model="openai/gpt-4o", messages=messages)
""",
        ),
    ),
)

RULES = (SETTING, EXCEPTION, SENTINEL, TYPE)
