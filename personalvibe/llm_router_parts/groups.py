"""LiteLLM's Router behind the same functions: a model that is one of its groups goes to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .packages import litellm_function
from .settings import current

if TYPE_CHECKING:
    from collections.abc import Callable


def group_of(router: Any, arguments: Mapping[str, Any], provider: str | None) -> str | None:
    """The Router's name for the model of a call; None: it has none, and the call goes as usual."""
    if router is None:
        return None
    model = arguments.get("model")
    names = [f"{provider}/{model}", model] if provider else [model or current("DEFAULT_MODEL")]
    groups = router.get_model_names()
    return next((name for name in names if name in groups), None)


def function_for(router: Any, name: str, is_async: bool) -> Callable[..., Any]:
    """LiteLLM's function of a call, or its Router's.

    Raises:
        NotImplementedError: the Router does not have this kind of call.
    """
    if router is None:
        return litellm_function(name, is_async)  # type: ignore[no-any-return]
    name = f"a{name}" if is_async else name
    function = getattr(router, name, None)
    if function is None:
        raise NotImplementedError(f"LiteLLM's Router has no {name}")
    return function  # type: ignore[no-any-return]
