"""What openai 0.28 made of replies and errors."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any


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


def aged(error: Any) -> None:
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
