"""YAML -> ConfigModel: what loads, and what every mistake is answered with."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from personalvibe import yaml_source
from personalvibe.config import MODES, ConfigModel, load_config
from personalvibe.errors import UserError


def refused(path: str, **options: Any) -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        load_config(path, **options)
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 2
    return caught.value.message, caught.value.hint


def test_a_full_config(project: Any) -> None:
    path = project.config(
        """\
project_name: other
mode: bugfix
model: anthropic/claude-sonnet-4-5
execution_details: |
  It crashes.
code_context_paths:
  - code.txt
conversation_history:
  - role: user
    content: Hi
  - {role: assistant, content: Hello}
error_file_name: 1.1.0.md
""",
        version="1.2.3",
    )
    config = load_config(path)
    assert config.version == "1.2.3"
    assert config.project_name == "other"
    assert config.mode == "bugfix"
    assert config.model == "anthropic/claude-sonnet-4-5"
    assert config.execution_details == "It crashes.\n"
    assert config.code_context_paths == ["code.txt"]
    assert [turn.role for turn in config.conversation_history] == ["user", "assistant"]
    assert config.error_file_name == "1.1.0.md"


def test_only_the_mode_is_needed(project: Any) -> None:
    config = load_config(project.config("mode: prd\n"))
    assert config == ConfigModel(version="1.1.0", project_name="demo", mode="prd")
    assert config.model == ""


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_loads(project: Any, mode: str) -> None:
    assert load_config(project.config(f"mode: {mode}")).mode == mode


def test_the_later_spelling_loads(project: Any) -> None:
    path = project.config("task: sprint\nuser_instructions: Go.\nproject_context_paths: [a.txt]\n")
    config = load_config(path)
    assert (config.mode, config.execution_details) == ("sprint", "Go.")
    assert config.code_context_paths == ["a.txt"]


def test_two_spellings_of_one_field_must_agree(project: Any) -> None:
    assert load_config(project.config("mode: sprint\ntask: sprint\n")).mode == "sprint"
    message, hint = refused(project.config("mode: sprint\ntask: prd\n"))
    assert message == (
        "prompts/demo/1.1.0.yaml:2: `task` and `mode` are two spellings of one field, "
        "with different values"
    )
    assert hint == "Keep one of them."


def test_empty_values_mean_the_default(project: Any) -> None:
    config = load_config(project.config("mode: prd\nmodel:\ncode_context_paths:\n"))
    assert (config.model, config.code_context_paths) == ("", [])


@pytest.mark.parametrize("key", ["milestone_file_name", "execution_task", "version"])
def test_legacy_keys_are_ignored_with_a_note(
    project: Any, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        load_config(project.config(f"mode: prd\n{key}: 1.0.0.md\n"))
    assert f"prompts/demo/1.1.0.yaml:2: `{key}` is ignored" in caplog.text


@pytest.mark.parametrize("model", ["o3", "openai/o3", "openrouter/meta/llama-3", ""])
def test_models_that_load(project: Any, model: str) -> None:
    assert load_config(project.config(f"mode: prd\nmodel: '{model}'\n")).model == model


def test_the_command_line_may_give_the_mode(project: Any) -> None:
    assert load_config(project.config("model: ''\n"), mode="prd").mode == "prd"
    message, hint = refused(project.config("mode: sprint\n"), mode="prd")
    assert message == "prompts/demo/1.1.0.yaml:1: the mode is sprint, the command prd"
    assert "pv sprint" in hint


MISTAKES = {
    "unknown key": ("mode: prd\nmodell: x\n", 2, "unknown key `modell`", "Did you mean `model`?"),
    "unknown key, nothing near": ("mode: prd\nzzz: 1\n", 2, "unknown key `zzz`", "Known keys:"),
    "unknown mode": ("\nmode: sprnt\n", 2, "`mode` is 'sprnt'", "Did you mean sprint?"),
    "unknown task": ("task: naked\n", 1, "`task` is 'naked'", "Choose one of prd, milestone"),
    "bare model": (
        "mode: prd\nmodel: gpt-4o\n", 2, "'gpt-4o' is not <provider>/<name>", "docs/cli.md",
    ),
    "text is a list": (
        "mode: prd\nexecution_details: [a]\n", 2, "must be text, not a list", "quotes",
    ),
    "text is a number": ("mode: prd\nproject_name: 3\n", 2, "must be text, not a number", "quotes"),
    "text is a date": (
        "mode: prd\nexecution_details: 2026-01-01\n", 2, "must be text, not date", "quotes",
    ),
    "list is text": (
        "mode: prd\ncode_context_paths: a.txt\n", 2, "must be a list, not 'a.txt'", "`- `",
    ),
    "item is a mapping": (
        "mode: prd\ncode_context_paths:\n  - a.txt\n  - b: c\n", 4,
        "`code_context_paths.2` must be text, not a mapping", "quotes",
    ),
    "empty item": ("mode: prd\ncode_context_paths: ['']\n", 2, "is empty", "delete the line"),
    "unknown role": (
        "mode: prd\nconversation_history:\n- content: hi\n  role: asistant\n", 4,
        "`conversation_history.1.role` is 'asistant'", "Did you mean assistant?",
    ),
    "role missing": (
        "mode: prd\nconversation_history:\n- content: hi\n", 3,
        "`conversation_history.1.role` is missing", "Add a line",
    ),
    "turn is text": ("mode: prd\nconversation_history: [hi]\n", 2, "a role and a content", "docs"),
    "turn has more": (
        "mode: prd\nconversation_history:\n- role: user\n  content: a\n  name: b\n", 5,
        "unknown key `conversation_history.1.name`", "role, content",
    ),
    "project name is a path": ("mode: prd\nproject_name: ../x\n", 2, "not a folder name", "docs"),
    "error file outside": ("mode: prd\nerror_file_name: ../../x\n", 2, "leaves prompts", "docs"),
    "a tab": ("mode: prd\nconversation_history:\n\t- role: user\n", 3, "a tab is used", "spaces"),
    "a colon in a text": ("mode: prd\nexecution_details: a: b\n", 2, "not valid YAML", "quotes"),
    "an open quote": ("mode: prd\nmodel: 'a\n", 2, "a quote opens here", "Close it"),
    "the same key twice": ("mode: prd\nmode: sprint\n", 2, "second time", "Delete one"),
    "two documents": ("mode: prd\n---\nmode: prd\n", 2, "a second document", "Delete the `---`"),
    "a list of lines": ("- mode: prd\n", 1, "not a list", "mode: sprint"),
    "one word": ("sprint\n", 1, "not a single value", "mode: sprint"),
    "a number as key": ("mode: prd\n3: x\n", 2, "a key must be a word", "quotes"),
    "a python object": (
        "mode: prd\nmodel: !!python/object/apply:os.getpid []\n", 2, "is not allowed", "plain",
    ),
    "a custom tag": ("mode: prd\nmodel: !secret x\n", 2, "the tag !secret is not", "plain value"),
    "an unknown alias": ("mode: prd\nmodel: *x\n", 2, "undefined alias", "quotes"),
    "an endless alias": (
        "mode: prd\ncode_context_paths: &a\n- *a\n", 2, "expand without end", "Write the values",
    ),
    "a lone surrogate": ('mode: prd\nmodel: "\\ud800"\n', 2, "half a character", "emoji"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(project: Any, text: str, line: int, message: str, hint: str) -> None:
    said, remedy = refused(project.config(text))
    assert said.startswith(f"prompts/demo/1.1.0.yaml:{line}: "), said
    assert message in said
    assert hint in remedy


def test_no_mode(project: Any) -> None:
    message, hint = refused(project.config("model: o3\n"))
    assert message == "prompts/demo/1.1.0.yaml: `mode` is missing"
    assert "mode:" in hint


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", "---\n", "\ufeff"])
def test_an_empty_file(project: Any, text: str) -> None:
    message, hint = refused(project.config(text))
    assert "is empty" in message
    assert "pv prepare-sprint" in hint


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"mode: prd\nmodel: caf\xe9\n", ":2: not UTF-8 text (byte 0xe9)"),
        (b"mode: prd\nmodel: \xed\xa0\x80\n", ":2: half a character"),
        ("mode: prd\n".encode("utf-16"), ":1: not UTF-8 text"),
        (b"mode: prd\nmodel: \xef\xbf\xbf\n", ":2: a character that YAML forbids (U+FFFF)"),
        (b"mode: prd\nexecution_details: " + b"x" * 1_000_001, "larger than 1,000,000 bytes"),
        (b"mode: prd\nmodel: " + b"[" * 5_000, "nested too deeply"),
    ],
)
def test_bytes_that_are_refused(project: Any, raw: bytes, message: str) -> None:
    assert message in refused(project.config(raw))[0]


def test_an_alias_bomb_is_refused_before_it_is_built(project: Any) -> None:
    lines = ["mode: prd", "a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "more than 20,000 values" in refused(project.config("\n".join(lines)))[0]


def test_honest_aliases_load(project: Any) -> None:
    path = project.config("mode: &m prd\nexecution_details: *m\n")
    assert load_config(path).execution_details == "prd"


def test_control_characters_are_dropped(project: Any) -> None:
    path = project.config('mode: prd\nexecution_details: "a\x07\\eb"\nmodel: o\x003\x7f\n')
    config = load_config(path)
    assert (config.execution_details, config.model) == ("ab", "o3")


def test_missing_file_folder_and_device(project: Any) -> None:
    project.config()
    message, hint = refused("prompts/demo/1.1.yaml")
    assert message == "prompts/demo/1.1.yaml: no such file"
    assert hint == "Did you mean prompts/demo/1.1.0.yaml?"
    assert "no such file" in refused("nowhere/1.1.0.yaml")[0]
    assert "no such file" in refused("prompts/demo/1.1.0.yaml/x.yaml")[0]
    assert refused("prompts/demo")[0] == "prompts/demo: is a folder"
    assert "is not a regular file" in refused("/dev/zero")[0]
    assert "cannot be read" in refused("a" * 300)[0]


def test_the_project_is_the_folder_of_the_config(project: Any) -> None:
    project.config()
    path = project.write("prompts/second/configs/1.1.0.yaml", "mode: prd\n")
    assert load_config(path).project_name == "second"


def test_the_project_is_the_only_one(project: Any) -> None:
    assert load_config(project.write("1.0.0.yaml", "mode: prd\n")).project_name == "demo"
    project.write("prompts/second/x", "")
    message, hint = refused("1.0.0.yaml")
    assert message == "prompts holds several projects: demo, second"
    assert "project_name: demo" in hint


def test_no_project_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "1.0.0.yaml").write_text("mode: prd\n")
    message, hint = refused("1.0.0.yaml")
    assert "no project found" in message
    assert "project_name:" in hint


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@given(details=texts, paths=st.lists(texts.filter(bool), max_size=4), mode=st.sampled_from(MODES))
def test_what_yaml_can_say_comes_through(details: str, paths: list[str], mode: str) -> None:
    values = {"mode": mode, "execution_details": details, "code_context_paths": paths}
    text = yaml.safe_dump(values, allow_unicode=True)
    document = yaml_source.parse(text, origin="x.yaml")
    config = ConfigModel(version="1.0.0", project_name="demo", **document.values)
    assert config.execution_details == details
    assert config.code_context_paths == paths


@given(st.one_of(st.text(max_size=200), st.text("-:[]{}&*!|>'\"#%@, \n\tab", max_size=60)))
def test_no_text_gets_past_the_error_boundary(text: str) -> None:
    found = parsed(text)
    if isinstance(found, UserError):
        assert re.match(r"x\.yaml(:\d+)?: ", found.message)
        assert found.hint
    else:
        assert all(isinstance(key, str) for key in found.values)


def parsed(text: str) -> yaml_source.Document | UserError:
    try:
        return yaml_source.parse(text, origin="x.yaml")
    except UserError as error:
        return error


def test_configs_are_frozen() -> None:
    config = ConfigModel(version="1.0.0", project_name="demo", mode="prd")
    with pytest.raises(ValueError, match="frozen"):
        config.mode = "sprint"  # type: ignore[misc]


def test_the_documentation_names_every_key() -> None:
    text = (Path(__file__).parents[2] / "docs/cli.md").read_text("utf-8")
    documented: Callable[[str], bool] = lambda key: f"`{key}`" in text  # noqa: E731
    assert [key for key in ConfigModel.model_fields if not documented(key)] == []
