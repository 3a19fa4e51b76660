"""OpenAI's keys, errors and response headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply

_KINDS = {429: "rate_limit_error", 403: "permission_error"}
_ENGINE = re.compile(r"/engines/([^/]+)/")


class _Completes(Protocol):
    def __call__(self, params: dict[str, Any], /, *, model: str) -> Reply: ...


def by_engine(complete: _Completes) -> Callable[[Received], Reply]:
    """The address of the first SDKs: the model in the path, as ``engine``."""

    def answer(request: Received) -> Reply:
        match = _ENGINE.search(request.target)
        return complete(request.params, model=match[1] if match else "")

    return answer


def authorise(request: Received) -> None:
    """Raises `ApiError` (401) without a key, or with one that begins with ``sk-bad``."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        if not _is_openai(request.host):
            return  # a self-hosted server asks for no key
        raise ApiError(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password "
            "field (with blank username) if you're accessing the API from your browser and are "
            "prompted for a username and password. You can obtain an API key from "
            "https://platform.openai.com/account/api-keys.",
        )
    if key.startswith("sk-bad"):
        raise ApiError(
            401,
            f"Incorrect API key provided: {key[:6]}{'*' * 8}. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            code="invalid_api_key",
        )


def _is_openai(host: str) -> bool:
    return host == "openai.com" or host.endswith(".openai.com")


def fail(failure: ApiError) -> Reply:
    fallback = "server_error" if failure.status >= 500 else "invalid_request_error"
    error = {
        "message": failure.message,
        "type": _KINDS.get(failure.status, fallback),
        "param": failure.param,
        "code": failure.code,
    }
    return json_reply({"error": error}, status=failure.status, headers=failure.headers)


def headers(request: Received) -> dict[str, str]:
    seed = Seed(request.target, request.body.decode("latin-1"))
    return {
        "openai-organization": request.headers.get("openai-organization", "stand-in"),
        "openai-processing-ms": str(100 + seed.number(900, "ms")),
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": "2000000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-remaining-tokens": "1999000",
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": "30ms",
        "x-request-id": f"req_{seed.hex(32, 'request')}",
    }
