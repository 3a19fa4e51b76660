"""What LiteLLM makes clients with for itself: during a call it gets the call's instead."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .packages import load_litellm

if TYPE_CHECKING:
    from .endpoints import Endpoint


_SDK_GETTERS = ("get_openai_client", "async_get_openai_client", "get_azure_openai_client",
                "get_azure_client", "async_get_azure_client")  # fmt: skip
_HTTP_GETTERS = ("_get_httpx_client", "get_httpx_client", "get_async_httpx_client")
_HTTP_MODULES = ("llms.custom_httpx.llm_http_handler", "llms.custom_httpx.container_handler")


_end: ContextVar[Any] = ContextVar("end", default=None)


@contextmanager
def handing_over(end: Any) -> Iterator[None]:
    """
    Args:
        end: the SDK's client, or the HTTP handler, that LiteLLM is to send with; None: its own.
    """
    token = _end.set(end)
    try:
        yield
    finally:
        _end.reset(token)


def is_handed_over(endpoint: Endpoint) -> bool:
    """Does LiteLLM send this with what the call hands it?"""
    return _sdk_handlers(endpoint.handler) if endpoint.handler else _http_handlers()


# Most of LiteLLM's functions take a client, but not each, and not for every provider.


@functools.cache
def _sdk_handlers(module: str) -> bool:
    handlers = vars(_module(f"{module}.main")).values()
    apis = [handler for handler in handlers if type(handler).__name__.endswith("API")]
    return True in {_prepared(api, _SDK_GETTERS) for api in apis}


@functools.cache
def _http_handlers() -> bool:
    return False not in {_prepared(_module(name), _HTTP_GETTERS) for name in _HTTP_MODULES}


def _module(name: str) -> Any:
    load_litellm()  # silenced before a part of it is imported
    return import_module(f"litellm.{name}")


def _prepared(place: Any, getters: tuple[str, ...]) -> bool:
    found = [name for name in getters if hasattr(place, name)]
    for name in found:
        setattr(place, name, _asking_first(getattr(place, name)))
    return bool(found)


def _asking_first(own: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(own)
    def get_client(*args: Any, **kwargs: Any) -> Any:
        end = _end.get()
        return own(*args, **kwargs) if end is None else end

    return get_client
