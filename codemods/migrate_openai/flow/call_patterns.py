"""What a call of the openai SDK looks like, whoever the receiver is."""

from __future__ import annotations

import itertools
import re

# A file that matches none of this, and does not mention openai, has no site, whatever its names
# stand for. The dot stands first and alone: so the search is five times as fast.
CALLED = re.compile(
    rb"\.\s*(?:chat\s*\.\s*completions|completions\s*\.\s*create|embeddings\s*\.\s*create"
    rb"|responses\s*\.\s*(?:create|parse|stream|retrieve)|moderations\s*\.\s*create"
    rb"|images\s*\.\s*(?:generate|edit|create_variation)"
    rb"|audio\s*\.\s*(?:speech|transcriptions|translations)"
    rb"|beta\s*\.\s*(?:threads|assistants|vector_stores|chat)|fine_tuning\s*\.\s*jobs"
    rb"|vector_stores\s*\.|(?:ChatCompletion|Completion|Embedding)\s*\.\s*a?create|batches\s*\.\s*create|files\s*\.\s*create|models\s*\.\s*list)",
)

_SHAPES = frozenset(
    {
        ("chat", "completions"),
        ("completions", "create"),
        ("embeddings", "create"),
        ("responses", "create"),
        ("responses", "parse"),
        ("responses", "stream"),
        ("responses", "retrieve"),
        ("responses", "delete"),
        ("responses", "cancel"),
        ("images", "generate"),
        ("images", "edit"),
        ("images", "create_variation"),
        ("audio", "transcriptions"),
        ("audio", "translations"),
        ("audio", "speech"),
        ("moderations", "create"),
        ("beta", "threads"),
        ("beta", "assistants"),
        ("beta", "vector_stores"),
        ("fine_tuning", "jobs"),
        ("files", "create"),
        ("files", "content"),
        ("files", "retrieve"),
        ("batches", "create"),
        ("vector_stores", "create"),
        ("models", "list"),
        ("models", "retrieve"),
        *(
            (resource, verb)
            for resource in ("ChatCompletion", "Completion", "Embedding", "Moderation", "Image")
            for verb in ("create", "acreate")
        ),
        ("Audio", "transcribe"),
        ("Audio", "translate"),
        ("Edit", "create"),
    }
)


def is_shaped(names: list[str] | tuple[str, ...]) -> bool:
    """Does an attribute chain read like a call of the SDK?"""
    return any(pair in _SHAPES for pair in itertools.pairwise(names))
