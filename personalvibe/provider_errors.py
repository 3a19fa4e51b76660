"""What a provider's failure means to the user: one line, one remedy, an exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from personalvibe.errors import ExitCode, UserError
from personalvibe.scrub import scrub

_MAX_LENGTH = 240
_PREFIX = re.compile(
    r"^(?:litellm\.)?\w*(?:Error|Exception|Timeout)"
    r"(?:\s*[:-]\s*|\s+(?=\w+(?:Error|Exception|Timeout)\b))"
)
_STATUS = re.compile(r"^Error code: \d+ - ")
_MESSAGE = re.compile(r"""['"]message['"]: (['"])(?P<text>.*?)(?<!\\)\1""", re.DOTALL)
_KEY_WORDS = re.compile(r"api[_ -]?key|credential|environment variable", re.IGNORECASE)


def explain(error: Exception, *, model: str, missing: Sequence[str]) -> UserError | None:
    """The user's view of an exception from LiteLLM or an SDK; None when it is none of theirs.

    Args:
        model: ``<provider>/<name>``.
        missing: variables that the provider wants and that are not set.
    """
    chain = list(_chain(error))
    families = {cls.__module__.partition(".")[0] for e in chain for cls in type(e).__mro__}
    if missing and isinstance(error, ValueError) and _KEY_WORDS.search(str(error)):
        return no_key(model.partition("/")[0], missing)  # the router's own, made before it asks
    if not families & {"litellm", "openai", "httpx", "httpx2", "httpcore", "requests"}:
        return None
    names = {cls.__name__ for e in chain for cls in type(e).__mro__}
    provider = model.partition("/")[0]
    status = getattr(error, "status_code", None)
    said = _said(error)

    if "LLM Provider NOT provided" in str(error):
        if missing:
            return no_key(provider, missing)
        return UserError(
            f"unknown provider `{provider}` in the model {model}",
            "A model is <provider>/<name>, e.g. openai/gpt-4o-mini; `pv models` lists yours.",
        )
    if names & {"APITimeoutError", "Timeout", "TimeoutException", "ReadTimeout"}:
        return UserError(
            f"{provider} did not answer in time ({model})",
            "Run the same command again, or give it longer with --timeout SECONDS.",
            exit_code=ExitCode.PARTIAL,
        )
    if names & {"ConnectError", "ConnectionError", "RemoteProtocolError", "ReadError"} or (
        "APIConnectionError" in names and not _KEY_WORDS.search(said)
    ):
        return UserError(
            f"cannot reach {provider}: {_cause(chain)}",
            f"Check the network, a proxy, and the provider's address ({_address(provider)})."
            + "".join(f" {name} is not set, too." for name in missing if name.endswith("_KEY")),
            exit_code=ExitCode.PARTIAL,
        )
    if missing and ("AuthenticationError" in names or status == 401 or _KEY_WORDS.search(said)):
        return no_key(provider, missing)
    if "AuthenticationError" in names or status == 401:
        return UserError(
            f"{provider} refuses the API key (401): {said}",
            "Set the key of the account that you mean to use, and check that it is active.",
        )
    if status == 403:
        return UserError(
            f"{provider} refuses access to {model} (403): {said}",
            "Ask the owner of the account to allow the model, or choose another with --model.",
        )
    if status == 404:
        return UserError(
            f"{provider} does not know {model} (404): {said}",
            "Choose another model with --model; `pv models` lists what your keys reach.",
        )
    if status == 429:
        return UserError(
            f"{provider} asks to slow down, or the quota is used up (429): {said}",
            "Wait and run the same command again, raise --max-retries, or check the account.",
            exit_code=ExitCode.PARTIAL,
        )
    if "ContextWindowExceededError" in names or "context_length" in str(error):
        return UserError(
            f"the prompt is too long for {model}: {said}",
            "List fewer files in the context, or choose a model with a larger window.",
        )
    if isinstance(status, int) and status < 500:
        return UserError(
            f"{provider} rejects the request ({status}): {said}",
            "Check --model, --max-tokens and conversation_history.",
        )
    return UserError(
        f"{provider} failed{f' ({status})' if status else ''}: {said}",
        "The fault is the provider's: run the same command again in a while.",
        exit_code=ExitCode.PARTIAL,
    )


def no_key(provider: str, missing: Sequence[str]) -> UserError:
    """What to tell a user whose keys a provider would have wanted."""
    some = "is not set" if len(missing) == 1 else "are not set"
    return UserError(
        f"no API key for {provider}: {' and '.join(missing)} {some}",
        f"Run `export {missing[0]}=...` first, or choose another provider with --model.",
    )


_ADDRESSES = {
    "openai": "OPENAI_BASE_URL",
    "mistral": "MISTRAL_AZURE_API_BASE",
    "my-custom-llm": "SHARP_API_BASE",
}


def _address(provider: str) -> str:
    """The variable that moves a provider."""
    if provider in _ADDRESSES:
        return _ADDRESSES[provider]
    return f"{provider.upper().replace('-', '_')}_API_BASE"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _cause(chain: Sequence[BaseException]) -> str:
    system = [e for e in chain if isinstance(e, OSError) and e.strerror]
    return _short(str(system[-1].strerror if system else chain[-1])) or "no connection"


def _said(error: Exception) -> str:
    """The provider's own words, out of what LiteLLM and the SDK wrap around them."""
    text = str(getattr(error, "message", "") or error)
    while (stripped := _STATUS.sub("", _PREFIX.sub("", text, count=1), count=1)) != text:
        text = stripped
    if found := _MESSAGE.search(text):
        text = found["text"]
    return _short(text) or type(error).__name__


def _short(text: str) -> str:
    line = " ".join(scrub(text).split())
    return line if len(line) <= _MAX_LENGTH else f"{line[: _MAX_LENGTH - 3]}..."
