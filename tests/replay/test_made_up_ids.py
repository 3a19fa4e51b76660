"""Ids of tool calls that an SDK makes up, another one in every recording."""

from __future__ import annotations

import uuid
from pathlib import Path

import httpx

from personalvibe.replay import use_cassette


def talk(url: str, call: str) -> None:
    turn = [
        {"role": "assistant", "tool_calls": [{"id": call, "name": "weather"}]},
        {"role": "tool", "tool_call_id": call, "content": "rain"},
    ]
    assert httpx.post(f"{url}/chat", json={"messages": turn}).status_code == 200


def made_up() -> tuple[str, str]:
    return str(uuid.uuid4()), f"call_{uuid.uuid4()}"


def test_recording_again_changes_no_byte(tmp_path: Path, server) -> None:
    server.answers["/chat"] = lambda rest, sent: {"text": "rain"}
    path = tmp_path / "it.yaml"
    with use_cassette(path, record_mode="once", unplayed="ignore"):
        for call in made_up():
            talk(server.url, call)
    first = path.read_bytes()
    with use_cassette(path, record_mode="rewrite"):
        for call in made_up():
            talk(server.url, call)
    assert path.read_bytes() == first
    path.unlink()
    with use_cassette(path, record_mode="once"):
        for call in made_up():
            talk(server.url, call)
    assert path.read_bytes().partition(b"interactions")[2] == first.partition(b"interactions")[2]


def test_an_id_stays_one_id(tmp_path: Path, server) -> None:
    """The call and its result still belong together, and the recording still answers."""
    server.answers["/chat"] = lambda rest, sent: {"text": "rain"}
    path = tmp_path / "it.yaml"
    call, other = made_up()
    with use_cassette(path, record_mode="once"):
        talk(server.url, call)
        talk(server.url, other)
    text = path.read_text()
    assert call not in text
    assert other not in text
    asked = len(server.asked)
    with use_cassette(path, record_mode="none"):
        talk(server.url, str(uuid.uuid4()))
        talk(server.url, f"call_{uuid.uuid4()}")
    assert len(server.asked) == asked
