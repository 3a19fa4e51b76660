"""The functions of the router with a provider given, to be handed around."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .operations import OPERATIONS
from .settings import function_now

if TYPE_CHECKING:
    from .client_types import Functions as RouterFunctions


def is_endpoint(name: str) -> bool:
    """Is this a function of the table of endpoints? It is read when somebody asks, not before."""
    if name[:1] == "_" or name[:1].isupper():
        return False
    from .endpoints import endpoint_name

    return bool(endpoint_name(name)[0])


class Functions:
    """The router's functions with arguments given: each is one object, however often it is read.

    It has the name, the documentation and the signature of the function, is a coroutine function
    where that is one, and can be pickled. What a test puts in the function's place is called.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given

    def __getattr__(self, name: str) -> Any:
        known = name.removeprefix("a") in OPERATIONS or name in OPERATIONS
        if not known and not is_endpoint(name):
            raise AttributeError(f"the router has no function {name!r}")
        return self.__dict__.setdefault(name, types.MethodType(_with_given(name), self))

    def __reduce__(self) -> Any:
        return _functions, tuple(self._given.items())


def _with_given(name: str) -> Callable[..., Any]:
    import inspect

    async def acall(self: Functions, *args: Any, **kwargs: Any) -> Any:
        return await function_now(name)(*args, **{**self._given, **kwargs})

    def call(self: Functions, *args: Any, **kwargs: Any) -> Any:
        return function_now(name)(*args, **{**self._given, **kwargs})

    function = function_now(name)
    made: Any = acall if inspect.iscoroutinefunction(function) else call
    functools.update_wrapper(made, function)
    del made.__wrapped__  # a signature would be read from it, without the place of `self`
    place = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    signature = inspect.signature(function)
    made.__signature__ = signature.replace(parameters=[place, *signature.parameters.values()])
    return made  # type: ignore[no-any-return]


@functools.cache
def _functions(*given: tuple[str, Any]) -> Functions:
    return Functions(dict(given))


def of(provider: str, *, legacy: bool | None = None) -> RouterFunctions:
    """The functions of the router with *provider* given, so that ``model`` is the wire name.

    They are the same objects at every call, to be handed around, compared and used as keys:
    ``llm_router.of("openai").chat_completion``.

    Args:
        legacy: give this too; without it the setting of the process counts.
    """
    more = [] if legacy is None else [("legacy", legacy)]
    return cast("RouterFunctions", _functions(("provider", provider), *more))
