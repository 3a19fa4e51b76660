"""ConfigModel + context -> prompt."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personalvibe.config import MODES, ConfigModel
from personalvibe.errors import UserError
from personalvibe.prompts import build_prompt, render
from personalvibe.workspace import Workspace


def prompt(version: str = "2.1.0", context: str = "", **values: Any) -> str:
    values = {"mode": "sprint", "project_name": "demo"} | values
    return build_prompt(ConfigModel(version=version, **values), context, Workspace.find())


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_instructions_of_its_own(project: Any, mode: str) -> None:
    text = prompt(mode=mode)
    assert text.startswith(f"# demo 2.1.0: {mode}\n")
    assert "`model: <provider>/<name>`" in text
    others = [render(f"{other}.md") for other in MODES if other != mode]
    assert render(f"{mode}.md") in text
    assert not any(other in text for other in others)


def test_what_the_user_wrote_is_not_rendered(project: Any) -> None:
    evil = "{{ project_name }} {% for x in y %} {{ ''.__class__ }} {# gone #} <b>&amp;</b>"
    text = prompt(execution_details=evil, context=evil)
    assert text.count(evil) == 2


def test_the_sandbox_is_on() -> None:
    from jinja2.exceptions import SecurityError

    from personalvibe.prompts import _environment

    with pytest.raises(SecurityError):
        _environment().from_string("{{ ''.__class__.__mro__ }}").render()


def test_the_milestone_of_the_version_is_shown(project: Any) -> None:
    project.write("prompts/demo/stages/2.0.0.md", "Chunk 1: parse {{ things }}.\n")
    project.write("prompts/demo/stages/1.0.0.md", "The old milestone.")
    expected = "<milestone>\nChunk 1: parse {{ things }}.\n</milestone>"
    for mode in ("sprint", "bugfix", "validate"):
        text = prompt(mode=mode)
        assert expected in text
        assert "old milestone" not in text
    assert "<milestone>" not in prompt(mode="milestone")
    assert "<milestone>" not in prompt(version="3.1.0")
    assert "<milestone>" not in prompt(version="hello")


@pytest.mark.parametrize("mode", MODES)
def test_the_product_requirements_are_shown(project: Any, mode: str) -> None:
    project.write("prompts/demo/prd.md", "# Demo\r\n\nIt sells {{ things }}.\n")
    text = prompt(mode=mode)
    assert (
        "<product_requirements>\n# Demo\n\nIt sells {{ things }}.\n</product_requirements>" in text
    )


def test_what_was_filled_into_the_requirements_is_pointed_to(project: Any) -> None:
    """Up to version 2 the file was the template of the whole prompt."""
    project.write(
        "prompts/demo/prd.md",
        "You do {{ execution_task }}.\n{{execution_details}}\n{{- instructions -}}\n"
        "{{ code_context }} {{ code_contexts }} {% if x %}\n",
    )
    text = prompt()
    assert (
        "You do the task in <task_instructions>.\n(see <user_instructions>)\n"
        "(see <task_instructions>)\n(see <project_context>) {{ code_contexts }} {% if x %}\n"
        in text
    )


def test_no_requirements_no_section(project: Any, pv: Any) -> None:
    assert "product_requirements" not in prompt()
    run = ("run", "--config", project.config(), "--prompt-only", "--verbosity", "verbose")
    said = "no prompts/demo/prd.md: the prompt holds no product requirements\n"
    assert said in pv(*run).err
    project.write("prompts/demo/prd.md", "# Demo")
    assert said not in pv(*run).err


@pytest.mark.parametrize("name", ["prd.md", "stages/2.0.0.md", "errors/e.md"])
def test_what_is_too_large_for_a_prompt(project: Any, name: str) -> None:
    project.write(f"prompts/demo/{name}", b"x" * 1_000_001)
    with pytest.raises(UserError, match=f"{name}: larger than 1,000,000 bytes"):
        prompt(error_file_name="e.md" if "errors" in name else "")


UNREADABLE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a folder": (Path.mkdir, "cannot be read: Is a directory"),
    "a link to nothing": (lambda path: path.symlink_to("x"), "cannot be read: No such file"),
    "a pipe": (os.mkfifo, "is not a regular file"),
}


@pytest.mark.parametrize(("make", "error"), UNREADABLE.values(), ids=UNREADABLE)
def test_requirements_that_cannot_be_read(
    project: Any, pv: Any, make: Callable[[Path], Any], error: str
) -> None:
    make(project.root / "prompts/demo/prd.md")
    result = pv("run", "--config", project.config(), "--prompt-only")
    assert result.code == 2
    assert result.err.startswith(f"error: prompts/demo/prd.md: {error}")


def test_the_error_file_is_shown(project: Any) -> None:
    project.write("prompts/demo/errors/1.1.1.md", b"Traceback {{ x }} caf\xe9\n")
    text = prompt(mode="validate", error_file_name="1.1.1.md")
    assert "<error_output>\nTraceback {{ x }} caf\ufffd\n</error_output>" in text
    assert "error_output" not in prompt(mode="validate")


@pytest.mark.parametrize("name", ["gone.md", "."])
def test_an_error_file_that_cannot_be_read(project: Any, name: str) -> None:
    project.write("prompts/demo/errors/x", "")
    with pytest.raises(UserError, match="cannot be read") as caught:
        prompt(error_file_name=name)
    assert "error_file_name" in caught.value.hint


def test_the_same_input_gives_the_same_prompt_anywhere(
    project: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = prompt(context="x")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("PV_DATA_DIR", "/somewhere")
    assert prompt(context="x") == here
    assert str(project.root) not in here
