"""What openai 0.28 made of errors, and how a program made one itself."""

from __future__ import annotations

from typing import Any

from .legacy import OpenAIObject
from .packages import once


def aged(error: Any) -> None:
    """Give an error the text and the members that it had in openai 0.28."""
    body = getattr(error, "body", None)
    if isinstance(body, dict) and body.get("message"):
        error.message = body["message"]
        error.args = (error.message,)
    error.user_message = error._message = error.message
    response = getattr(error, "response", None)
    error.http_status = response and response.status_code
    error.headers = response.headers if response is not None else {}
    error.http_body = response and response.text
    error.json_body = {"error": body} if isinstance(body, dict) else None
    error.error = _error_object(error.json_body)


def _error_object(json_body: Any) -> OpenAIObject | None:
    content = json_body.get("error") if isinstance(json_body, dict) else None
    return OpenAIObject.construct_from(content) if isinstance(content, dict) else None


# The arguments of 0.28's exceptions by their places, where a class had its own.
_ARGUMENTS = ("message", "http_body", "http_status", "json_body", "headers", "code")


_OWN_ARGUMENTS = {
    "APIConnectionError": (*_ARGUMENTS, "should_retry"),
    "BadRequestError": ("message", "param", "code", *_ARGUMENTS[1:5]),  # InvalidRequestError
    "InvalidWebhookSignatureError": ("message", "sig_header", "http_body"),
}


def _arguments(kind: str, args: tuple[Any, ...], members: dict[str, Any]) -> dict[str, Any]:
    places = _OWN_ARGUMENTS.get(kind, _ARGUMENTS)
    if len(args) > len(places):
        raise TypeError(f"{kind} takes at most {len(places)} arguments")
    if unknown := sorted(members.keys() - {*places, *_ARGUMENTS, "param"}):
        raise TypeError(f"{kind} takes no {', '.join(unknown)}")
    absent = dict.fromkeys((*_ARGUMENTS, "param")) | {"should_retry": False}
    found = {**absent, **dict(zip(places, args, strict=False)), **members}
    if isinstance(body := found["http_body"], bytes):
        found["http_body"] = body.decode(errors="replace")
    return found


class _OldError(Exception):
    """How 0.28's exceptions were made and printed."""

    _kind: type[Exception]

    def __init__(self, *args: Any, **members: Any) -> None:
        own = _arguments(self._kind.__name__, args, members)
        message, headers = own["message"], own["headers"] or {}
        self.args = () if message is None else (message,)
        vars(self).update(
            own, headers=headers, error=_error_object(own["json_body"]), body=own["json_body"],
            _message=message, user_message=message, status_code=own["http_status"],
            request_id=headers.get("request-id"), organization=headers.get("openai-organization"),
            response=None, request=None, type=None,
        )  # fmt: skip

    def __str__(self) -> str:
        text = self.__dict__["_message"] or "<empty message>"
        request = self.__dict__["request_id"]
        return text if request is None else f"Request {request}: {text}"

    def __repr__(self) -> str:
        more = ("param", "code") if self._kind.__name__ == "BadRequestError" else ()
        names = ("message", *more, "http_status", "request_id")
        shown = ", ".join(f"{name}={self.__dict__[name]!r}" for name in names)
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> Any:
        made = legacy_base(self._kind)
        if type(self) is made:
            return _unpickled, (self._kind, self.args, self.__dict__)
        return type(self), self.args, self.__dict__


def _unpickled(kind: type[Exception], args: tuple[Any, ...], members: dict[str, Any]) -> Exception:
    error = legacy_error(kind, *args)
    vars(error).update(members)
    return error


def legacy_error(kind: type[Exception], *args: Any, **members: Any) -> Exception:
    """An error that a program makes itself, with the arguments that openai 0.28 took.

    Args:
        kind: an exception class of this module, such as ``RateLimitError``; today's classes ask for
            the response that they stand for.
        args: by their places in 0.28: message, http_body, http_status, json_body, headers, code; of
            ``BadRequestError``, which was InvalidRequestError: message, param, code, ...
        members: the same by their names.
    """
    made: Exception = legacy_base(kind)(*args, **members)
    return made


@once
def legacy_base(kind: Any) -> Any:
    """An exception class of this module, to derive one from that is made as :func:`legacy_error`
    makes its errors: with the arguments of openai 0.28."""
    return type(kind.__name__, (_OldError, kind), {"__module__": __name__, "_kind": kind})
