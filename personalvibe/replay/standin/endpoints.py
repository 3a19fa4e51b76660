"""Which address is answered by what, in which dialect, with which headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from personalvibe.replay.standin import openai_chat
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A provider's manners around the answer itself."""

    name: str
    authorise: Callable[[Received], None]
    fail: Callable[[ApiError], Reply]
    headers: Callable[[Received], dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    method: str
    pattern: re.Pattern[str]
    """Searched in the path, so that gateways may put anything before it."""
    dialect: Dialect
    answer: Callable[[Received], Reply]


def openai_key(request: Received) -> None:
    """Raises `ApiError` (401) without a key, or with one that begins with ``sk-bad``."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        if not is_openai(request.host):
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


def is_openai(host: str) -> bool:
    return host == "openai.com" or host.endswith(".openai.com")


_KINDS = {429: "rate_limit_error", 403: "permission_error"}


def openai_failure(failure: ApiError) -> Reply:
    kind = failure.kind or (
        "server_error"
        if failure.status >= 500
        else _KINDS.get(failure.status, "invalid_request_error")
    )
    return json_reply(
        {
            "error": {
                "message": failure.message,
                "type": kind,
                "param": failure.param,
                "code": failure.code,
            }
        },
        status=failure.status,
        headers=failure.headers,
    )


def openai_headers(request: Received) -> dict[str, str]:
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


OPENAI = Dialect(name="openai", authorise=openai_key, fail=openai_failure, headers=openai_headers)


def _endpoint(
    method: str, pattern: str, dialect: Dialect, answer: Callable[[Received], Reply]
) -> Endpoint:
    return Endpoint(method=method, pattern=re.compile(pattern), dialect=dialect, answer=answer)


ENDPOINTS: tuple[Endpoint, ...] = (
    _endpoint("POST", r"/chat/completions$", OPENAI, openai_chat.chat_completions),
)


def find(method: str, target: str) -> tuple[Endpoint | None, bool]:
    """The endpoint for a request, and whether its path is known under any method."""
    known = [e for e in ENDPOINTS if e.pattern.search(target)]
    return next((e for e in known if e.method == method), None), bool(known)
