"""A suite with cassettes whose provider is a stand-in that a test changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personalvibe.cli import main
from personalvibe.replay.standin.model import Received, Reply, json_reply

COMMAND = f"{sys.executable} -m pytest -q -p no:hypothesispytest -p no:cacheprovider"
ASK = """
import httpx, pytest

def ask(text, model="gpt-4o-mini"):
    sent = {{"model": model, "messages": [{{"role": "user", "content": text}}]}}
    answer = httpx.post("{url}/v1/chat/completions", json=sent)
    return answer.json()["choices"][0]["message"]["content"]

pytestmark = pytest.mark.vcr
"""


class Provider:
    """Answers chats; `change` edits the documents that it answers with."""

    def __init__(self) -> None:
        self.change: Callable[[str, dict[str, Any]], Any] = lambda asked, answer: None
        self.asked: list[str] = []

    def first(self, request: Received) -> Reply:
        asked = request.params["messages"][-1]["content"]
        self.asked.append(asked)
        answer: dict[str, Any] = {
            "id": f"chatcmpl-{len(self.asked)}kJ8sQ2vXn4TzR7mWb3Lp9Yc",
            "object": "chat.completion",
            "created": 1_760_000_000 + len(self.asked),
            "model": "gpt-4o-mini-2024-07-18",
            "system_fingerprint": "fp_1",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": f"It is {asked}.", "refusal": None},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500},
        }
        changed = self.change(asked, answer)
        return changed if isinstance(changed, Reply) else json_reply(answer)


class Suite:
    """The suite's folder, its provider, and the commands that are tried on it."""

    def __init__(
        self,
        pytester: pytest.Pytester,
        provider: Provider,
        url: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.pytester, self.provider, self.url, self.capsys = pytester, provider, url, capsys
        self.cassettes = pytester.path / "cassettes" / "test_it"

    def write(self, tests: str, **files: str) -> None:
        self.pytester.makepyfile(test_it=ASK.format(url=self.url) + tests, **files)

    def run(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess("-p", "no:hypothesispytest", *options)

    def contents(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in self.cassettes.iterdir()}

    def pv(self, command: str, *arguments: str | Path) -> tuple[int, str, str]:
        """The exit code and the output of ``pv cassettes``."""
        self.capsys.readouterr()
        code = main(["cassettes", command, *map(str, arguments)])
        out, err = self.capsys.readouterr()
        return code, out, err

    def document(self, command: str, *arguments: str | Path) -> tuple[int, Any]:
        code, out, _ = self.pv(command, "--json", *arguments)
        return code, json.loads(out)
