"""``pv run`` against a provider on the loopback interface."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from personalvibe import llm_router, vibe_utils
from personalvibe.errors import PersonalvibeDeprecationWarning
from personalvibe.models import missing_keys

KEY = "sk-test-0123456789abcdef"


def test_from_config_to_saved_reply(project: Any, pv: Any, provider: Any) -> None:
    project.write("code.txt", "a.py\n")
    project.write("a.py", "x = 1\n")
    config = project.config(
        """\
mode: sprint
model: openai/gpt-4o
execution_details: Add one.
code_context_paths: [code.txt]
conversation_history:
  - {role: system, content: Be brief.}
  - {role: user, content: Hi}
  - {role: assistant, content: Hello}
"""
    )
    provider.says("<python>\nx = 2\n</python>")
    result = pv("run", "--config", config, "--max-tokens", "321")

    assert result.code == 0
    assert result.out == "<python>\nx = 2\n</python>\n"
    [request] = provider.asked
    assert request["model"] == "gpt-4o"
    assert 321 in (request.get("max_completion_tokens"), request.get("max_tokens"))
    assert "stream" not in request
    *history, last = request["messages"]
    assert history == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    assert last["role"] == "user"
    assert "Add one." in last["content"]
    assert "```python\nx = 1\n```" in last["content"]

    [prompt], [reply] = project.prompts, project.replies
    assert prompt.read_text() == last["content"] + "\n### END PROMPT\n"
    assert reply.read_text() == "<python>\nx = 2\n</python>\n### END PROMPT\n"
    assert prompt.stem.split("_")[-1] == reply.stem.split("_")[-2]
    assert result.err.splitlines() == [
        f"prompt  data/demo/prompt_inputs/{prompt.name} "
        f"({len(last['content']):,} characters, 1 project file)",
        f"reply   data/demo/prompt_outputs/{reply.name} (24 characters)",
        "model   openai/gpt-4o: 11 tokens in, 7 out, USD 0.000098",
        "log     logs/1.1.0_base.log",
    ]
    assert project.leftovers == []


def test_a_project_that_looks_like_a_misspelt_one_is_told(
    project: Any, pv: Any, provider: Any
) -> None:
    config = project.config("mode: sprint\nproject_name: dmo\n")
    first, second = pv("run", "--config", config), pv("run", "--config", config)
    assert first.code == second.code == 0
    assert "dmo is a new project; is it demo that is meant?" in first.err
    assert "is meant" not in second.err

    project.config("mode: sprint\nproject_name: elsewhere\n")
    assert "is meant" not in pv("run", "--config", config).err


def test_the_log(project: Any, pv: Any, provider: Any) -> None:
    config = project.config("mode: prd\nmilestone_file_name: x\n")
    pv("run", "--config", config)
    provider.fails(401, f"Incorrect API key provided: {KEY}.")
    pv("run", "--config", config)
    text = project.files("logs/1.1.0_base.log")[0].read_text()
    lines = text.splitlines()
    assert lines[0] == "RUN_ID=1.1.0_base"
    stamps = [line for line in lines if line.startswith("BEGIN-STAMP ")]
    assert len(stamps) == 2
    assert re.fullmatch(r"BEGIN-STAMP \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", stamps[0])
    assert "asking openai/gpt-4o-mini" in text
    assert "AuthenticationError" in text
    assert KEY not in text
    assert "Product requirements" not in text


def test_logging_is_left_as_it_was(project: Any, pv: Any, provider: Any) -> None:
    logger = logging.getLogger("personalvibe")
    before = (logger.level, logger.propagate, list(logger.handlers))
    pv("run", "--config", project.config("mode: prd"))
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_the_same_run_twice_stores_once_and_asks_twice(
    project: Any, pv: Any, provider: Any
) -> None:
    config = project.config("mode: prd\n")
    first, second = pv("run", "--config", config), pv("run", "--config", config)
    assert first == second
    assert (len(provider.asked), len(project.prompts), len(project.replies)) == (2, 1, 1)


def test_prompt_only_stores_and_asks_nobody(project: Any, pv: Any, provider: Any) -> None:
    for flag in ("--prompt-only", "--prompt_only"):
        result = pv("run", "--config", project.config("mode: prd\n"), flag)
        assert result.code == 0
        assert Path(result.out.strip()) == project.prompts[0].relative_to(project.root)
    assert (provider.asked, project.replies) == ([], [])


def test_json(project: Any, pv: Any, provider: Any) -> None:
    project.write("a b.txt", "a b.txt\n")
    config = project.config("mode: prd\nmodel: openai/gpt-4o\ncode_context_paths: [a b.txt]\n")
    stored = json.loads(pv("run", "--config", config, "--json", "--prompt-only").out)
    provider.says("Hel", finish_reason="length")
    printed = pv("run", "--config", config, "--json")
    asked = json.loads(printed.out)
    assert printed.err == "note: the reply was cut off at the token limit; raise --max-tokens\n"
    common = {
        "project": "demo",
        "version": "1.1.0",
        "mode": "prd",
        "prompt_file": f"data/demo/prompt_inputs/{project.prompts[0].name}",
        "context_files": 1,
        "log_file": "logs/1.1.0_base.log",
    }
    answer = {
        "run": asked["run"],
        "model": "openai/gpt-4o",
        "reply_file": f"data/demo/prompt_outputs/{project.replies[0].name}",
        "input_tokens": 11,
        "output_tokens": 7,
        "cost_usd": asked["cost_usd"],
        "complete": False,
        "reply": "Hel",
    }
    assert asked == common | answer
    assert stored == common | dict.fromkeys(answer)


@pytest.mark.parametrize("mode", ["prd", "milestone", "sprint", "bugfix", "validate"])
def test_a_command_for_every_mode(project: Any, pv: Any, mode: str) -> None:
    result = pv(mode, "--config", project.config("execution_details: Go.\n"), "--prompt-only")
    assert result.code == 0
    assert project.prompts[0].read_text().startswith(f"# demo 1.1.0: {mode}\n")


def test_pv_data_dir(project: Any, pv: Any, provider: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("PV_DATA_DIR", str(project.root / "work"))
    assert pv("run", "--config", project.config("mode: prd\n")).code == 0
    assert project.files("work/data/demo/prompt_outputs/*.md")
    assert project.files("work/logs/1.1.0_base.log")
    assert not project.files("data")


@pytest.mark.parametrize(
    ("configured", "given", "asked"),
    [
        ("", (), "gpt-4o-mini"),
        ("o3", (), "gpt-4o-mini"),
        ("openai/o3", (), "o3"),
        ("openai/gpt-4o", ("--model", "openai/gpt-4.1"), "gpt-4.1"),
    ],
)
def test_which_model_is_asked(
    project: Any, pv: Any, provider: Any, configured: str, given: tuple[str, ...], asked: str
) -> None:
    config = project.config(f"mode: prd\nmodel: '{configured}'\n")
    assert pv("run", "--config", config, *given).code == 0
    assert provider.asked[0]["model"] == asked


def test_verbosity(project: Any, pv: Any, provider: Any) -> None:
    config = project.config("mode: prd\nexecution_task: x\n")
    plain = pv("run", "--config", config)
    assert plain.err.startswith("note: prompts/demo/1.1.0.yaml:2: `execution_task` is ignored")
    assert "asking" not in plain.err
    assert "asking openai/gpt-4o-mini" in pv("run", "--config", config, "--verbosity=verbose").err
    quiet = pv("run", "--config", config, "--verbosity", "errors")
    assert (quiet.code, quiet.out, quiet.err) == (0, "Hello.\n", "")


def chunk(content: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {} if content is None else {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "delta": delta, "finish_reason": None, **more}],
    }


def test_streaming(project: Any, pv: Any, provider: Any) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    provider.stream = [
        chunk("Hel"),
        chunk("lo."),
        chunk(finish_reason="stop"),
        {**chunk(), "choices": [], "usage": usage},
    ]
    result = pv("run", "--config", project.config("mode: prd\n"), "--stream")
    assert (result.code, result.out) == (0, "Hello.\n")
    assert "5 tokens in, 2 out, USD 0.00000" in result.err
    assert provider.asked[0]["stream"] is True
    assert provider.asked[0]["stream_options"] == {"include_usage": True}
    assert project.replies[0].read_text() == "Hello.\n### END PROMPT\n"


def test_a_reply_that_was_cut_off_is_kept_and_told(project: Any, pv: Any, provider: Any) -> None:
    provider.says("Hel", finish_reason="length")
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert (result.code, result.out) == (0, "Hel\n")
    assert "note: the reply was cut off at the token limit; raise --max-tokens" in result.err


def test_a_reply_without_text(project: Any, pv: Any, provider: Any) -> None:
    provider.says("", finish_reason="length")
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert result.code == 3
    assert result.err.startswith("error: openai/gpt-4o-mini sent no text (finish reason: length)\n")
    assert project.replies == []


def test_half_an_emoji_in_a_reply(project: Any, pv: Any, provider: Any) -> None:
    provider.says("ok \ud83d")
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert result.code == 0
    assert "ok \\ud83d" in project.replies[0].read_text()


# --- what goes wrong ------------------------------------------------------------------------------

FAILURES = {
    400: (2, "openai rejects the request (400): It failed.", "Check --model"),
    401: (2, "openai refuses the API key (401): It failed.", "Set the key"),
    403: (2, "openai refuses access to openai/gpt-4o-mini (403): It failed.", "another"),
    404: (2, "openai does not know openai/gpt-4o-mini (404): It failed.", "pv models"),
    422: (2, "openai rejects the request (422): It failed.", "Check --model"),
    429: (3, "openai asks to slow down, or the quota is used up (429): It failed.", "Wait"),
    500: (3, "openai failed (500): It failed.", "run the same command again"),
    503: (3, "openai failed (503): It failed.", "run the same command again"),
}


@pytest.mark.parametrize("status", FAILURES)
def test_provider_failures(project: Any, pv: Any, provider: Any, status: int) -> None:
    provider.fails(status)
    result = pv("run", "--config", project.config("mode: prd\n"), "--max-retries", "0")
    code, message, hint = FAILURES[status]
    assert result.code == code
    assert result.out == ""
    error, remedy = result.err.splitlines()
    assert error == f"error: {message}"
    assert remedy.startswith("hint: ")
    assert hint in remedy
    assert len(provider.asked) == 1
    assert (len(project.prompts), project.replies, project.leftovers) == (1, [], [])


@pytest.mark.parametrize("model", ["openai/gpt-4o", "groq/llama-3.1-8b-instant"])
@pytest.mark.parametrize("status", [429, 500])
def test_max_retries(
    project: Any, pv: Any, provider: Any, monkeypatch: Any, model: str, status: int
) -> None:
    monkeypatch.setenv("GROQ_API_BASE", provider.url)
    monkeypatch.setenv("GROQ_API_KEY", "gsk_0123456789")
    monkeypatch.setattr(vibe_utils, "FIRST_DELAY", 0.01)
    provider.fails(status)
    run = ("run", "--config", project.config("mode: prd\n"), "--model", model)
    result = pv(*run, "--max-retries", "2")
    assert result.code == 3
    assert len(provider.asked) == 3
    notes = [line for line in result.err.splitlines() if line.startswith("note: ")]
    assert [note.rpartition("; ")[2] for note in notes] == ["trying again in 0.0 s"] * 2


def test_a_retry_that_succeeds(project: Any, pv: Any, provider: Any, monkeypatch: Any) -> None:
    def recover(seconds: float) -> None:
        waited.append(seconds)
        provider.status, provider.extra = 200, {}
        provider.says("Here I am.")

    waited: list[float] = []
    monkeypatch.setattr("time.sleep", recover)
    provider.fails(429)
    provider.extra = {"retry-after": "7"}
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert (result.code, result.out, waited) == (0, "Here I am.\n", [7.0])
    assert "note: openai asks to slow down" in result.err


@pytest.mark.parametrize("status", [400, 401, 404])
def test_no_retry_where_it_is_of_no_use(project: Any, pv: Any, provider: Any, status: int) -> None:
    provider.fails(status)
    assert pv("run", "--config", project.config("mode: prd\n")).code == 2
    assert len(provider.asked) == 1


def test_a_key_in_the_providers_words_is_not_shown(project: Any, pv: Any, provider: Any) -> None:
    provider.fails(401, f"Incorrect API key provided: {KEY}. Or sk-proj-ab***********yz?")
    result = pv("run", "--config", project.config("mode: prd\n"), "--verbosity", "verbose")
    assert "Incorrect API key provided: ***" in result.err
    assert "Traceback" not in result.err
    assert "Traceback" in project.files("logs/*")[0].read_text()
    assert "sk-" not in result.err
    assert "sk-" not in project.files("logs/*")[0].read_text()


def test_an_html_page_instead_of_json(project: Any, pv: Any, provider: Any) -> None:
    provider.status, provider.reply = 502, b"<html>Bad gateway</html>"
    result = pv("run", "--config", project.config("mode: prd\n"), "--max-retries", "0")
    assert result.code == 3
    assert result.err.startswith("error: openai failed (502): ")


def test_a_provider_that_does_not_answer(project: Any, pv: Any, provider: Any) -> None:
    provider.answer.clear()
    result = pv(
        *("run", "--config", project.config("mode: prd\n")),
        *("--max-retries", "0", "--timeout", "0.2"),
    )
    provider.answer.set()
    assert result.code == 3
    assert result.err.splitlines() == [
        "error: openai did not answer in time (openai/gpt-4o-mini)",
        "hint: Run the same command again, or give it longer with --timeout SECONDS.",
    ]


def test_a_host_that_refuses(project: Any, pv: Any, provider: Any, monkeypatch: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    result = pv("run", "--config", project.config("mode: prd\n"), "--max-retries", "0")
    assert result.code == 3
    assert result.err.splitlines()[0] == "error: cannot reach openai: Connection refused"
    assert (len(project.prompts), project.replies) == (1, [])


@pytest.mark.parametrize(
    ("model", "base", "hint"),
    [
        ("my-custom-llm/sharp_gemma3_12b_128k", "SHARP_API_BASE", "(SHARP_API_BASE)."),
        ("mistral/mistral-small", "MISTRAL_AZURE_API_BASE", "MISTRAL_API_KEY is not set, too."),
    ],
)
def test_a_host_that_refuses_is_named_by_its_variable(
    project: Any, pv: Any, monkeypatch: Any, model: str, base: str, hint: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("SHARP_USER_NAME", "ann")
    monkeypatch.setenv("SHARP_USER_SECRET", "s3cr3t-0f-the-user")
    monkeypatch.setenv(base, f"http://127.0.0.1:{port}")
    config = project.config("mode: prd\n")
    result = pv("run", "--config", config, "--model", model, "--max-retries", "0")
    assert result.code == 3
    error, remedy = result.err.splitlines()
    assert error.startswith(f"error: cannot reach {model.partition('/')[0]}: ")
    assert f"({base})" in remedy
    assert remedy.endswith(hint)


def test_an_address_that_is_not_set_is_not_made_up(
    project: Any, pv: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    for name in ("SHARP_API_BASE", "SHARP_USER_NAME", "SHARP_USER_SECRET"):
        monkeypatch.delenv(name, raising=False)
    cassette = tmp_path / "c.yaml"
    cassette.write_text("version: 2\ninteractions: []\n...\n")
    model = ("--model", "my-custom-llm/sharp_gemma3_12b_128k")
    replay = ("--cassette", str(cassette), "--record-mode", "none")
    result = pv("run", "--config", project.config("mode: prd\n"), *model, *replay)
    assert result.code == 2
    assert result.err.splitlines()[0].endswith("SHARP_API_BASE is not set")


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        ("openai/gpt-4o", "OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("groq/llama-3.1-8b-instant", "GROQ_API_KEY"),
        ("azure/my-deployment", "AZURE_API_BASE"),
        ("my-custom-llm/sharp_gemma3_12b_128k", "SHARP_USER_SECRET"),
    ],
)
def test_no_key(
    project: Any, pv: Any, provider: Any, monkeypatch: Any, model: str, variable: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("AZURE_API_KEY", "a-key-without-an-address")
    monkeypatch.setenv("GROQ_API_BASE", provider.url)  # LiteLLM asks groq even without a key
    provider.fails(401, "Invalid API Key")
    result = pv("run", "--config", project.config("mode: prd\n"), "--model", model)
    assert result.code == 2
    assert result.err.startswith(f"error: no API key for {model.split('/')[0]}: {variable}")
    assert f"hint: Run `export {variable}=...` first" in result.err
    assert len(project.prompts) == 1


def test_an_unknown_provider(project: Any, pv: Any) -> None:
    result = pv("run", "--config", project.config("mode: prd\n"), "--model", "nobody/nothing")
    assert result.code == 2
    assert result.err.startswith("error: unknown provider `nobody` in the model nobody/nothing\n")


def test_a_context_path_that_cannot_be_read(project: Any, pv: Any, provider: Any) -> None:
    config = project.config("mode: prd\ncode_context_paths: [gone.txt]\n")
    result = pv("run", "--config", config)
    assert result.code == 2
    error, hint = result.err.splitlines()
    assert error == "error: context file gone.txt: no such file"
    assert hint.startswith("hint: Context paths start at")
    assert (provider.asked, project.prompts) == ([], [])


def test_a_bad_model_string(project: Any, pv: Any, provider: Any) -> None:
    result = pv("run", "--config", project.config("mode: prd\n"), "--model", "gpt-4o")
    assert result.code == 2
    assert "error: --model: model 'gpt-4o' is not <provider>/<name>" in result.err
    assert "openai/gpt-4o" in result.err
    assert (provider.asked, project.prompts, project.files("logs")) == ([], [], [])


@pytest.mark.parametrize("blocked", ["data", "data/demo/prompt_inputs", "logs"])
def test_a_workspace_that_cannot_be_written(
    project: Any, pv: Any, provider: Any, blocked: str
) -> None:
    project.write(blocked, "a file in place of the folder")
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert result.code == 2
    error, hint = result.err.splitlines()
    assert error.startswith(f"error: cannot write {blocked}")
    assert "PV_DATA_DIR" in hint
    assert provider.asked == []


def test_a_reply_that_cannot_be_stored_is_printed(project: Any, pv: Any, provider: Any) -> None:
    project.write("data/demo/prompt_outputs", "a file in place of the folder")
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert result.code == 2
    assert result.out == "Hello.\n"
    assert result.err.startswith("error: cannot write data/demo/prompt_outputs")


def test_a_bug_leaves_a_traceback_in_a_named_file(
    project: Any, pv: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("personalvibe.run_pipeline.build_prompt", lambda *_: 1 / 0 if KEY else None)
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert result.code == 4
    error, hint = result.err.splitlines()
    assert error == "error: a bug in pv: ZeroDivisionError: division by zero"
    text = Path(hint.removeprefix("hint: The traceback is in ")).read_text()
    assert "ZeroDivisionError" in text
    assert KEY not in text


# --- the helpers that users import ----------------------------------------------------------------


def test_get_vibed_is_the_text_and_more(project: Any, monkeypatch: Any) -> None:
    seen: dict[str, Any] = {}

    def router(**options: Any) -> Any:
        seen.update(options)
        return {"choices": [{"message": {"content": "Hi."}}]}

    monkeypatch.setattr(llm_router, "chat_completion", router)
    reply = vibe_utils.get_vibed(
        "Hello",
        model="o3",
        max_completion_tokens=9,
        workspace=project.root / "w",
        conversation_history=[{"role": "user", "content": "a"}],
    )
    assert reply == "Hi."
    assert isinstance(reply, str)
    assert seen == {
        "model": "openai/gpt-4o-mini",
        "max_completion_tokens": 9,
        "max_retries": 0,
        "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "Hello"}],
    }
    assert reply.file.parent == project.root / "w/data/demo/prompt_outputs"
    assert (reply.input_tokens, reply.cost_usd, reply.complete) == (None, None, True)


def test_a_foreign_exception_is_not_explained_away(project: Any, monkeypatch: Any) -> None:
    def router(**_: Any) -> Any:
        raise KeyError("a bug")

    monkeypatch.setattr(llm_router, "chat_completion", router)
    with pytest.raises(KeyError):
        vibe_utils.get_vibed("Hello")


def test_helpers_of_openai_are_deprecated(project: Any, provider: Any) -> None:
    with pytest.warns(PersonalvibeDeprecationWarning, match=r"client .* removed in 5\.0"):
        client = vibe_utils.client
    reply = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}]
    )
    assert reply.choices[0].message.content == "Hello."
    with pytest.warns(PersonalvibeDeprecationWarning, match=r"num_tokens .* removed in 5\.0"):
        assert vibe_utils.num_tokens("hello world") == 2
    with pytest.raises(AttributeError):
        _ = vibe_utils.nothing


def test_helpers_for_stage_scripts(project: Any, monkeypatch: Any) -> None:
    project.write("code.txt", "code.txt")
    assert vibe_utils.get_base_path() == project.root
    assert vibe_utils.detect_project_name() == "demo"
    assert "#### Start of code.txt" in vibe_utils.get_context(["code.txt"])
    monkeypatch.setenv("PV_DATA_DIR", str(project.root / "w"))
    assert vibe_utils.get_workspace_root() == project.root / "w"
    assert vibe_utils.get_data_dir("demo").is_dir()


# --- pv models ------------------------------------------------------------------------------------


def test_models_lists_what_the_keys_reach(project: Any, pv: Any, monkeypatch: Any) -> None:
    nothing = pv("models")
    assert nothing.code == 0
    assert nothing.out.splitlines() == [
        "openai/gpt-4o-mini  (the default)",
        "o3  (an alias of openai/gpt-4o-mini)",
    ]
    assert "no provider's key is set" in nothing.err
    for name in ("GROQ_API_KEY", "AZURE_API_KEY", "AZURE_API_BASE", "AZURE_API_VERSION"):
        monkeypatch.setenv(name, "x" * 12)
    for name in ("SHARP_USER_SECRET", "SHARP_USER_NAME", "SHARP_API_BASE"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GEMINI_API_KEY", "x" * 12)
    listed = pv("models").out.splitlines()
    providers = {line.split("/")[0] for line in listed[2:]}
    assert providers == {"groq", "azure", "gemini", "my-custom-llm"}
    assert "my-custom-llm/sharp_gemma3_12b_128k" in listed
    assert "azure/<name>" in listed
    assert "gemini/gemini-2.5-pro" in listed
    assert not any("whisper" in line for line in listed)
    assert all("llama" in line for line in pv("models", "llama").out.splitlines()[2:])


def test_models_that_nothing_matches(project: Any, pv: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "x" * 12)
    nothing = pv("models", "llamma")
    assert (nothing.code, nothing.out) == (2, "")
    assert nothing.err.splitlines() == [
        "error: no model that works now has 'llamma' in its name",
        "hint: `pv models` lists what works now.",
    ]
    locked = pv("models", "anthropic/claude-sonnet-4-5")
    assert locked.code == 2
    hint = locked.err.splitlines()[1]
    assert hint.startswith("hint: anthropic/claude-sonnet-4-5 needs ANTHROPIC_API_KEY.")


def test_models_as_json(project: Any, pv: Any, monkeypatch: Any) -> None:
    for name in ("GROQ_API_KEY", "AZURE_API_KEY", "AZURE_API_BASE", "AZURE_API_VERSION"):
        monkeypatch.setenv(name, "x" * 12)
    whole, some = (json.loads(pv("models", *text, "--json").out) for text in ((), ("llama",)))
    assert whole["default"] == "openai/gpt-4o-mini"
    assert whole["aliases"] == {"o3": "openai/gpt-4o-mini"}
    assert [provider["name"] for provider in whole["providers"]] == ["azure", "groq"]
    assert whole["providers"][0]["models"] == []
    [groq] = some["providers"]
    assert groq["models"]
    assert all("llama" in model for model in groq["models"])


def test_models_neither_signs_in_nor_asks_the_network(
    project: Any, pv: Any, monkeypatch: Any
) -> None:
    asked: list[Any] = []

    def connect(_: Any, address: Any) -> None:
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: connect(None, address))
    assert pv("models").code == 0
    assert missing_keys("github_copilot/gpt-4o") == ()
    assert asked == []


def test_missing_keys_names_them(monkeypatch: Any) -> None:
    assert missing_keys("mistral/mistral-small") == ("MISTRAL_API_KEY",)
    monkeypatch.setenv("MISTRAL_API_KEY", "x")
    assert missing_keys("mistral/mistral-small") == ()
    assert missing_keys("nobody/nothing") == ()


# --- recorded runs --------------------------------------------------------------------------------


def test_record_and_replay_a_run(
    project: Any, pv: Any, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ("run", "--config", project.config("mode: prd\n"), "--cassette", "run.yaml")
    provider.says("Recorded.")
    assert pv(*run).out == "Recorded.\n"
    assert KEY not in project.files("run.yaml")[0].read_text()
    provider.says("Live.")
    assert pv(*run, "--record-mode", "none").out == "Recorded.\n"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert pv(*run).out == "Recorded.\n"
    assert pv(*run, "--record_mode", "none").out == "Recorded.\n"
    assert len(provider.asked) == 1


def test_new_episodes_needs_no_key_when_all_is_recorded(
    project: Any, pv: Any, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project.config("mode: prd\n")
    run = ("run", "--config", config, "--cassette", "run.yaml", "--record-mode", "new_episodes")
    provider.says("Recorded.")
    assert pv(*run).code == 0
    monkeypatch.delenv("OPENAI_API_KEY")
    assert pv(*run).out == "Recorded.\n"
    project.config("mode: prd\nexecution_details: Something else.\n")
    refused = pv(*run)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("error: no API key for openai: OPENAI_API_KEY is not set\n")
    assert len(provider.asked) == 1
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert pv(*run).code == 0
    assert len(provider.asked) == 2


@pytest.mark.parametrize("mode", ["new-episodes", "New_Episodes", "newepisodes"])
def test_a_mode_has_one_spelling(project: Any, pv: Any, mode: str) -> None:
    run = ("run", "--config", project.config("mode: prd\n"), "--cassette", "run.yaml")
    refused = pv(*run, "--record-mode", mode)
    assert refused.code == 2
    modes = "'none', 'once', 'new_episodes', 'all', 'rewrite'"
    assert f"{mode!r} is not one of {modes}." in refused.err


def test_record_from_the_stand_in(project: Any, pv: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody answers there
    run = ("run", "--config", project.config("mode: prd\n"), "--cassette", "run.yaml")
    recorded = pv(*run, "--stand-in", "--record-mode", "rewrite")
    assert recorded.code == 0, recorded.err
    assert "stand-in" in recorded.out
    assert "api.openai.com" in project.files("run.yaml")[0].read_text()
    assert pv(*run, "--record-mode", "none") == recorded


def test_a_request_that_was_not_recorded(project: Any, pv: Any) -> None:
    run = ("run", "--config", project.config("mode: prd\n"), "--cassette", "run.yaml")
    assert pv(*run, "--stand-in").code == 0
    project.config("mode: prd\nexecution_details: Something else.\n")
    result = pv(*run, "--record-mode", "none")
    assert result.code == 2
    lines = result.err.splitlines()
    assert lines[0].startswith("error: No recording answers this request: POST https://api.openai")
    assert "messages[0].content" in result.err
    assert "Something else." in result.err
    assert lines[-1].startswith("hint: If the change is meant, record again")
    assert len(project.replies) == 1


def test_a_reply_whose_recording_is_refused_is_printed(
    project: Any, pv: Any, provider: Any
) -> None:
    secret = "q8Zt3LmN7xRb2VwK"
    provider.reply["vendor_token_blob"] = secret
    result = pv("run", "--config", project.config("mode: prd\n"), "--cassette", "run.yaml")
    assert result.code == 2
    assert result.out == "Hello.\n"
    assert "run.yaml" in result.err
    assert secret not in result.err
    assert not (project.root / "run.yaml").exists()


def test_cassettes_that_cannot_be_used(project: Any, pv: Any) -> None:
    config = project.config("mode: prd\n")
    run = ("run", "--config", config, "--record-mode", "none", "--cassette")
    missing = pv(*run, "gone.yaml")
    assert missing.code == 2
    assert missing.err.splitlines()[0] == "error: cassette gone.yaml: no such file"
    assert pv(*run, "prompts").code == 2
    project.write("broken.yaml", "interactions: [")
    broken = pv(*run, "broken.yaml")
    assert broken.code == 2
    assert "broken.yaml" in broken.err.splitlines()[0]
    assert project.files("broken.yaml")[0].read_text() == "interactions: ["


@pytest.mark.parametrize("flag", [("--record-mode", "none"), ("--stand-in",)])
def test_recording_needs_a_cassette(project: Any, pv: Any, flag: tuple[str, ...]) -> None:
    result = pv("run", "--config", project.config("mode: prd\n"), *flag)
    assert result.code == 2
    assert result.err.splitlines() == [
        f"error: {flag[0]} needs --cassette FILE.",
        "hint: pv run --help",
    ]


def test_the_environment_is_as_before(project: Any, pv: Any) -> None:
    run = ("run", "--config", project.config("mode: prd\n"), "--cassette", "run.yaml")
    before = dict(os.environ)
    pv(*run, "--stand-in")
    assert {**os.environ, "PYTEST_CURRENT_TEST": ""} == {**before, "PYTEST_CURRENT_TEST": ""}
