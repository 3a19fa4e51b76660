"""Every method of the SDK's client that sends one request, with arguments made for it."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import openai  # noqa: TID251  # its methods are what is listed

# Helpers that ask several times, or hand out a stream; sockets; what sends nothing.
_OTHERS = re.compile(
    r"(_and_poll|_poll|poll|_stream|stream|parse|connect|wait_for_processing|upload|unwrap"
    r"|upload_file_chunked|verify_signature|for_result)$"
)
_OPTIONAL = {
    "metadata": {"a": "b"},
    "limit": 2,
    "name": "n",
    "extra_headers": {"X-Extra": "1"},
    "extra_query": {"q": "1"},
}


class Method(NamedTuple):
    path: str
    arguments: dict[str, Any]

    def called_on(self, client: Any) -> Any:
        return functools.reduce(getattr, self.path.split("."), client)(**self.arguments)


@functools.cache
def methods() -> list[Method]:
    return list(_methods(openai.OpenAI(api_key="unused"), ""))


def _methods(holder: Any, prefix: str) -> Iterator[Method]:
    for name, member in inspect.getmembers_static(type(holder)):
        if name.startswith(("_", "with_")):
            continue
        if isinstance(member, functools.cached_property):
            yield from _methods(getattr(holder, name), f"{prefix}{name}.")
        elif prefix and inspect.isfunction(member) and not _OTHERS.search(name):
            yield Method(f"{prefix}{name}", _arguments(member))


def _arguments(method: Any) -> dict[str, Any]:
    found = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if name in _OPTIONAL and parameter.default is not parameter.empty:
            found[name] = _OPTIONAL[name]
        elif name != "self" and parameter.default is parameter.empty:
            found[name] = _value(name, str(parameter.annotation))
    return found


def _value(name: str, annotation: str) -> Any:
    if "FileTypes" in annotation or name == "video":
        return ("a.txt", b"abc")
    if literal := re.search(r"Literal\[['\"]([^'\"]+)", annotation):
        return literal[1]
    if annotation.startswith(("Iterable", "SequenceNotStr", "List")):
        return []
    plain = {"int": 3, "float": 0.5, "bool": True}
    if annotation in plain:
        return plain[annotation]
    if re.match(r"(str|Union\[str|Union\[\w+, str|.*Model\b)", annotation):
        return f"{name}_1"
    return {"a": "b"}
