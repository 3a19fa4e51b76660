"""What a call of the openai SDK looks like, whoever the receiver is."""

from __future__ import annotations

import itertools
import re

from codemods.migrate_openai.rules import endpoints

# A call of the router is looked for as well: it may have been migrated before its client was.
# Other programs have an embedding that is called, too.
_WITH_MODEL = rb"\s*\((?:[^\n]*\n){0,2}?[^\n]*\bmodel\s*="
_OF_ENDPOINTS = "|".join(
    sorted({call.function for calls in endpoints.CALLS.values() for call in calls})
).encode()
# A file that matches none of this, and does not mention openai, has no site, whatever its names
# stand for. The dot stands first and alone, and one letter decides what is tried behind it: so
# the search is six times as fast.
CALLED = re.compile(
    rb"""
    \.\s*(?=[abcdefgilmrstuvCE])(?:
        chat(?:\s*\.\s*completions | _completion) | completions\s*\.\s*create | text_completion
        | embedding(?:s\s*\.\s*create | WITH_MODEL)
        | responses(?:\s*\.\s*(?:create|parse|stream|retrieve)
            | _(?:parse|retrieve|delete|cancel|stream) | WITH_MODEL)
        | moderation(?:s\s*\.\s*create | WITH_MODEL)
        | image(?:s\s*\.\s*(?:generate|edit|create_variation) | _(?:generation|edit|variation))
        | trans(?:cription|lation)WITH_MODEL | speech(?:_stream | WITH_MODEL)
        | a(?:udio\s*\.\s*(?:speech|transcriptions|translations)
            | (?:chat|text)_completion | image_(?:generation|edit|variation) | speech_stream
            | responses_(?:parse|retrieve|delete|cancel|stream)
            | (?:embedding|responses|moderation|transcription|translation|speech)WITH_MODEL)
        | beta\s*\.\s*(?:threads|assistants|vector_stores|chat) | fine_tuning\s*\.\s*jobs
        | vector_stores\s*\. | containers\s*\.\s*files | evals\s*\.\s*(?:create|runs)
        | videos\s*\.\s*(?:create|download_content) | a?(?:OF_ENDPOINTS)\s*\(
        | ChatCompletion\s*\.\s*a?create | Completion\s*\.\s*a?create
        | Embedding\s*\.\s*a?create | batches\s*\.\s*(?:create|retrieve)
        | files\s*\.\s*(?:create|content) | models\s*\.\s*(?:list|retrieve|delete)
        | uploads\s*\.\s*(?:create|parts|upload_file_chunked)
        | conversations\s*\.\s*(?:create|items) | realtime\s*\.\s*connect
    )
    """.replace(b"WITH_MODEL", _WITH_MODEL).replace(b"OF_ENDPOINTS", _OF_ENDPOINTS),
    re.VERBOSE,
)

_SHAPES = frozenset(
    (resource, name)
    for resource, names in {
        "chat": "completions",
        "responses": "create parse stream retrieve delete cancel",
        "images": "generate edit create_variation",
        "audio": "transcriptions translations speech",
        "beta": "threads assistants vector_stores",
        "fine_tuning": "jobs",
        "files": "create content retrieve",
        "models": "list retrieve",
        **dict.fromkeys(("completions", "embeddings", "moderations"), "create"),
        **dict.fromkeys(("batches", "vector_stores", "Edit"), "create"),
        **dict.fromkeys(("ChatCompletion", "Completion", "Embedding"), "create acreate"),
        **dict.fromkeys(("Moderation", "Image"), "create acreate"),
        "Audio": "transcribe translate",
    }.items()
    for name in names.split()
)


# Calls whose spelling says little of whose they are: docker has containers, many have files.
_COMMON = frozenset(
    tuple(path.split(".")[-2:])
    for path in (
        *(call.sdk for calls in endpoints.CALLS.values() for call in calls),
        *("conversations.items", "conversations.retrieve", "realtime.connect", "uploads.complete"),
        *("uploads.parts", "uploads.upload_file_chunked"),
    )
)


def is_shaped(names: list[str] | tuple[str, ...]) -> bool:
    """May an attribute chain be a call of the SDK, if it is one on a client?"""
    known = names[-1] in endpoints.SPELLINGS
    return known or any(p in _SHAPES or p in _COMMON for p in itertools.pairwise(names))


def is_telling(names: list[str] | tuple[str, ...]) -> bool:
    """Does an attribute chain read like a call of the SDK, whatever it is called on?"""
    return any(pair in _SHAPES for pair in itertools.pairwise(names))
