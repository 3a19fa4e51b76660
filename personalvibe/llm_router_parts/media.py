"""Embeddings, images, speech, and moderation."""

# One function starts all operations; which reply belongs to which name is said here.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from .begin import begin, present
from .packages import MISSING

if TYPE_CHECKING:
    # ruff: noqa: TID251  # the types of what a program gets
    from openai import HttpxBinaryResponseContent
    from openai.types import (
        CreateEmbeddingResponse,
        ImagesResponse,
        ModerationCreateResponse,
    )
    from openai.types.audio import Transcription, Translation

    from .options import (
        AudioOptions,
        CallOptions,
        EmbeddingOptions,
        ImageOptions,
        SpeechOptions,
    )


def embedding(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[EmbeddingOptions]
) -> CreateEmbeddingResponse:
    """Embed a text, or a list of texts."""
    return begin("embedding", present(model=model, input=input, **options), None, False)


async def aembedding(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[EmbeddingOptions]
) -> CreateEmbeddingResponse:
    """:func:`embedding`, asynchronous."""
    return await begin("embedding", present(model=model, input=input, **options), None, True)


def image_generation(
    model: str | None = MISSING, prompt: str = MISSING, **options: Unpack[ImageOptions]
) -> ImagesResponse:
    """Make images from a prompt."""
    return begin("image_generation", present(model=model, prompt=prompt, **options), None, False)


async def aimage_generation(
    model: str | None = MISSING, prompt: str = MISSING, **options: Unpack[ImageOptions]
) -> ImagesResponse:
    """:func:`image_generation`, asynchronous."""
    return await begin(
        "image_generation", present(model=model, prompt=prompt, **options), None, True
    )


def image_edit(
    model: str | None = MISSING,
    image: Any = MISSING,
    prompt: str = MISSING,
    **options: Unpack[ImageOptions],
) -> ImagesResponse:
    """Change images by a prompt."""
    return begin(
        "image_edit", present(model=model, image=image, prompt=prompt, **options), None, False
    )


async def aimage_edit(
    model: str | None = MISSING,
    image: Any = MISSING,
    prompt: str = MISSING,
    **options: Unpack[ImageOptions],
) -> ImagesResponse:
    """:func:`image_edit`, asynchronous."""
    return await begin(
        "image_edit", present(model=model, image=image, prompt=prompt, **options), None, True
    )


def image_variation(
    model: str | None = MISSING, image: Any = MISSING, **options: Unpack[ImageOptions]
) -> ImagesResponse:
    """Make variations of an image."""
    return begin("image_variation", present(model=model, image=image, **options), None, False)


async def aimage_variation(
    model: str | None = MISSING, image: Any = MISSING, **options: Unpack[ImageOptions]
) -> ImagesResponse:
    """:func:`image_variation`, asynchronous."""
    return await begin("image_variation", present(model=model, image=image, **options), None, True)


def transcription(
    model: str | None = MISSING, file: Any = MISSING, **options: Unpack[AudioOptions]
) -> Transcription:
    """Turn speech into text."""
    return begin("transcription", present(model=model, file=file, **options), None, False)


async def atranscription(
    model: str | None = MISSING, file: Any = MISSING, **options: Unpack[AudioOptions]
) -> Transcription:
    """:func:`transcription`, asynchronous."""
    return await begin("transcription", present(model=model, file=file, **options), None, True)


def translation(
    model: str | None = MISSING, file: Any = MISSING, **options: Unpack[AudioOptions]
) -> Translation:
    """Turn speech into English text."""
    return begin("translation", present(model=model, file=file, **options), None, False)


async def atranslation(
    model: str | None = MISSING, file: Any = MISSING, **options: Unpack[AudioOptions]
) -> Translation:
    """:func:`translation`, asynchronous."""
    return await begin("translation", present(model=model, file=file, **options), None, True)


def speech(
    model: str | None = MISSING,
    input: str = MISSING,
    voice: Any = MISSING,
    **options: Unpack[SpeechOptions],
) -> HttpxBinaryResponseContent:
    """Turn text into speech."""
    return begin("speech", present(model=model, input=input, voice=voice, **options), None, False)


async def aspeech(
    model: str | None = MISSING,
    input: str = MISSING,
    voice: Any = MISSING,
    **options: Unpack[SpeechOptions],
) -> HttpxBinaryResponseContent:
    """:func:`speech`, asynchronous."""
    return await begin(
        "speech", present(model=model, input=input, voice=voice, **options), None, True
    )


def speech_stream(
    model: str | None = MISSING,
    input: str = MISSING,
    voice: Any = MISSING,
    **options: Unpack[SpeechOptions],
) -> Any:
    """A context manager of the speech as it arrives (``.iter_bytes()``, ``.stream_to_file(path)``),
    from the providers openai and azure."""
    return begin(
        "speech_stream", present(model=model, input=input, voice=voice, **options), None, False
    )


def aspeech_stream(
    model: str | None = MISSING,
    input: str = MISSING,
    voice: Any = MISSING,
    **options: Unpack[SpeechOptions],
) -> Any:
    """:func:`speech_stream`, asynchronous."""
    return begin(
        "speech_stream", present(model=model, input=input, voice=voice, **options), None, True
    )


def moderation(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[CallOptions]
) -> ModerationCreateResponse:
    """Check a text against a usage policy."""
    return begin("moderation", present(model=model, input=input, **options), None, False)


async def amoderation(
    model: str | None = MISSING, input: Any = MISSING, **options: Unpack[CallOptions]
) -> ModerationCreateResponse:
    """:func:`moderation`, asynchronous."""
    return await begin("moderation", present(model=model, input=input, **options), None, True)
