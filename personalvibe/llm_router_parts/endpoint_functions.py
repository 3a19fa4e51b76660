"""The endpoints as functions of the module, and of the router's clients, by LiteLLM's names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from .connections import session_of_litellm, shared, unconnected
from .endpoint_call import Sender
from .endpoints import ENDPOINTS, endpoint_name
from .fakes import fake_of
from .operations import known_to_the_sdk, method_of
from .packages import known_to_litellm
from .settings import (
    OLD_NAMES,
    OWN_SETTINGS,
    PLAIN,
    WIRED,
    Wire,
    current,
    is_azure,
    module_settings,
)
from .wire import Lasting, shell_of


@functools.cache
def endpoint_function(name: str) -> Callable[..., Any]:
    """The function of the module of this name."""
    endpoint, is_async = endpoint_name(name)

    def call(*args: Any, **kwargs: Any) -> Any:
        return _begin(endpoint, is_async, args, kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"openai's ``{ENDPOINTS[endpoint].shape}``, through LiteLLM's ``{name}``."
    return call


def client_method(client: Any, name: str) -> Callable[..., Any]:
    """The method of a client of this name: the SDK's, of the client's own resource."""
    endpoint, is_async = endpoint_name(name)
    if not endpoint or is_async is not client._is_async:
        raise AttributeError(f"{type(client).__name__} has no attribute {name!r}")

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("provider") not in (None, client._wire):
            return _begin(endpoint, is_async, args, kwargs)
        kwargs.pop("provider", None)
        old = kwargs.pop("legacy", False)
        own = {k: kwargs.pop(k) for k in OWN_SETTINGS & kwargs.keys()}
        sender = client.with_options(**own)._sender() if own else client._sender()
        return _ask(endpoint, sender._replace(old=old), args, kwargs)

    call.__name__ = name
    return call


def module_resource(path: str) -> Any:
    """A resource of the SDK's module, ``files``, with the settings of the process."""
    return method_of(_of_the_module(), path)


@functools.cache
def _of_the_module() -> Any:
    lasting = shell_of(Lasting, unconnected(False))
    lasting.__dict__["_sender"] = lambda: _sender({}, {}, is_async=False)
    return lasting


def _begin(name: str, is_async: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    own = {k: kwargs.pop(k) for k in OWN_SETTINGS & kwargs.keys()}
    sender = _sender(own, kwargs, is_async=is_async)
    if sender.old:
        args, kwargs = _of_today(args, kwargs)
    if sender.wired and (fake := fake_of(name, ENDPOINTS[name].shape, sender.old, is_async)):
        return fake(*args, **own, **kwargs)
    return _ask(name, sender, args, kwargs)


def _of_today(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments that openai 0.28 took, as its methods take them now."""
    named = {OLD_NAMES.get(name, name): value for name, value in kwargs.items()}
    ids = [named.pop(name) for name in ("id", "sid") if name in named]
    if (file_name := named.pop("user_provided_filename", None)) is not None:
        named["file"] = (file_name, named["file"])
    return (*ids, *args), named


def _sender(own: Mapping[str, Any], kwargs: dict[str, Any], *, is_async: bool) -> Sender:
    """Who sends for the module's functions: the settings of the process, and the call's."""
    provider = kwargs.pop("provider", None)
    old = bool(kwargs.pop("legacy", current("legacy")))
    settings = module_settings(old) if provider in (None, *WIRED) else {}
    settings.update({k: v for k, v in own.items() if v is not None})
    if old:
        settings.setdefault("max_retries", 0)
    provider = provider or "openai"
    if provider == "openai" and is_azure(settings):
        provider = "azure"
    wired = provider in WIRED and PLAIN.isdisjoint(kwargs)
    real = unconnected(is_async)
    if wired:
        more = {k: settings[k] for k in ("timeout", "max_retries") if k in settings}
        wire = Wire(provider == "azure", is_async, old)
        real = shared.sdk_client(settings, wire, **session_of_litellm(is_async), **more)
    return Sender(provider, is_async, settings, real, wired, old)


def _ask(name: str, sender: Sender, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the SDK's method; the request that it builds is sent by *sender*."""
    if not PLAIN.isdisjoint(kwargs):
        sender = sender._replace(wired=False, real=unconnected(sender.is_async))
    shape = ENDPOINTS[name].shape
    known = known_to_the_sdk(shape, ())
    ours = known_to_litellm() | PLAIN
    controls = {k: kwargs.pop(k) for k in kwargs.keys() - known if k in ours or not sender.wired}
    lasting = shell_of(Lasting, sender.real)
    lasting.__dict__["_sender"] = lambda: sender._replace(controls=controls)
    return method_of(lasting, shape)(*args, **kwargs)
