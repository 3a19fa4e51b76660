"""The start of a call: to which provider, by which way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .call import Call, copied
from .connections import shared
from .fakes import fake_of
from .groups import function_for, group_of
from .models import joined, route_of
from .operations import OPERATIONS
from .packages import UNSET, load_litellm, register_providers
from .replies import completed
from .settings import OLD_NAMES, OWN_SETTINGS, PLAIN, WIRED, current, module_settings, with_settings
from .streams import AsyncRouterStream, RouterStream, is_stream, stream_of


def start(name: str, arguments: dict[str, Any], client: Any, is_async: bool) -> Any:
    """Start a call. Returns its result; of an asynchronous call, an awaitable of it."""
    operation = OPERATIONS[name]
    _rename(arguments)
    provider = arguments.pop("provider", None) or (client and client.provider)
    old = arguments.pop("legacy", client is None and current("legacy"))
    own = {k: arguments.pop(k) for k in OWN_SETTINGS & arguments.keys()}
    connections = client._connections if client else shared
    connections.refuse_if_closed()
    router = arguments.pop("router", client.router if client else current("router"))
    bound: dict[str, Any] = {}
    if group := group_of(router, arguments, provider):
        route = ("", group)
    else:
        router, bound = None, client.settings() if client else module_settings(old)
        route = route_of(name, arguments, provider, {**bound, **own})
    if route[0] not in ((client._wire,) if client else WIRED):
        bound = {}  # one provider's key is not for another
    settings = {**bound, **{k: v for k, v in own.items() if v is not None}}
    if old and not group:
        settings.setdefault("max_retries", 0)
    wired = route[0] in WIRED and PLAIN.isdisjoint(arguments)
    if client is None and wired and (fake := fake_of(name, operation.shape, bool(old), is_async)):
        return fake(**own, **arguments)
    if operation.unread and not wired:
        raise ValueError(f"{name}: only openai and azure send it as it is made; use speech()")
    if not wired and "messages" in operation.order:
        arguments["messages"] = _checked(arguments.get("messages"))
    if operation.structured or wired:
        call = Call(operation, route, settings, arguments, is_async, old, connections, router)
        return call.begin()
    load_litellm()  # silenced before a provider imports it
    register_providers(wanted=route[0])
    told = {k: copied(v) for k, v in arguments.items() if type(v).__name__ not in UNSET}
    told = with_settings(settings, told)
    if route[0] in _WITHOUT_CALL_IDS and "messages" in told:
        told["messages"] = [_without_call_ids(message) for message in told["messages"]]
    if route[1]:
        told["model"] = joined(route)
    pending = function_for(router, operation.litellm, is_async)(**told)
    return _afinished(pending, old) if is_async else _finished(pending, old)


# Ollama's API has no ids of tool calls. LiteLLM makes them up, and some of its releases send them
# back: a recording would depend on the release.
_WITHOUT_CALL_IDS = ("ollama", "ollama_chat")


def _without_call_ids(message: Any) -> Any:
    message = message.model_dump(exclude_none=True) if hasattr(message, "model_dump") else message
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not calls:
        return message
    bare = [{k: v for k, v in c.items() if k != "id"} if isinstance(c, dict) else c for c in calls]
    return {**message, "tool_calls": bare}


def _rename(arguments: dict[str, Any]) -> None:
    """What openai 0.28 called it, to what everyone calls it now."""
    for old in OLD_NAMES.keys() & arguments:
        value = arguments.pop(old)
        if arguments.get(OLD_NAMES[old]) is None:
            arguments[OLD_NAMES[old]] = value


def _finished(result: Any, old: bool) -> Any:
    return (
        stream_of(RouterStream, result, None) if is_stream(type(result)) else completed(result, old)
    )


async def _afinished(pending: Any, old: bool) -> Any:
    result = await pending
    kind = AsyncRouterStream if is_stream(type(result)) else None
    return stream_of(kind, result, None) if kind else completed(result, old)


def _checked(messages: Any) -> Any:
    """Of another provider than OpenAI and Azure, whose server checks them."""
    if isinstance(messages, Iterable) and not isinstance(messages, (str, Mapping)):
        messages = list(messages)
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"messages must be a list with at least one message, not {messages!r}")
    return messages
