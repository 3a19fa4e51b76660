"""What LiteLLM makes clients with for itself: during a call it gets the call's instead."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from .packages import load_litellm

if TYPE_CHECKING:
    from .endpoints import Endpoint


class Ends(NamedTuple):
    """What LiteLLM is to send with: with the SDK's client, or an HTTP handler of its own."""

    sdk: Any
    http: Any


_SDK_GETTERS = ("get_openai_client", "async_get_openai_client", "get_azure_openai_client",
                "get_azure_client", "async_get_azure_client")  # fmt: skip
_HTTP_GETTERS = ("_get_httpx_client", "get_httpx_client", "get_async_httpx_client")
_HTTP_MODULES = ("llms.custom_httpx.llm_http_handler", "llms.custom_httpx.container_handler")


_ends: ContextVar[Ends | None] = ContextVar("ends", default=None)


@contextmanager
def handing_over(ends: Ends | None) -> Iterator[None]:
    """None: LiteLLM sends with what it makes itself."""
    token = _ends.set(ends)
    try:
        yield
    finally:
        _ends.reset(token)


def is_handed_over(endpoint: Endpoint) -> bool:
    """Does LiteLLM send this with what the call hands it?"""
    return _sdk_handlers(endpoint.handler) if endpoint.handler else _http_handlers()


# Most of LiteLLM's functions take a client, but not each, and not for every provider.


@functools.cache
def _sdk_handlers(module: str) -> bool:
    handlers = vars(_module(f"{module}.main")).values()
    apis = [handler for handler in handlers if type(handler).__name__.endswith("API")]
    return True in {_prepared(api, _SDK_GETTERS, "sdk") for api in apis}


@functools.cache
def _http_handlers() -> bool:
    return False not in {_prepared(_module(n), _HTTP_GETTERS, "http") for n in _HTTP_MODULES}


def _module(name: str) -> Any:
    load_litellm()  # silenced before a part of it is imported
    return import_module(f"litellm.{name}")


def _prepared(place: Any, getters: tuple[str, ...], end: str) -> bool:
    found = [name for name in getters if hasattr(place, name)]
    for name in found:
        setattr(place, name, _asking_first(getattr(place, name), end))
    return bool(found)


def _asking_first(own: Callable[..., Any], end: str) -> Callable[..., Any]:
    @functools.wraps(own)
    def get_client(*args: Any, **kwargs: Any) -> Any:
        ends = _ends.get()
        return own(*args, **kwargs) if ends is None else getattr(ends, end)

    return get_client
