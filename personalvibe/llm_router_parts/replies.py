"""Replies: LiteLLM's types and the SDK's at once, with what the server sent."""

from __future__ import annotations

from typing import Any

from .legacy import old_reply
from .packages import MISSING, load_litellm, load_sdk, once, typed

# The SDK's type (module and name) -> LiteLLM's.
_COUNTERPARTS = {
    "chat_completion.ChatCompletion": "ModelResponse",
    "chat_completion.Choice": "Choices",
    "chat_completion_message.ChatCompletionMessage": "Message",
    "chat_completion_chunk.ChatCompletionChunk": "ModelResponseStream",
    "chat_completion_chunk.Choice": "StreamingChoices",
    "chat_completion_chunk.ChoiceDelta": "Delta",
    "completion_usage.CompletionUsage": "Usage",
    "completion.Completion": "TextCompletionResponse",
    "completion_choice.CompletionChoice": "TextChoices",
    "create_embedding_response.CreateEmbeddingResponse": "EmbeddingResponse",
    "embedding.Embedding": "Embedding",
    "images_response.ImagesResponse": "ImageResponse",
    "image.Image": "ImageObject",
    "transcription.Transcription": "TranscriptionResponse",
    "transcription_verbose.TranscriptionVerbose": "TranscriptionResponse",
    "response.Response": "ResponsesAPIResponse",
}


class _Subscripts:
    """The dictionary side of a reply, as openai 0.28 had it: what the server sent, no more.

    Without ``keys``: ``dict(reply)`` then has all fields, as with the SDK.
    """

    __slots__ = ()

    def to_dict_recursive(self) -> dict[str, Any]:
        return self.to_dict()  # type: ignore[attr-defined, no-any-return]

    def items(self) -> Any:
        return self._sent().items()

    def values(self) -> Any:
        return self._sent().values()

    def get(self, key: str, default: Any = None) -> Any:
        return self._sent().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._sent()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __contains__(self, key: object) -> bool:
        return key in self._sent()

    def _sent(self) -> dict[str, Any]:
        names = self.model_fields_set  # type: ignore[attr-defined]
        held = {k: v for k, v in self.__dict__.items() if k in names}
        return {**held, **(self.__pydantic_extra__ or {})}  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        """By content, as the SDK's: what LiteLLM keeps with a reply does not count."""
        kind = self._sdk_type  # type: ignore[attr-defined]
        if not isinstance(other, kind):
            return NotImplemented
        both: tuple[Any, Any] = (self, other)
        mine, theirs = (
            ([one.__dict__.get(name) for name in kind.model_fields], one.__pydantic_extra__ or {})
            for one in both
        )
        return mine == theirs

    def __reduce__(self) -> Any:
        return _revive, (self._sdk_type, self.to_dict())  # type: ignore[attr-defined]


def _revive(kind: type, sent: dict[str, Any]) -> Any:
    return as_both(typed(kind, sent), None)


@once
def _both_types(kind: Any) -> Any:
    """A class that is *kind* of the SDK and its counterpart of LiteLLM. It dumps as *kind*."""
    litellm = load_litellm()
    bases: tuple[type, ...] = (_Subscripts, kind)
    for ancestor in kind.__mro__:
        key = f"{ancestor.__module__.rpartition('.')[2]}.{ancestor.__name__}"
        if key in _COUNTERPARTS:
            name = _COUNTERPARTS[key]
            ours = getattr(litellm, name, None) or getattr(litellm.types.utils, name, None)
            if ours is None:
                from litellm.types.llms import openai as more

                ours = getattr(more, name)
            bases = (_Subscripts, ours) if issubclass(ours, kind) else (_Subscripts, kind, ours)
            break
    settings = {**kind.model_config, "defer_build": True}
    made: Any = type(kind.__name__, bases, {"__module__": __name__, "model_config": settings})
    made._sdk_type = kind
    kind.model_rebuild()
    for name in ("fields", "serializer", "validator", "core_schema"):
        setattr(made, f"__pydantic_{name}__", getattr(kind, f"__pydantic_{name}__"))
    for name in ("json", "dict", "model_dump", "model_dump_json", "__repr__", "__str__"):
        setattr(made, name, getattr(kind, name))
    return made


def as_both(reply: Any, litellm_reply: Any) -> Any:
    """The server's reply, as an instance of LiteLLM's class and of the SDK's at once.

    Args:
        reply: what the SDK made of it.
        litellm_reply: what LiteLLM made of it, for its hidden parameters (cost, headers); or None.
    """
    if type(reply) in _PLAIN:  # most of what a chunk of a stream holds
        return reply
    if isinstance(reply, list):
        return [as_both(item, None) for item in reply] if _has_models(reply) else reply
    if isinstance(reply, dict):
        return {k: as_both(v, None) for k, v in reply.items()}
    if not isinstance(reply, load_sdk().BaseModel) or type(reply).__module__[:6] != "openai":
        return reply  # plain data, or an object of the program's own class
    content = {name: as_both(value, None) for name, value in reply.__dict__.items()}
    made = both_of(type(reply), content, litellm_reply, reply.__pydantic_private__)
    extra = reply.__pydantic_extra__
    object.__setattr__(made, "__pydantic_fields_set__", set(reply.__pydantic_fields_set__))
    object.__setattr__(made, "__pydantic_extra__", extra and as_both(extra, None))
    return made


_PLAIN = frozenset({str, int, float, bool, type(None)})


def both_of(
    kind: Any, content: dict[str, Any], litellm_reply: Any = None, private: Any = None
) -> Any:
    """An instance of both classes of the SDK's *kind*, with this content."""
    both = _both_types(kind)
    made = object.__new__(both)
    own = private or {}
    attributes = both.__private_attributes__
    private = {name: _private(a, name, litellm_reply) for name, a in attributes.items()} | own
    object.__setattr__(made, "__dict__", content)
    object.__setattr__(made, "__pydantic_fields_set__", set(content))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", private or None)
    return made


def _private(attribute: Any, name: str, litellm_reply: Any) -> Any:
    value = MISSING if litellm_reply is None else getattr(litellm_reply, name, MISSING)
    return attribute.get_default() if value is MISSING else value


def _has_models(items: list[Any]) -> bool:
    return any(isinstance(item, (list, dict)) or hasattr(item, "model_dump") for item in items[:8])


class _Item(dict[str, Any]):
    """A dict of LiteLLM's that answers attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return dict(self)


def completed(reply: Any, old: bool) -> Any:
    """LiteLLM's own reply, with the members that openai users expect of it."""
    if old and hasattr(reply, "model_dump"):
        return old_reply(reply.model_dump(mode="json", exclude_none=True), {})
    held = reply.__dict__
    for choice in held.get("choices") or ():
        choice.__dict__.setdefault("logprobs")
        if message := choice.__dict__.get("message"):
            present = message.__dict__
            present.setdefault("refusal")
            present.setdefault("audio")
            present.setdefault("annotations")
    data = held.get("data")
    if data and type(data[0]) is dict:
        reply.data = [_Item(item) for item in data]
    return reply
