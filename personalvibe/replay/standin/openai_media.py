"""OpenAI's images and audio."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from personalvibe.replay.standin import checks, derive, triggers
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply, sse, sse_reply
from personalvibe.replay.standin.multipart import fields, text
from personalvibe.replay.standin.reply import limit_of


def image_generations(request: Received) -> Reply:
    """POST /v1/images/generations."""
    params = request.params
    prompt = str(checks.require(params, "prompt"))
    form = str(params.get("response_format") or "url")
    return _images(str(params.get("model") or "dall-e-2"), prompt, params.get("n"), form)


def image_edits(request: Received) -> Reply:
    """POST /v1/images/edits."""
    form = fields(request)
    if "image" not in form:
        raise _no_file("image")
    prompt = text(form, "prompt")
    if not prompt:
        raise ApiError(400, "Missing required parameter: 'prompt'.", param="prompt")
    return _images_of_form(form, prompt)


def image_variations(request: Received) -> Reply:
    """POST /v1/images/variations."""
    form = fields(request)
    if "image" not in form:
        raise _no_file("image")
    return _images_of_form(form, Seed("image", form["image"][0].hex()).hex(12))


def _images_of_form(form: dict[str, list[bytes]], prompt: str) -> Reply:
    amount = text(form, "n", "1")
    return _images(
        text(form, "model", "dall-e-2"),
        prompt,
        int(amount) if amount.isdigit() else 1,
        text(form, "response_format", "url"),
    )


def _images(model: str, prompt: str, amount: Any, form: str) -> Reply:
    checks.known_model(model)
    seed = Seed("image", model, prompt)
    inline = form == "b64_json" or model.startswith("gpt-image")
    data: list[dict[str, Any]] = []
    for index in range(limit_of(amount) or 1):
        if inline:
            data.append({"b64_json": base64.b64encode(png(seed.child(index))).decode()})
        else:
            name = seed.child(index).token(24, "url")
            data.append({"url": f"https://images.example.com/stand-in/img-{name}.png"})
        if model == "dall-e-3":
            data[-1]["revised_prompt"] = f"{prompt}, as the stand-in sees it"
    body: dict[str, Any] = {"created": seed.created, "data": data}
    if model.startswith("gpt-image"):
        asked, spent = derive.count(prompt), 272 * len(data)
        body |= {
            "background": "opaque",
            "output_format": "png",
            "quality": "low",
            "size": "1024x1024",
            "usage": {
                "input_tokens": asked,
                "input_tokens_details": {"image_tokens": 0, "text_tokens": asked},
                "output_tokens": spent,
                "total_tokens": asked + spent,
            },
        }
    return json_reply(body)


def png(seed: Seed) -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    pixel = b"\0" + seed.bytes(3, "pixel")
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixel)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def transcriptions(request: Received) -> Reply:
    """POST /v1/audio/transcriptions."""
    return _heard(request, "transcribe")


def translations(request: Received) -> Reply:
    """POST /v1/audio/translations."""
    return _heard(request, "translate")


def _heard(request: Received, task: str) -> Reply:
    form = fields(request)
    if "file" not in form:
        raise _no_file("file")
    model = text(form, "model")
    if not model:
        raise ApiError(400, "you must provide a model parameter")
    checks.known_model(model)
    seed = Seed("audio", form["file"][0].hex())
    said = triggers.said(text(form, "prompt")) or f"The stand-in heard recording {seed.hex(6)}."
    seconds = round(1 + seed.fraction("seconds") * 9, 2)
    if text(form, "stream") == "true" and model != "whisper-1":
        return sse_reply(tuple(_heard_stream(said)))
    kind = text(form, "response_format", "json")
    if kind in ("text", "srt", "vtt"):
        end = f"00:00:{int(seconds):02d}"
        words = {
            "text": f"{said}\n",
            "srt": f"1\n00:00:00,000 --> {end},000\n{said}\n\n\n",
            "vtt": f"WEBVTT\n\n00:00:00.000 --> {end}.000\n{said}\n\n",
        }[kind]
        return Reply(headers={"content-type": "text/plain; charset=utf-8"}, body=words.encode())
    if kind == "verbose_json":
        return json_reply(_verbose(form, said, seconds, task, seed))
    if model == "whisper-1":
        usage: dict[str, Any] = {"type": "duration", "seconds": -(-seconds // 1)}
    else:
        spent = derive.count(said)
        usage = {
            "type": "tokens",
            "total_tokens": 20 + spent,
            "input_tokens": 20,
            "input_token_details": {"text_tokens": 0, "audio_tokens": 20},
            "output_tokens": spent,
        }
    return json_reply({"text": said, "usage": usage})


def _verbose(
    form: dict[str, list[bytes]], said: str, seconds: float, task: str, seed: Seed
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "task": task,
        "language": "english",
        "duration": seconds,
        "text": said,
        "segments": [
            {
                "id": 0,
                "seek": 0,
                "start": 0.0,
                "end": seconds,
                "text": said,
                "tokens": [50364 + seed.number(100, str(i)) for i in range(4)],
                "temperature": 0.0,
                "avg_logprob": -0.25,
                "compression_ratio": 1.1,
                "no_speech_prob": 0.01,
            }
        ],
        "usage": {"type": "duration", "seconds": -(-seconds // 1)},
    }
    if b"word" in form.get("timestamp_granularities", ()):
        words = said.split()
        step = seconds / len(words)
        body["words"] = [
            {"word": word.strip("."), "start": round(i * step, 2), "end": round((i + 1) * step, 2)}
            for i, word in enumerate(words)
        ]
    return body


def _heard_stream(said: str) -> Iterator[bytes]:
    for piece in derive.tokens(said):
        yield sse({"type": "transcript.text.delta", "delta": piece})
    yield sse({"type": "transcript.text.done", "text": said})


_SOUNDS = {
    "mp3": ("audio/mpeg", b"ID3\x04\x00\x00\x00\x00\x00\x00"),
    "opus": ("audio/opus", b"OggS\x00\x02"),
    "aac": ("audio/aac", b"\xff\xf1\x50\x80"),
    "flac": ("audio/flac", b"fLaC"),
    "wav": ("audio/wav", b"RIFF\x24\x08\x00\x00WAVEfmt "),
    "pcm": ("audio/pcm", b""),
}


def speech(request: Received) -> Reply:
    """POST /v1/audio/speech: bytes that begin as the asked format does."""
    params = request.params
    checks.require_model(params)
    words = str(checks.require(params, "input"))
    voice = checks.require(params, "voice")
    kind, head = _SOUNDS.get(str(params.get("response_format") or "mp3"), _SOUNDS["mp3"])
    sound = head + Seed("speech", words, voice).bytes(2048, "sound")
    pieces = tuple(sound[i : i + 512] for i in range(0, len(sound), 512))
    return Reply(headers={"content-type": kind}, chunks=pieces)


def _no_file(name: str) -> ApiError:
    return ApiError(400, f"Missing required parameter: '{name}'.", param=name)
