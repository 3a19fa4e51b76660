"""What the functions and the clients do with their arguments: begin a call."""

from __future__ import annotations

from typing import Any

from .operations import OPERATIONS
from .packages import MISSING


def begin(name: str, arguments: dict[str, Any], client: Any, is_async: bool) -> Any:
    """Start a call. Returns its result; of an asynchronous call, an awaitable of it."""
    from .start import start  # by now, so that the router's import stays cheap

    return start(name, arguments, client, is_async)


def present(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not MISSING}


def by_position(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an operation, some of which were given by their place."""
    order = OPERATIONS[name].order
    if len(args) > len(order):
        raise TypeError(f"{name}() takes at most {len(order)} positional arguments")
    return {**dict(zip(order, args, strict=False)), **kwargs}
