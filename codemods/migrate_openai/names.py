"""Names of the openai package that are no calls: settings, exceptions, types."""

from __future__ import annotations

# openai.<setting> -> llm_router.<setting>
SETTINGS: dict[str, str] = {
    name: name
    for name in (
        "api_key",
        "api_base",
        "base_url",
        "organization",
        "project",
        "api_type",
        "api_version",
        "azure_endpoint",
        "azure_ad_token",
        "azure_ad_token_provider",
        "timeout",
        "max_retries",
        "default_headers",
        "default_query",
        "http_client",
    )
}
UNSUPPORTED_SETTINGS = frozenset(
    {
        "aiosession",
        "api_key_path",
        "app_info",
        "ca_bundle_path",
        "debug",
        "enable_telemetry",
        "log",
        "proxy",
        "requestssession",
        "verify_ssl_certs",
    }
)

EXCEPTIONS: dict[str, str] = {
    name: name
    for name in (
        "APIConnectionError",
        "APIError",
        "APIResponseValidationError",
        "APIStatusError",
        "APITimeoutError",
        "AuthenticationError",
        "BadRequestError",
        "ConflictError",
        "ContentFilterFinishReasonError",
        "InternalServerError",
        "LengthFinishReasonError",
        "NotFoundError",
        "OpenAIError",
        "PermissionDeniedError",
        "RateLimitError",
        "UnprocessableEntityError",
    )
}
# Names of 0.28, in openai.error and partly in openai itself.
LEGACY_EXCEPTIONS: dict[str, str] = {
    "APIConnectionError": "APIConnectionError",
    "APIError": "APIError",
    "AuthenticationError": "AuthenticationError",
    "InvalidAPIType": "BadRequestError",
    "InvalidRequestError": "BadRequestError",
    "OpenAIError": "OpenAIError",
    "PermissionError": "PermissionDeniedError",
    "RateLimitError": "RateLimitError",
    "ServiceUnavailableError": "InternalServerError",
    "Timeout": "APITimeoutError",
}
LEGACY_EXCEPTIONS_LEFT = frozenset({"TryAgain", "SignatureVerificationError", "CacheError"})

# The sentinels that mean "not given".
SENTINELS = frozenset({"NOT_GIVEN", "NotGiven", "not_given", "Omit", "omit", "Timeout"})

TYPES: dict[str, str] = {
    "openai.Stream": "Stream",
    "openai.AsyncStream": "AsyncStream",
}

# Classes of 0.28 whose calls have no counterpart.
LEGACY_RESOURCES = frozenset(
    {
        "Audio",
        "ChatCompletion",
        "Completion",
        "Customer",
        "Deployment",
        "Edit",
        "Embedding",
        "Engine",
        "ErrorObject",
        "File",
        "FineTune",
        "FineTuningJob",
        "Image",
        "Model",
        "Moderation",
    }
)


def exception(name: str) -> str | None:
    """``openai.error.Timeout`` -> ``APITimeoutError``; None for what is no known exception."""
    head, _, last = name.rpartition(".")
    if head == "openai.error":
        return LEGACY_EXCEPTIONS.get(last)
    if head in {"openai", "openai._exceptions"}:
        if last in EXCEPTIONS:
            return EXCEPTIONS[last]
        if last == "InvalidRequestError":
            return LEGACY_EXCEPTIONS[last]
    return None


# Types of replies, where they stand in annotations.
RESPONSE_TYPES: dict[str, str] = {
    "ChatCompletion": "ModelResponse",
    "ChatCompletionChunk": "ModelResponseStream",
    "CreateEmbeddingResponse": "EmbeddingResponse",
    "ImagesResponse": "ImageResponse",
}
