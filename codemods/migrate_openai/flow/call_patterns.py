"""What a call of the openai SDK looks like, whoever the receiver is."""

from __future__ import annotations

import itertools
import re

# A call of the router is looked for as well: it may have been migrated before its client was.
# Other programs have an embedding that is called, too.
_WITH_MODEL = rb"\s*\((?:[^\n]*\n){0,2}?[^\n]*\bmodel\s*="
# A file that matches none of this, and does not mention openai, has no site, whatever its names
# stand for. The dot stands first and alone, and one letter decides what is tried behind it: so
# the search is six times as fast.
CALLED = re.compile(
    rb"""
    \.\s*(?=[abcefimrstvCE])(?:
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
        | vector_stores\s*\. | ChatCompletion\s*\.\s*a?create | Completion\s*\.\s*a?create
        | Embedding\s*\.\s*a?create | batches\s*\.\s*create | files\s*\.\s*create
        | models\s*\.\s*list
    )
    """.replace(b"WITH_MODEL", _WITH_MODEL),
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


def is_shaped(names: list[str] | tuple[str, ...]) -> bool:
    """Does an attribute chain read like a call of the SDK?"""
    return any(pair in _SHAPES for pair in itertools.pairwise(names))
