"""LiteLLM and the openai SDK, imported when they are needed, and what is known of their insides."""

from __future__ import annotations

import functools
import gc
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from .settings import current

if TYPE_CHECKING:
    import logging


MISSING: Any = object()


UNSET = ("NotGiven", "Omit")  # the SDK's marks of an argument that is not there


# LiteLLM's own network habits: set before its import, and only where the user has not chosen.
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
}


_F = TypeVar("_F", bound=Callable[..., Any])


def once(function: _F) -> _F:
    """functools.cache, for arguments that mypy does not know to be hashable: classes."""
    return functools.cache(function)  # type: ignore[return-value]


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Of the thousands of classes that these packages make, none is garbage.

    To look at them again and again takes a quarter of the import.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@functools.cache
def load_litellm() -> ModuleType:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import logging

    transports = [logging.getLogger(name) for name in ("httpx", "httpx2")]
    levels = [logger.level for logger in transports]
    with _collecting_later():
        import litellm

    from .private_members import LITELLM, check, check_pydantic

    check(LITELLM, _installed("litellm"))
    check_pydantic()
    for logger, level in zip(transports, levels, strict=True):
        logger.setLevel(level)  # LiteLLM silences it for the whole program
    # LiteLLM dumps its own logging copies (of a streamed response; of its usage; of what
    # Azure's text completion answered), and pydantic complains of them.
    copies = ("Expected `ResponseAPI", "(?:Expected .*: )?Expected `Usage`.*field_name='usage'",
              ".*field_name='original_response'")  # fmt: skip
    for copy in copies:
        warnings.filterwarnings(
            "ignore", rf"Pydantic serializer warnings:\s+PydanticSerialization\w+\({copy}"
        )
    # Some releases drop records of theirs when an event loop ends: of logs, not of calls.
    warnings.filterwarnings(
        "ignore", r"coroutine 'Logging\w*\.\w+' was never awaited", RuntimeWarning
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
    register_providers()
    return litellm  # type: ignore[no-any-return]  # it is not read for types


def _installed(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:  # an application in one file
        return None


def renew_litellm() -> None:
    """In a forked process: LiteLLM's connections and logging threads are those of the parent."""
    if not load_litellm.cache_info().currsize:
        return
    litellm = load_litellm()
    litellm.in_memory_llm_clients_cache.flush_cache()
    for name in ("module_level_client", "module_level_aclient"):
        vars(litellm).pop(name, None)  # made anew when it is asked for
    from litellm.litellm_core_utils.thread_pool_executor import executor

    # Every call hands it work, under a lock that a thread of the parent may have held.
    sizes: dict[str, Any] = {"max_workers": executor._max_workers}
    if hasattr(executor, "_max_pending_tasks"):
        sizes["max_pending_tasks"] = executor._max_pending_tasks
    vars(executor).update(vars(type(executor)(**sizes)))


# Whether LiteLLM works on a request that is not the one to be sent.
_beside: ContextVar[bool] = ContextVar("beside", default=False)


def _is_true(record: logging.LogRecord) -> bool:
    text = str(record.msg)
    if "event loop changed" in text:
        return False
    return not (_beside.get() and text.startswith("Dropping"))


@contextmanager
def working_beside() -> Iterator[None]:
    sdk = load_sdk()
    organization = sdk.organization
    token = _beside.set(True)
    try:
        yield
    finally:
        _beside.reset(token)
        # LiteLLM writes its own there, which is not the program's.
        litellms = (None, load_litellm().organization, os.environ.get("OPENAI_ORGANIZATION"))
        if sdk.organization != organization and sdk.organization in litellms:
            sdk.organization = organization


def register_providers(wanted: str = "") -> None:
    """The custom providers that the face names, as far as they are installed.

    Args:
        wanted: the provider that a call asks for.
    """
    from importlib import import_module

    for name in current("CUSTOM_PROVIDERS"):
        try:
            module = import_module(name)
        except ImportError:  # the router was copied into another project
            continue
        module.register(asked_for=wanted == module.PROVIDER)


@functools.cache
def load_sdk() -> Any:
    """The openai package: LiteLLM depends on it, and so did the program before."""
    with _collecting_later():
        import openai  # noqa: TID251  # its exceptions and types are what a program catches and names

    from .private_members import OPENAI, check

    check(OPENAI, openai.__version__)
    return openai


#: LiteLLM's helpers that send nothing.
HELPERS = frozenset({
    "check_valid_key", "completion_cost", "cost_per_token", "decode", "encode", "get_max_tokens",
    "get_model_info", "model_cost", "models_by_provider", "register_model",
    "register_prompt_template", "stream_chunk_builder", "token_counter", "trim_messages",
    "validate_environment",
})  # fmt: skip


def named(name: str, module: str) -> Any:
    """What a program means by a name of the router that is not the router's own.

    A name that openai users know is openai's, found without LiteLLM, whose import takes seconds.
    LiteLLM's exceptions subclass openai's, so one ``except`` catches what the router raises and
    what an openai client elsewhere raises. Timeout is LiteLLM's exception: openai 1 has a class of
    settings under that name, httpx.Timeout.

    Raises:
        AttributeError: also for LiteLLM's functions that send, which would go past the router.
    """
    if name.startswith("_"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    value = None if name == "Timeout" else of_the_sdk(name)
    if value is None and (name[0].isupper() or name in HELPERS or name.startswith("supports_")):
        value = of_litellm(name)
    if value is None:
        raise AttributeError(
            f"module {module!r} has no attribute {name!r}; LiteLLM's own are in litellm itself"
        )
    return value


def of_the_sdk(name: str) -> Any:
    if not name[0].isupper() and name not in ("omit", "not_given"):
        return None
    sdk = load_sdk()
    for path in ("", "types", "types.chat", "types.responses"):
        place = functools.reduce(getattr, path.split("."), sdk) if path else sdk
        value = getattr(place, name, None)
        # Of 0.28's names the package keeps objects that raise when they are used.
        if value is not None and type(value).__name__ != "APIRemovedInV1Proxy":
            return value
    return None


def of_litellm(name: str) -> Any:
    litellm = load_litellm()
    for place in (litellm, litellm.exceptions, litellm.types.utils):
        value = getattr(place, name, None)
        if value is not None and not isinstance(value, ModuleType):
            return value
    return None


@functools.cache
def known_to_litellm() -> frozenset[str]:
    return frozenset(load_litellm().types.utils.all_litellm_params) | {"allowed_openai_params"}


def typed(kind: Any, content: Any) -> Any:
    return load_sdk()._models.construct_type(type_=kind, value=content)


def add_request_id(reply: Any, request_id: str | None) -> None:
    load_sdk()._models.add_request_id(reply, request_id)


def litellm_function(name: str, is_async: bool) -> Any:
    function = getattr(load_litellm(), f"a{name}" if is_async else name, None)
    if function is None:
        raise NotImplementedError(f"LiteLLM has no {name} for this provider")
    return function


def is_given(value: Any) -> bool:
    return value is not None and type(value).__name__ not in UNSET


@once
def subclass(mixin: Any, *bases: Any) -> Any:
    return type(bases[0].__name__, (mixin, *bases), {"__module__": __name__})
