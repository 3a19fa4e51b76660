"""``--env-file``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from personalvibe.env_file import MAX_BYTES

from .conftest import Project, Provider, Result

PV = Callable[..., Result]
KEY = "sk-from-the-file-0123456789"


def test_a_key_from_a_file(
    project: Project, provider: Provider, pv: PV, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    project.write("my keys.env", f'# keys\n\nexport OPENAI_API_KEY="{KEY}" # mine\nPV_DATA_DIR=w\n')
    run = ("run", "--config", project.config("mode: prd\n"), "--env-file", "my keys.env")
    provider.fails(401, f"No such key: {KEY}")
    assert KEY not in pv(*run).err
    provider.status = 200
    provider.says("Hello.")
    assert pv(*run).code == 0
    assert [headers["authorization"] for headers in provider.headers] == [f"Bearer {KEY}"] * 2
    assert len(project.files("w/data/demo/prompt_outputs/*.md")) == 1
    assert "Hello." in pv("show", "--env-file", "my keys.env").out
    assert {"OPENAI_API_KEY", "PV_DATA_DIR"} & set(os.environ) == set()
    assert "openai/gpt-4o" in pv("models", "gpt-4o", "--env-file", "my keys.env").out
    assert all(KEY not in log.read_text() for log in project.files("w/logs/*"))


def test_the_environment_wins_and_no_file_is_read_unasked(
    project: Project, provider: Provider, pv: PV
) -> None:
    project.write(".env", f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=http://127.0.0.1:9\n")
    run = ("run", "--config", project.config("mode: prd\n"))
    assert pv(*run).code == 0
    assert pv(*run, "--env-file", ".env").code == 0
    asked_with = {headers["authorization"] for headers in provider.headers}
    assert asked_with == {f"Bearer {os.environ['OPENAI_API_KEY']}"}


REFUSED: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "env file keys.env: cannot be read: No such file or directory"),
    "no assignment": (b"A=1\n\nnot a line\n", "env file keys.env:3: sets no variable"),
    "not UTF-8": (b"A=1\nB=caf\xe9\n", "env file keys.env:2: is not UTF-8 text"),
    "NUL": (b"A=1\0\n", "env file keys.env: holds a NUL character"),
    "too large": (b"#" * (MAX_BYTES + 1), "env file keys.env: larger than 1,000,000 bytes"),
}


@pytest.mark.parametrize(("content", "error"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(project: Project, pv: PV, content: Any, error: str) -> None:
    if content is not None:
        project.write("keys.env", content)
    result = pv("models", "--env-file", "keys.env")
    assert (result.code, result.out) == (2, "")
    message, hint = result.err.splitlines()
    assert message == f"error: {error}"
    assert hint.startswith("hint: ")
