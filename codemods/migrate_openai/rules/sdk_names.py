"""Names of the openai package that are no calls: settings, exceptions, types."""

from __future__ import annotations

# The attributes of a client, and of the module, that lead to calls.
RESOURCES = frozenset(
    {
        *("admin", "audio", "batches", "beta", "chat", "completions", "containers"),
        *("content_provenance_checks", "conversations", "decisions", "edits", "embeddings"),
        *("evals", "files", "fine_tuning", "fine_tunes", "images", "live", "models"),
        *("moderations", "realtime", "responses", "safety", "skills", "uploads"),
        *("vector_stores", "videos", "webhooks"),
        *("with_raw_response", "with_streaming_response"),
    }
)
# openai.<setting> -> llm_router.<setting>
SETTINGS: dict[str, str] = {
    name: name
    for name in (
        *("api_key", "api_base", "base_url", "organization", "project", "api_type"),
        *("api_version", "azure_endpoint", "azure_ad_token", "azure_ad_token_provider"),
        *("timeout", "max_retries", "default_headers", "default_query", "http_client"),
        *("api_key_path", "proxy", "verify_ssl_certs", "ca_bundle_path", "enable_telemetry"),
    )
}
# Settings of 0.28 that are not even there later: reading one would fail.
LEGACY_SETTINGS = frozenset({"api_base"})
UNSUPPORTED_SETTINGS = frozenset({"aiosession", "app_info", "debug", "log", "requestssession"})

EXCEPTIONS = frozenset(
    {
        *("APIConnectionError", "APIError", "APIResponseValidationError", "APIStatusError"),
        *("APITimeoutError", "AuthenticationError", "BadRequestError", "ConflictError"),
        *("ContentFilterFinishReasonError", "InternalServerError", "LengthFinishReasonError"),
        *("NotFoundError", "OpenAIError", "PermissionDeniedError", "RateLimitError"),
        "UnprocessableEntityError",
    }
)
# Names of 0.28, in openai.error and partly in openai itself -> what is raised today in its place.
# APIError was no base class there: it meant that the server failed.
LEGACY_EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "APIConnectionError": ("APIConnectionError",),
    "APIError": ("InternalServerError",),
    "AuthenticationError": ("AuthenticationError",),
    "InvalidAPIType": ("BadRequestError",),
    "InvalidRequestError": ("BadRequestError", "NotFoundError"),
    "OpenAIError": ("OpenAIError",),
    "PermissionError": ("PermissionDeniedError",),
    "RateLimitError": ("RateLimitError",),
    "ServiceUnavailableError": ("ServiceUnavailableError",),
    "Timeout": ("APITimeoutError",),
}

# The sentinels that mean "not given".
SENTINELS = frozenset({"NOT_GIVEN", "NotGiven", "Omit", "omit"})

TYPES: dict[str, str] = {
    "openai.openai_object.OpenAIObject": "OpenAIObject",
    "openai.Stream": "Stream",
    "openai.AsyncStream": "AsyncStream",
}

# The SDK's client classes -> the router's, made with the same arguments.
ROUTER_CLASSES: dict[str, str] = {
    "OpenAI": "Client",
    "Client": "Client",
    "AsyncOpenAI": "AsyncClient",
    "AsyncClient": "AsyncClient",
    "AzureOpenAI": "AzureClient",
    "AsyncAzureOpenAI": "AsyncAzureClient",
}


def router_class(sdk: str, *, azure: bool) -> str:
    """The router's class for one of the SDK's; its own for Azure where nothing else says so."""
    name = ROUTER_CLASSES[sdk]
    return name if azure else name.replace("Azure", "")


# Functions of 0.28 that the router has under the same names, with the same arguments.
HELPERS: dict[str, str] = {
    f"openai.embeddings_utils.{name}": name
    for name in (
        *("get_embedding", "aget_embedding", "get_embeddings", "aget_embeddings"),
        "cosine_similarity",
    )
}
# Settings of 0.28 that changed how a request was sent.
OF_TRANSPORT = frozenset({"aiosession", "requestssession"})

# Modules of 0.28 that later generations do not have.
LEGACY_MODULES = (
    "openai.api_requestor",
    "openai.api_resources",
    "openai.datalib",
    "openai.embeddings_utils",
    "openai.openai_object",
    "openai.openai_response",
    "openai.upload_progress",
    "openai.util",
    "openai.wandb_logger",
)

# Classes of 0.28 whose calls have no counterpart.
LEGACY_RESOURCES = frozenset(
    {
        *("Audio", "ChatCompletion", "Completion", "Customer", "Deployment", "Edit"),
        *("Embedding", "Engine", "ErrorObject", "File", "FineTune", "FineTuningJob", "Image"),
        *("Model", "Moderation"),
    }
)


def exceptions(name: str) -> tuple[str, ...]:
    """``openai.error.Timeout`` -> ``("APITimeoutError",)``; nothing for what is no exception."""
    head, _, last = name.rpartition(".")
    if head == "openai.error" or (head == "openai" and last == "InvalidRequestError"):
        return LEGACY_EXCEPTIONS.get(last, ())
    if head in {"openai", "openai._exceptions"} and last in EXCEPTIONS:
        return (last,)
    return ()


# Types of replies, which the router has under the same names.
REPLIES = frozenset(
    {"ChatCompletion", "ChatCompletionChunk", "CreateEmbeddingResponse", "ImagesResponse"}
)

AT_NO_COST = (
    frozenset({"Client", "AsyncClient", "AzureClient", "AsyncAzureClient", "Stream", "AsyncStream"})
    | EXCEPTIONS
    | SENTINELS
)
"""Names of the router that load no more, imported one by one, than the SDK's names did."""
