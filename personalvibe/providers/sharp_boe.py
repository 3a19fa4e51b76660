"""The sharp_boe service as a LiteLLM provider: ``my-custom-llm/sharp_gemma3_12b_128k``.

The service: POST ``{SHARP_API_BASE}/sharp/api/v2/generate`` with the last message as the prompt; it
answers ``{"response": "<text>"}`` and reports no usage. The account is in ``SHARP_USER_NAME`` and
``SHARP_USER_SECRET``, read at every call and kept nowhere.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import litellm
import requests
from litellm import exceptions
from litellm.llms.custom_llm import CustomLLM

PROVIDER = "my-custom-llm"
_PATH = "/sharp/api/v2/generate"
_TIMEOUT = 600.0  # seconds, LiteLLM's own default
_LONGEST_QUOTE = 300  # characters of a reply that an error message repeats


def register(*, asked_for: bool = False) -> None:
    """Make LiteLLM know the provider, once, when ``SHARP_USER_SECRET`` is set.

    A provider of the same name that the user registered stays, and so do all others.

    Args:
        asked_for: a call wants it now; without a secret it then says which variable is missing.
    """
    if not asked_for and not os.environ.get("SHARP_USER_SECRET"):
        return
    known = litellm.custom_provider_map
    if all(item["provider"] != PROVIDER for item in known):
        known.append({"provider": PROVIDER, "custom_handler": MyCustomLLM()})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """Where to send a prompt, and as whom."""

    base: str
    user: str
    secret: str = field(repr=False)

    @classmethod
    def from_environment(cls, model: str) -> _Account:
        """Raises: AuthenticationError naming the variable that is not set."""
        names = ("SHARP_API_BASE", "SHARP_USER_NAME", "SHARP_USER_SECRET")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise exceptions.AuthenticationError(
                f"{PROVIDER} needs the environment variable{'s' * (len(missing) > 1)}"
                f" {', '.join(missing)}",
                PROVIDER,
                model,
            )
        base, user, secret = (os.environ[name] for name in names)
        return cls(base=base.rstrip("/"), user=user, secret=secret)


class MyCustomLLM(CustomLLM):  # type: ignore[misc]  # LiteLLM is not read for types
    """LiteLLM's protocol for custom providers (litellm.llms.custom_llm): all by keyword."""

    def completion(
        self, model: str, messages: list[Any], model_response: Any, timeout: Any = None, **_: Any
    ) -> Any:
        """Ask the service.

        Args:
            model: the name of the model at the service.
            messages: the conversation; the service gets the last message only.
            model_response: the ``litellm.ModelResponse`` to fill in.
            timeout: seconds, or an ``httpx.Timeout``.

        Raises:
            litellm.exceptions.*: by status; also for a reply without a text.
        """
        text = _generate(model, messages, timeout)
        model_response.model = model
        model_response.choices[0].message.content = text
        model_response.choices[0].finish_reason = "stop"
        return model_response

    async def acompletion(self, *args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(self.completion, *args, **kwargs)

    def streaming(
        self, model: str, messages: list[Any], timeout: Any = None, **_: Any
    ) -> Iterator[Any]:
        """The service does not stream: its reply comes as one chunk."""
        yield _chunk(_generate(model, messages, timeout))

    async def astreaming(
        self, model: str, messages: list[Any], timeout: Any = None, **_: Any
    ) -> AsyncIterator[Any]:
        yield _chunk(await asyncio.to_thread(_generate, model, messages, timeout))


def _chunk(text: str) -> Mapping[str, Any]:
    return {
        "text": text,
        "is_finished": True,
        "finish_reason": "stop",
        "index": 0,
        "tool_use": None,
        "usage": None,
    }


def _generate(model: str, messages: list[Any], timeout: Any) -> str:
    account = _Account.from_environment(model)
    body = {
        "model": model,
        "prompt": _text_of(messages[-1], model),
        "stream": False,
        "user_name": account.user,
        "user_secret": account.secret,
    }
    try:
        reply = requests.post(
            account.base + _PATH,
            json=body,
            timeout=_seconds(timeout),
            allow_redirects=False,  # a redirect would carry the secret to another address
        )
    except requests.Timeout:
        raise exceptions.Timeout(f"{PROVIDER} did not answer in time", model, PROVIDER) from None
    except requests.RequestException as error:
        # Without its text and its chain: they may quote the address or the request.
        raise exceptions.APIConnectionError(
            f"cannot reach {PROVIDER} at SHARP_API_BASE: {type(error).__name__}", PROVIDER, model
        ) from None
    if reply.status_code != 200:
        raise _error(reply.status_code, _quoted(reply.text, account), model)
    try:
        text = reply.json()["response"]
    except (ValueError, KeyError, TypeError):
        text = None
    if not isinstance(text, str):
        said = _quoted(reply.text, account)
        raise _error(502, f"expected a JSON object with a `response` text, got {said}", model)
    return text


def _text_of(message: Any, model: str) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    parts = content or []
    strangers = {part.get("type") for part in parts} - {"text"}
    if strangers:
        kinds = ", ".join(sorted(map(str, strangers)))
        raise exceptions.BadRequestError(
            f"{PROVIDER} takes text only, not {kinds}", model, PROVIDER
        )
    return "\n".join(part["text"] for part in parts)


def _seconds(timeout: Any) -> Any:
    """For requests: seconds, or (connect, read)."""
    if timeout is None:
        return _TIMEOUT
    if hasattr(timeout, "connect"):
        return (timeout.connect, timeout.read)
    return float(timeout)


def _quoted(text: str, account: _Account) -> str:
    clean = text.replace(account.secret, "***")[:_LONGEST_QUOTE]
    return repr(clean) if clean else "nothing"


def _error(status: int, said: str, model: str) -> Exception:
    """LiteLLM's exception for an HTTP status, with that status."""
    by_status = {
        400: exceptions.BadRequestError,
        401: exceptions.AuthenticationError,
        404: exceptions.NotFoundError,
        429: exceptions.RateLimitError,
        500: exceptions.InternalServerError,
        502: exceptions.BadGatewayError,
        503: exceptions.ServiceUnavailableError,
    }
    message = f"{PROVIDER} answered {status}: {said}"
    if status in by_status:
        made: Exception = by_status[status](message=message, model=model, llm_provider=PROVIDER)
    elif status in (408, 504):
        made = exceptions.Timeout(message, model, PROVIDER)
    else:
        made = exceptions.APIError(status, message, PROVIDER, model)
    made.status_code = status  # type: ignore[attr-defined]
    return made
