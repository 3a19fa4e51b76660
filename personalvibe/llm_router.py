"""Every call to a language model goes through this module, to LiteLLM.

The file and its parts, the folder ``llm_router_parts`` beside it, stand alone: they may be copied
into another project, which then depends on ``litellm`` only. Importing it is cheap; LiteLLM
(2-5 s) is imported at the first call.

    from personalvibe import llm_router

    reply = llm_router.chat_completion("anthropic/claude-sonnet-4-5", [{"role": "user", ...}])

**Models.** ``<provider>/<name>``; ``None`` or ``""`` is :data:`DEFAULT_MODEL`; :data:`ALIASES` may
be extended. With ``provider="openai"`` (or another provider) the model is the name on the wire and
the router adds the prefix: that is how code with dynamic models calls. ``of("openai")`` has all
functions with it given.

**Functions.** ``chat_completion``, ``chat_completion_parse``, ``chat_completion_stream``,
``text_completion``, ``embedding``, ``responses`` (``_parse``, ``_stream``, ``_retrieve``,
``_delete``, ``_cancel``), ``image_generation``, ``image_edit``, ``image_variation``,
``transcription``, ``translation``, ``speech`` (``_stream``), ``moderation``; each with an
asynchronous twin, ``achat_completion`` and so on. What else a server is asked for has LiteLLM's
names: ``create_file``, ``create_batch``, ``vector_store_search``, ``run_thread``; the table of
`llm_router_parts.endpoints`. :class:`Client` and :class:`AsyncClient` are the same with settings
bound once, and answer the OpenAI-shaped spelling too. What LiteLLM has no function for
(``client.models``, ``client.uploads``) passes through it, as the SDK sends it.

**OpenAI and Azure.** A program that used the openai SDK sends the same request and sees the same
reply. The call goes through LiteLLM (callbacks, costs, caching), which is handed a ``client=`` of
this module. When LiteLLM comes to send its version of the request, that client sends the one which
the program described, and it keeps the reply::

    program -> Front (the SDK's signatures) -> LiteLLM -> Back -> the SDK's client -> wire

LiteLLM depends on the openai package and has imported it by then, so nothing more is installed.
Other providers, and calls that use a LiteLLM feature listed in :data:`PLAIN`, go to LiteLLM as
they are. docs/LLM_PROVIDERS.md lists what stays different.

**Exceptions and types** come lazily, by their usual names: ``except llm_router.RateLimitError``,
``reply: llm_router.ModelResponse``, ``llm_router.NOT_GIVEN``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from personalvibe.llm_router_parts.chat import (
    achat_completion,
    achat_completion_parse,
    achat_completion_stream,
    atext_completion,
    chat_completion,
    chat_completion_parse,
    chat_completion_stream,
    text_completion,
)
from personalvibe.llm_router_parts.clients import (
    AsyncAzureClient,
    AsyncClient,
    AzureClient,
    Client,
)
from personalvibe.llm_router_parts.embeddings_utils import (
    aget_embedding,
    aget_embeddings,
    cosine_similarity,
    get_embedding,
    get_embeddings,
)
from personalvibe.llm_router_parts.functions import is_endpoint, of
from personalvibe.llm_router_parts.legacy import OpenAIObject
from personalvibe.llm_router_parts.legacy_errors import legacy_base, legacy_error
from personalvibe.llm_router_parts.media import (
    aembedding,
    aimage_edit,
    aimage_generation,
    aimage_variation,
    amoderation,
    aspeech,
    aspeech_stream,
    atranscription,
    atranslation,
    embedding,
    image_edit,
    image_generation,
    image_variation,
    moderation,
    speech,
    speech_stream,
    transcription,
    translation,
)
from personalvibe.llm_router_parts.models import resolve_model
from personalvibe.llm_router_parts.packages import named
from personalvibe.llm_router_parts.reply_types import COUNTERPARTS, reply_type
from personalvibe.llm_router_parts.responses import (
    aresponses,
    aresponses_cancel,
    aresponses_delete,
    aresponses_parse,
    aresponses_retrieve,
    aresponses_stream,
    responses,
    responses_cancel,
    responses_delete,
    responses_parse,
    responses_retrieve,
    responses_stream,
)
from personalvibe.llm_router_parts.sdk_module import SdkModule
from personalvibe.llm_router_parts.settings import PLAIN, introduce, is_setting, unset

if TYPE_CHECKING:
    from personalvibe.llm_router_parts.endpoint_types import *  # noqa: F403

__all__ = [
    "ALIASES",
    "CUSTOM_PROVIDERS",
    "DEFAULT_MODEL",
    "PLAIN",
    "AsyncAzureClient",
    "AsyncClient",
    "AzureClient",
    "Client",
    "OpenAIObject",
    "achat_completion",
    "achat_completion_parse",
    "achat_completion_stream",
    "aembedding",
    "aget_embedding",
    "aget_embeddings",
    "aimage_edit",
    "aimage_generation",
    "aimage_variation",
    "amoderation",
    "aresponses",
    "aresponses_cancel",
    "aresponses_delete",
    "aresponses_parse",
    "aresponses_retrieve",
    "aresponses_stream",
    "aspeech",
    "aspeech_stream",
    "atext_completion",
    "atranscription",
    "atranslation",
    "chat_completion",
    "chat_completion_parse",
    "chat_completion_stream",
    "cosine_similarity",
    "embedding",
    "get_embedding",
    "get_embeddings",
    "image_edit",
    "image_generation",
    "image_variation",
    "legacy_base",
    "legacy_error",
    "moderation",
    "of",
    "openai",
    "resolve_model",
    "responses",
    "responses_cancel",
    "responses_delete",
    "responses_parse",
    "responses_retrieve",
    "responses_stream",
    "speech",
    "speech_stream",
    "text_completion",
    "transcription",
    "translation",
]

# What belongs to the project that this file stands in.
DEFAULT_MODEL = "openai/gpt-4o-mini"

#: Short names. Extend it: ``llm_router.ALIASES["fast"] = "groq/llama-3.1-8b-instant"``.
ALIASES: dict[str, str] = {"o3": DEFAULT_MODEL}

#: Modules with a ``PROVIDER`` and a ``register(asked_for=)``, where they are installed.
CUSTOM_PROVIDERS: tuple[str, ...] = ("personalvibe.providers.sharp_boe",)

# Settings of the whole process for OpenAI and Azure, read at every call. They are what
# ``openai.api_key = ...`` turns into, and are never sent to another provider. One that is not set
# reads as None; in a program for openai 0.28, and `api_base` in any, as what 0.28 had there.
api_key: str | None
api_base: str | None
base_url: str | None
organization: str | None
project: str | None
api_type: str | None  # "openai" or "azure"
api_version: str | None
azure_endpoint: str | None
azure_ad_token: str | None
azure_ad_token_provider: Callable[[], Any] | None
timeout: Any  # seconds, or an httpx.Timeout
max_retries: int | None
default_headers: Mapping[str, str] | None
default_query: Mapping[str, object] | None
http_client: Any

# Of openai 0.28 only.
api_key_path: str | None  # a file with the key, read at every call
proxy: str | Mapping[str, str] | None
verify_ssl_certs: bool  # had no effect, and has none
ca_bundle_path: str | None  # likewise
enable_telemetry: bool  # likewise

#: For programs written for openai 0.28, which knew no clients: calls of the module's functions do
#: not retry unless told to, and replies and errors are what 0.28 made of them; a reply is an
#: :class:`OpenAIObject`. One call: ``chat_completion(..., legacy=True)``.
legacy: bool = False

#: The openai module by its own names: what ``import openai`` turns into where a test replaces
#: parts of it, ``patch("app.openai.ChatCompletion.create")``, or the spelling is to stay.
openai = SdkModule(sys.modules[__name__])
sys.modules[openai.__name__] = openai  # so that a program can import it by that name

#: A ``litellm.Router``: calls of the module's functions whose model is one of its groups go to it,
#: with its fallbacks, cooldowns and budgets.
router: Any = None

introduce(sys.modules[__name__])


def __getattr__(name: str) -> Any:
    """Settings that are not set; the SDK's exceptions, types and sentinels, and LiteLLM's."""
    if is_setting(name):
        return unset(name)
    if is_endpoint(name):
        from personalvibe.llm_router_parts.endpoint_functions import endpoint_function

        return globals().setdefault(name, endpoint_function(name))
    return reply_type(name) if name in COUNTERPARTS else named(name, __name__)
