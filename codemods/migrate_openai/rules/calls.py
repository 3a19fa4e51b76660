"""The calls that have a counterpart in the router, by rule."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.migrate_openai.rules import endpoints
from codemods.migrate_openai.rules.base import Call, Rule

_OF_CLIENTS = {
    "MOA101": {"chat.completions.create": "chat_completion"},
    "MOA102": {
        "chat.completions.parse": "chat_completion_parse",
        "beta.chat.completions.parse": "chat_completion_parse",
    },
    "MOA103": {
        "chat.completions.stream": "chat_completion_stream",
        "beta.chat.completions.stream": "chat_completion_stream",
    },
    "MOA111": {"completions.create": "text_completion"},
    "MOA121": {"embeddings.create": "embedding"},
    "MOA131": {"responses.create": "responses"},
    "MOA132": {"responses.parse": "responses_parse"},
    "MOA133": {
        "responses.retrieve": "responses_retrieve",
        "responses.delete": "responses_delete",
        "responses.cancel": "responses_cancel",
    },
    "MOA134": {"responses.stream": "responses_stream"},
    "MOA141": {
        "images.generate": "image_generation",
        "images.edit": "image_edit",
        "images.create_variation": "image_variation",
    },
    "MOA151": {"audio.transcriptions.create": "transcription"},
    "MOA152": {"audio.speech.create": "speech"},
    "MOA154": {"audio.translations.create": "translation"},
    "MOA155": {"audio.speech.with_streaming_response.create": "speech_stream"},
    "MOA161": {"moderations.create": "moderation"},
}
# Of 0.28. Each has a twin whose names begin with an a: ``acreate``.
_OF_THE_MODULE = {
    "MOA104": {"ChatCompletion.create": "chat_completion"},
    "MOA112": {"Completion.create": "text_completion"},
    "MOA122": {"Embedding.create": "embedding"},
    "MOA142": {
        "Image.create": "image_generation",
        "Image.create_edit": "image_edit",
        "Image.create_variation": "image_variation",
    },
    "MOA153": {"Audio.transcribe": "transcription", "Audio.translate": "translation"},
    "MOA162": {"Moderation.create": "moderation"},
    "MOA182": {
        "File.create": "create_file",
        "File.list": "file_list",
        "File.retrieve": "file_retrieve",
        "File.delete": "file_delete",
        "File.download": "file_content",
    },
    "MOA183": {
        "FineTuningJob.create": "create_fine_tuning_job",
        "FineTuningJob.list": "list_fine_tuning_jobs",
        "FineTuningJob.retrieve": "retrieve_fine_tuning_job",
        "FineTuningJob.cancel": "cancel_fine_tuning_job",
    },
    "MOA186": {
        "Model.list": "list_models",
        "Model.retrieve": "retrieve_model",
        "Model.delete": "delete_model",
    },
}
# Rules whose requests name no model that LiteLLM would have to know the provider of.
_WITHOUT_MODEL = frozenset({"MOA133", "MOA182", "MOA183", "MOA186"})
_POSITIONAL = {
    "Audio.transcribe": ("model", "file"),
    "Audio.translate": ("model", "file"),
    "Image.create_edit": ("image", "mask"),
    "Image.create_variation": ("image",),
    "Moderation.create": ("input", "model"),
    "File.create": ("file", "purpose"),
    "File.retrieve": ("file_id",),
    "File.delete": ("file_id",),
    "File.download": ("file_id",),
    "FineTuningJob.retrieve": ("fine_tuning_job_id",),
    "FineTuningJob.cancel": ("fine_tuning_job_id",),
    "Model.retrieve": ("model",),
    "Model.delete": ("model",),
    "responses.cancel": ("response_id",),
    "responses.delete": ("response_id",),
    "responses.retrieve": ("response_id",),
}


def _calls(rule: str) -> Iterator[Call]:
    has_model = rule not in _WITHOUT_MODEL
    for sdk, function in _OF_CLIENTS.get(rule, {}).items():
        positional = _POSITIONAL.get(sdk, ())
        yield Call(sdk=sdk, function=function, has_model=has_model, positional=positional)
    for sdk, function in _OF_THE_MODULE.get(rule, {}).items():
        owner, _, verb = sdk.partition(".")
        for twin in ("", "a"):
            yield Call(
                sdk=f"{owner}.{twin}{verb}",
                function=f"{twin}{function}",
                legacy=True,
                has_model=has_model,
                positional=_POSITIONAL.get(sdk, ()),
            )


_BY_RULE = {
    **{rule: tuple(_calls(rule)) for rule in sorted(_OF_CLIENTS | _OF_THE_MODULE)},
    **endpoints.CALLS,
    endpoints.PASSED_THROUGH: (),
}
RULES = tuple(Rule(id=id, calls=_BY_RULE[id]) for id in sorted(_BY_RULE))
