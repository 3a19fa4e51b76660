"""The Responses API."""

# One function starts all operations; which reply belongs to which name is said here.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from .begin import begin, present
from .packages import MISSING

if TYPE_CHECKING:
    # ruff: noqa: TID251  # the types of what a program gets
    from openai import AsyncStream, Stream
    from openai.lib.streaming.responses import AsyncResponseStreamManager, ResponseStreamManager
    from openai.types.responses import ParsedResponse, Response, ResponseStreamEvent

    from .options import (
        ResponsesOptions,
        StoredOptions,
    )


@overload
def responses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: Literal[True],
    **options: Unpack[ResponsesOptions],
) -> Stream[ResponseStreamEvent]: ...


@overload
def responses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: Literal[False] | None = ...,
    **options: Unpack[ResponsesOptions],
) -> Response: ...


@overload
def responses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: bool | None,
    **options: Unpack[ResponsesOptions],
) -> Response | Stream[ResponseStreamEvent]: ...


def responses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: bool | None = MISSING,
    **options: Any,
) -> Any:
    """Ask through the Responses API; *input* is a text or a list of items."""
    return begin(
        "responses", present(model=model, input=input, stream=stream, **options), None, False
    )


@overload
async def aresponses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: Literal[True],
    **options: Unpack[ResponsesOptions],
) -> AsyncStream[ResponseStreamEvent]: ...


@overload
async def aresponses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: Literal[False] | None = ...,
    **options: Unpack[ResponsesOptions],
) -> Response: ...


@overload
async def aresponses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: bool | None,
    **options: Unpack[ResponsesOptions],
) -> Response | AsyncStream[ResponseStreamEvent]: ...


async def aresponses(
    model: str | None = MISSING,
    input: Any = MISSING,
    *,
    stream: bool | None = MISSING,
    **options: Any,
) -> Any:
    """:func:`responses`, asynchronous."""
    return await begin(
        "responses", present(model=model, input=input, stream=stream, **options), None, True
    )


def responses_parse(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[ResponsesOptions]
) -> ParsedResponse[Any]:
    """The same for structured output: ``text_format=``, then ``.output_parsed``."""
    return begin("responses_parse", present(model=model, input=input, **options), None, False)


async def aresponses_parse(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[ResponsesOptions]
) -> ParsedResponse[Any]:
    """:func:`responses_parse`, asynchronous."""
    return await begin("responses_parse", present(model=model, input=input, **options), None, True)


def responses_stream(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[ResponsesOptions]
) -> ResponseStreamManager[Any]:
    """A context manager of typed events of the Responses API."""
    return begin("responses_stream", present(model=model, input=input, **options), None, False)


def aresponses_stream(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[ResponsesOptions]
) -> AsyncResponseStreamManager[Any]:
    """:func:`responses_stream`, asynchronous."""
    return begin("responses_stream", present(model=model, input=input, **options), None, True)


def responses_retrieve(response_id: str, **options: Unpack[StoredOptions]) -> Response:
    """Fetch a stored response by its id."""
    return begin("responses_retrieve", present(response_id=response_id, **options), None, False)


async def aresponses_retrieve(response_id: str, **options: Unpack[StoredOptions]) -> Response:
    """:func:`responses_retrieve`, asynchronous."""
    return await begin(
        "responses_retrieve", present(response_id=response_id, **options), None, True
    )


def responses_delete(response_id: str, **options: Unpack[StoredOptions]) -> None:
    """Delete a stored response by its id."""
    return begin("responses_delete", present(response_id=response_id, **options), None, False)


async def aresponses_delete(response_id: str, **options: Unpack[StoredOptions]) -> None:
    """:func:`responses_delete`, asynchronous."""
    return await begin("responses_delete", present(response_id=response_id, **options), None, True)


def responses_cancel(response_id: str, **options: Unpack[StoredOptions]) -> Response:
    """Cancel a response that runs in the background."""
    return begin("responses_cancel", present(response_id=response_id, **options), None, False)


async def aresponses_cancel(response_id: str, **options: Unpack[StoredOptions]) -> Response:
    """:func:`responses_cancel`, asynchronous."""
    return await begin("responses_cancel", present(response_id=response_id, **options), None, True)
