"""Every call to a language model goes through this file, to LiteLLM.

The file stands alone: it may be copied into another project, which then depends on ``litellm``
only. Importing it is cheap; LiteLLM (2-5 s) is imported at the first call.

    from personalvibe import llm_router

    reply = llm_router.chat_completion("anthropic/claude-sonnet-4-5", [{"role": "user", ...}])

**Models.** ``<provider>/<name>``; ``None`` or ``""`` is :data:`DEFAULT_MODEL`; :data:`ALIASES` may
be extended. With ``provider="openai"`` (or another provider) the model is the name on the wire and
the router adds the prefix: that is how code with dynamic models calls. ``of("openai")`` has all
functions with it given.

**Functions.** ``chat_completion``, ``chat_completion_parse``, ``chat_completion_stream``,
``text_completion``, ``embedding``, ``responses`` (``_parse``, ``_stream``, ``_retrieve``,
``_delete``, ``_cancel``), ``image_generation``, ``image_edit``, ``image_variation``,
``transcription``, ``translation``, ``speech`` (``_stream``), ``moderation``; each with an
asynchronous twin, ``achat_completion`` and so on. :class:`Client` and :class:`AsyncClient` are
the same with settings bound once, and answer the OpenAI-shaped spelling too. What LiteLLM has no
counterpart for (``client.models``, ``files``, ``beta.threads``, ``with_raw_response``) they pass on
to a client of the SDK with the same settings, past LiteLLM.

**OpenAI and Azure.** A program that used the openai SDK sends the same request and sees the same
reply. The call goes through LiteLLM (callbacks, costs, caching), which is handed a ``client=`` of
this file. When LiteLLM comes to send its version of the request, that client sends the one which
the program described, and it keeps the reply::

    program -> _Front (the SDK's signatures) -> LiteLLM -> _Back -> the SDK's client -> wire

LiteLLM depends on the openai package and has imported it by then, so nothing more is installed.
Other providers, and calls that use a LiteLLM feature listed in :data:`PLAIN`, go to LiteLLM as
they are. docs/LLM_PROVIDERS.md lists what stays different.

**Exceptions and types** come lazily, by their usual names: ``except llm_router.RateLimitError``,
``reply: llm_router.ModelResponse``, ``llm_router.NOT_GIVEN``.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import threading
import warnings
import weakref
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    import logging

DEFAULT_MODEL = "openai/gpt-4o-mini"

#: Short names. Extend it: ``llm_router.ALIASES["fast"] = "groq/llama-3.1-8b-instant"``.
ALIASES: dict[str, str] = {"o3": DEFAULT_MODEL}

# Settings of the whole process for OpenAI and Azure, read at every call. They are what
# ``openai.api_key = ...`` turns into, and are never sent to another provider.
api_key: str | None = None
api_base: str | None = None
base_url: str | None = None
organization: str | None = None
project: str | None = None
api_type: str | None = None  # "openai" or "azure"
api_version: str | None = None
azure_endpoint: str | None = None
azure_ad_token: str | None = None
azure_ad_token_provider: Callable[[], Any] | None = None
timeout: Any = None  # seconds, or an httpx.Timeout
max_retries: int | None = None
default_headers: Mapping[str, str] | None = None
default_query: Mapping[str, object] | None = None
http_client: Any = None

#: For programs written for openai 0.28, which knew no clients: calls of the module's functions do
#: not retry unless told to, and replies and errors are what 0.28 made of them; a reply is an
#: :class:`OpenAIObject`. One call: ``chat_completion(..., legacy=True)``.
legacy: bool = False

#: Arguments that ask for a feature of LiteLLM which the request must not bypass.
PLAIN = frozenset({
    "mock_response", "mock_tool_calls", "mock_timeout", "fallbacks", "model_list", "client",
    "context_window_fallback_dict", "custom_llm_provider", "drop_params", "additional_drop_params",
    "prompt_id", "use_litellm_proxy", "litellm_credential_name",
})  # fmt: skip

_SETTINGS = (
    "api_key", "organization", "project", "default_headers", "default_query", "http_client",
    "api_version", "azure_endpoint", "azure_deployment", "azure_ad_token",
    "azure_ad_token_provider", "timeout", "max_retries", "base_url", "api_base", "api_type",
    "webhook_secret", "websocket_base_url",
)  # fmt: skip

_OWN_SETTINGS = frozenset(_SETTINGS) - {"timeout"}  # timeout is an argument of the SDK's methods
_CREDENTIALS = ("api_key", "azure_ad_token", "azure_ad_token_provider")
_OLD_AZURE = ("azure", "azure_ad", "azuread")  # what a program of openai 0.28 calls it
_AZURE_BY_SETTINGS = "azure, by the settings given"
_WIRED = ("openai", "azure")

# Settings that a program may leave to the environment, as openai 1 and later know them; for Azure
# LiteLLM's names follow.
_ENVIRONMENT = {
    "api_key": ("OPENAI_API_KEY",),
    "base_url": ("OPENAI_BASE_URL",),
    "organization": ("OPENAI_ORG_ID",),
    "project": ("OPENAI_PROJECT_ID",),
}
_AZURE_ENVIRONMENT = {
    "azure_ad_token": ("AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN"),
    "api_key": ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"),
    "azure_endpoint": ("AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE"),
    "api_version": ("OPENAI_API_VERSION", "AZURE_API_VERSION"),
    "organization": ("OPENAI_ORG_ID",),
}
# What openai 0.28 read, which had one set of variables for both.
_OLD_ENVIRONMENT = {
    "api_key": ("OPENAI_API_KEY",),
    "base_url": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "organization": ("OPENAI_ORGANIZATION",),
}
_OLD_AZURE_VERSION = "2023-05-15"  # when none was set
# The same among LiteLLM's module settings, for programs of 0.28.
_LITELLM_SETTINGS = {
    "api_key": ("api_key", "openai_key"),
    "base_url": ("api_base",),
    "organization": ("organization",),
}
_AZURE_LITELLM_SETTINGS = {
    "api_key": ("api_key", "azure_key"),
    "azure_endpoint": ("api_base",),
    "api_version": ("api_version",),
}

# What openai 0.28 called it -> what everyone calls it now.
_OLD_NAMES = {
    "engine": "model",
    "deployment_id": "model",
    "request_timeout": "timeout",
    "headers": "extra_headers",
}

_MISSING: Any = object()
_UNSET = ("NotGiven", "Omit")  # the SDK's marks of an argument that is not there

# What a bare name most likely lacks, for the hint in an error.
_MAKERS = {
    "claude": "anthropic", "gemini": "gemini", "mistral": "mistral", "command": "cohere",
    "deepseek": "deepseek", "grok": "xai", "llama": "groq", "sonar": "perplexity",
}  # fmt: skip

# LiteLLM's own network habits: set before its import, and only where the user has not chosen.
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
}


_F = TypeVar("_F", bound=Callable[..., Any])


def _once(function: _F) -> _F:
    """functools.cache, for arguments that mypy does not know to be hashable: classes."""
    return functools.cache(function)  # type: ignore[return-value]


# --- LiteLLM, late ------------------------------------------------------------------------------


@functools.cache
def _litellm() -> ModuleType:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import logging

    transports = [logging.getLogger(name) for name in ("httpx", "httpx2")]
    levels = [logger.level for logger in transports]
    import litellm

    for logger, level in zip(transports, levels, strict=True):
        logger.setLevel(level)  # LiteLLM silences it for the whole program
    # LiteLLM dumps its own logging copies (of a streamed response; of what Azure's text completion
    # answered), and pydantic complains of them.
    for copy in ("Expected `ResponseAPI", ".*field_name='original_response'"):
        warnings.filterwarnings(
            "ignore", rf"Pydantic serializer warnings:\s+PydanticSerialization\w+\({copy}"
        )
    # One asyncio.run() after another is no fault; LiteLLM warns of it on stderr.
    logger = logging.getLogger("LiteLLM")
    logger.addFilter(_is_true)
    if logger.level == logging.NOTSET:
        # Else a program that asks its own root logger for INFO gets two lines for every call.
        logger.setLevel(logging.WARNING)
    litellm.suppress_debug_info = True  # else every error prints an advertisement to stdout
    if litellm.disable_hf_tokenizer_download is None:
        litellm.disable_hf_tokenizer_download = True
    _register_providers()
    return litellm


# Whether LiteLLM works on a request that is not the one to be sent.
_beside: ContextVar[bool] = ContextVar("beside", default=False)


def _is_true(record: logging.LogRecord) -> bool:
    text = str(record.msg)
    if "event loop changed" in text:
        return False
    return not (_beside.get() and text.startswith("Dropping"))


@contextmanager
def _working_beside() -> Iterator[None]:
    sdk = _sdk()
    organization = sdk.organization
    token = _beside.set(True)
    try:
        yield
    finally:
        _beside.reset(token)
        # LiteLLM writes its own there, which is not the program's.
        litellms = (None, _litellm().organization, os.environ.get("OPENAI_ORGANIZATION"))
        if sdk.organization != organization and sdk.organization in litellms:
            sdk.organization = organization


def _register_providers(asked_for: bool = False) -> None:
    """The custom provider of the package, where this file still lives in it."""
    try:
        from personalvibe.providers import sharp_boe
    except ImportError:  # copied into another project, the file is alone
        return
    sharp_boe.register(asked_for=asked_for)


def _sdk() -> Any:
    """The openai package: LiteLLM depends on it, and so did the program before."""
    import openai  # noqa: TID251  # its exceptions and types are what a program catches and names

    return openai


def __getattr__(name: str) -> Any:
    """Exceptions, types and sentinels of the SDK, and those that only LiteLLM has.

    A name that openai users know is openai's, found without LiteLLM, whose import takes seconds.
    LiteLLM's exceptions subclass openai's, so one ``except`` catches what the router raises and
    what an openai client elsewhere raises. Timeout is LiteLLM's exception: openai 1 has a class of
    settings under that name, httpx.Timeout.
    """
    if name.startswith("__"):
        raise AttributeError(name)
    value = None if name == "Timeout" else _of_the_sdk(name)
    if value is None:
        value = _of_litellm(name)
    if value is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return value


def _of_the_sdk(name: str) -> Any:
    if not name[0].isupper() and name not in ("omit", "not_given"):
        return None
    sdk = _sdk()
    for place in (sdk, sdk.types, sdk.types.chat, sdk.types.responses):
        value = getattr(place, name, None)
        # Of 0.28's names the package keeps objects that raise when they are used.
        if value is not None and type(value).__name__ != "APIRemovedInV1Proxy":
            return value
    return None


def _of_litellm(name: str) -> Any:
    litellm = _litellm()
    for place in (litellm, litellm.exceptions, litellm.types.utils):
        value = getattr(place, name, None)
        if value is not None and not isinstance(value, ModuleType):
            return value
    return None


# --- models -------------------------------------------------------------------------------------


_FORM = re.compile(r"[^\s/]+/[^\s/]\S*")  # <provider>/<name>


def resolve_model(model: str | None) -> str:
    """The LiteLLM model string (``<provider>/<name>``) that a caller's *model* means.

    Raises:
        ValueError: not a string, or a bare or malformed name; the message suggests the nearest
            valid form.
    """
    if model is None or model == "":
        return DEFAULT_MODEL
    if not isinstance(model, str):
        raise ValueError(f"model must be a string, not {type(model).__name__}: {model!r}")
    if model in ALIASES:
        return ALIASES[model]
    if _FORM.fullmatch(model):
        return model
    raise ValueError(f"model {model!r} is not <provider>/<name>; did you mean {_guess(model)}?")


def _guess(model: str) -> str:
    parts = [part for part in "".join(model.split()).split("/") if part]
    if len(parts) > 1:
        return repr("/".join(parts))
    if not parts or parts[0] == DEFAULT_MODEL.partition("/")[0]:
        return repr(DEFAULT_MODEL)
    name = parts[0]
    maker = next((v for k, v in _MAKERS.items() if name.lower().startswith(k)), "openai")
    from difflib import get_close_matches

    near = get_close_matches(name, ALIASES, n=1)
    return " or ".join(repr(form) for form in (*near, f"{maker}/{name}"))


def _route(
    name: str, arguments: dict[str, Any], provider: str | None, settings: Mapping[str, Any]
) -> tuple[str, str]:
    """(provider, name on the wire) of a call; the latter is what *arguments* say from now on.

    With a provider the model is the program's affair and the SDK's, None and "" too. The name is
    empty when there is none and the server is to choose.
    """
    operation = _OPERATIONS[name]
    if provider is None:
        model = arguments.pop("model", None)
        stored_prompt = operation.http and "prompt" in arguments
        if model or (operation.model == "default" and not stored_prompt):
            provider, _, arguments["model"] = resolve_model(model).partition("/")
        elif operation.model == "required":
            raise TypeError(f"{name}() needs a model, such as 'openai/<name>'")
    provider = provider or "openai"
    if provider == "openai" and _is_azure(settings):
        provider = "azure"
    model = arguments.get("model")
    return provider, model if isinstance(model, str) else ""


# --- settings and the SDK's clients -------------------------------------------------------------


class _Wire(NamedTuple):
    """Which of the SDK's clients a call needs.

    Attributes:
        old: the program was written for openai 0.28, which had an environment of its own.
    """

    azure: bool
    is_async: bool = False
    old: bool = False


def _module_settings(old: bool) -> dict[str, Any]:
    found = {name: value for name in _SETTINGS if (value := globals().get(name)) is not None}
    if old and (kind := os.environ.get("OPENAI_API_TYPE")):
        found.setdefault("api_type", kind)
    return found


def _is_azure(settings: Mapping[str, Any]) -> bool:
    return str(settings.get("api_type") or "").startswith("azure")


def _from_environment(settings: Mapping[str, Any], wire: _Wire) -> dict[str, Any]:
    """What the program left to the environment; one of 0.28 also to LiteLLM's settings."""
    variables = dict(_AZURE_ENVIRONMENT if wire.azure else _ENVIRONMENT)
    if any(settings.get(name) is not None for name in _CREDENTIALS):
        for name in _CREDENTIALS:  # one of them is enough, and the SDK refuses two
            variables.pop(name, None)
    if wire.old:
        for name, more in _OLD_ENVIRONMENT.items():
            name = "azure_endpoint" if wire.azure and name == "base_url" else name
            variables[name] = (*variables.get(name, ()), *more)
    found: dict[str, Any] = {}
    for name, places in variables.items():
        values = [os.environ.get(variable) for variable in places]
        if wire.old:
            values = [*_from_litellm(name, wire.azure), *values]
        value = next(filter(None, values), None)
        if value is not None and settings.get(name) is None:
            found[name] = value
    return found


def _from_litellm(name: str, azure: bool) -> list[Any]:
    litellm: Any = sys.modules.get("litellm")  # not yet imported: nothing is set there
    shared = _AZURE_LITELLM_SETTINGS if azure else _LITELLM_SETTINGS
    return [getattr(litellm, attribute, None) for attribute in shared.get(name, ())]


def _client_arguments(settings: Mapping[str, Any], wire: _Wire) -> dict[str, Any]:
    """The arguments for the SDK's client, from settings under any of their spellings."""
    given = {k: v for k, v in settings.items() if v is not None}
    for name in ("timeout", "max_retries"):  # these travel with each request
        given.pop(name, None)
    kind = given.pop("api_type", "")
    base = given.pop("api_base", None)
    if base is not None and "base_url" not in given and "azure_endpoint" not in given:
        azure = "/openai/deployments/" in base or base.rstrip("/").endswith("/openai")
        given["base_url" if azure or not wire.azure else "azure_endpoint"] = base
    given = {**_from_environment(given, wire), **given}
    if not wire.azure:
        return {k: v for k, v in given.items() if not k.startswith(("azure_", "api_version"))}
    if kind in _OLD_AZURE[1:] and "api_key" in given:
        given["azure_ad_token"] = given.pop("api_key")
    if "azure_ad_token" in given and "azure_ad_token" not in settings:
        given.pop("api_key", None)  # both came from the environment: the SDK takes the token
    if "base_url" in given:
        given.pop("azure_endpoint", None)
    if wire.old:
        given.setdefault("api_version", _OLD_AZURE_VERSION)
    return given


_KEEP = 64  # settings of which an owner of connections keeps the SDK's client, the oldest go first
_CLOSED = "Cannot send a request, as the client has been closed."  # httpx's words


class _Pool:
    """An HTTP client, and the SDK's clients that send with it: they own no connection."""

    def __init__(self, http_client: Any) -> None:
        self.http_client = http_client
        self.sdk_clients: OrderedDict[Any, Any] = OrderedDict()

    def sdk_client(self, azure: bool, is_async: bool, arguments: dict[str, Any]) -> Any:
        key = (azure, *((name, _hashable(value)) for name, value in sorted(arguments.items())))
        if key in self.sdk_clients:
            self.sdk_clients.move_to_end(key)
            return self.sdk_clients[key]
        if self.http_client is not None:
            arguments.setdefault("http_client", self.http_client)
        elif is_async:
            # The one that the SDK makes would try to close itself in a later event loop.
            self.http_client = arguments.setdefault("http_client", _sdk().DefaultAsyncHttpxClient())
        self.sdk_clients[key] = made = _made(azure, is_async, arguments)
        if "http_client" not in arguments:
            self.http_client = made._client
        while len(self.sdk_clients) > _KEEP:
            self.sdk_clients.popitem(last=False)
        return made


class _Connections:
    """What a client and its copies send with, or the module's functions: made at the first call.

    A pool belongs to the event loop that opened it, and to the process: a forked one starts anew.
    """

    def __init__(self, http_client: Any = None) -> None:
        self.closed = False
        self._given = http_client
        self.forget()
        _all_connections.add(self)

    def forget(self) -> None:
        """Start anew, without a word to whoever is at the other end: they are another process's."""
        self._lock = threading.RLock()
        self._sync = _Pool(self._given)
        self._by_loop: weakref.WeakKeyDictionary[Any, _Pool] = weakref.WeakKeyDictionary()
        self._without_loop = _Pool(self._given)

    def sdk_client(self, settings: Mapping[str, Any], route: _Wire, **more: Any) -> Any:
        """The SDK's client for these settings, made once.

        Raises:
            OpenAIError: no key is set; the message names the variable.
            ValueError: Azure lacks a version or an address, in the SDK's words.
        """
        self.refuse_if_closed()
        arguments = {**_client_arguments(settings, route), **more}
        with self._lock:
            pool = self._pool(route.is_async)
            return pool.sdk_client(route.azure, route.is_async, arguments)

    def refuse_if_closed(self) -> None:
        if self.closed:
            raise RuntimeError(_CLOSED)

    def _pool(self, is_async: bool) -> _Pool:
        if not is_async:
            return self._sync
        import asyncio  # by now LiteLLM has; on its own it would double the router's import

        for loop in [loop for loop in self._by_loop if loop.is_closed()]:
            self._by_loop.pop(loop, None)
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return self._without_loop
        return self._by_loop.setdefault(running, _Pool(self._given))

    def _emptied(self) -> tuple[Any, list[tuple[Any, Any]]]:
        """(the synchronous HTTP client, the asynchronous ones with their loops); none is kept."""
        with self._lock:
            self.closed = True
            sync = self._sync.http_client
            others = [(loop, pool.http_client) for loop, pool in self._by_loop.items()]
            others.append((None, self._without_loop.http_client))
            self.forget()
        return sync, [(loop, one) for loop, one in others if one is not None]

    def close(self) -> None:
        sync, _ = self._emptied()
        if sync is not None:
            sync.close()

    async def aclose(self) -> None:
        import asyncio

        _, others = self._emptied()
        for loop, http_client in others:
            if loop in (None, asyncio.get_running_loop()) or http_client is self._given:
                await http_client.aclose()
            elif not loop.is_closed():
                asyncio.run_coroutine_threadsafe(http_client.aclose(), loop)


_all_connections: weakref.WeakSet[_Connections] = weakref.WeakSet()
_shared = _Connections()  # of the module's functions


def _after_fork() -> None:
    """No connection, and no lock that a thread of the parent may hold, is used by two processes."""
    for connections in list(_all_connections):
        connections.forget()
    if (litellm := sys.modules.get("litellm")) is not None:
        litellm.in_memory_llm_clients_cache.flush_cache()
        for name in ("module_level_client", "module_level_aclient"):
            vars(litellm).pop(name, None)  # made anew when it is asked for


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _session(is_async: bool) -> dict[str, Any]:
    """The HTTP client that the program gave LiteLLM for all calls."""
    litellm = sys.modules.get("litellm")
    name = "aclient_session" if is_async else "client_session"
    session = getattr(litellm, name, None)
    return {} if session is None else {"http_client": session}


def _made(azure: bool, is_async: bool, arguments: dict[str, Any]) -> Any:
    kind = f"{'Async' if is_async else ''}{'Azure' if azure else ''}OpenAI"
    return getattr(_sdk(), kind)(**arguments)


def _hashable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((str(k), repr(v)) for k, v in value.items()))
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


# --- the operations -----------------------------------------------------------------------------


class _Operation(NamedTuple):
    """One kind of call.

    Attributes:
        litellm: LiteLLM's function; the asynchronous twin is the same with ``a`` before it.
        shape: the method of the SDK's client that has the program's signature.
        order: what positional arguments are called.
        model: "default", "optional" or "required": what to do when the program names none.
        http: LiteLLM sends this with its own HTTP handler, not with the SDK's client.
        files: arguments that are files, which LiteLLM must see as well.
        azure: LiteLLM's azure provider accepts a client for this; its openai provider does anyway.
        carrier: LiteLLM's function that takes a client, where *litellm* takes none.
    """

    litellm: str
    shape: str
    order: tuple[str, ...] = ("model", "input")
    model: str = "optional"
    http: bool = False
    files: tuple[str, ...] = ()
    azure: bool = True
    carrier: str = ""

    @property
    def unread(self) -> bool:
        """Does the program get a context manager of the reply, whose body is still to come?"""
        return ".with_streaming_response." in self.shape

    @property
    def structured(self) -> bool:
        return self.shape.endswith((".parse", ".stream"))


# fmt: off
_CHAT: dict[str, Any] = {"order": ("model", "messages"), "model": "default"}
_RESPONSES: dict[str, Any] = {"model": "default", "http": True}
_STORED: dict[str, Any] = {"order": ("response_id",), "http": True}
_SAID = ("model", "input", "voice")
_AUDIO: dict[str, Any] = {"order": ("model", "file"), "model": "required", "files": ("file",)}

_OPERATIONS = {
    "chat_completion": _Operation("completion", "chat.completions.create", **_CHAT),
    "chat_completion_parse": _Operation("completion", "chat.completions.parse", **_CHAT),
    "chat_completion_stream": _Operation("completion", "chat.completions.stream", **_CHAT),
    "text_completion": _Operation(
        "text_completion", "completions.create", ("model", "prompt"), "default"),
    "embedding": _Operation("embedding", "embeddings.create", model="required"),
    "responses": _Operation("responses", "responses.create", **_RESPONSES),
    "responses_parse": _Operation("responses", "responses.parse", **_RESPONSES),
    "responses_stream": _Operation("responses", "responses.stream", **_RESPONSES),
    "responses_retrieve": _Operation("get_responses", "responses.retrieve", **_STORED),
    "responses_delete": _Operation("delete_responses", "responses.delete", **_STORED),
    "responses_cancel": _Operation("cancel_responses", "responses.cancel", **_STORED),
    "image_generation": _Operation(
        "image_generation", "images.generate", ("model", "prompt"), azure=False),
    "image_edit": _Operation(
        "image_edit", "images.edit", ("model", "image", "prompt"), http=True,
        files=("image", "mask")),
    "image_variation": _Operation(
        "image_variation", "images.create_variation", ("model", "image"), azure=False,
        carrier="image_generation"),
    "transcription": _Operation("transcription", "audio.transcriptions.create", **_AUDIO),
    "translation": _Operation(
        "translation", "audio.translations.create", carrier="transcription", **_AUDIO),
    "speech": _Operation("speech", "audio.speech.create", _SAID, "required"),
    "speech_stream": _Operation(
        "speech", "audio.speech.with_streaming_response.create", _SAID, "required"),
    "moderation": _Operation("moderation", "moderations.create", azure=False),
}
# fmt: on
# LiteLLM's names of the providers, where it is not to turn a text completion into a chat.
_LEGACY = {"openai": "text-completion-openai", "azure": "azure_text"}
# What LiteLLM asks for though the program need not give it, and how it is kept from sending a
# chat to the Responses API.
_REQUIRED: dict[str, dict[str, Any]] = {
    "completion": {"_skip_responses_api_bridge": True},
    "responses": {"input": ""},
    "image_generation": {"prompt": ""},
}
_STREAMED = ("completion", "text_completion", "responses")  # what LiteLLM can stream


def _method(client: Any, shape: str) -> Any:
    return functools.reduce(getattr, shape.split("."), client)


def _known_to_the_sdk(shape: str, arguments: Iterable[str]) -> frozenset[str]:
    """The parameters of a method of the SDK; a mock or a wrapper in its place may take all."""
    method = _method(_unconnected(False), shape)
    known, takes_all = _parameters(getattr(method, "__func__", method))
    return known | frozenset(arguments) if takes_all else known


@functools.cache
def _parameters(function: Any) -> tuple[frozenset[str], bool]:
    import inspect

    parameters = inspect.signature(function).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return frozenset(parameters), takes_all


@functools.cache
def _known_to_litellm() -> frozenset[str]:
    return frozenset(_litellm().types.utils.all_litellm_params) | {"allowed_openai_params"}


# --- a call, from the program to the wire and back ----------------------------------------------


class _Call:
    """One call: what the program asked for, and what came back for it."""

    def __init__(
        self,
        operation: _Operation,
        route: tuple[str, str],
        settings: dict[str, Any],
        arguments: dict[str, Any],
        is_async: bool,
        old: bool,
        connections: _Connections,
    ) -> None:
        self.connections = connections  # as long as the reply is read, they stay
        self.operation = operation
        self.provider, self.name = route
        self.settings = settings
        self.is_async = is_async
        self.old = old  # the program expects what openai 0.28 made of the reply
        self.on_the_wire = self.provider in _WIRED and PLAIN.isdisjoint(arguments)
        self.files = {k: v for k in operation.files if (v := arguments.get(k)) is not None}
        self.controls: dict[str, Any] = {}  # what the program says to LiteLLM, not to the server
        self.error: Exception | None = None  # the SDK's own, before LiteLLM maps it
        self.outcome: Any = _MISSING  # the server's reply as the SDK types it
        self.live: Any = None  # the SDK's stream
        self.flow: Any = None  # the same, remembering what passes
        self.headers: Mapping[str, str] = {}  # of the reply
        self.sent: deque[Any] = deque()  # what the server sent, for a program of openai 0.28
        self.before: dict[str, Any] | None = (
            None  # what LiteLLM was told, if callbacks may change it
        )
        self.seen: deque[Any] = deque()  # items of it that LiteLLM has had and the program has not
        if self.on_the_wire:
            wire = _Wire(self.provider == "azure", is_async, old)
            self.real = connections.sdk_client(settings, wire, **_session(is_async))
        else:
            self.real = _unconnected(is_async)
        self.program = self._sort(arguments)

    def _sort(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments for the SDK's signature; LiteLLM's own are set aside in *controls*."""
        known = _known_to_the_sdk(self.operation.shape, arguments)
        ours = _known_to_litellm() | PLAIN
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
        front = _shell(_AsyncFront if self.is_async else _Front, self.real, self)
        return _method(front, self.operation.shape)(**self.program)

    # From the SDK's signature to LiteLLM.

    def describe(self, cast_to: Any, options: Any, stream: bool, stream_cls: Any) -> None:
        changes = {
            name: self.settings[name]
            for name in ("timeout", "max_retries")
            if name in self.settings and type(getattr(options, name)).__name__ in _UNSET
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
                provider = _LEGACY.get(provider, provider)
            told = {k: _own(v) for k, v in (options.json_data or {}).items() if v is not None}
            told["model"] = f"{provider}/{self.name or DEFAULT_MODEL.partition('/')[2]}"
            if "messages" in told and not _is_conversation(told["messages"]):
                told["messages"] = [{"role": "user", "content": str(told["messages"])}]
            if options.extra_json and operation.litellm in _STREAMED:
                told["extra_body"] = _own(options.extra_json)
            if not self.stream or operation.litellm not in _STREAMED:
                told.pop("stream", None)
        told.update(self.files)
        told.update(self.controls)
        if not self.on_the_wire:
            if options.headers:
                told["extra_headers"] = dict(options.headers)
            return _with_settings(self.settings, told)
        if _has_hooks():
            self.before = {**_own(told), "model": told.get("model", "").partition("/")[2]}
        told["drop_params"] = True  # LiteLLM has no say in what is sent, so nothing to refuse
        for name, value in _REQUIRED.get(operation.carrier or operation.litellm, {}).items():
            told.setdefault(name, value)
        told["api_key"] = self.real.api_key or "unused"
        told["api_base"] = str(self.real.base_url)
        if self.provider == "azure":
            told["api_version"] = self.real._api_version
        if operation.http:
            told["client"] = _http_shell(_AsyncHttpBack if self.is_async else _HttpBack, self)
        else:
            told["client"] = shell = _shell(_AsyncBack if self.is_async else _Back, self.real, self)
            shell.__dict__.update(dict.fromkeys(_RESOURCES, _Door(self)))
        return told

    def function(self) -> Any:
        carrier = self.operation.carrier if self.on_the_wire else ""
        return _litellm_function(carrier or self.operation.litellm, self.is_async)

    def send(self) -> Any:
        result = None
        with self.blaming(), _working_beside():
            result = self.function()(**self.litellm_arguments())
        return self.finish(result)

    async def asend(self) -> Any:
        result = None
        with self.blaming(), _working_beside():
            result = await self.function()(**self.litellm_arguments())
        return self.finish(result)

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """Raise LiteLLM's exceptions such that clauses written for openai catch them.

        A reply that only LiteLLM cannot read is no error: the program gets what the SDK made of it.
        """
        try:
            yield
        except Exception as error:
            if self.error is None and self.outcome is not _MISSING and _is_unread(error):
                return
            blamed = error if self.error is None else _dressed(error, self.error, self.old)
            if blamed is error:
                raise
            raise blamed from blamed.__cause__

    # From LiteLLM to the wire.

    def _wired(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        again = "num_retries" in self.controls or _litellm().num_retries
        if self.error is not None and not again:
            raise self.error  # LiteLLM mends the request and tries again; ours would be the same
        self.error = None
        headers = {_RAW: "true", **(self.options.headers or {})}
        changes = {"headers": headers}
        if self.before is not None and isinstance(self.options.json_data, dict):
            changes["json_data"] = _hooked(self.options.json_data, self.before, theirs)
        options = self.options.model_copy(update=changes)
        if self.operation.structured:  # the parsing is for the program, in finish()
            options.post_parser = _sdk().NOT_GIVEN
        return {
            "cast_to": self.cast_to,
            "options": options,
            "stream": self.stream,
            "stream_cls": self.stream_cls,
        }

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.error = error
            raise

    def exchange(self, theirs: Mapping[str, Any]) -> Any:
        """Send the program's request and keep the reply. Returns the SDK's raw response.

        Args:
            theirs: LiteLLM's version of the request, which callbacks may have changed.
        """
        request = self._wired(theirs)
        with self._watched():
            return self._kept(self.real.request(**request))

    async def aexchange(self, theirs: Mapping[str, Any]) -> Any:
        request = self._wired(theirs)
        with self._watched():
            return self._kept(await self.real.request(**request))

    def _kept(self, raw: Any) -> Any:
        self.headers = raw.headers
        if self.stream:
            self.live = raw.parse()
            if self.old:
                self.live._client = _Recorder(self.live._client, self.sent)
            self.flow = self._atee() if self.is_async else self._tee()
        else:
            self.outcome = raw if self.operation.unread else raw.parse()
            decoded = _is_given(self.options.post_parser)  # embeddings come as base64
            if self.old and not decoded and isinstance(self.outcome, _sdk().BaseModel):
                self.sent.append(raw.http_response.json())
        return raw

    def _tee(self) -> Iterator[Any]:
        with self._watched():
            for item in self.live:
                self.seen.append(item)
                yield item

    async def _atee(self) -> AsyncIterator[Any]:
        with self._watched():
            async for item in self.live:
                self.seen.append(item)
                yield item

    # Back to the program.

    def finish(self, result: Any) -> Any:
        if self.stream:
            return _stream(_AsyncStream if self.is_async else _SyncStream, result, self)
        reply = self.outcome
        if reply is _MISSING and self.error is not None:  # LiteLLM gave up without a word
            raise self.error
        if reply is _MISSING:  # LiteLLM answered by itself: its cache, or another provider
            if not self.operation.structured:
                return _made_good(result, self.old)
            reply = _typed(self.cast_to, result.model_dump())
        if hasattr(reply, "stream_to_file"):  # speech: LiteLLM's type is the SDK's
            return reply if self.operation.unread else result
        if self.operation.structured and _is_given(self.options.post_parser):
            reply = self.options.post_parser(reply)
        return self.given(reply, result)

    def given(self, reply: Any, litellm_reply: Any) -> Any:
        """A reply of the SDK, or an item of its stream, in the form that the program expects."""
        if self.old and isinstance(reply, _sdk().BaseModel):
            sent = self.sent.popleft() if self.sent else reply.to_dict(mode="json")
            return OpenAIObject(sent, self.headers)
        return _as_both(reply, litellm_reply)


class _Recorder:
    """What the SDK's stream asks to type its items: keeps them as they came."""

    def __init__(self, client: Any, sent: deque[Any]) -> None:
        self._client = client
        self._sent = sent

    def _process_response_data(self, *, data: Any, **how: Any) -> Any:
        self._sent.append(data)
        return self._client._process_response_data(data=data, **how)


_RAW = "X-Stainless-Raw-Response"  # the SDK's mark of a caller who wants the headers too


def _typed(kind: Any, content: Any) -> Any:
    return _sdk()._models.construct_type(type_=kind, value=content)


def _litellm_function(name: str, is_async: bool) -> Any:
    function = getattr(_litellm(), f"a{name}" if is_async else name, None)
    if function is None:
        raise NotImplementedError(f"LiteLLM has no {name} for this provider")
    return function


def _is_given(value: Any) -> bool:
    return value is not None and type(value).__name__ not in _UNSET


def _is_conversation(messages: Any) -> bool:
    """Can LiteLLM read it? What it cannot is for the server to refuse."""
    return isinstance(messages, list) and all(isinstance(one, dict) for one in messages)


_UNCHANGING = frozenset({str, int, float, bool, type(None)})


def _own(value: Any) -> Any:
    """A copy that LiteLLM may change."""
    if type(value) is dict:
        return {k: v if type(v) in _UNCHANGING else _own(v) for k, v in value.items()}
    return [_own(v) for v in value] if type(value) is list else value


# Settings that other providers than OpenAI and Azure have no use for.
_OPENAI_ONLY = ("project", "default_query", "http_client", "azure_endpoint", "azure_deployment")


def _with_settings(settings: Mapping[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM's arguments, with the settings among them where the call has none of its own."""
    names = ("api_key", "organization", "api_version", "timeout", "max_retries", "azure_ad_token",
             "azure_ad_token_provider")  # fmt: skip
    found = {name: value for name in names if (value := settings.get(name)) is not None}
    base = settings.get("base_url") or settings.get("api_base") or settings.get("azure_endpoint")
    if base is not None:
        found["api_base"] = str(base)
    if headers := settings.get("default_headers"):
        told["extra_headers"] = {**headers, **(told.get("extra_headers") or {})}
    return {**found, **told}


# --- the two ends: shells around the SDK's client ------------------------------------------------


class _Shell:
    _call: _Call


class _Front(_Shell):
    """What the SDK's methods are called on: hands the request that they build to LiteLLM."""

    def request(
        self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        self._call.describe(cast_to, options, stream, stream_cls)
        return self._call.send()


class _AsyncFront(_Shell):
    async def request(
        self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        self._call.describe(cast_to, options, stream, stream_cls)
        return await self._call.asend()


class _Back(_Shell):
    """What LiteLLM sends its version of the request with: sends the program's."""

    def request(self, cast_to: Any, options: Any, **_: Any) -> Any:
        theirs = options.json_data or {}
        return _reply(self._call, self._call.exchange(theirs), *_asked(options))


class _AsyncBack(_Shell):
    async def request(self, cast_to: Any, options: Any, **_: Any) -> Any:
        theirs = options.json_data or {}
        return _reply(self._call, await self._call.aexchange(theirs), *_asked(options))


def _asked(options: Any) -> tuple[bool, bool]:
    """Does LiteLLM want a stream, and the raw response?"""
    streams = bool((options.json_data or {}).get("stream"))
    return streams, bool((options.headers or {}).get(_RAW))


def _reply(call: _Call, raw: Any, streams: bool, as_raw: bool) -> Any:
    """In the form that LiteLLM asked for: the SDK's raw response, or what is in it."""
    content = call.outcome
    if call.operation.unread:  # LiteLLM has an empty reply, the program has what is to come
        content = _sdk().HttpxBinaryResponseContent(type(raw.http_response)(200))
    if call.stream:
        content = call.flow
        if not streams:
            # LiteLLM cannot stream this: it has an empty reply, the program has the stream.
            message = {"role": "assistant", "content": ""}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            empty = {"choices": [choice], "created": 0, "data": [], "text": ""}
            content = "" if call.cast_to is str else _typed(call.cast_to, empty)
    if not as_raw:
        return content
    raw.parse = lambda: content
    return raw


_RESOURCES = ("audio", "chat", "completions", "embeddings", "images", "moderations")


class _Door:
    """A resource of the SDK's client as LiteLLM meets it: any method sends the program's request.

    The SDK's own methods would do their work twice, and whoever wraps them would see two calls.
    """

    def __init__(self, call: _Call, raw: bool = False) -> None:
        self._call = call
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return _Door(self._call, self._raw or name == "with_raw_response")

    def __call__(self, **request: Any) -> Any:
        call = self._call
        streams = bool(request.get("stream"))
        if call.is_async:
            return self._answered(streams, request)
        return _reply(call, call.exchange(request), streams, self._raw)

    async def _answered(self, streams: bool, request: dict[str, Any]) -> Any:
        return _reply(self._call, await self._call.aexchange(request), streams, self._raw)


class _HttpBack(_Shell):
    """The same for what LiteLLM sends with its own HTTP handler."""

    def post(self, *_: Any, data: Any = None, json: Any = None, **__: Any) -> Any:
        raw = self._call.exchange(_posted(data, json))
        return _EventSource(self._call, raw.headers) if self._call.stream else raw.http_response

    get = delete = post

    def close(self) -> None:
        """There is nothing of its own to close; LiteLLM's handlers do so when they are gone."""


class _AsyncHttpBack(_Shell):
    async def post(self, *_: Any, data: Any = None, json: Any = None, **__: Any) -> Any:
        raw = await self._call.aexchange(_posted(data, json))
        return _EventSource(self._call, raw.headers) if self._call.stream else raw.http_response

    get = delete = post

    async def close(self) -> None:
        """As for the synchronous one."""


def _posted(data: Any, as_json: Any) -> Mapping[str, Any]:
    if isinstance(data, (str, bytes)):
        import json

        data = json.loads(data)
    found = as_json if as_json is not None else data
    return found if isinstance(found, Mapping) else {}


class _EventSource:
    """The SDK's event stream, as the HTTP response that LiteLLM parses itself."""

    status_code = 200

    def __init__(self, call: _Call, headers: Any) -> None:
        self._call = call
        self.headers = headers

    text = ""

    def json(self) -> Any:
        """Of a model that LiteLLM thinks cannot stream, it gets this, the program the stream."""
        return {"id": "", "created_at": 0, "model": self._call.name, "output": []}

    def iter_bytes(self) -> Iterator[bytes]:
        for event in self._call.flow:
            yield f"data: {event.to_json(indent=None)}\n\n".encode()

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        async for event in self._call.flow:
            yield f"data: {event.to_json(indent=None)}\n\n".encode()

    def iter_lines(self) -> Iterator[str]:
        return (line.decode().strip() for line in self.iter_bytes())

    async def aiter_lines(self) -> AsyncIterator[str]:
        async for line in self.aiter_bytes():
            yield line.decode().strip()


@_once
def _subclass(mixin: Any, *bases: Any) -> Any:
    return type(bases[0].__name__, (mixin, *bases), {"__module__": __name__})


def _shell(kind: type, real: Any, call: _Call) -> Any:
    """An instance of the SDK's client class that shares everything with *real* but `request`."""
    shell = object.__new__(_subclass(kind, type(real)))
    for name, value in real.__dict__.items():
        # A resource that is kept would go on to send with *real*.
        if not isinstance(getattr(type(real), name, None), functools.cached_property):
            shell.__dict__[name] = value
    shell.__dict__["_call"] = call
    if "_custom_query" in shell.__dict__:
        shell._custom_query = dict(shell._custom_query)  # LiteLLM writes into it
    return shell


def _http_shell(kind: type, call: _Call) -> Any:
    from litellm.llms.custom_httpx import http_handler

    base = http_handler.AsyncHTTPHandler if call.is_async else http_handler.HTTPHandler
    shell: Any = object.__new__(_subclass(kind, base))
    shell._call = call
    return shell


@functools.cache
def _unconnected(is_async: bool) -> Any:
    """A client that gives its signatures only; calls through it go to another provider."""
    sdk = _sdk()
    return (sdk.AsyncOpenAI if is_async else sdk.OpenAI)(api_key="unused")


# --- callbacks that change a request --------------------------------------------------------------

# The methods of LiteLLM's CustomLogger that may.
_HOOKS = ("async_pre_call_deployment_hook", "get_chat_completion_prompt",
          "async_get_chat_completion_prompt", "log_pre_api_call")  # fmt: skip
# What LiteLLM adds to a request by itself, or calls by another name.
_ADDED = frozenset({"extra_body", "extra_headers", "timeout", "stream_options", "max_retries",
                    "encoding_format", "max_completion_tokens", "user"})  # fmt: skip


def _has_hooks() -> bool:
    """Is there a callback that may change a request? Also warns of switches that cannot."""
    litellm = _litellm()
    for switch in ("drop_params", "modify_params"):
        if getattr(litellm, switch, None):
            _warn_once(
                f"litellm.{switch} does not change what is sent to openai and azure;"
                f" give `drop_params=True` to a call that LiteLLM is to rewrite"
            )
    if any(callable(callback) for callback in litellm.input_callback):
        return True
    from litellm.integrations.custom_logger import CustomLogger

    return any(
        getattr(type(callback), name, None) is not getattr(CustomLogger, name, None)
        for callback in (*litellm.callbacks, *litellm.input_callback)
        if isinstance(callback, CustomLogger)
        for name in _HOOKS
    )


def _hooked(
    program: dict[str, Any], before: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    """The program's request with what callbacks changed.

    Args:
        before: the request as LiteLLM was told it.
        theirs: the request as LiteLLM would send it.
    """
    changed = {
        name: value
        for name, value in theirs.items()
        if name in before and name in program and _bare(value) != _bare(before[name])
    }
    gone = {name for name in ("tools", "functions") if name in before and name not in theirs}
    if added := theirs.keys() - before.keys() - _ADDED - {"stream"}:
        _warn_once(
            f"what LiteLLM's callbacks add to a request is not sent to openai and azure:"
            f" {', '.join(sorted(added))}"
        )
    return {name: value for name, value in {**program, **changed}.items() if name not in gone}


def _bare(value: Any) -> Any:
    """Without what LiteLLM drops from messages, and in plain data."""
    if isinstance(value, Mapping):
        kept = {k: v for k, v in value.items() if v is not None and k != _LITELLMS_FIELDS}
        return {k: _bare(v) for k, v in kept.items()}
    return [_bare(item) for item in value] if isinstance(value, (list, tuple)) else value


_LITELLMS_FIELDS = "provider_specific_fields"


@functools.cache
def _warn_once(text: str) -> None:
    warnings.warn(f"llm_router: {text}", stacklevel=2)


# --- replies: LiteLLM's types, the server's content ----------------------------------------------

# The SDK's type (module and name) -> LiteLLM's.
_COUNTERPARTS = {
    "chat_completion.ChatCompletion": "ModelResponse",
    "chat_completion.Choice": "Choices",
    "chat_completion_message.ChatCompletionMessage": "Message",
    "chat_completion_chunk.ChatCompletionChunk": "ModelResponseStream",
    "chat_completion_chunk.Choice": "StreamingChoices",
    "chat_completion_chunk.ChoiceDelta": "Delta",
    "completion_usage.CompletionUsage": "Usage",
    "completion.Completion": "TextCompletionResponse",
    "completion_choice.CompletionChoice": "TextChoices",
    "create_embedding_response.CreateEmbeddingResponse": "EmbeddingResponse",
    "embedding.Embedding": "Embedding",
    "images_response.ImagesResponse": "ImageResponse",
    "image.Image": "ImageObject",
    "transcription.Transcription": "TranscriptionResponse",
    "transcription_verbose.TranscriptionVerbose": "TranscriptionResponse",
    "response.Response": "ResponsesAPIResponse",
}


class _Subscripts:
    """The dictionary side of a reply, as openai 0.28 had it: what the server sent, no more.

    Without ``keys``: ``dict(reply)`` then has all fields, as with the SDK.
    """

    __slots__ = ()

    def to_dict_recursive(self) -> dict[str, Any]:
        return self.to_dict()  # type: ignore[attr-defined, no-any-return]

    def items(self) -> Any:
        return self._sent().items()

    def values(self) -> Any:
        return self._sent().values()

    def get(self, key: str, default: Any = None) -> Any:
        return self._sent().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._sent()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __contains__(self, key: object) -> bool:
        return key in self._sent()

    def _sent(self) -> dict[str, Any]:
        names = self.model_fields_set  # type: ignore[attr-defined]
        held = {k: v for k, v in self.__dict__.items() if k in names}
        return {**held, **(self.__pydantic_extra__ or {})}  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        """By content, as the SDK's: what LiteLLM keeps with a reply does not count."""
        kind = self._sdk_type  # type: ignore[attr-defined]
        if not isinstance(other, kind):
            return NotImplemented
        both: tuple[Any, Any] = (self, other)
        mine, theirs = (
            ([one.__dict__.get(name) for name in kind.model_fields], one.__pydantic_extra__ or {})
            for one in both
        )
        return mine == theirs

    def __reduce__(self) -> Any:
        return _revive, (self._sdk_type, self.to_dict())  # type: ignore[attr-defined]


def _revive(kind: type, sent: dict[str, Any]) -> Any:
    return _as_both(_typed(kind, sent), None)


@_once
def _both_types(kind: Any) -> Any:
    """A class that is *kind* of the SDK and its counterpart of LiteLLM. It dumps as *kind*."""
    litellm = _litellm()
    bases: tuple[type, ...] = (_Subscripts, kind)
    for ancestor in kind.__mro__:
        key = f"{ancestor.__module__.rpartition('.')[2]}.{ancestor.__name__}"
        if key in _COUNTERPARTS:
            name = _COUNTERPARTS[key]
            ours = getattr(litellm, name, None) or getattr(litellm.types.utils, name, None)
            if ours is None:
                from litellm.types.llms import openai as more

                ours = getattr(more, name)
            bases = (_Subscripts, ours) if issubclass(ours, kind) else (_Subscripts, kind, ours)
            break
    settings = {**kind.model_config, "defer_build": True}
    made: Any = type(kind.__name__, bases, {"__module__": __name__, "model_config": settings})
    made._sdk_type = kind
    kind.model_rebuild()
    for name in ("fields", "serializer", "validator", "core_schema"):
        setattr(made, f"__pydantic_{name}__", getattr(kind, f"__pydantic_{name}__"))
    for name in ("json", "dict", "model_dump", "model_dump_json", "__repr__", "__str__"):
        setattr(made, name, getattr(kind, name))
    return made


def _as_both(reply: Any, litellm_reply: Any) -> Any:
    """The server's reply, as an instance of LiteLLM's class and of the SDK's at once.

    Args:
        reply: what the SDK made of it.
        litellm_reply: what LiteLLM made of it, for its hidden parameters (cost, headers); or None.
    """
    if isinstance(reply, list):
        return [_as_both(item, None) for item in reply] if _has_models(reply) else reply
    if isinstance(reply, dict):
        return {k: _as_both(v, None) for k, v in reply.items()}
    if not isinstance(reply, _sdk().BaseModel) or type(reply).__module__[:6] != "openai":
        return reply  # plain data, or an object of the program's own class
    made = object.__new__(_both_types(type(reply)))
    content = {name: _as_both(value, None) for name, value in reply.__dict__.items()}
    private = dict(reply.__pydantic_private__ or {})
    for name, attribute in type(made).__private_attributes__.items():
        if name not in private:
            value = getattr(litellm_reply, name, _MISSING)
            private[name] = attribute.get_default() if value is _MISSING else value
    object.__setattr__(made, "__dict__", content)
    object.__setattr__(made, "__pydantic_fields_set__", set(reply.__pydantic_fields_set__))
    extra = reply.__pydantic_extra__
    object.__setattr__(made, "__pydantic_extra__", extra and _as_both(extra, None))
    object.__setattr__(made, "__pydantic_private__", private or None)
    return made


def _has_models(items: list[Any]) -> bool:
    return any(isinstance(item, (list, dict)) or hasattr(item, "model_dump") for item in items[:8])


class OpenAIObject(dict[str, Any]):
    """A reply as openai 0.28 gave it: a dictionary with attributes, which prints as JSON."""

    def __init__(self, content: Any = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__({name: _old_value(value) for name, value in dict(content).items()})
        self.__dict__["_headers"] = headers or {}

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __str__(self) -> str:
        import json

        return json.dumps(self, indent=2)

    def __repr__(self) -> str:
        about = [type(self).__name__]
        about += [str(self["object"])] if "object" in self else []
        about += [f"id={self['id']}"] if "id" in self else []
        return f"<{' '.join(about)} at {hex(id(self))}> JSON: {self}"

    def __reduce__(self) -> Any:
        return type(self), (self.to_dict_recursive(),)

    def to_dict(self) -> dict[str, Any]:
        return dict(self)

    def to_dict_recursive(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in self.items()}

    @property
    def organization(self) -> str | None:
        return self.__dict__["_headers"].get("openai-organization")  # type: ignore[no-any-return]

    @property
    def response_ms(self) -> int | None:
        """How long the provider took, in milliseconds."""
        taken = self.__dict__["_headers"].get("openai-processing-ms")
        return None if taken is None else round(float(taken))


def _old_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_old_value(item) for item in value]
    return OpenAIObject(value) if type(value) is dict else value


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.to_dict_recursive() if isinstance(value, OpenAIObject) else value


class _Item(dict[str, Any]):
    """A dict of LiteLLM's that answers attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return dict(self)


def _made_good(reply: Any, old: bool) -> Any:
    """LiteLLM's own reply, with the members that openai users expect of it."""
    if old and hasattr(reply, "model_dump"):
        return OpenAIObject(reply.model_dump(mode="json", exclude_none=True))
    held = reply.__dict__
    for choice in held.get("choices") or ():
        choice.__dict__.setdefault("logprobs")
        if message := choice.__dict__.get("message"):
            present = message.__dict__
            present.setdefault("refusal")
            present.setdefault("audio")
            present.setdefault("annotations")
    data = held.get("data")
    if data and type(data[0]) is dict:
        reply.data = [_Item(item) for item in data]
    return reply


# --- streams -------------------------------------------------------------------------------------


def _stream(kind: type, inner: Any, call: _Call | None) -> Any:
    """LiteLLM's stream, driven to its end for its accounts, yielding what the server sent."""
    ours = [type(inner)] if _streams(type(inner)) else []
    theirs = _sdk().AsyncStream if kind is _AsyncStream else _sdk().Stream
    stream = object.__new__(_subclass(kind, *ours, theirs))
    stream.__dict__.update(_inner=inner, _call=call, _iterator=None)
    if call is not None and call.on_the_wire and hasattr(inner, _REPETITION_GUARD):
        setattr(inner, _REPETITION_GUARD, lambda: None)  # it would end what the server still sends
    return stream


_REPETITION_GUARD = "raise_on_model_repetition"


class _StreamBase:
    _inner: Any
    _call: _Call | None
    _iterator: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_inner"], name)

    @property
    def response(self) -> Any:
        """The HTTP response that the stream is read from; of another provider, the stream."""
        return self if self._live is None else self._live.response

    @property
    def _live(self) -> Any:
        return self._call.live if self._call else None

    def _drained(self, item: Any) -> Iterator[Any]:
        """What the program gets now that LiteLLM has given *item*."""
        if self._call is None or self._live is None:
            if item is not None:
                yield self._foreign(item)
            return
        while self._call.seen:
            yield self._call.given(self._call.seen.popleft(), None)

    def _foreign(self, item: Any) -> Any:
        """A chunk of another provider; for the typed helpers, in the SDK's type."""
        if self._call is None or not isinstance(item, _litellm().types.utils.ModelResponseStream):
            return item
        return _typed(_sdk().types.chat.ChatCompletionChunk, item.model_dump())

    def _is_readable(self, error: Exception) -> bool:
        """Does the stream go on, though LiteLLM did not understand what came?"""
        live = self._call is not None and self._call.flow is not None and self._call.error is None
        return live and _is_unread(error)

    def _blaming(self) -> AbstractContextManager[None]:
        return self._call.blaming() if self._call else nullcontext()


class _SyncStream(_StreamBase):
    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._iterator is None:
            self._iterator = self._run()
        return next(self._iterator)

    def _run(self) -> Iterator[Any]:
        flow = self._call.flow if self._call and self._call.flow else ()
        with self._blaming():
            try:
                for source in (self._inner if _streams(type(self._inner)) else (), flow):
                    for item in source:
                        yield from self._drained(item)
            except Exception as error:
                yield from self._drained(None)
                if not self._is_readable(error):
                    raise
                for item in flow:
                    yield from self._drained(item)
            yield from self._drained(None)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the response and give the connection back."""
        target = self._live or self._inner
        if hasattr(target, "close"):
            target.close()


class _AsyncStream(_StreamBase):
    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._iterator is None:
            self._iterator = self._run()
        return await anext(self._iterator)

    async def _run(self) -> AsyncIterator[Any]:
        flow = self._call.flow if self._call and self._call.flow else _nothing()
        with self._blaming():
            try:
                for source in (self._inner if _streams(type(self._inner)) else _nothing(), flow):
                    async for item in source:
                        for chunk in self._drained(item):
                            yield chunk
            except Exception as error:
                for chunk in self._drained(None):
                    yield chunk
                if not self._is_readable(error):
                    raise
                async for item in flow:
                    for chunk in self._drained(item):
                        yield chunk
            for chunk in self._drained(None):
                yield chunk

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the response and give the connection back."""
        target = self._live or self._inner
        if hasattr(target, "close"):
            await target.close()
        elif hasattr(target, "aclose"):
            await target.aclose()

    aclose = close


async def _nothing() -> AsyncIterator[Any]:
    return
    yield


@_once
def _streams(kind: type) -> bool:
    return hasattr(kind, "__next__") or hasattr(kind, "__anext__")


# --- exceptions ----------------------------------------------------------------------------------


def _dressed(error: Exception, original: Any, old: bool) -> Exception:
    """*error* of LiteLLM, with the class, the text and the members that *original* of the SDK has.

    LiteLLM's exception stays as it is where the same ``except`` clauses catch both. Elsewhere its
    class changes to LiteLLM's class of the right name, or to one that is both. openai 0.28 had
    ServiceUnavailableError apart, and nothing else than its own classes.
    """
    sdk = _sdk()
    if isinstance(original, sdk.APIError):
        if not (old and isinstance(error, _litellm().ServiceUnavailableError)):
            error.__class__ = _error_class(type(error), type(original))
        for name in ("status_code", "code", "type", "param", "body", "request_id", "response",
                     "request", "message", "args"):  # fmt: skip
            if hasattr(original, name):
                setattr(error, name, getattr(original, name))
            else:
                error.__dict__.pop(name, None)
    elif not old:
        return original  # type: ignore[no-any-return]  # LiteLLM has no name for it
    error.__cause__ = original.__cause__
    if old:
        _age(error)
    return error


def _age(error: Any) -> None:
    """Give an error the text and the members that it had in openai 0.28."""
    body = getattr(error, "body", None)
    if isinstance(body, dict) and body.get("message"):
        error.message = body["message"]
        error.args = (error.message,)
    error.user_message = error.message
    error.error = OpenAIObject(body) if isinstance(body, dict) else None
    response = getattr(error, "response", None)
    error.http_status = response and response.status_code
    error.headers = response.headers if response is not None else {}
    error.http_body = response and response.text
    error.json_body = {"error": body} if isinstance(body, dict) else None


def legacy_error(
    kind: type[Exception],
    message: str | None = None,
    http_body: str | None = None,
    http_status: int | None = None,
    json_body: Any = None,
    headers: Mapping[str, str] | None = None,
    code: str | None = None,
    param: str | None = None,
) -> Exception:
    """An error that a program makes itself, with the arguments that openai 0.28 took.

    Args:
        kind: an exception class of this module, such as ``RateLimitError``; today's classes ask for
            the response that they stand for.
        message: its text; the others are the members of the same names.
    """
    error = kind.__new__(kind)
    error.args = (message,) if message is not None else ()
    vars(error).update(
        message=message, user_message=message, code=code, headers=headers or {},
        http_body=http_body, http_status=http_status, status_code=http_status,
        json_body=json_body, body=json_body, error=None,
        response=None, request=None, request_id=None, param=param, type=None,
    )  # fmt: skip
    return error


@functools.cache
def legacy_base(kind: type[Exception]) -> type[Exception]:
    """An exception class of this module, to derive one from that is made as :func:`legacy_error`
    makes its errors: with the arguments of openai 0.28."""

    def made(self: Exception, *args: Any, **members: Any) -> None:
        error = legacy_error(kind, *args, **members)
        self.args = error.args
        vars(self).update(vars(error))

    return type(kind.__name__, (kind,), {"__init__": made, "__module__": __name__})


def _is_unread(error: Exception) -> bool:
    """Did LiteLLM fail at a reply? Its rules (``post_call_rules``) refuse one by a class apart."""
    refused = _litellm().exceptions.APIResponseValidationError
    return isinstance(error, _sdk().OpenAIError) and not isinstance(error, refused)


@_once
def _error_class(ours: Any, theirs: Any) -> Any:
    """A class of the SDK's name that is *theirs*, and as much of LiteLLM's as that allows."""
    litellm = _litellm()
    wanted = _lineage(theirs)
    named = getattr(litellm, theirs.__name__, theirs)  # LiteLLM's class of the SDK's name
    bases: tuple[type, ...] = (litellm.APIError, named)
    if _lineage(ours) == wanted and issubclass(ours, theirs):
        bases = (ours,)
    elif _lineage(ours) < wanted or not wanted:
        bases = (ours, named)
    elif named is not theirs:
        bases = (named,)
    members = {"__module__": __name__, "__str__": theirs.__str__, "__repr__": theirs.__repr__}
    return type(theirs.__name__, bases, members)


def _lineage(kind: type) -> frozenset[type]:
    return frozenset(k for k in kind.__mro__ if k.__module__.partition(".")[0] == "openai")


# --- the functions -------------------------------------------------------------------------------


def _begin(name: str, arguments: dict[str, Any], client: Any, is_async: bool) -> Any:
    """Start a call. Returns its result; of an asynchronous call, an awaitable of it."""
    operation = _OPERATIONS[name]
    for old in _OLD_NAMES.keys() & arguments:
        value = arguments.pop(old)
        if arguments.get(_OLD_NAMES[old]) is None:
            arguments[_OLD_NAMES[old]] = value
    provider = arguments.pop("provider", None) or (client and client.provider)
    old = arguments.pop("legacy", legacy and client is None)
    own = {k: arguments.pop(k) for k in _OWN_SETTINGS & arguments.keys()}
    connections = client._connections if client else _shared
    connections.refuse_if_closed()
    bound = client.settings() if client else _module_settings(old)
    route = _route(name, arguments, provider, {**bound, **own})
    if route[0] not in ((client._wire,) if client else _WIRED):
        bound = {}  # one provider's key is not for another
    settings = {**bound, **{k: v for k, v in own.items() if v is not None}}
    if old:
        settings.setdefault("max_retries", 0)
    wired = route[0] in _WIRED and PLAIN.isdisjoint(arguments)
    if operation.unread and not wired:
        raise ValueError(f"{name}: only openai and azure send it as it is made; use speech()")
    if not wired and "messages" in operation.order:
        arguments["messages"] = _checked(arguments.get("messages"))
    if operation.structured or wired:
        call = _Call(operation, route, settings, arguments, is_async, old, connections)
        return call.begin()
    if route[0] == "my-custom-llm":
        _litellm()  # silenced before the provider imports it
        _register_providers(asked_for=True)
    told = {k: _own(v) for k, v in arguments.items() if type(v).__name__ not in _UNSET}
    told = _with_settings(settings, told)
    if route[1]:
        told["model"] = f"{route[0]}/{route[1]}"
    pending = _litellm_function(operation.litellm, is_async)(**told)
    return _afinished(pending, old) if is_async else _finished(pending, old)


def _finished(result: Any, old: bool) -> Any:
    return _stream(_SyncStream, result, None) if _streams(type(result)) else _made_good(result, old)


async def _afinished(pending: Any, old: bool) -> Any:
    result = await pending
    kind = _AsyncStream if _streams(type(result)) else None
    return _stream(kind, result, None) if kind else _made_good(result, old)


def _checked(messages: Any) -> Any:
    """Of another provider than OpenAI and Azure, whose server checks them."""
    if isinstance(messages, Iterable) and not isinstance(messages, (str, Mapping)):
        messages = list(messages)
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"messages must be a list with at least one message, not {messages!r}")
    return messages


def _present(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not _MISSING}


def chat_completion(
    model: str | None = _MISSING,
    messages: Any = _MISSING,
    *,
    _client: Client | None = None,
    **kwargs: Any,
) -> Any:
    """Ask a chat model. Returns LiteLLM's ``ModelResponse``, or its stream with ``stream=True``.

    Args:
        model: ``<provider>/<name>``, an alias, or None for the default; with ``provider=``, the
            name on the wire.
        messages: the conversation, at least one message. It is not changed.
        kwargs: everything that LiteLLM and the provider take.

    Raises:
        ValueError: the model is not ``<provider>/<name>``, or messages is not a filled list.
        OpenAIError: what LiteLLM raises; all its exceptions are subclasses.
    """
    if "mock_response" in kwargs and _client is None and "provider" not in kwargs:
        # Nothing is sent, so there are no settings to look up.
        told = _own(kwargs)
        told["messages"] = _own(_checked(messages))
        told["model"] = resolve_model(None if model is _MISSING else model)
        old = told.pop("legacy", legacy)
        return _finished(_litellm().completion(**told), old)
    arguments = _present(model=model, messages=messages, **kwargs)
    return _begin("chat_completion", arguments, _client, False)


async def achat_completion(
    model: str | None = _MISSING,
    messages: Any = _MISSING,
    *,
    _client: AsyncClient | None = None,
    **kwargs: Any,
) -> Any:
    """:func:`chat_completion`, asynchronous."""
    arguments = _present(model=model, messages=messages, **kwargs)
    return await _begin("chat_completion", arguments, _client, True)


def _define(name: str, summary: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The synchronous and the asynchronous function of one operation."""
    operation = _OPERATIONS[name]
    order = operation.order

    def arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if len(args) > len(order):
            raise TypeError(f"{name}() takes at most {len(order)} positional arguments")
        return {**dict(zip(order, args, strict=False)), **kwargs}

    def function(*args: Any, _client: Client | None = None, **kwargs: Any) -> Any:
        return _begin(name, arguments(args, kwargs), _client, False)

    async def coroutine(*args: Any, _client: AsyncClient | None = None, **kwargs: Any) -> Any:
        return await _begin(name, arguments(args, kwargs), _client, True)

    def manager(*args: Any, _client: AsyncClient | None = None, **kwargs: Any) -> Any:
        return _begin(name, arguments(args, kwargs), _client, True)

    twin = manager if name.endswith("_stream") else coroutine
    pairs: list[tuple[Any, str]] = [(function, name), (twin, f"a{name}")]
    for made, made_name in pairs:
        made.__name__ = made.__qualname__ = made_name
        made.__doc__ = f"{made_name}({', '.join(order)}, **kwargs)\n\n{summary}"
    return function, twin


chat_completion_parse, achat_completion_parse = _define(
    "chat_completion_parse",
    "Ask for structured output: ``response_format=<pydantic class>``, then ``.message.parsed``.",
)
chat_completion_stream, achat_completion_stream = _define(
    "chat_completion_stream",
    "A context manager of typed events (openai's ``stream()`` helper), with the final reply.",
)
text_completion, atext_completion = _define("text_completion", "Continue a prompt.")
embedding, aembedding = _define("embedding", "Embed a text, or a list of texts.")
responses, aresponses = _define("responses", "Ask through the Responses API.")
responses_parse, aresponses_parse = _define(
    "responses_parse", "The same for structured output: ``text_format=``, then ``.output_parsed``."
)
responses_stream, aresponses_stream = _define(
    "responses_stream", "A context manager of typed events of the Responses API."
)
responses_retrieve, aresponses_retrieve = _define(
    "responses_retrieve", "Fetch a stored response by its id."
)
responses_delete, aresponses_delete = _define(
    "responses_delete", "Delete a stored response by its id."
)
responses_cancel, aresponses_cancel = _define(
    "responses_cancel", "Cancel a response that runs in the background."
)
image_generation, aimage_generation = _define("image_generation", "Make images from a prompt.")
image_edit, aimage_edit = _define("image_edit", "Change images by a prompt.")
image_variation, aimage_variation = _define("image_variation", "Make variations of an image.")
transcription, atranscription = _define("transcription", "Turn speech into text.")
translation, atranslation = _define("translation", "Turn speech into English text.")
speech, aspeech = _define("speech", "Turn text into speech.")
speech_stream, aspeech_stream = _define(
    "speech_stream",
    "A context manager of the speech as it arrives (``.iter_bytes()``, ``.stream_to_file(path)``),"
    " from the providers openai and azure.",
)
moderation, amoderation = _define("moderation", "Check a text against a usage policy.")


@functools.cache
def of(provider: str) -> Any:
    """The functions of this module with *provider* given, so that ``model`` is the wire name.

    They are the same objects at every call, to be handed around, compared and used as keys:
    ``llm_router.of("openai").chat_completion``.
    """
    from types import SimpleNamespace

    names = [prefix + name for name in _OPERATIONS for prefix in ("", "a")]
    functions = {name: functools.partial(globals()[name], provider=provider) for name in names}
    return SimpleNamespace(**functions)


# --- clients -------------------------------------------------------------------------------------

# openai's spelling -> ours. Here the model is always the name on the wire.
_SPELLINGS = {
    **{operation.shape: name for name, operation in _OPERATIONS.items()},
    "beta.chat.completions.parse": "chat_completion_parse",
    "beta.chat.completions.stream": "chat_completion_stream",
}


# What programs read of openai's clients though it is private there.
_READ = ("_api_version", "_azure_endpoint", "_azure_deployment", "_base_url")


class _Path:
    """A part of a spelling such as ``chat.completions``."""

    def __init__(self, client: _Settings, path: str) -> None:
        self._client = client
        self._path = path

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._path != "responses" or self._client._is_async:
            raise TypeError(f"{self._path} cannot be called")
        return responses(*args, _client=self._client, **kwargs)

    def __getattr__(self, name: str) -> Any:
        path = f"{self._path}.{name}"
        if path in _SPELLINGS:
            return self._client._spelled(_SPELLINGS[path])
        if any(known.startswith(f"{path}.") for known in _SPELLINGS):
            return _Path(self._client, path)
        return _method(self._client._beyond(path), path)


def _seen_by_sdk(name: str) -> property:
    """A setting that openai's client gives in a form of its own; to be set in any."""

    def read(self: _Settings) -> Any:
        beyond = self._wire in _WIRED
        return getattr(self._beyond(name), name) if beyond else self.__dict__.get(name)

    def write(self: _Settings, value: Any) -> None:
        self.__dict__[name] = value

    return property(read, write)


class _Settings:
    """What the two clients share: settings bound once, and openai's spelling."""

    _is_async = False
    timeout: Any

    def __init__(self, *, provider: str | None = None, **settings: Any) -> None:
        settings.pop("_strict_response_validation", None)
        self._refuse_unknown(settings)
        settings = {k: v for k, v in settings.items() if type(v).__name__ not in _UNSET}
        if any(v is not None and k.startswith("azure_") for k, v in settings.items()):
            settings.setdefault("api_type", _AZURE_BY_SETTINGS)
        self.provider = provider
        # What is not set is asked of the SDK's client, which knows its defaults.
        self.__dict__.update({name: value for name, value in settings.items() if value is not None})
        self._connections = _Connections(settings.get("http_client"))
        if "timeout" in settings:  # None: wait for ever, as with openai
            self.timeout = settings["timeout"]
        self._wire = provider or ("azure" if _is_azure(settings) else "openai")
        if self._wire in _WIRED:
            self._capture(_Wire(self._wire == "azure"))
        elif useless := [name for name in _OPENAI_ONLY if settings.get(name) is not None]:
            raise TypeError(f"{', '.join(useless)}: for the providers openai and azure only")

    def _refuse_unknown(self, settings: Iterable[str]) -> None:
        if unknown := set(settings) - set(_SETTINGS):
            raise TypeError(f"{type(self).__name__}() got unexpected {sorted(unknown)}")

    def _capture(self, wire: _Wire) -> None:
        """Take from the environment now what openai's clients take when they are made.

        Raises:
            OpenAIError: there is no key, neither given nor in the environment.
            ValueError: Azure lacks a version or an address.
        """
        bound = _client_arguments(self.settings(), wire)
        for name in _AZURE_ENVIRONMENT if wire.azure else _ENVIRONMENT:
            if name in bound:
                self.__dict__.setdefault(name, bound[name])
        whole = not wire.azure or (
            "api_version" in bound and not bound.keys().isdisjoint(("base_url", "azure_endpoint"))
        )
        if not whole or not any(bound.get(name) for name in _CREDENTIALS):
            _made(wire.azure, False, bound)

    def settings(self) -> dict[str, Any]:
        """The settings that are set, as they are now."""
        held = self.__dict__
        return {
            k: held[k] for k in _SETTINGS if k in held and (held[k] is not None or k == "timeout")
        }

    base_url = _seen_by_sdk("base_url")
    default_headers = _seen_by_sdk("default_headers")
    default_query = _seen_by_sdk("default_query")

    def with_options(self, **changes: Any) -> Any:
        """A client with some settings changed; default headers and queries are added to."""
        merged = self.settings()
        for name in ("default_headers", "default_query"):
            if changes.get(name) is not None:
                changes[name] = {**(merged.get(name) or {}), **changes[name]}
            if (value := changes.pop(f"set_{name}", None)) is not None:
                changes[name] = value
        changes = {name: value for name, value in changes.items() if _is_given(value)}
        self._refuse_unknown(changes)
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__.update(changes)
        if "http_client" in changes:
            other._connections = _Connections(changes["http_client"])
        return other

    copy = with_options

    def is_closed(self) -> bool:
        return self._connections.closed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name not in _READ:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        if any(k.startswith(f"{name}.") for k in _SPELLINGS):
            return _Path(self, name)
        if name in _SETTINGS and self._wire not in _WIRED:
            return None
        return getattr(self._beyond(name), name)

    def _beyond(self, path: str) -> Any:
        """The SDK's client of the settings as they are now, for what LiteLLM does not have."""
        if self._wire not in _WIRED:
            raise AttributeError(
                f"{path!r} of a client of {self._wire}: LiteLLM has no counterpart, and only openai"
                " and azure have an SDK of their own for it"
            )
        settings = self.settings()
        more = {name: settings[name] for name in ("timeout", "max_retries") if name in settings}
        wire = _Wire(self._wire == "azure", self._is_async)
        return self._connections.sdk_client(settings, wire, **more)

    def _spelled(self, name: str) -> Any:
        function = globals()[f"a{name}" if self._is_async else name]
        return functools.partial(function, _client=self, provider=self._wire)


def _bound(name: str) -> Any:
    """A function of this module as a method of a client."""
    function = globals()[name]

    async def amethod(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await function(*args, _client=self, **kwargs)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, _client=self, **kwargs)

    awaited = name[1:] in _OPERATIONS and not name.endswith("_stream")
    return functools.wraps(function)(amethod if awaited else method)


class Client(_Settings):
    """The router with settings bound once: what an ``OpenAI(...)`` object turns into.

    Args:
        provider: a prefix for every model; the model is then the name on the wire.
        settings: what ``OpenAI(...)`` and ``AzureOpenAI(...)`` accept (``api_key``, ``base_url``,
            ``organization``, ``project``, ``timeout``, ``max_retries``, ``default_headers``,
            ``default_query``, ``http_client``, ``azure_endpoint``, ``api_version``,
            ``azure_deployment``, ``azure_ad_token``, ``azure_ad_token_provider``), and ``api_base``
            for ``base_url``. What is not given comes from the environment now, not later.

    The functions of this module are its methods, and so are openai's spellings
    (``client.chat.completions.create(model="gpt-4o", ...)``), where the model is the wire name.
    Anything else that openai's client has (``client.files.create(...)``, ``client.models.list()``,
    ``client.chat.completions.with_raw_response``) is asked of one, made at the first use; such
    requests do not go through LiteLLM. It has connections of its own, closed by ``close()`` or the
    end of ``with``; then it sends nothing any more.
    """

    def __new__(cls, *_: Any, provider: str | None = None, **__: Any) -> Any:
        return object.__new__(AzureClient if cls is Client and provider == "azure" else cls)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, a given ``http_client`` with them; a copy shares them."""
        self._connections.close()


class AsyncClient(_Settings):
    """:class:`Client` with the asynchronous functions: ``await client.achat_completion(...)``."""

    _is_async = True

    def __new__(cls, *_: Any, provider: str | None = None, **__: Any) -> Any:
        azure = cls is AsyncClient and provider == "azure"
        return object.__new__(AsyncAzureClient if azure else cls)

    async def __aenter__(self) -> AsyncClient:
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


for _name in _OPERATIONS:
    if _name != "responses":  # also a part of openai's spelling: see _Path
        setattr(Client, _name, _bound(_name))
    setattr(AsyncClient, f"a{_name}", _bound(f"a{_name}"))
