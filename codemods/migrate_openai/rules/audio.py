"""Audio: transcription, translation and speech."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Call, Case, Rule

TRANSCRIPTION = Rule(
    id="MOA151",
    title="audio.transcriptions.create becomes transcription",
    what="The file is sent as it was; the reply is the object or the text that the SDK gives.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
with open(path, "rb") as file:
    print(client.audio.transcriptions.create(model="whisper-1", file=file).text)
""",
            after="""\
from personalvibe import llm_router

with open(path, "rb") as file:
    print(llm_router.transcription(model="openai/whisper-1", file=file).text)
""",
        ),
    ),
    calls=(Call(sdk="audio.transcriptions.create", function="transcription"),),
)

SPEECH = Rule(
    id="MOA152",
    title="audio.speech.create becomes speech",
    what="The reply has the bytes in `.content` and the methods of the SDK's reply.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
client.audio.speech.create(model="tts-1", voice="alloy", input=text).stream_to_file(path)
""",
            after="""\
from personalvibe import llm_router

llm_router.speech(model="openai/tts-1", voice="alloy", input=text).stream_to_file(path)
""",
        ),
    ),
    calls=(Call(sdk="audio.speech.create", function="speech"),),
)

TRANSLATION = Rule(
    id="MOA154",
    title="audio.translations.create becomes translation",
    what="Speech in any language to English text.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
print(client.audio.translations.create(model="whisper-1", file=file).text)
""",
            after="""\
from personalvibe import llm_router

print(llm_router.translation(model="openai/whisper-1", file=file).text)
""",
        ),
    ),
    calls=(Call(sdk="audio.translations.create", function="translation"),),
)

SPEECH_STREAM = Rule(
    id="MOA155",
    title="audio.speech.with_streaming_response.create becomes speech_stream",
    what="A context manager of the speech as it arrives, with the methods that the SDK's has.",
    cases=(
        Case(
            before="""\
from openai import OpenAI

client = OpenAI()
with client.audio.speech.with_streaming_response.create(
    model="tts-1",
    voice="alloy",
    input=text,
) as response:
    response.stream_to_file(path)
""",
            after="""\
from personalvibe import llm_router

with llm_router.speech_stream(
    model="openai/tts-1",
    voice="alloy",
    input=text,
) as response:
    response.stream_to_file(path)
""",
        ),
        Case(
            before="""\
from openai import AsyncOpenAI

client = AsyncOpenAI()


async def play(text):
    async with client.audio.speech.with_streaming_response.create(
        model="tts-1",
        voice="alloy",
        input=text,
    ) as response:
        async for part in response.iter_bytes():
            speaker.write(part)
""",
            after="""\
from personalvibe import llm_router


async def play(text):
    async with llm_router.aspeech_stream(
        model="openai/tts-1",
        voice="alloy",
        input=text,
    ) as response:
        async for part in response.iter_bytes():
            speaker.write(part)
""",
        ),
    ),
    calls=(Call(sdk="audio.speech.with_streaming_response.create", function="speech_stream"),),
)

LEGACY = Rule(
    id="MOA153",
    title="openai.Audio of 0.28",
    what="`transcribe` takes its model and file by position: they get their names.",
    cases=(
        Case(
            before="""\
import openai

text = openai.Audio.transcribe("whisper-1", file)["text"]
""",
            after="""\
from personalvibe import llm_router

llm_router.legacy = True  # no retries, replies are dictionaries: as openai 0.28

text = llm_router.transcription(model="openai/whisper-1", file=file)["text"]
""",
        ),
    ),
    calls=(
        Call(
            sdk="Audio.transcribe",
            function="transcription",
            legacy=True,
            positional=("model", "file"),
        ),
        Call(
            sdk="Audio.atranscribe",
            function="atranscription",
            legacy=True,
            positional=("model", "file"),
        ),
        Call(
            sdk="Audio.translate",
            function="translation",
            legacy=True,
            positional=("model", "file"),
        ),
        Call(
            sdk="Audio.atranslate",
            function="atranslation",
            legacy=True,
            positional=("model", "file"),
        ),
    ),
)

RULES = (TRANSCRIPTION, SPEECH, SPEECH_STREAM, TRANSLATION, LEGACY)
