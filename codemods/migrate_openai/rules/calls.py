"""The calls that have a counterpart in the router, by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from codemods.migrate_openai.rules import endpoints
from codemods.migrate_openai.rules.base import Call, Rule, calls_by_rule

_OF_CLIENTS = """
MOA101 chat.completions.create                     chat_completion
MOA102 chat.completions.parse                      chat_completion_parse
MOA102 beta.chat.completions.parse                 chat_completion_parse
MOA103 chat.completions.stream                     chat_completion_stream
MOA103 beta.chat.completions.stream                chat_completion_stream
MOA111 completions.create                          text_completion
MOA121 embeddings.create                           embedding
MOA131 responses.create                            responses
MOA132 responses.parse                             responses_parse
MOA134 responses.stream                            responses_stream
MOA141 images.generate                             image_generation
MOA141 images.edit                                 image_edit
MOA141 images.create_variation                     image_variation
MOA151 audio.transcriptions.create                 transcription
MOA152 audio.speech.create                         speech
MOA154 audio.translations.create                   translation
MOA155 audio.speech.with_streaming_response.create speech_stream
MOA161 moderations.create                          moderation
"""
# Their requests name no model that LiteLLM would have to know the provider of.
_OF_CLIENTS_WITHOUT_MODEL = """
MOA133 responses.retrieve responses_retrieve response_id
MOA133 responses.delete   responses_delete   response_id
MOA133 responses.cancel   responses_cancel   response_id
"""
# Of 0.28.
_OF_THE_MODULE = """
MOA104 ChatCompletion.create  chat_completion
MOA112 Completion.create      text_completion
MOA122 Embedding.create       embedding
MOA142 Image.create           image_generation
MOA142 Image.create_edit      image_edit       image mask
MOA142 Image.create_variation image_variation  image
MOA153 Audio.transcribe       transcription    model file
MOA153 Audio.translate        translation      model file
MOA162 Moderation.create      moderation       input model
"""
_OF_THE_MODULE_WITHOUT_MODEL = """
MOA182 File.create            create_file              file purpose
MOA182 File.list              file_list
MOA182 File.retrieve          file_retrieve            file_id
MOA182 File.delete            file_delete              file_id
MOA182 File.download          file_content             file_id
MOA183 FineTuningJob.create   create_fine_tuning_job
MOA183 FineTuningJob.list     list_fine_tuning_jobs
MOA183 FineTuningJob.retrieve retrieve_fine_tuning_job fine_tuning_job_id
MOA183 FineTuningJob.cancel   cancel_fine_tuning_job   fine_tuning_job_id
MOA186 Model.list             list_models
MOA186 Model.retrieve         retrieve_model           model
MOA186 Model.delete           delete_model             model
"""


def _twins(call: Call) -> Iterator[Call]:
    """A call of 0.28, and that whose names begin with an a: ``acreate``."""
    owner, _, verb = call.sdk.partition(".")
    for twin in ("", "a"):
        sdk, function = f"{owner}.{twin}{verb}", f"{twin}{call.function}"
        yield replace(call, sdk=sdk, function=function, legacy=True)


_LEGACY = {
    **calls_by_rule(_OF_THE_MODULE),
    **calls_by_rule(_OF_THE_MODULE_WITHOUT_MODEL, has_model=False),
}
_BY_RULE = {
    **calls_by_rule(_OF_CLIENTS),
    **calls_by_rule(_OF_CLIENTS_WITHOUT_MODEL, has_model=False),
    **{rule: tuple(chain(*map(_twins, calls))) for rule, calls in _LEGACY.items()},
    **endpoints.CALLS,
    endpoints.PASSED_THROUGH: (),
}
RULES = tuple(Rule(id=id, calls=_BY_RULE[id]) for id in sorted(_BY_RULE))
