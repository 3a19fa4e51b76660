"""The router with settings bound once: what objects of the SDK's client classes turn into."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, cast

from .begin import begin, by_position
from .connections import Connections, new_sdk_client, sdk_class, unconnected
from .functions import is_endpoint
from .models import on_the_wire
from .operations import OPERATIONS
from .packages import UNSET, is_given, once
from .resources import ASYNC, SYNC, Resource, replacement
from .settings import (
    AZURE_BY_SETTINGS,
    AZURE_ENVIRONMENT,
    CLIENT_SETTINGS,
    CREDENTIALS,
    ENVIRONMENT,
    OPENAI_ONLY,
    SETTINGS,
    WIRED,
    Wire,
    client_arguments,
    is_azure,
)

if TYPE_CHECKING:
    from .client_types import AsyncMembers, SyncMembers
    from .endpoint_call import Sender
else:
    AsyncMembers = SyncMembers = object


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

    # Also of an object that was made without __init__, as tests do.
    provider: str | None = None
    router: Any = None
    _wire = "openai"
    _is_async = False
    timeout: Any

    def __init__(self, *, provider: str | None = None, router: Any = None, **settings: Any) -> None:
        self._refuse_unknown(settings)
        settings = {k: v for k, v in settings.items() if type(v).__name__ not in UNSET}
        if any(v is not None and k.startswith("azure_") for k, v in settings.items()):
            settings.setdefault("api_type", AZURE_BY_SETTINGS)
        self.provider = provider
        self.router = router
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
        if unknown := set(settings) - set(CLIENT_SETTINGS):
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
        if self.router is None and not (whole and any(map(bound.get, CREDENTIALS))):
            new_sdk_client(wire.azure, False, bound)

    def settings(self) -> dict[str, Any]:
        """The settings that are set, as they are now."""
        held = self.__dict__
        names = [name for name in CLIENT_SETTINGS if name in held]
        return {k: held[k] for k in names if held[k] is not None or k == "timeout"}

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
        kept = {k: v for k, v in self.__dict__.items() if not isinstance(v, Resource)}
        kept.pop("_sdk", None)
        other.__dict__.update(kept, **changes)
        if "http_client" in changes:
            other._connections = Connections(changes["http_client"])
        return other

    copy = with_options

    def is_closed(self) -> bool:
        return self._connections.closed

    @property  # type: ignore[misc]  # object has a setter for it
    def __class__(self) -> Any:
        """To ``isinstance`` the SDK's class as well, once somebody has the SDK to ask with."""
        if "openai" not in sys.modules or self._wire not in WIRED:
            return type(self)
        return _as_the_sdks(type(self), self._wire == "azure")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in _OWN:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        if name in SETTINGS and self._wire not in WIRED:
            return None
        if is_endpoint(name):
            from .endpoint_functions import client_method

            return client_method(self, name)
        return getattr(self._beyond(name), name)

    def _beyond(self, path: str) -> Any:
        """The SDK's client of the settings as they are now, for what LiteLLM does not have.

        Its resources belong to one that stays, whatever the settings or the event loop: they are
        where tests put fakes. It sends with the present one.
        """
        from .endpoints import leads_to_endpoint
        from .wire import Lasting, plain_members, resources_of, shell_of

        if self._wire not in WIRED and not leads_to_endpoint(path):
            raise AttributeError(
                f"{path!r} of a client of {self._wire}: LiteLLM has no counterpart, and only openai"
                " and azure have an SDK of their own for it"
            )
        present = self._sdk_client()
        if path not in _VERBS and path.partition(".")[0] not in resources_of(type(present)):
            return present
        lasting = self.__dict__.get("_sdk") or shell_of(Lasting, present)
        lasting = self.__dict__.setdefault("_sdk", lasting)
        lasting.__dict__.update(plain_members(present), _sender=self._sender)
        return lasting

    def _sender(self) -> Sender:
        from .endpoint_call import Sender

        wired = self._wire in WIRED
        return Sender(self._wire, self._is_async, self.settings(), self._sdk_client(), wired)

    def _sdk_client(self) -> Any:
        """The one to send with; of another provider, one that gives its signatures only."""
        if self._wire not in WIRED:
            return unconnected(self._is_async)
        settings = self.settings()
        more = {name: settings[name] for name in ("timeout", "max_retries") if name in settings}
        wire = Wire(self._wire == "azure", self._is_async)
        return self._connections.sdk_client(settings, wire, **more)

    def _called(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """One of the router's own methods; the program calls what it put in the SDK's place."""
        arguments = by_position(name, args, kwargs)
        if (other := replacement(self, name)) is None:
            return begin(name, arguments, self, self._is_async)
        return other(**on_the_wire(name, arguments, self.provider, self.settings()))


# The methods of the SDK's client that send whatever the program says.
_VERBS = ("get", "post", "put", "patch", "delete", "get_api_list", "request")


_OWN = ("_connections", "_sdk")  # the SDK's client is not asked for them


@once
def _as_the_sdks(kind: Any, azure: bool) -> Any:
    """A subclass of *kind* and of the SDK's class: what its instances say that they are.

    Calling it, as ``self.__class__(...)`` does, makes a *kind*.
    """
    theirs = sdk_class(azure, issubclass(kind, AsyncClient))
    members = {"__module__": kind.__module__, "__qualname__": kind.__qualname__,
               "__new__": lambda cls, *args, **kwargs: kind(*args, **kwargs)}  # fmt: skip
    return type(kind.__name__, (kind, theirs), members)


def _bound(name: str, is_async: bool) -> Any:
    """An operation as a method of a client."""

    async def amethod(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._called(name, args, kwargs)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._called(name, args, kwargs)

    made = amethod if is_async and not name.endswith("_stream") else method
    made.__name__ = f"a{name}" if is_async else name
    made.__qualname__ = f"{'Async' if is_async else ''}Client.{made.__name__}"
    made.__doc__ = f"The function {made.__name__} of the router, with this client's settings."
    return made


class Client(ClientSettings, SyncMembers):
    """The router with settings bound once: what an ``OpenAI(...)`` object turns into.

    Args:
        provider: a prefix for every model; the model is then the name on the wire.
        router: a ``litellm.Router``; models that are its groups go to it, and no key is needed.
        settings: what ``OpenAI(...)`` and ``AzureOpenAI(...)`` accept (``api_key``, ``base_url``,
            ``organization``, ``project``, ``timeout``, ``max_retries``, ``default_headers``,
            ``default_query``, ``http_client``, ``azure_endpoint``, ``api_version``,
            ``azure_deployment``, ``azure_ad_token``, ``azure_ad_token_provider``), and ``api_base``
            for ``base_url``. What is not given comes from the environment now, not later.

    The functions of the module are its methods, and so are openai's spellings
    (``client.chat.completions.create(model="gpt-4o", ...)``), where the model is the wire name.
    Anything else that openai's client has (``client.models.list()``,
    ``client.chat.completions.with_raw_response``) is asked of one, made at the first use; LiteLLM
    passes such requests through. It has connections of its own, closed by ``close()`` or the
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


class AsyncClient(ClientSettings, AsyncMembers):
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


for _operation in OPERATIONS:
    if _operation not in SYNC:  # responses, which is a part of openai's spelling as well
        setattr(Client, _operation, _bound(_operation, False))
    setattr(AsyncClient, f"a{_operation}", _bound(_operation, True))


for _class, _parts in ((Client, SYNC), (AsyncClient, ASYNC)):
    for _part, _member in _parts.items():
        setattr(_class, _part, _member)
        _member.__set_name__(_class, _part)


# Programs, and what instruments them, ask for the name of a client's class: it is the SDK's.
for _kind in (Client, AsyncClient, AzureClient, AsyncAzureClient):
    _kind.__name__ = _kind.__name__.replace("Client", "OpenAI")
