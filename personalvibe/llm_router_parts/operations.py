"""The kinds of calls: LiteLLM's function, the SDK's method, and what the two ask for."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

from .connections import unconnected


class Operation(NamedTuple):
    """One kind of call.

    Attributes:
        litellm: LiteLLM's function; the asynchronous twin is the same with ``a`` before it.
        shape: the method of the SDK's client that has the program's signature.
        order: what positional arguments are called.
        model: "default", "optional" or "required": what to do when the program names none.
        http: LiteLLM sends this with its own HTTP handler, not with the SDK's client.
        files: arguments that are files, which LiteLLM must see as well.
        azure: LiteLLM's azure provider accepts a client for this; its openai provider does anyway.
        carrier: LiteLLM's function that takes a client, where *litellm* takes none.
    """

    litellm: str
    shape: str
    order: tuple[str, ...] = ("model", "input")
    model: str = "optional"
    http: bool = False
    files: tuple[str, ...] = ()
    azure: bool = True
    carrier: str = ""

    @property
    def unread(self) -> bool:
        """Does the program get a context manager of the reply, whose body is still to come?"""
        return ".with_streaming_response." in self.shape

    @property
    def structured(self) -> bool:
        return self.shape.endswith((".parse", ".stream"))


_CHAT: dict[str, Any] = {"order": ("model", "messages"), "model": "default"}


_RESPONSES: dict[str, Any] = {"model": "default", "http": True}


_STORED: dict[str, Any] = {"order": ("response_id",), "http": True}


_SAID = ("model", "input", "voice")


_AUDIO: dict[str, Any] = {"order": ("model", "file"), "model": "required", "files": ("file",)}


OPERATIONS = {
    "chat_completion": Operation("completion", "chat.completions.create", **_CHAT),
    "chat_completion_parse": Operation("completion", "chat.completions.parse", **_CHAT),
    "chat_completion_stream": Operation("completion", "chat.completions.stream", **_CHAT),
    "text_completion": Operation(
        "text_completion", "completions.create", ("model", "prompt"), "default"
    ),
    "embedding": Operation("embedding", "embeddings.create", model="required"),
    "responses": Operation("responses", "responses.create", **_RESPONSES),
    "responses_parse": Operation("responses", "responses.parse", **_RESPONSES),
    "responses_stream": Operation("responses", "responses.stream", **_RESPONSES),
    "responses_retrieve": Operation("get_responses", "responses.retrieve", **_STORED),
    "responses_delete": Operation("delete_responses", "responses.delete", **_STORED),
    "responses_cancel": Operation("cancel_responses", "responses.cancel", **_STORED),
    "image_generation": Operation(
        "image_generation", "images.generate", ("model", "prompt"), azure=False
    ),
    "image_edit": Operation(
        "image_edit",
        "images.edit",
        ("model", "image", "prompt"),
        http=True,
        files=("image", "mask"),
    ),
    "image_variation": Operation(
        "image_variation",
        "images.create_variation",
        ("model", "image"),
        azure=False,
        carrier="image_generation",
    ),
    "transcription": Operation("transcription", "audio.transcriptions.create", **_AUDIO),
    "translation": Operation(
        "translation", "audio.translations.create", carrier="transcription", **_AUDIO
    ),
    "speech": Operation("speech", "audio.speech.create", _SAID, "required"),
    "speech_stream": Operation(
        "speech", "audio.speech.with_streaming_response.create", _SAID, "required"
    ),
    "moderation": Operation("moderation", "moderations.create", azure=False),
}


# LiteLLM's names of the providers, where it is not to turn a text completion into a chat.
TEXT_PROVIDERS = {"openai": "text-completion-openai", "azure": "azure_text"}


# What LiteLLM asks for though the program need not give it or may leave it empty, and how it is
# kept from sending a chat to the Responses API.
REQUIRED: dict[str, dict[str, Any]] = {
    "completion": {"_skip_responses_api_bridge": True},
    "embedding": {"input": ""},
    "responses": {"input": ""},
    "text_completion": {"prompt": ""},
    "image_generation": {"prompt": ""},
}


STREAMED = ("completion", "text_completion", "responses")  # what LiteLLM can stream


def method_of(client: Any, shape: str) -> Any:
    return functools.reduce(getattr, shape.split("."), client)


def known_to_the_sdk(shape: str, arguments: Iterable[str]) -> frozenset[str]:
    """The parameters of a method of the SDK; a mock or a wrapper in its place may take all."""
    method = method_of(unconnected(False), shape)
    known, takes_all = _parameters(getattr(method, "__func__", method))
    return known | frozenset(arguments) if takes_all else known


@functools.cache
def _parameters(function: Any) -> tuple[frozenset[str], bool]:
    import inspect

    parameters = inspect.signature(function).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return frozenset(parameters), takes_all
