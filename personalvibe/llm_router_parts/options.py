"""The arguments of calls, for editors and type checkers: the common ones of the SDK and of LiteLLM.

Nothing here exists when a program runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    from openai import NotGiven, Omit  # noqa: TID251  # the types of the SDK's sentinels

    Absent: TypeAlias = NotGiven | Omit | None
    Text: TypeAlias = str | Absent
    Number: TypeAlias = float | Absent
    Whole: TypeAlias = int | Absent
    Flag: TypeAlias = bool | Absent


class CallOptions(TypedDict, total=False):
    """Every call takes these.

    Attributes:
        provider: a prefix for the model, which then is the name on the wire.
        legacy: the reply and the errors of openai 0.28, for this call.
        router: a `litellm.Router`, for this call.
        num_retries: LiteLLM's own, on top of `max_retries`.
    """

    provider: str | None
    legacy: bool
    router: Any
    api_key: Any
    base_url: Any
    api_base: Text
    organization: Text
    project: Text
    api_type: Text
    api_version: Text
    azure_endpoint: Text
    azure_deployment: Text
    azure_ad_token: Text
    azure_ad_token_provider: Any
    timeout: Any
    max_retries: Whole
    default_headers: Any
    default_query: Any
    http_client: Any
    extra_headers: Mapping[str, Any] | None
    extra_query: Mapping[str, object] | None
    extra_body: object | None
    user: Text
    metadata: Any
    num_retries: int | None
    additional_drop_params: Any
    allowed_openai_params: Any
    context_window_fallback_dict: Any
    fallbacks: Any
    guardrails: Any
    input_cost_per_token: float | None
    litellm_metadata: Any
    model_list: Any
    output_cost_per_token: float | None
    prompt_id: str | None
    prompt_variables: Any
    caching: bool | None
    mock_response: Any
    drop_params: bool | None
    custom_llm_provider: str | None
    client: Any
    engine: Text
    deployment_id: Text
    request_timeout: Any
    headers: Any


class ChatOptions(CallOptions, total=False):
    """What `chat_completion` and its kin take."""

    audio: Any
    frequency_penalty: Number
    function_call: Any
    functions: Any
    logit_bias: Any
    logprobs: Flag
    max_completion_tokens: Whole
    max_tokens: Whole
    modalities: Any
    n: Whole
    parallel_tool_calls: Flag
    prediction: Any
    presence_penalty: Number
    prompt_cache_key: Text
    reasoning_effort: Any
    response_format: Any
    safety_identifier: Text
    seed: Whole
    service_tier: Any
    stop: Any
    store: Flag
    stream_options: Any
    temperature: Number
    thinking: Any
    tool_choice: Any
    tools: Any
    top_k: Whole
    top_logprobs: Whole
    top_p: Number
    verbosity: Any
    web_search_options: Any


class TextOptions(CallOptions, total=False):
    """What `text_completion` takes."""

    best_of: Whole
    echo: Flag
    frequency_penalty: Number
    logit_bias: Any
    logprobs: Whole
    max_tokens: Whole
    n: Whole
    presence_penalty: Number
    seed: Whole
    stop: Any
    stream_options: Any
    suffix: Text
    temperature: Number
    top_p: Number


class EmbeddingOptions(CallOptions, total=False):
    """What `embedding` takes."""

    dimensions: Whole
    encoding_format: Any


class ResponsesOptions(CallOptions, total=False):
    """What `responses` and its kin take."""

    background: Flag
    conversation: Any
    include: Any
    instructions: Text
    max_output_tokens: Whole
    max_tool_calls: Whole
    parallel_tool_calls: Flag
    previous_response_id: Text
    prompt: Any
    prompt_cache_key: Text
    reasoning: Any
    safety_identifier: Text
    service_tier: Any
    store: Flag
    stream_options: Any
    temperature: Number
    text: Any
    text_format: Any
    tool_choice: Any
    tools: Any
    top_logprobs: Whole
    top_p: Number
    truncation: Any


class StoredOptions(CallOptions, total=False):
    """What the functions for a stored response take."""

    include: Any
    starting_after: Whole
    stream: Any


class ImageOptions(CallOptions, total=False):
    """What the functions for images take."""

    background: Any
    input_fidelity: Any
    mask: Any
    moderation: Any
    n: Whole
    output_compression: Whole
    output_format: Any
    partial_images: Whole
    quality: Any
    response_format: Any
    size: Any
    stream: Any
    style: Any


class AudioOptions(CallOptions, total=False):
    """What `transcription` and `translation` take."""

    chunking_strategy: Any
    include: Any
    language: Text
    prompt: Text
    response_format: Any
    stream: Any
    temperature: Number
    timestamp_granularities: Any


class SpeechOptions(CallOptions, total=False):
    """What `speech` and `speech_stream` take."""

    instructions: Text
    response_format: Any
    speed: Number
    stream_format: Any
