"""What must not reach an agent unread, and what customers sent us as sound."""

from pathlib import Path

from openai import OpenAI


def flagged(text: str) -> list[str]:
    with OpenAI() as client:
        result = client.moderations.create(model="omni-moderation-latest", input=text).results[0]
    if not result.flagged:
        return []
    return sorted(name for name, hit in result.categories.model_dump().items() if hit)


def transcript(path: Path) -> str:
    with path.open("rb") as sound:
        return OpenAI(max_retries=0).audio.transcriptions.create(model="whisper-1", file=sound).text
