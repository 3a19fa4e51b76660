"""``pv cassettes stats``: figures of recordings, added up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main

RECORDINGS = Path(__file__).resolve().parents[2] / "cassettes" / "test_providers"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def exchange(uri: str, body: Any, answer: Any, date: str = "") -> dict[str, Any]:
    return {
        "request": {"method": "POST", "uri": uri, "headers": {}, "body": json.dumps(body)},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"], **({"date": [date]} if date else {})},
            "body": {"string": json.dumps(answer)},
        },
    }


def spent(count: int) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": count, "completion_tokens": 1}}


GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash"
EXCHANGES = (
    exchange("https://api.openai.com/v1/chat/completions", {"model": "gpt-4o"}, spent(1000),
             "Mon, 01 Jan 2024 00:00:00 GMT"),
    exchange("https://unit.openai.azure.com/openai/deployments/gpt-4o/x", {}, spent(10),
             "Tue, 02 Jan 2024 00:00:00 GMT"),
    exchange(f"{GEMINI}:generateContent", {}, spent(20)),
    exchange("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse", {}, {}),
    exchange("http://localhost:11434/api/chat", {"model": "llama3"}, {}),
    exchange(f"https://tools.example.com/runs/{UUID}?key=k7Qz9mWb3XvR8tLp2NcY5hFd", {}, {}),
)  # fmt: skip


def stats(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, Any]:
    capsys.readouterr()
    code = main(["cassettes", "stats", "--json", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)


def test_interactions_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, exchanges in (("a", EXCHANGES), ("b", EXCHANGES[:1])):
        document = {"interactions": list(exchanges), "version": 1}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document))
    code, found = stats(capsys, tmp_path)
    assert (code, found["cassettes"], found["total"]["interactions"]) == (0, 2, 7)
    assert {one["name"]: one["interactions"] for one in found["provider"]} == {
        **{"openai": 2, "azure": 1, "gemini": 1, "bedrock": 1, "ollama": 1},
        "tools.example.com": 1,
    }
    [largest, *_] = found["model"]
    assert (largest["name"], largest["input_tokens"], largest["output_tokens"]) == (
        *("gpt-4o", 2010, 3),
    )
    assert largest["cost_usd"] == pytest.approx(2010 * 2.5e-6 + 3 * 1e-5)
    assert largest["first_recorded"] == "2024-01-01T00:00:00Z"
    assert largest["last_recorded"] == "2024-01-02T00:00:00Z"
    assert {one["name"] for one in found["endpoint"]} >= {
        "POST /v1beta/models/{model}:generateContent",
        "POST /openai/deployments/{model}/x",
        "POST /runs/{id}",
    }
    on_disk = {str(path): path.stat().st_size for path in tmp_path.iterdir()}
    assert {one["name"]: one["bytes"] for one in found["test"]} == on_disk
    for by in ("provider", "model", "endpoint", "test"):
        total = sum(one["bytes"] for one in found[by])
        assert total == pytest.approx(sum(on_disk.values()), abs=len(found[by]))


def test_recordings_of_other_protocols_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, item in (("a", EXCHANGES[0]), ("socket", {"kind": "message", "data": {}})):
        document = {"interactions": [item], "version": 1}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document))
    code, found = stats(capsys, tmp_path)
    assert (code, found["cassettes"]) == (0, 1)
    assert main(["cassettes", "stats", str(tmp_path / "socket.yaml")]) == 2
    assert "not those of HTTP" in capsys.readouterr().err


def test_the_tables_have_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--by", "provider", "--top", "2", "--chart", "interactions")
    assert main(["cassettes", "stats", str(RECORDINGS), *arguments]) == 0
    captured = capsys.readouterr()
    title, head, *rows = captured.out.splitlines()
    assert (title, head.split()[-1]) == ("by provider", "interactions")
    assert [row.count("█") > 0 for row in rows] == [True, True, False]
    assert "more)" in rows[-1]
    assert "a replay does not spend" in captured.err

    (tmp_path / "a.yaml").write_text("interactions: [")
    assert main(["cassettes", "stats", str(tmp_path)]) == 2
    assert main(["cassettes", "stats", str(tmp_path), str(RECORDINGS)]) == 3
    assert main(["cassettes", "stats", str(tmp_path / "no")]) == 2
