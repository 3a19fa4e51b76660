"""The members of clients, for editors and type checkers: the types of what they answer.

Nothing here exists when a program runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

if TYPE_CHECKING:
    # ruff: noqa: TID251  # a client answers the spelling of the SDK's
    from openai import Stream, resources
    from openai.resources.responses import AsyncResponses, Responses
    from openai.types.responses import Response, ResponseStreamEvent

    from . import chat, media, responses
    from .options import ResponsesOptions

    class CallableResponses(Responses):
        """``client.responses``: a function of the router, and a part of the SDK's spelling."""

        @overload
        def __call__(
            self,
            model: str | None = ...,
            input: Any = ...,
            *,
            stream: Literal[True],
            **options: Unpack[ResponsesOptions],
        ) -> Stream[ResponseStreamEvent]: ...

        @overload
        def __call__(
            self,
            model: str | None = ...,
            input: Any = ...,
            *,
            stream: Literal[False] | None = ...,
            **options: Unpack[ResponsesOptions],
        ) -> Response: ...

        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


class Functions:
    """What `of` gives: the functions of both kinds."""

    def __getattr__(self, name: str) -> Any:
        """Those of endpoints."""

    def _types(self) -> None:
        self.chat_completion = chat.chat_completion
        self.achat_completion = chat.achat_completion
        self.chat_completion_parse = chat.chat_completion_parse
        self.achat_completion_parse = chat.achat_completion_parse
        self.chat_completion_stream = chat.chat_completion_stream
        self.achat_completion_stream = chat.achat_completion_stream
        self.text_completion = chat.text_completion
        self.atext_completion = chat.atext_completion
        self.embedding = media.embedding
        self.aembedding = media.aembedding
        self.responses = responses.responses
        self.aresponses = responses.aresponses
        self.responses_parse = responses.responses_parse
        self.aresponses_parse = responses.aresponses_parse
        self.responses_stream = responses.responses_stream
        self.aresponses_stream = responses.aresponses_stream
        self.responses_retrieve = responses.responses_retrieve
        self.aresponses_retrieve = responses.aresponses_retrieve
        self.responses_delete = responses.responses_delete
        self.aresponses_delete = responses.aresponses_delete
        self.responses_cancel = responses.responses_cancel
        self.aresponses_cancel = responses.aresponses_cancel
        self.image_generation = media.image_generation
        self.aimage_generation = media.aimage_generation
        self.image_edit = media.image_edit
        self.aimage_edit = media.aimage_edit
        self.image_variation = media.image_variation
        self.aimage_variation = media.aimage_variation
        self.transcription = media.transcription
        self.atranscription = media.atranscription
        self.translation = media.translation
        self.atranslation = media.atranslation
        self.speech = media.speech
        self.aspeech = media.aspeech
        self.speech_stream = media.speech_stream
        self.aspeech_stream = media.aspeech_stream
        self.moderation = media.moderation
        self.amoderation = media.amoderation


class Settings:
    """What a client was made with, and may be given later."""

    api_key: str
    organization: str | None
    project: str | None
    base_url: Any
    timeout: Any
    max_retries: int


class SyncMembers(Settings):
    """What a `Client` answers."""

    chat: resources.Chat
    completions: resources.Completions
    embeddings: resources.Embeddings
    responses: CallableResponses
    images: resources.Images
    audio: resources.Audio
    moderations: resources.Moderations
    beta: resources.Beta
    files: resources.Files
    batches: resources.Batches
    fine_tuning: resources.FineTuning
    vector_stores: resources.VectorStores
    containers: resources.Containers
    videos: resources.Videos
    evals: resources.Evals

    def _types(self) -> None:
        self.chat_completion = chat.chat_completion
        self.chat_completion_parse = chat.chat_completion_parse
        self.chat_completion_stream = chat.chat_completion_stream
        self.text_completion = chat.text_completion
        self.embedding = media.embedding
        self.responses_parse = responses.responses_parse
        self.responses_stream = responses.responses_stream
        self.responses_retrieve = responses.responses_retrieve
        self.responses_delete = responses.responses_delete
        self.responses_cancel = responses.responses_cancel
        self.image_generation = media.image_generation
        self.image_edit = media.image_edit
        self.image_variation = media.image_variation
        self.transcription = media.transcription
        self.translation = media.translation
        self.speech = media.speech
        self.speech_stream = media.speech_stream
        self.moderation = media.moderation


class AsyncMembers(Settings):
    """What an `AsyncClient` answers."""

    chat: resources.AsyncChat
    completions: resources.AsyncCompletions
    embeddings: resources.AsyncEmbeddings
    responses: AsyncResponses
    images: resources.AsyncImages
    audio: resources.AsyncAudio
    moderations: resources.AsyncModerations
    beta: resources.AsyncBeta
    files: resources.AsyncFiles
    batches: resources.AsyncBatches
    fine_tuning: resources.AsyncFineTuning
    vector_stores: resources.AsyncVectorStores
    containers: resources.AsyncContainers
    videos: resources.AsyncVideos
    evals: resources.AsyncEvals

    def _types(self) -> None:
        self.achat_completion = chat.achat_completion
        self.achat_completion_parse = chat.achat_completion_parse
        self.achat_completion_stream = chat.achat_completion_stream
        self.atext_completion = chat.atext_completion
        self.aembedding = media.aembedding
        self.aresponses = responses.aresponses
        self.aresponses_parse = responses.aresponses_parse
        self.aresponses_stream = responses.aresponses_stream
        self.aresponses_retrieve = responses.aresponses_retrieve
        self.aresponses_delete = responses.aresponses_delete
        self.aresponses_cancel = responses.aresponses_cancel
        self.aimage_generation = media.aimage_generation
        self.aimage_edit = media.aimage_edit
        self.aimage_variation = media.aimage_variation
        self.atranscription = media.atranscription
        self.atranslation = media.atranslation
        self.aspeech = media.aspeech
        self.aspeech_stream = media.aspeech_stream
        self.amoderation = media.amoderation
