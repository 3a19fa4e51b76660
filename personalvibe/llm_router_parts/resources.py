"""openai's spelling on a client: ``client.chat.completions.create``, and what replaces it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from .begin import begin, by_position
from .operations import OPERATIONS, method_of

# openai's spelling -> ours. Here the model is always the name on the wire.
_SPELLINGS = {
    **{operation.shape: name for name, operation in OPERATIONS.items()},
    "beta.chat.completions.parse": "chat_completion_parse",
    "beta.chat.completions.stream": "chat_completion_stream",
}


# Methods of the SDK that call another method of their resource, which a test may have replaced.
_HELPERS = (".stream", ".with_streaming_response.create")


class Resource:
    """A part of a client, such as ``chat.completions``: one object a client.

    It is what tests and wrappers put methods of their own on. What LiteLLM has no counterpart for
    is asked of the same part of the SDK's client.
    """

    _path: str

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_client":
            raise AttributeError(name)
        return getattr(self._of_the_sdk(name), name)

    def _of_the_sdk(self, name: str) -> Any:
        """The SDK's, with what was replaced here: its helpers and wrappers call it.

        Args:
            name: what is asked of it.
        """
        theirs = method_of(self._client._beyond(f"{self._path}.{name}"), self._path)
        if replaced := self._replaced():
            theirs = type(theirs)(theirs._client)
            theirs.__dict__.update(replaced)
        return theirs

    def _replaced(self) -> dict[str, Any]:
        names = [name for name in dir(type(self)) if f"{self._path}.{name}" in _SPELLINGS]
        methods = {name: getattr(self, name) for name in names}
        return {name: method for name, method in methods.items() if not _is_own(method)}


class _CallableResource(Resource):
    """``client.responses`` is the router's function as well."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._client._called("responses", args, kwargs)


def _is_own(method: Any) -> bool:
    return getattr(method, "__func__", None) in _OWN


def replacement(client: Any, name: str) -> Any:
    """What stands in the place of the SDK's method of an operation; None: nothing else does."""
    shape = OPERATIONS[name].shape
    method = method_of(client, shape)
    return _helper_beside_fakes(client, shape) if _is_own(method) else method


def _helper_beside_fakes(client: Any, shape: str) -> Any:
    """The SDK's helper, where the method that it calls was replaced; otherwise None."""
    helper = next(filter(shape.endswith, _HELPERS), None)
    if helper is None:
        return None
    resource = method_of(client, shape.removesuffix(helper))
    theirs = resource._of_the_sdk(helper[1:]) if resource._replaced() else None
    return theirs and method_of(theirs, helper[1:])


def _method(shape: str, is_async: bool) -> Any:
    """An operation under openai's spelling."""
    name = _SPELLINGS[shape]
    is_helper = shape.endswith(_HELPERS)

    def call(self: Resource, *args: Any, **kwargs: Any) -> Any:
        client = self._client
        if is_helper and (helper := _helper_beside_fakes(client, shape)):
            return helper(*args, **kwargs)
        given = {"provider": client._wire, **by_position(name, args, kwargs)}
        return begin(name, given, client, is_async)

    async def acall(self: Resource, *args: Any, **kwargs: Any) -> Any:
        given = {"provider": self._client._wire, **by_position(name, args, kwargs)}
        return await begin(name, given, self._client, True)

    method = acall if is_async and not is_helper else call
    method.__name__ = shape.rpartition(".")[2]
    method.__doc__ = f"openai's ``{shape}``, through LiteLLM; ``model`` is the name on the wire."
    _OWN.add(method)
    return method


_OWN: set[Any] = set()


def _kind(path: str, is_async: bool) -> type[Resource]:
    label = path.rpartition(".")[2].title().replace("_", "")
    members = {**_children(f"{path}.", is_async), "_path": path, "__module__": __name__}
    base = _CallableResource if path == "responses" and not is_async else Resource
    kind = type(f"Async{label}" if is_async else label, (base,), members)
    for member in vars(kind).values():
        if member in _OWN:
            member.__qualname__ = f"{kind.__name__}.{member.__name__}"
    return kind


def _children(prefix: str, is_async: bool) -> dict[str, Any]:
    shapes = sorted(shape for shape in _SPELLINGS if shape.startswith(prefix))
    members = {}
    for part, below in itertools.groupby(shapes, lambda s: s[len(prefix) :].partition(".")[0]):
        path = f"{prefix}{part}"
        members[part] = (
            _method(path, is_async)
            if list(below) == [path]
            else _Part(_kind(path, is_async), of_client=not prefix)
        )
    return members


class _Part:
    """A member that holds one object: a client, or a part of it, makes it once.

    functools.cached_property does so under a lock, which a forked process may find taken for ever.
    """

    def __init__(self, kind: type[Resource], of_client: bool) -> None:
        self._kind = kind
        self._of_client = of_client

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, holder: Any, owner: type | None = None) -> Any:
        if holder is None:
            return self
        client = holder if self._of_client else holder._client
        return holder.__dict__.setdefault(self._name, self._kind(client))


SYNC: Mapping[str, Any] = _children("", False)
ASYNC: Mapping[str, Any] = _children("", True)
