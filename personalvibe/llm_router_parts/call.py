"""One call, from what the program said to LiteLLM, to the wire, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .connections import session_of_litellm, unconnected
from .embeddings import Embeddings, read_embeddings
from .exchange import Exchange
from .groups import function_for
from .hooks import has_hooks
from .legacy import old_reply
from .models import joined
from .operations import REQUIRED, STREAMED, TEXT_PROVIDERS, known_to_the_sdk, method_of
from .packages import (
    MISSING,
    UNSET,
    is_given,
    known_to_litellm,
    load_sdk,
    typed,
    working_beside,
)
from .replies import as_both, completed
from .settings import PLAIN, WIRED, Wire, current, with_settings
from .streams import AsyncRouterStream, RouterStream, stream_of
from .wire import (
    RESOURCES,
    AsyncBack,
    AsyncFront,
    AsyncHttpBack,
    Back,
    Door,
    Front,
    HttpBack,
    end_of,
    http_shell,
)

if TYPE_CHECKING:
    from .connections import Connections
    from .operations import Operation


class Call(Exchange):
    """One call: what the program asked for, and what came back for it."""

    def __init__(
        self,
        operation: Operation,
        route: tuple[str, str],
        settings: dict[str, Any],
        arguments: dict[str, Any],
        is_async: bool,
        old: bool,
        connections: Connections,
        router: Any,
    ) -> None:
        self.provider, self.name = route
        on_the_wire = self.provider in WIRED and PLAIN.isdisjoint(arguments)
        if on_the_wire:
            wire = Wire(self.provider == "azure", is_async, old)
            real = connections.sdk_client(settings, wire, **session_of_litellm(is_async))
        else:
            real = unconnected(is_async)
        super().__init__(real, name=self.name, is_async=is_async, old=old, unread=operation.unread)
        self.connections = connections  # as long as the reply is read, they stay
        self.router = router  # LiteLLM's, if the call goes to one of its groups
        self.operation = operation
        self.settings = settings
        self.on_the_wire = on_the_wire
        self.files = {k: v for k in operation.files if (v := arguments.get(k)) is not None}
        self.program = self._sort(arguments)

    def _sort(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments for the SDK's signature; LiteLLM's own are set aside in *controls*."""
        known = known_to_the_sdk(self.operation.shape, arguments)
        ours = known_to_litellm() | PLAIN
        program: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        for name, value in arguments.items():
            if name in known:
                program[name] = value
            elif name in ours:
                self.controls[name] = value
            else:
                unknown[name] = value
        if self.on_the_wire and not self.old:
            return {**program, **unknown}  # the SDK's method refuses what it does not know
        if unknown:  # openai 0.28 sent everything, and other providers have more
            program["extra_body"] = {**unknown, **(program.get("extra_body") or {})}
        return program

    def begin(self) -> Any:
        """Call the SDK's method; it comes back to :meth:`send` with the finished request."""
        front = end_of(AsyncFront if self.is_async else Front, self.real, self)
        return method_of(front, self.operation.shape)(**self.program)

    # From the SDK's signature to LiteLLM.

    def describe(self, cast_to: Any, options: Any, stream: bool, stream_cls: Any) -> None:
        changes = {
            name: self.settings[name]
            for name in ("timeout", "max_retries")
            if name in self.settings and type(getattr(options, name)).__name__ in UNSET
        }
        self.options = options.model_copy(update=changes)
        self.cast_to, self.stream, self.stream_cls = cast_to, stream, stream_cls

    def litellm_arguments(self) -> dict[str, Any]:
        """What LiteLLM is told: the request in its terms, for its logs, costs and cache."""
        operation, options = self.operation, self.options
        provider = self.provider if operation.azure or not self.on_the_wire else "openai"
        if operation.order == ("response_id",):
            told = {"response_id": options.url.split("/")[2], "custom_llm_provider": provider}
        else:
            if operation.litellm == "text_completion":
                provider = TEXT_PROVIDERS.get(provider, provider)
            told = {k: copied(v) for k, v in (options.json_data or {}).items() if v is not None}
            name = self.name or current("DEFAULT_MODEL").partition("/")[2]
            told["model"] = joined((provider, name))
            if "messages" in told and not is_conversation(told["messages"]):
                told["messages"] = [{"role": "user", "content": str(told["messages"])}]
            if not isinstance(told.get("voice", ""), str):  # of a voice of one's own, its id
                told["voice"] = str(told["voice"])
            if options.extra_json and operation.litellm in STREAMED:
                told["extra_body"] = copied(options.extra_json)
            if not self.stream or operation.litellm not in STREAMED:
                told.pop("stream", None)
        told.update(self.files)
        told.update(self.controls)
        if not self.on_the_wire:
            if options.headers:
                told["extra_headers"] = dict(options.headers)
            return with_settings(self.settings, told)
        if has_hooks():
            self.before = {**copied(told), "model": told.get("model", "").partition("/")[2]}
        told["drop_params"] = True  # LiteLLM has no say in what is sent, so nothing to refuse
        for name, value in REQUIRED.get(operation.carrier or operation.litellm, {}).items():
            told[name] = told.get(name) or value
        told["api_key"] = self.real.api_key or "unused"
        told["api_base"] = str(self.real.base_url)
        if self.provider == "azure":
            told["api_version"] = self.real._api_version
        if operation.http:
            told["client"] = http_shell(AsyncHttpBack if self.is_async else HttpBack, self)
        else:
            told["client"] = shell = end_of(AsyncBack if self.is_async else Back, self.real, self)
            shell.__dict__.update(dict.fromkeys(RESOURCES, Door(self)))
        return told

    def function(self) -> Any:
        carrier = self.operation.carrier if self.on_the_wire else ""
        return function_for(self.router, carrier or self.operation.litellm, self.is_async)

    def send(self) -> Any:
        result = None
        with self.blaming(), working_beside():
            result = self.function()(**self.litellm_arguments())
        return self.finish(result)

    async def asend(self) -> Any:
        result = None
        with self.blaming(), working_beside():
            result = await self.function()(**self.litellm_arguments())
        return self.finish(result)

    def _unparsed(self, options: Any) -> Any:
        if self.operation.structured:  # the parsing is for the program, in finish()
            options.post_parser = load_sdk().NOT_GIVEN
        return options

    def _read(self, raw: Any) -> Any:
        """Of embeddings, which the SDK asked to be encoded, we make what it would."""
        if self.unread:
            return raw
        plain = self.operation.litellm == "embedding" and "encoding_format" not in self.program
        if plain and not self.old and not self.real._strict_response_validation:
            return read_embeddings(raw) or raw.parse()
        outcome = raw.parse()
        decoded = is_given(self.options.post_parser)  # embeddings come as base64
        if self.old and not decoded and isinstance(outcome, load_sdk().BaseModel):
            self.sent.append(raw.http_response.json())
        return outcome

    # Back to the program.

    def finish(self, result: Any) -> Any:
        if self.stream:
            return stream_of(AsyncRouterStream if self.is_async else RouterStream, result, self)
        reply = self.outcome
        if reply is MISSING and self.error is not None:  # LiteLLM gave up without a word
            raise self.error
        if reply is MISSING:  # LiteLLM answered by itself: its cache, or another provider
            if not self.operation.structured:
                return completed(result, self.old)
            reply = typed(self.cast_to, result.model_dump())
        if hasattr(reply, "stream_to_file"):  # speech: LiteLLM's type is the SDK's
            return reply if self.unread else result
        if self.operation.structured and is_given(self.options.post_parser):
            reply = self.options.post_parser(reply)
        return self.given(reply, result)

    def given(self, reply: Any, litellm_reply: Any) -> Any:
        """A reply of the SDK, or an item of its stream, in the form that the program expects."""
        if isinstance(reply, Embeddings):
            return reply.as_both(litellm_reply)
        if self.old and isinstance(reply, load_sdk().BaseModel):
            sent = self.sent.popleft() if self.sent else reply.to_dict(mode="json")
            return old_reply(sent, self.headers)
        return as_both(reply, litellm_reply)


def is_conversation(messages: Any) -> bool:
    """Can LiteLLM read it? What it cannot is for the server to refuse."""
    return isinstance(messages, list) and all(isinstance(one, dict) for one in messages)


_UNCHANGING = frozenset({str, int, float, bool, type(None)})


def copied(value: Any) -> Any:
    """A copy that LiteLLM may change."""
    if type(value) is dict:
        return {k: v if type(v) in _UNCHANGING else copied(v) for k, v in value.items()}
    return [copied(v) for v in value] if type(value) is list else value
