"""`get_vibed`, the one place where Personalvibe asks a model, and helpers for stage scripts."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from personalvibe import context, llm_router, models
from personalvibe.errors import ExitCode, PersonalvibeDeprecationWarning, UserError
from personalvibe.provider_errors import explain
from personalvibe.workspace import Workspace, save_prompt, short_hash
from personalvibe.workspace import detect_project_name as _detect

log = logging.getLogger(__name__)

__all__ = [
    "Reply",
    "ReplyNotSavedError",
    "detect_project_name",
    "get_base_path",
    "get_context",
    "get_data_dir",
    "get_vibed",
    "get_workspace_root",
    "num_tokens",
    "save_prompt",
]

REMOVED_IN = "5.0"
FIRST_DELAY = 0.5  # seconds before the first repetition
LONGEST_DELAY = 60.0


class Reply(str):
    """The text of a reply. Its attributes say where it is stored and what it took.

    Attributes:
        model: ``<provider>/<name>`` that was asked.
        prompt_file: where the prompt is stored.
        file: where the reply is stored.
        input_tokens: as the provider counted; None when it does not say.
        output_tokens: likewise.
        cost_usd: in US dollars by LiteLLM's price list; None when the model is not in it.
        complete: False when the provider cut the reply off at the token limit.
    """

    __slots__ = (
        "complete",
        "cost_usd",
        "file",
        "input_tokens",
        "model",
        "output_tokens",
        "prompt_file",
    )
    model: str
    prompt_file: Path
    file: Path
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    complete: bool

    def __new__(cls, text: str, **attributes: Any) -> Self:
        reply = super().__new__(cls, text)
        for name, value in attributes.items():
            setattr(reply, name, value)
        return reply


class ReplyNotSavedError(UserError):
    """The model answered, but the reply could not be stored. `reply` has the text."""

    def __init__(self, error: UserError, reply: str) -> None:
        super().__init__(error.message, error.hint, exit_code=error.exit_code)
        self.reply = reply


def get_vibed(
    prompt: str,
    project_name: str = "",
    model: str | None = None,
    max_completion_tokens: int | None = None,
    *,
    conversation_history: Sequence[Mapping[str, str]] = (),
    workspace: Path | None = None,
    max_retries: int = 2,
    timeout: float | None = None,
    on_text: Callable[[str], None] | None = None,
) -> Reply:
    """Store a prompt, ask a model, store its reply.

    Args:
        prompt: the last message, from the user.
        project_name: names the folder below ``data/``; found from the current folder when empty.
        model: ``<provider>/<name>``, an alias, or nothing for the router's default.
        max_completion_tokens: limit of the reply, in tokens; None leaves it to the model.
        conversation_history: messages (``role``, ``content``) that go before the prompt.
        workspace: the folder that receives ``data/``; None: see `personalvibe.workspace`.
        max_retries: how often a request is repeated after 429, 5xx, a timeout or no connection.
        timeout: seconds to wait for the provider; None leaves it to LiteLLM.
        on_text: called with each piece of the reply as it arrives; makes the call a stream.

    Raises:
        UserError: the prompt cannot be stored (then nothing was sent), the provider failed, or
            there was no text in its reply.
        ReplyNotSavedError: the reply cannot be stored.
        ValueError: `model` is not a model string.
    """
    place = Workspace.find()
    if workspace is not None:
        place = Workspace(project_root=place.project_root, root=workspace)
    project_name = project_name or _detect(place.project_root, Path.cwd())
    asked = llm_router.resolve_model(model)

    prompt_file = save_prompt(prompt, place.inputs(project_name))
    log.info("prompt of %s characters: %s", f"{len(prompt):,}", prompt_file)

    options: dict[str, Any] = {"max_completion_tokens": max_completion_tokens, "timeout": timeout}
    options = {name: value for name, value in options.items() if value is not None}
    messages = [*map(dict, conversation_history), {"role": "user", "content": prompt}]
    log.info("asking %s, %s messages, %s", asked, len(messages), options)
    answer = _ask(
        {"model": asked, "messages": messages, **options}, on_text=on_text, max_retries=max_retries
    )
    if not answer.text:
        raise UserError(
            f"{asked} sent no text (finish reason: {answer.finish_reason})",
            "Raise --max-tokens, or choose another model with --model.",
            exit_code=ExitCode.PARTIAL,
        )
    input_hash = short_hash(prompt)
    try:
        file = save_prompt(answer.text, place.outputs(project_name), input_hash=input_hash)
    except UserError as error:
        raise ReplyNotSavedError(error, answer.text) from error
    reply = Reply(
        answer.text,
        model=asked,
        prompt_file=prompt_file,
        file=file,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cost_usd=answer.cost(asked),
        complete=answer.finish_reason != "length",
    )
    log.info(
        "reply of %s characters: %s; tokens in %s, out %s; USD %s",
        f"{len(reply):,}", file, reply.input_tokens, reply.output_tokens, reply.cost_usd,
    )  # fmt: skip
    return reply


def _ask(
    request: dict[str, Any], *, on_text: Callable[[str], None] | None, max_retries: int
) -> _Answer:
    """Ask until there is an answer, no use in asking again, or no retry left.

    The retries are ours: LiteLLM repeats requests for some providers and not for others.
    """
    model = request["model"]
    stream: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
    request = {**request, "max_retries": 0, **(stream if on_text else {})}
    attempt = 0
    while True:
        attempt += 1
        answer = _Answer()
        try:
            response = llm_router.chat_completion(**request)
            if on_text is None:
                answer.read(response)
            else:
                answer.follow(response, on_text)
            return answer
        except Exception as error:
            log.debug("%s failed", model, exc_info=True)
            told = explain(error, model=model, missing=models.missing_keys(model))
            if told is None:
                raise
            if told.exit_code != ExitCode.PARTIAL or attempt > max_retries or answer.text:
                raise told from error
            delay = _delay(error, attempt)
            log.warning("%s; trying again in %.1f s", told.message, delay)
        time.sleep(delay)


def _delay(error: Exception, attempt: int) -> float:
    """Seconds until the next attempt: what the provider asks for, else doubling from half one."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        asked_for = float(headers.get("retry-after", ""))
    except ValueError:
        asked_for = -1.0
    if 0 <= asked_for <= LONGEST_DELAY:
        return asked_for
    return float(min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY))


class _Answer:
    """What a response says, whole or streamed."""

    def __init__(self) -> None:
        self.text = ""
        self.finish_reason: str | None = None
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self._cost: float | None = None

    def read(self, response: Any) -> None:
        choice = response["choices"][0]
        self.text = choice["message"]["content"] or ""
        self.finish_reason = _get(choice, "finish_reason")
        self._count(_get(response, "usage"))
        self._cost = (getattr(response, "_hidden_params", None) or {}).get("response_cost")

    def follow(self, chunks: Iterable[Any], on_text: Callable[[str], None]) -> None:
        for chunk in chunks:
            self._count(_get(chunk, "usage"))
            for choice in chunk["choices"][:1]:
                self.finish_reason = _get(choice, "finish_reason") or self.finish_reason
                if piece := _get(choice["delta"], "content"):
                    self.text += piece
                    on_text(piece)

    def _count(self, usage: Any) -> None:
        if usage is not None:
            self.input_tokens = _get(usage, "prompt_tokens")
            self.output_tokens = _get(usage, "completion_tokens")

    def cost(self, model: str) -> float | None:
        """US dollars, None when LiteLLM's price list does not have the model."""
        if self._cost is None and self.input_tokens is not None:
            try:
                self._cost = sum(
                    llm_router.cost_per_token(
                        model=model,
                        prompt_tokens=self.input_tokens,
                        completion_tokens=self.output_tokens or 0,
                    )
                )
            except Exception as error:
                log.debug("no price for %s: %s", model, error)
        return self._cost


def _get(value: Any, name: str) -> Any:
    """A member of a response, which may be an object or a dict, or miss it."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def get_base_path() -> Path:
    """The project root: the folder that holds ``prompts/``. Stage scripts start here."""
    return Workspace.find().project_root


def get_workspace_root() -> Path:
    """``PV_DATA_DIR``, else the project root, else the current folder."""
    return Workspace.find().root


def get_data_dir(project_name: str, workspace: Path | None = None) -> Path:
    """``<workspace>/data/<project>``, created when missing."""
    path = (workspace or get_workspace_root()) / "data" / project_name
    path.mkdir(parents=True, exist_ok=True)
    return path


def get_context(filenames: Sequence[str]) -> str:
    """The text of the files that the context files list; see `personalvibe.context`."""
    return context.get_context(filenames, get_base_path()).text


def detect_project_name(cwd: Path | None = None) -> str:
    """The project's name; see `personalvibe.workspace`."""
    return _detect(Workspace.find().project_root, cwd or Path.cwd())


def num_tokens(text: str) -> int:
    """Deprecated. How many tokens the default model makes of a text."""
    _deprecated("num_tokens", "llm_router.token_counter(model=..., text=...)")
    return int(llm_router.token_counter(model=llm_router.DEFAULT_MODEL, text=text))


def __getattr__(name: str) -> Any:
    if name == "client":
        _deprecated("client", "llm_router.chat_completion(...) or llm_router.Client()")
        return llm_router.Client()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(
        f"personalvibe.vibe_utils.{name} is specific to OpenAI and will be removed in "
        f"{REMOVED_IN}; use personalvibe.{instead}",
        PersonalvibeDeprecationWarning,
        stacklevel=3,
    )
