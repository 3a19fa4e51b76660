"""The sharp_boe service: ``POST /sharp/api/v2/generate``."""

from __future__ import annotations

from personalvibe.replay.standin import checks
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply
from personalvibe.replay.standin.reply import Ask, decide


def generate(request: Received) -> Reply:
    params = request.params
    for name in ("model", "prompt", "user_name"):
        if not isinstance(params.get(name), str):
            raise ApiError(422, f"field required: {name}")
    checks.known_model(params["model"])
    ask = Ask(turns=(("user", params["prompt"]),))
    choice = decide(ask, Seed("sharp", params["model"], params["prompt"]))
    return json_reply({"response": choice.text or choice.refusal or ""})


def authorise(request: Received) -> None:
    """Raises `ApiError` (401) without a secret, or with one that begins with ``sk-bad``."""
    secret = request.params.get("user_secret")
    if not isinstance(secret, str) or not secret or secret.startswith("sk-bad"):
        raise ApiError(401, "unknown user or wrong secret")


def fail(failure: ApiError) -> Reply:
    return json_reply({"detail": failure.message}, status=failure.status, headers=failure.headers)


def headers(request: Received) -> dict[str, str]:
    del request
    return {}
