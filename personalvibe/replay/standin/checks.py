"""The checks that OpenAI's API makes of a request, with the errors it gives."""

from __future__ import annotations

import re
from typing import Any

from personalvibe.replay.standin.model import ApiError

ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def require_model(params: dict[str, Any]) -> str:
    """The model's name. Raises `ApiError` when there is none, or none of that name."""
    model = params.get("model")
    if not model:
        raise ApiError(400, "you must provide a model parameter")
    if not isinstance(model, str):
        raise wrong_type("model", "a string")
    known_model(model)
    return model


def known_model(model: str) -> None:
    if re.search(r"does-not-exist|no-such-model|nonexistent", model):
        raise ApiError(
            404,
            f"The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )


def require(params: dict[str, Any], name: str) -> Any:
    value = params.get(name)
    if value is None:
        raise ApiError(
            400,
            f"Missing required parameter: '{name}'.",
            param=name,
            code="missing_required_parameter",
        )
    return value


def wrong_type(name: str, expected: str) -> ApiError:
    return ApiError(
        400, f"Invalid type for '{name}': expected {expected}.", param=name, code="invalid_type"
    )


def check_range(params: dict[str, Any], name: str, low: float, high: float) -> None:
    value = params.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(name, "a decimal")
    if low <= value <= high:
        return
    side, sign, bound = (
        ("below minimum", ">=", low) if value < low else ("above maximum", "<=", high)
    )
    raise ApiError(
        400,
        f"Invalid '{name}': decimal {side} value. Expected a value {sign} {bound:g}, but got "
        f"{value} instead.",
        param=name,
        code=f"decimal_{'below_min' if value < low else 'above_max'}_value",
    )


def messages_of(params: dict[str, Any]) -> list[dict[str, Any]]:
    messages = require(params, "messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects")
    if not messages:
        raise ApiError(
            400,
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead.",
            param="messages",
            code="empty_array",
        )
    for i, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            listed = ", ".join(f"'{r}'" for r in ROLES[:-1])
            raise ApiError(
                400,
                f"Invalid value: '{role}'. Supported values are: {listed}, and '{ROLES[-1]}'.",
                param=f"messages[{i}].role",
                code="invalid_value",
            )
    return messages


def check_json_mode(params: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    form = params.get("response_format")
    asks_json = isinstance(form, dict) and form.get("type") == "json_object"
    if asks_json and "json" not in str(messages).lower():
        raise ApiError(
            400,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            param="messages",
        )
