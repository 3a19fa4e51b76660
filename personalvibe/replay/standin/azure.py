"""Azure OpenAI: the deployment in the path, its own key header, errors and content filters."""

from __future__ import annotations

import re

from personalvibe.replay.standin import checks, openai_chat, openai_media, openai_more
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply

_DEPLOYMENT = re.compile(r"/deployments/([^/]+)/(.+)$")


def by_deployment(request: Received) -> Reply:
    """POST /openai/deployments/{deployment}/{operation}?api-version=."""
    match = _DEPLOYMENT.search(request.target)
    if match is None or "api-version" not in request.query:
        raise ApiError(404, "Resource not found", code="404")
    deployment, operation = match[1], match[2]
    if "does-not-exist" in deployment:
        raise ApiError(
            404,
            "The API deployment for this resource does not exist. If you created the deployment "
            "within the last 5 minutes, please wait a moment and try again.",
            code="DeploymentNotFound",
        )
    if operation == "chat/completions":
        model = openai_chat.dated(deployment)
        return openai_chat.complete(request.params, model=model, azure=True)
    if operation == "completions":
        return openai_more.complete(request.params, model=deployment)
    if operation == "embeddings":
        return openai_more.embed(request.params, model=deployment)
    answer = _MEDIA.get(operation)
    if answer is None:
        raise ApiError(404, "Resource not found", code="404")
    return answer(request)


_MEDIA = {
    "images/generations": openai_media.image_generations,
    "images/edits": openai_media.image_edits,
    "audio/transcriptions": openai_media.transcriptions,
    "audio/translations": openai_media.translations,
    "audio/speech": openai_media.speech,
}


def chat_completions(request: Received) -> Reply:
    """POST /openai/v1/chat/completions: the deployment is the ``model``."""
    params = request.params
    model = openai_chat.dated(checks.require_model(params))
    return openai_chat.complete(params, model=model, azure=True)


def is_azure(request: Received) -> bool:
    host = request.host
    named = host.endswith(".azure.com") or "/openai/deployments/" in request.target
    return named or ("/openai/" in request.target and "api-version" in request.query)


def authorise(request: Received) -> None:
    """Raises `ApiError` (401) without a key or a token, or with one that begins with sk-bad."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = request.headers.get("api-key") or (token if scheme.lower() == "bearer" else "")
    if not key or key.startswith("sk-bad"):
        raise ApiError(
            401,
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to "
            "provide a valid key for an active subscription and use a correct regional API "
            "endpoint for your resource.",
            code="401",
        )


def fail(failure: ApiError) -> Reply:
    error: dict[str, object] = {
        "code": failure.code or str(failure.status),
        "message": failure.message,
    }
    if failure.param:
        error |= {"param": failure.param, "type": "invalid_request_error"}
    return json_reply({"error": error}, status=failure.status, headers=failure.headers)


def headers(request: Received) -> dict[str, str]:
    seed = Seed(request.target, request.body.decode("latin-1"))
    return {
        "apim-request-id": seed.uuid("apim"),
        "x-ms-region": "Sweden Central",
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-limit-tokens": "100000",
        "x-ratelimit-remaining-requests": "999",
        "x-ratelimit-remaining-tokens": "99000",
        "x-request-id": seed.uuid("request"),
    }
