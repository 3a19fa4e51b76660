"""What openai 0.28 made of replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self


class OpenAIObject(dict[str, Any]):
    """A reply as openai 0.28 gave it: a dictionary with attributes, which prints as JSON.

    A program makes one as it did: ``OpenAIObject(id=...)``, ``OpenAIObject.construct_from({...})``.
    """

    def __init__(
        self, id: str | None = None, *, response_ms: int | None = None, **about: Any
    ) -> None:
        super().__init__({"id": id} if id else {})
        known = {name: about.pop(name, None) for name in _ABOUT}
        self.__dict__.update(known, _response_ms=response_ms, _retrieve_params=about)

    @classmethod
    def construct_from(cls, values: Mapping[str, Any], *args: Any, **about: Any) -> Self:
        """The object of a reply's content; the other arguments are about the call that it is of."""
        about = {**dict(zip(_ABOUT, args, strict=False)), **about}
        made = cls(values.get("id"), **about)
        made.refresh_from(values)
        return made

    def refresh_from(self, values: Mapping[str, Any], **about: Any) -> None:
        self.__dict__.update(about)
        self.clear()
        self.update({name: _old_value(value) for name, value in values.items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        (self.__dict__ if name.startswith("_") or name in self.__dict__ else self)[name] = value

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
        return self.construct_from, (dict(self),), self.__dict__

    def to_dict(self) -> dict[str, Any]:
        return dict(self)

    def to_dict_recursive(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in self.items()}

    @property
    def response_ms(self) -> int | None:
        """How long the provider took, in milliseconds."""
        return self.__dict__["_response_ms"]  # type: ignore[no-any-return]


_ABOUT = ("api_key", "api_version", "organization", "engine", "api_type", "api_base")


def old_reply(content: Mapping[str, Any], headers: Mapping[str, str]) -> OpenAIObject:
    taken = headers.get("openai-processing-ms")
    return OpenAIObject.construct_from(
        content,
        organization=headers.get("openai-organization"),
        response_ms=None if taken is None else round(float(taken)),
    )


def _old_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_old_value(item) for item in value]
    return OpenAIObject.construct_from(value) if type(value) is dict else value


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.to_dict_recursive() if isinstance(value, OpenAIObject) else value
