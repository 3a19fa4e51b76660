"""LiteLLM's types of replies by name: an annotation that names one does not load LiteLLM."""

from __future__ import annotations

import functools
import sys
from typing import Any

from .packages import load_sdk, of_litellm

#: LiteLLM's type -> the SDK's, of ``openai.types``.
COUNTERPARTS = {
    "EmbeddingResponse": "CreateEmbeddingResponse",
    "ImageResponse": "ImagesResponse",
    "ModelResponse": "chat.ChatCompletion",
    "ModelResponseStream": "chat.ChatCompletionChunk",
    "ResponsesAPIResponse": "responses.Response",
    "TextCompletionResponse": "Completion",
    "TranscriptionResponse": "audio.Transcription",
}


class _ReplyType(type):
    """A class that is LiteLLM's as soon as it is used for more than its name.

    What the SDK made, and tests fake, counts as an instance as well.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, members)
        real: Any = tuple(of_litellm(b.__name__) if type(b) is cls else b for b in bases)
        return type(real[0])(name, real, members)  # a program derives one

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return of_litellm(cls.__name__)(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        return getattr(of_litellm(cls.__name__), name)

    def __instancecheck__(cls, instance: Any) -> bool:
        return cls.__subclasscheck__(type(instance))

    def __subclasscheck__(cls, subclass: type) -> bool:
        if subclass is cls or "openai" not in sys.modules:
            return subclass is cls
        kinds = [functools.reduce(getattr, COUNTERPARTS[cls.__name__].split("."), load_sdk().types)]
        if "litellm" in sys.modules:
            kinds.append(of_litellm(cls.__name__))
        return issubclass(subclass, tuple(kinds))


@functools.cache
def reply_type(name: str) -> Any:
    def schema(_: Any, __: Any, handler: Any) -> Any:
        """As a field of a pydantic model it is LiteLLM's class."""
        return handler(of_litellm(name))

    members = {"__module__": __name__, "__get_pydantic_core_schema__": classmethod(schema)}
    return _ReplyType(name, (), members)
