"""``pv`` as users start it: a process, its streams and its exit code."""

from __future__ import annotations

import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import personalvibe

pytestmark = pytest.mark.process

REPOSITORY = Path(__file__).resolve().parents[2]
QUICKSTART = REPOSITORY / "docs/examples/quickstart"
CASSETTE = REPOSITORY / "cassettes/quickstart.yaml"


def pv_command() -> list[str]:
    return [str(Path(sys.executable).with_name("pv"))]


def test_pv_and_python_m_are_the_same_command(pv_process: Any) -> None:
    installed = subprocess.run([*pv_command(), "--help"], capture_output=True, text=True)
    module, errors = pv_process("--help").communicate(timeout=60)
    assert installed.stdout == module
    assert installed.stdout.startswith("Usage: pv [OPTIONS] COMMAND")
    assert errors == ""


def test_the_version(pv: Any) -> None:
    assert pv("--version").out == f"pv, version {personalvibe.__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    heavy = ("litellm", "vcr", "libcst", "pytest", "yaml", "pydantic", "jinja2", "rich", "openai")
    for arguments in (["--help"], ["run", "--help"]):
        code = (
            "import sys\nfrom personalvibe.cli import main\n"
            f"main({arguments!r})\nprint([m for m in {heavy!r} if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.splitlines()[-1] == "[]"


def test_the_quickstart_needs_no_key_and_no_network(tmp_path: Path, pv_process: Any) -> None:
    """The recording matches wherever the project lies, so it holds no path and no time."""
    shutil.copytree(QUICKSTART, tmp_path / "copy", ignore=shutil.ignore_patterns("data", "logs"))
    closed = "http://127.0.0.1:9"  # whoever talks to the outside goes through here, and fails
    process = pv_process(
        *("run", "--config", "copy/prompts/quickstart/1.0.0.yaml"),
        *("--cassette", CASSETTE, "--record-mode", "none"),
        HTTPS_PROXY=closed,
        HTTP_PROXY=closed,
    )
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    [prompt] = (tmp_path / "copy/data/quickstart/prompt_inputs").iterdir()
    [reply] = (tmp_path / "copy/data/quickstart/prompt_outputs").iterdir()
    assert reply.read_text() == f"{out}### END PROMPT\n"
    assert "src/word_count.py" in prompt.read_text()
    assert re.fullmatch(
        rf"prompt  \S+{prompt.name} \([\d,]+ characters, 1 project file\)\n"
        rf"reply   \S+{reply.name} \([\d,]+ characters\)\n"
        r"model   openai/gpt-4o-mini: [\d,]+ tokens in, [\d,]+ out, USD 0\.\d{6}\n"
        r"log     \S+1\.0\.0_base\.log\n",
        err,
    )


def test_ctrl_c_while_waiting(project: Any, provider: Any, pv_process: Any) -> None:
    provider.answer.clear()
    process = pv_process("run", "--config", project.config("mode: prd\n"))
    assert provider.received.wait(60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err.split()) == ("", ["interrupted"])
    assert (len(project.prompts), project.replies, project.leftovers) == (1, [], [])


def test_a_full_disk(project: Any, provider: Any) -> None:
    """A limit on the size of files stands for the disk: the prompt does not fit."""
    done = subprocess.run(
        [*pv_command(), "run", "--config", project.config("mode: prd\n")],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)),
    )
    assert done.returncode == 2
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    assert re.fullmatch(r"error: cannot write data/demo/prompt_inputs/\S+: File too large", error)
    assert hint.startswith("hint: Free or repair that place")
    assert (provider.asked, project.prompts, project.leftovers) == ([], [], [])


def run_on_a_terminal(*command: str, cwd: Path, **environ: str) -> tuple[int, str]:
    """Exit code and everything shown, of a process whose stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "TERM": "xterm", **environ},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(60), shown.decode().replace("\r\n", "\n")


def test_a_note_does_not_stick_to_the_spinner(project: Any, provider: Any) -> None:
    provider.fails(429)
    provider.extra = {"retry-after": "0"}
    code, shown = run_on_a_terminal(
        *pv_command(), "run", "--config", project.config("mode: prd\n"), "--max-retries", "1",
        cwd=project.root, NO_COLOR="1",
    )  # fmt: skip
    assert code == 3, shown
    assert re.search(r"(?:\n|\x1b\[2K)note: openai asks to slow down", shown), shown


NASTY = "a\x1b]52;c;aGk=\x07b\x1b]0;t\x07\x9b31m\u202etxt.exe\u2066\rz\x7f\u2028 \u00e9\U0001f600"
HARMLESS = (
    r"a\x1b]52;c;aGk=\x07b\x1b]0;t\x07\x9b31m\u202etxt.exe\u2066\rz\x7f\u2028"
    " \u00e9\U0001f600"
)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_reply_on_a_terminal_does_not_control_it(
    project: Any, provider: Any, stream: bool
) -> None:
    """It streams, if nothing else is said. So for a file's name in a note, and a model's name."""
    project.write("code.txt", "src/\n")
    project.write("src/x\x1b]0;evil\x07\n.bin", b"\0")
    config = project.config("mode: prd\ncode_context_paths: [code.txt]\n")
    model = "openai/m\x1b[31m\u202e"
    provider.says(NASTY)
    pieces = [NASTY[:2], NASTY[2:]]
    deltas = [{"index": 0, "delta": {"role": "assistant", "content": piece}} for piece in pieces]
    if stream:
        provider.stream = [{"id": "1", "created": 1, "model": "m", "choices": [d]} for d in deltas]
    run = (*pv_command(), "run", "--config", config, "--model", model)
    options = [] if stream else ["--no-stream"]
    code, shown = run_on_a_terminal(*run, *options, cwd=project.root, NO_COLOR="1", COLUMNS="300")
    assert code == 0, shown
    assert provider.asked[0].get("stream", False) is stream
    assert r"waiting for openai/m\x1b[31m\u202e" in shown
    assert not re.search(r"\x1b\[[\d;]*[1-9][\d;]*m", shown), "colours in spite of NO_COLOR"
    spinner = r"\x1b\[(?:\?25[lh]|2K|1A)|\r"  # what rich moves its own line with
    assert HARMLESS in shown
    assert r"note: left out, binary: src/x\x1b]0;evil\x07\n.bin" in shown
    assert r"openai/m\x1b[31m\u202e" in shown
    rest = re.sub(spinner, "", shown)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", rest
    )


def test_errors_do_not_control_the_terminal_and_a_pipe_gets_all(
    project: Any, provider: Any, pv_process: Any
) -> None:
    name = "no\x1b]0;evil\x07\u202e.yaml"
    code, shown = run_on_a_terminal(*pv_command(), "run", "--config", name, cwd=project.root)
    assert code == 2
    assert shown.startswith(r"error: no\x1b]0;evil\x07\u202e.yaml: no such file")
    provider.says(NASTY)
    out, _ = pv_process("run", "--config", project.config()).communicate(timeout=60)
    assert out == f"{NASTY}\n".replace("\r", "\n")  # the test reads it with universal newlines
    _, err = pv_process("run", "--config", name).communicate(timeout=60)
    assert name in err


@pytest.mark.parametrize("closed", ["readers gone", "streams closed"])
def test_outputs_that_nobody_reads_cost_no_reply(project: Any, provider: Any, closed: str) -> None:
    delta = {"role": "assistant", "content": "Streamed."}
    choice = {"index": 0, "delta": delta, "finish_reason": "stop"}
    provider.stream = [{"id": "1", "created": 1, "model": "gpt-4o-mini", "choices": [choice]}]
    run = [*pv_command(), "run", "--stream", "--config", project.config("mode: prd\ntask: prd\n")]
    if closed == "readers gone":
        reading, writing = os.pipe()
        os.close(reading)
        code = subprocess.run(run, stdout=writing, stderr=writing).returncode
        os.close(writing)
    else:
        code = subprocess.run(["bash", "-c", '"$@" >&- 2>&- <&-', "-", *run]).returncode
    assert code == 0
    [reply] = project.replies
    assert reply.read_text() == "Streamed.\n### END PROMPT\n"


def test_a_reader_that_has_seen_enough(project: Any, provider: Any) -> None:
    provider.says("word " * 100_000)
    run = f"{pv_command()[0]} run --config {project.config()} --verbosity errors | head -c 4"
    script = f"set -o pipefail; {run}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "word", "")


def test_an_output_that_takes_nothing() -> None:
    run = [*pv_command(), "completion", "bash"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(run, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "error: [Errno 28] No space left on device"
    assert len(done.stderr.splitlines()) == 2
    closed = subprocess.run(["bash", "-c", f"{run[0]} --version >&-"], capture_output=True)
    assert (closed.returncode, closed.stderr) == (0, b"")


def test_a_terminal_that_cannot_show_the_reply(
    project: Any, provider: Any, pv_process: Any
) -> None:
    provider.says("\u2713 done")
    process = pv_process("run", "--config", project.config(), PYTHONIOENCODING="latin-1")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "\\u2713 done\n"), err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(pv: Any, shell: str) -> None:
    result = pv("completion", shell)
    assert result.code == 0
    assert f"_PV_COMPLETE={shell}_complete" in result.out


def test_completion_completes() -> None:
    environ = {
        **os.environ,
        "_PV_COMPLETE": "bash_complete",
        "COMP_WORDS": "pv pr",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(pv_command(), env=environ, capture_output=True, text=True)
    assert done.stdout.split() == ["plain,prd", "plain,prepare-bugfix", "plain,prepare-sprint"]


USAGE = {
    "no command": ([], 2, "Usage: pv [OPTIONS] COMMAND"),
    "unknown command": (["rum"], 2, "error: No such command 'rum'."),
    "unknown option": (["run", "--cofnig", "x"], 2, "error: No such option"),
    "no config": (["run"], 2, "error: Missing option '--config'"),
    "not a number": (["run", "--config", "x", "--max-tokens", "many"], 2, "error: Invalid value"),
    "no tokens": (["run", "--config", "x", "--max-tokens", "0"], 2, "error: Invalid value"),
    "unknown mode": (["run", "--config", "x", "--record-mode", "some"], 2, "error: Invalid value"),
    "missing file": (["run", "--config", "x.yaml"], 2, "error: x.yaml: no such file"),
    "a folder": (["run", "--config", "prompts"], 2, "error: prompts: is a folder"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), USAGE.values(), ids=USAGE)
def test_usage(project: Any, pv: Any, arguments: list[str], code: int, message: str) -> None:
    result = pv(*arguments)
    assert result.code == code
    assert result.err.startswith(message)
    assert "Traceback" not in result.err
    if arguments:
        assert result.err.splitlines()[1].startswith("hint: ")


def test_underscores_and_dashes_are_the_same(project: Any, pv: Any) -> None:
    config = project.config("mode: prd\n")
    for spelling in ("--prompt_only", "--prompt-only"):
        assert pv("run", "--config", config, spelling, "--max_tokens", "5").code == 0
    assert pv("new_milestone").code == 0
