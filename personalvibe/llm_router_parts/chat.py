"""Chat models, and the older ones that continue a text."""

# One function starts all operations; which reply belongs to which name is said here.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from .begin import begin, present
from .packages import MISSING

if TYPE_CHECKING:
    # ruff: noqa: TID251  # the types of what a program gets
    from openai import AsyncStream, Stream
    from openai.lib.streaming.chat import (
        AsyncChatCompletionStreamManager,
        ChatCompletionStreamManager,
    )
    from openai.types import (
        Completion,
    )
    from openai.types.chat import ChatCompletion, ChatCompletionChunk, ParsedChatCompletion

    from .options import (
        ChatOptions,
        TextOptions,
    )


@overload
def chat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: Literal[True],
    **options: Unpack[ChatOptions],
) -> Stream[ChatCompletionChunk]: ...


@overload
def chat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: Literal[False] | None = ...,
    **options: Unpack[ChatOptions],
) -> ChatCompletion: ...


@overload
def chat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: bool | None,
    **options: Unpack[ChatOptions],
) -> ChatCompletion | Stream[ChatCompletionChunk]: ...


def chat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: bool | None = MISSING,
    **options: Any,
) -> Any:
    """Ask a chat model.

    Args:
        model: ``<provider>/<name>``, an alias, or None for the default; with ``provider=``, the
            name on the wire.
        messages: the conversation: a list, or any iterable of messages. It is not changed.
        stream: True for the chunks as they arrive.
        options: everything that LiteLLM and the provider take.

    Raises:
        ValueError: the model is not ``<provider>/<name>``.
        TypeError: an argument that neither the SDK nor LiteLLM knows, or that is missing.
        OpenAIError: what the provider answers; all exceptions of LiteLLM are subclasses.
    """
    return begin(
        "chat_completion",
        present(model=model, messages=messages, stream=stream, **options),
        None,
        False,
    )


@overload
async def achat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: Literal[True],
    **options: Unpack[ChatOptions],
) -> AsyncStream[ChatCompletionChunk]: ...


@overload
async def achat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: Literal[False] | None = ...,
    **options: Unpack[ChatOptions],
) -> ChatCompletion: ...


@overload
async def achat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: bool | None,
    **options: Unpack[ChatOptions],
) -> ChatCompletion | AsyncStream[ChatCompletionChunk]: ...


async def achat_completion(
    model: str | None = MISSING,
    messages: Iterable[Any] = MISSING,
    *,
    stream: bool | None = MISSING,
    **options: Any,
) -> Any:
    """:func:`chat_completion`, asynchronous."""
    return await begin(
        "chat_completion",
        present(model=model, messages=messages, stream=stream, **options),
        None,
        True,
    )


def chat_completion_parse(
    model: str | None = MISSING, messages: Iterable[Any] = MISSING, **options: Unpack[ChatOptions]
) -> ParsedChatCompletion[Any]:
    """Ask for structured output: ``response_format=<pydantic class>``, then ``.message.parsed``."""
    return begin(
        "chat_completion_parse", present(model=model, messages=messages, **options), None, False
    )


async def achat_completion_parse(
    model: str | None = MISSING, messages: Iterable[Any] = MISSING, **options: Unpack[ChatOptions]
) -> ParsedChatCompletion[Any]:
    """:func:`chat_completion_parse`, asynchronous."""
    return await begin(
        "chat_completion_parse", present(model=model, messages=messages, **options), None, True
    )


def chat_completion_stream(
    model: str | None = MISSING, messages: Iterable[Any] = MISSING, **options: Unpack[ChatOptions]
) -> ChatCompletionStreamManager[Any]:
    """A context manager of typed events (openai's ``stream()`` helper), with the final reply."""
    return begin(
        "chat_completion_stream", present(model=model, messages=messages, **options), None, False
    )


def achat_completion_stream(
    model: str | None = MISSING, messages: Iterable[Any] = MISSING, **options: Unpack[ChatOptions]
) -> AsyncChatCompletionStreamManager[Any]:
    """:func:`chat_completion_stream`, asynchronous."""
    return begin(
        "chat_completion_stream", present(model=model, messages=messages, **options), None, True
    )


@overload
def text_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: Literal[True],
    **options: Unpack[TextOptions],
) -> Stream[Completion]: ...


@overload
def text_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: Literal[False] | None = ...,
    **options: Unpack[TextOptions],
) -> Completion: ...


@overload
def text_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: bool | None,
    **options: Unpack[TextOptions],
) -> Completion | Stream[Completion]: ...


def text_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: bool | None = MISSING,
    **options: Any,
) -> Any:
    """Continue a prompt, or a list of prompts."""
    return begin(
        "text_completion",
        present(model=model, prompt=prompt, stream=stream, **options),
        None,
        False,
    )


@overload
async def atext_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: Literal[True],
    **options: Unpack[TextOptions],
) -> AsyncStream[Completion]: ...


@overload
async def atext_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: Literal[False] | None = ...,
    **options: Unpack[TextOptions],
) -> Completion: ...


@overload
async def atext_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: bool | None,
    **options: Unpack[TextOptions],
) -> Completion | AsyncStream[Completion]: ...


async def atext_completion(
    model: str | None = MISSING,
    prompt: Any = MISSING,
    *,
    stream: bool | None = MISSING,
    **options: Any,
) -> Any:
    """:func:`text_completion`, asynchronous."""
    return await begin(
        "text_completion", present(model=model, prompt=prompt, stream=stream, **options), None, True
    )
