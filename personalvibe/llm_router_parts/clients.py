"""The router with settings bound once: what objects of the SDK's client classes turn into."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Self, cast

from .begin import begin, by_position
from .connections import Connections, new_sdk_client
from .operations import OPERATIONS, method_of
from .packages import UNSET, is_given
from .settings import (
    AZURE_BY_SETTINGS,
    AZURE_ENVIRONMENT,
    CREDENTIALS,
    ENVIRONMENT,
    OPENAI_ONLY,
    SETTINGS,
    WIRED,
    Wire,
    client_arguments,
    is_azure,
)

# openai's spelling -> ours. Here the model is always the name on the wire.
_SPELLINGS = {
    **{operation.shape: name for name, operation in OPERATIONS.items()},
    "beta.chat.completions.parse": "chat_completion_parse",
    "beta.chat.completions.stream": "chat_completion_stream",
}


# What programs read of openai's clients though it is private there.
_READ = ("_api_version", "_azure_endpoint", "_azure_deployment", "_base_url")


class _Path:
    """A part of a spelling such as ``chat.completions``."""

    def __init__(self, client: ClientSettings, path: str) -> None:
        self._client = client
        self._path = path

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._path != "responses" or self._client._is_async:
            raise TypeError(f"{self._path} cannot be called")
        return _METHODS["responses"](self._client, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        path = f"{self._path}.{name}"
        if path in _SPELLINGS:
            return self._client._spelled(_SPELLINGS[path])
        if any(known.startswith(f"{path}.") for known in _SPELLINGS):
            return _Path(self._client, path)
        return method_of(self._client._beyond(path), path)


def _seen_by_sdk(name: str) -> property:
    """A setting that openai's client gives in a form of its own; to be set in any."""

    def read(self: ClientSettings) -> Any:
        beyond = self._wire in WIRED
        return getattr(self._beyond(name), name) if beyond else self.__dict__.get(name)

    def write(self: ClientSettings, value: Any) -> None:
        self.__dict__[name] = value

    return property(read, write)


class ClientSettings:
    """What the two clients share: settings bound once, and openai's spelling."""

    _is_async = False
    timeout: Any

    def __init__(self, *, provider: str | None = None, **settings: Any) -> None:
        settings.pop("_strict_response_validation", None)
        self._refuse_unknown(settings)
        settings = {k: v for k, v in settings.items() if type(v).__name__ not in UNSET}
        if any(v is not None and k.startswith("azure_") for k, v in settings.items()):
            settings.setdefault("api_type", AZURE_BY_SETTINGS)
        self.provider = provider
        # What is not set is asked of the SDK's client, which knows its defaults.
        self.__dict__.update({name: value for name, value in settings.items() if value is not None})
        self._connections = Connections(settings.get("http_client"))
        if "timeout" in settings:  # None: wait for ever, as with openai
            self.timeout = settings["timeout"]
        self._wire = provider or ("azure" if is_azure(settings) else "openai")
        if self._wire in WIRED:
            self._capture(Wire(self._wire == "azure"))
        elif useless := [name for name in OPENAI_ONLY if settings.get(name) is not None]:
            raise TypeError(f"{', '.join(useless)}: for the providers openai and azure only")

    def _refuse_unknown(self, settings: Iterable[str]) -> None:
        if unknown := set(settings) - set(SETTINGS):
            raise TypeError(f"{type(self).__name__}() got unexpected {sorted(unknown)}")

    def _capture(self, wire: Wire) -> None:
        """Take from the environment now what openai's clients take when they are made.

        Raises:
            OpenAIError: there is no key, neither given nor in the environment.
            ValueError: Azure lacks a version or an address.
        """
        bound = client_arguments(self.settings(), wire)
        for name in AZURE_ENVIRONMENT if wire.azure else ENVIRONMENT:
            if name in bound:
                self.__dict__.setdefault(name, bound[name])
        whole = not wire.azure or (
            "api_version" in bound and not bound.keys().isdisjoint(("base_url", "azure_endpoint"))
        )
        if not whole or not any(bound.get(name) for name in CREDENTIALS):
            new_sdk_client(wire.azure, False, bound)

    def settings(self) -> dict[str, Any]:
        """The settings that are set, as they are now."""
        held = self.__dict__
        return {
            k: held[k] for k in SETTINGS if k in held and (held[k] is not None or k == "timeout")
        }

    base_url = _seen_by_sdk("base_url")
    default_headers = _seen_by_sdk("default_headers")
    default_query = _seen_by_sdk("default_query")

    def with_options(self, **changes: Any) -> Self:
        """A client with some settings changed; default headers and queries are added to."""
        merged = self.settings()
        for name in ("default_headers", "default_query"):
            if changes.get(name) is not None:
                changes[name] = {**(merged.get(name) or {}), **changes[name]}
            if (value := changes.pop(f"set_{name}", None)) is not None:
                changes[name] = value
        changes = {name: value for name, value in changes.items() if is_given(value)}
        self._refuse_unknown(changes)
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__.update(changes)
        if "http_client" in changes:
            other._connections = Connections(changes["http_client"])
        return other

    copy = with_options

    def is_closed(self) -> bool:
        return self._connections.closed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name not in _READ:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        if any(k.startswith(f"{name}.") for k in _SPELLINGS):
            return _Path(self, name)
        if name in SETTINGS and self._wire not in WIRED:
            return None
        return getattr(self._beyond(name), name)

    def _beyond(self, path: str) -> Any:
        """The SDK's client of the settings as they are now, for what LiteLLM does not have."""
        if self._wire not in WIRED:
            raise AttributeError(
                f"{path!r} of a client of {self._wire}: LiteLLM has no counterpart, and only openai"
                " and azure have an SDK of their own for it"
            )
        settings = self.settings()
        more = {name: settings[name] for name in ("timeout", "max_retries") if name in settings}
        wire = Wire(self._wire == "azure", self._is_async)
        return self._connections.sdk_client(settings, wire, **more)

    def _spelled(self, name: str) -> Any:
        method = _METHODS[f"a{name}" if self._is_async else name]
        return functools.partial(method, self, provider=self._wire)


def _bound(name: str, is_async: bool) -> Any:
    """An operation as a method of a client."""

    async def amethod(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await begin(name, by_position(name, args, kwargs), self, True)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return begin(name, by_position(name, args, kwargs), self, is_async)

    made = amethod if is_async and not name.endswith("_stream") else method
    made.__name__ = made.__qualname__ = f"a{name}" if is_async else name
    made.__doc__ = f"The function {made.__name__} of the router, with this client's settings."
    return made


_METHODS = {
    f"a{name}" if is_async else name: _bound(name, is_async)
    for name in OPERATIONS
    for is_async in (False, True)
}


class Client(ClientSettings):
    """The router with settings bound once: what an ``OpenAI(...)`` object turns into.

    Args:
        provider: a prefix for every model; the model is then the name on the wire.
        settings: what ``OpenAI(...)`` and ``AzureOpenAI(...)`` accept (``api_key``, ``base_url``,
            ``organization``, ``project``, ``timeout``, ``max_retries``, ``default_headers``,
            ``default_query``, ``http_client``, ``azure_endpoint``, ``api_version``,
            ``azure_deployment``, ``azure_ad_token``, ``azure_ad_token_provider``), and ``api_base``
            for ``base_url``. What is not given comes from the environment now, not later.

    The functions of the module are its methods, and so are openai's spellings
    (``client.chat.completions.create(model="gpt-4o", ...)``), where the model is the wire name.
    Anything else that openai's client has (``client.files.create(...)``, ``client.models.list()``,
    ``client.chat.completions.with_raw_response``) is asked of one, made at the first use; such
    requests do not go through LiteLLM. It has connections of its own, closed by ``close()`` or the
    end of ``with``; then it sends nothing any more.
    """

    def __new__(cls, *_: Any, provider: str | None = None, **__: Any) -> Self:
        kind: Any = AzureClient if cls is Client and provider == "azure" else cls
        return cast(Self, object.__new__(kind))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, a given ``http_client`` with them; a copy shares them."""
        self._connections.close()


class AsyncClient(ClientSettings):
    """:class:`Client` with the asynchronous functions: ``await client.achat_completion(...)``."""

    _is_async = True

    def __new__(cls, *_: Any, provider: str | None = None, **__: Any) -> Self:
        kind: Any = AsyncAzureClient if cls is AsyncClient and provider == "azure" else cls
        return cast(Self, object.__new__(kind))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, a given ``http_client`` with them; a copy shares them."""
        await self._connections.aclose()


class AzureClient(Client):
    """``Client(provider="azure")``, for programs that name the class: to choose it, to derive from
    it, to ask ``isinstance``."""

    def __init__(self, *, provider: str | None = "azure", **settings: Any) -> None:
        super().__init__(provider=provider, **settings)


class AsyncAzureClient(AsyncClient):
    """``AsyncClient(provider="azure")``; see :class:`AzureClient`."""

    def __init__(self, *, provider: str | None = "azure", **settings: Any) -> None:
        super().__init__(provider=provider, **settings)


for _name, _function in _METHODS.items():
    if _name != "responses":  # also a part of openai's spelling: see _Path
        setattr(AsyncClient if _name[1:] in OPERATIONS else Client, _name, _function)
