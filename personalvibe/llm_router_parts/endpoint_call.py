"""One request of an endpoint: to LiteLLM, to the wire, and back."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, NamedTuple

from .call import copied
from .endpoints import HANDLED, PASSAGE, Endpoint, endpoint_of, litellm_twin
from .exchange import Exchange
from .handover import handing_over, is_handed_over
from .legacy import old_reply
from .packages import is_given, load_litellm, load_sdk, typed, working_beside
from .passage import passage_arguments
from .settings import with_settings
from .wire import RAW_HEADER, AsyncBack, AsyncHttpBack, Back, Door, HttpBack, end_of, http_shell


class Sender(NamedTuple):
    """Who sends, and to whom.

    Attributes:
        real: the SDK's client; of another provider, one that gives its signatures only.
        wired: the program's request is sent, and not LiteLLM's.
        old: the program expects what openai 0.28 made of replies.
        controls: what the program says to LiteLLM, not to the server.
    """

    provider: str
    is_async: bool
    settings: Mapping[str, Any]
    real: Any
    wired: bool
    old: bool = False
    controls: Mapping[str, Any] = {}


class Request(NamedTuple):
    """What the SDK's methods ask their client to send."""

    cast_to: Any
    options: Any
    stream: bool = False
    stream_cls: Any = None


def send(sender: Sender, request: Request) -> Any:
    """Send by way of LiteLLM, or past it where it cannot.

    Returns:
        What the SDK would; of an asynchronous sender, an awaitable of it.

    Raises:
        NotImplementedError: the other provider is not one that LiteLLM can send this to.
    """
    endpoint, ids = endpoint_of(request.options.method, request.options.url)
    function = _function(endpoint, sender) if endpoint else None
    if function is None and sender.wired:
        endpoint, ids, function = PASSAGE, {}, litellm_twin(PASSAGE, sender.is_async)
    if endpoint is None or function is None:
        raise NotImplementedError(
            f"LiteLLM cannot send this to {sender.provider}: {request.options.url}"
        )
    call = EndpointCall(endpoint, ids, function, sender, request)
    return call.asend() if sender.is_async else call.send()


def _function(endpoint: Endpoint, sender: Sender) -> Callable[..., Any] | None:
    if sender.wired and (endpoint.passed_on or not is_handed_over(endpoint)):
        return None
    twin: Callable[..., Any] | None = litellm_twin(endpoint, sender.is_async)
    return twin


class EndpointCall(Exchange):
    def __init__(
        self,
        endpoint: Endpoint,
        ids: dict[str, str],
        function: Callable[..., Any],
        sender: Sender,
        request: Request,
    ) -> None:
        mark = (request.options.headers or {}).get(RAW_HEADER) if _has_headers(request) else None
        super().__init__(
            sender.real, name="", is_async=sender.is_async, old=sender.old, unread=mark == "stream"
        )
        self.endpoint, self.ids, self.function, self.sender = endpoint, ids, function, sender
        self.cast_to, self.options, self.stream, self.stream_cls = request
        self.controls = dict(sender.controls)
        self.wants_raw = mark is not None
        self.raw: Any = None
        self.is_answered = False

    def send(self) -> Any:
        result = None
        with self.blaming(), working_beside(), handing_over(self._end()):
            result = self.function(**self.litellm_arguments())
        return self.finish(result)

    async def asend(self) -> Any:
        result = None
        with self.blaming(), working_beside(), handing_over(self._end()):
            result = await self.function(**self.litellm_arguments())
        return self.finish(result)

    def litellm_arguments(self) -> dict[str, Any]:
        """What LiteLLM is told: the request in its terms."""
        told = passage_arguments(self) if self.endpoint is PASSAGE else self._described()
        told = {"custom_llm_provider": self._provider(), **told, **self.controls}
        if not self.sender.wired:
            return with_settings(self.sender.settings, told)
        told["api_key"] = self.real.api_key or "unused"
        told["api_base"] = str(self.real.base_url)
        if self.sender.provider == "azure":
            told["api_version"] = self.real._api_version
        return told

    def _described(self) -> dict[str, Any]:
        options = self.options
        body = options.json_data if isinstance(options.json_data, Mapping) else {}
        told = {**_given(options.params), **_given(body), **self.ids, **self._files()}
        if self.sender.wired:
            known, required = _parameters(self.endpoint)
            told = {**{name: _UNSAID.get(name, "") for name in required}, **told}
            told = {name: value for name, value in told.items() if name in known | self.ids.keys()}
        return {name: copied(value) for name, value in told.items()}

    def _provider(self) -> str:
        known = not self.sender.wired or self.endpoint.azure
        return self.sender.provider if known else "openai"

    def _files(self) -> dict[str, Any]:
        """The files of a form; of what it does not send LiteLLM is told the name alone."""
        files = dict(self.options.files or ())
        if not self.sender.wired:
            return files
        return {name: (_file_name(file), b"") for name, file in files.items()}

    def _end(self) -> Any:
        """What LiteLLM is to send with: the SDK's client, or an HTTP handler; None: its own."""
        if not self.sender.wired or self.endpoint is PASSAGE:
            return None
        if not self.endpoint.handler:
            return http_shell(AsyncHttpBack if self.is_async else HttpBack, self)
        shell = end_of(AsyncBack if self.is_async else Back, self.real, self)
        shell.__dict__.update(dict.fromkeys(HANDLED, Door(self)))
        return shell

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """A reply that only LiteLLM cannot read is no error, unless its rules refuse it."""
        with super().blaming():
            try:
                yield
            except load_litellm().exceptions.APIResponseValidationError:
                raise
            except Exception:
                if self.error is not None or (self.raw is None and self.live is None):
                    raise

    def exchange(self, theirs: Mapping[str, Any]) -> Any:
        return self.raw or super().exchange(theirs)

    async def aexchange(self, theirs: Mapping[str, Any]) -> Any:
        return self.raw or await super().aexchange(theirs)

    def _kept(self, raw: Any) -> Any:
        self.raw = raw
        return super()._kept(raw)

    def for_litellm(self) -> Any:
        """The reply, which it may change; what it asks for later, for its accounts, is empty."""
        if self.is_answered:
            return load_sdk().HttpxBinaryResponseContent(type(self.raw.http_response)(200))
        self.is_answered = True
        return (
            copy(self.outcome) if isinstance(self.outcome, load_sdk().BaseModel) else self.outcome
        )

    def finish(self, result: Any) -> Any:
        if self.raw is None:
            if self.error is not None:  # LiteLLM gave up without a word
                raise self.error
            return self._typed(result)  # LiteLLM answered by itself, or another provider
        if self.wants_raw:
            return self.raw
        if self.stream:
            return self.live
        return self._aged() if self.old else self.outcome

    def _typed(self, result: Any) -> Any:
        """LiteLLM's reply, as the SDK types it."""
        content = result.model_dump() if hasattr(result, "model_dump") else result
        if isinstance(content, list):
            content = {"data": content, "object": "list"}
        if not isinstance(content, dict):
            return result
        reply = typed(self.cast_to, content)
        parse = self.options.post_parser
        return parse(reply) if is_given(parse) else reply

    def _aged(self) -> Any:
        response = self.raw.http_response
        if isinstance(self.outcome, load_sdk().BaseModel):
            return old_reply(response.json(), self.headers)
        return response.content if hasattr(self.outcome, "stream_to_file") else self.outcome


# What LiteLLM asks for though the program need not give it.
_UNSAID = {"file": ("", b"")}


def _has_headers(request: Request) -> bool:
    return isinstance(request.options.headers, Mapping)


def _given(values: Any) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if is_given(value)}


def _file_name(file: Any) -> str:
    return str(file[0]) if isinstance(file, tuple) else "upload"


@functools.cache
def _parameters(endpoint: Endpoint) -> tuple[frozenset[str], frozenset[str]]:
    """What LiteLLM's functions of an endpoint have names for, and what one of them asks for."""
    twins = (litellm_twin(endpoint, is_async) for is_async in (False, True))
    named = [
        parameter
        for twin in twins
        if twin is not None
        for parameter in inspect.signature(twin).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    required = {p.name for p in named if p.default is p.empty} - {"custom_llm_provider"}
    return frozenset(p.name for p in named), frozenset(required)
