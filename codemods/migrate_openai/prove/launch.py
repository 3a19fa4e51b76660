"""Run a command in the scratch copy with the hook injected, and read what it sent."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from codemods.migrate_openai.prove.model import Frame, Run, SentRequest
from codemods.migrate_openai.prove.scratch import GROUP, MARK, Scratch

_OUTPUT_LIMIT = 4 * 2**20
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "HF_HUB_OFFLINE": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "ANONYMIZED_TELEMETRY": "False",
}
# A port on which nothing can listen, for programs that no hook reaches.
_NOWHERE = "http://127.0.0.1:9"


def run(
    command: Sequence[str],
    place: Scratch,
    folder: Path,
    *,
    stand_in: str,
    timeout: float,
    python: Path | None = None,
    skip: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Execute ``command`` in ``folder``, a path in the copy, for ``timeout`` seconds at most.

    ``python``: an interpreter whose folder goes first in PATH, and that stands for the command's
    own when the command begins with one. ``skip``: files of the copy that are libraries, not
    places of calls.
    """
    log = place.home / "requests.jsonl"
    log.unlink(missing_ok=True)
    settings = {
        "origin": str(place.origin),
        "root": str(place.root),
        "stand_in": stand_in,
        "log": str(log),
        "skip": sorted(skip),
    }
    (place.hook / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    env = _environment(place, environment if environment is not None else os.environ, python)
    env[MARK] = place.home.name
    argv = _with_python(command, python, env)
    code, output, errors = _execute(argv, folder, env, timeout, place.home / GROUP)
    run = _read(log)
    shorten = _Shortener(place, stand_in)
    tests = {test: shorten(said) for test, said in run.tests.items()}
    return replace(run, exit_code=code, tests=tests, output=shorten(output), errors=shorten(errors))


def interpreter(program: str) -> str:
    """The Python that runs a program: itself, or the one that its first line names; or empty."""
    found = shutil.which(program)
    if found is None or Path(program).name.startswith("python"):
        return program if Path(program).name.startswith("python") else ""
    with Path(found).open("rb") as file:
        line = file.readline(512)
    named = line[2:].strip().decode("utf-8", "replace") if line.startswith(b"#!") else ""
    return named if Path(named).name.startswith("python") else ""


class _Shortener:
    """Takes what belongs to this proof alone out of a text."""

    def __init__(self, place: Scratch, stand_in: str) -> None:
        self._pairs = ((str(place.root), str(place.origin)), (stand_in, "http://stand-in"))

    def __call__(self, text: str) -> str:
        for old, new in self._pairs:
            text = text.replace(old, new)
        return text


def _environment(place: Scratch, given: Mapping[str, str], python: Path | None) -> dict[str, str]:
    env = {**given, **_QUIET, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    env.setdefault("OPENAI_API_KEY", "sk-stand-in")
    env.pop("PYTEST_CURRENT_TEST", None)  # of a test that runs the proof
    paths = [str(place.hook)]
    for entry in given.get("PYTHONPATH", "").split(os.pathsep):
        if entry:
            paths.append(_moved(entry, place))
    env["PYTHONPATH"] = os.pathsep.join(paths)
    plugins = [p for p in given.get("PYTEST_PLUGINS", "").split(",") if p]
    env["PYTEST_PLUGINS"] = ",".join([*plugins, "migrate_proof_pytest"])
    env["PWD"] = _moved(given.get("PWD", ""), place)
    env |= _home(place, given)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        env[name] = env[name.lower()] = _NOWHERE
    env["NO_PROXY"] = env["no_proxy"] = "127.0.0.1,localhost,::1"
    if python is not None:
        env["PATH"] = os.pathsep.join([str(python.parent), given.get("PATH", "")])
        env.pop("PYTHONHOME", None)
    return env


def _home(place: Scratch, given: Mapping[str, str]) -> dict[str, str]:
    """An empty home for every run: no cache of the one before, and nothing left in the user's."""
    home = place.home / "user"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    real = Path(given.get("HOME") or Path.home())
    kept = {
        "PYENV_ROOT": real / ".pyenv",
        "PYTHONUSERBASE": real / ".local",
        "HF_HOME": real / ".cache" / "huggingface",
    }
    found = {name: str(path) for name, path in kept.items() if path.exists() and name not in given}
    folders = {
        "CACHE": ".cache",
        "CONFIG": ".config",
        "DATA": ".local/share",
        "STATE": ".local/state",
    }
    xdg = {f"XDG_{name}_HOME": str(home / path) for name, path in folders.items()}
    return {**found, **xdg, "HOME": str(home)}


def _moved(path: str, place: Scratch) -> str:
    origin = str(place.origin)
    if path == origin or path.startswith(origin + os.sep):
        moved = str(place.root) + path[len(origin) :]
        return moved if Path(moved).exists() else path
    return path


def _with_python(command: Sequence[str], python: Path | None, env: Mapping[str, str]) -> list[str]:
    first = Path(command[0]).name
    if python is not None and first.startswith("python"):
        return [str(python), *command[1:]]
    # Without this, the caller's PATH would be searched, and not the one of the program.
    found = shutil.which(command[0], path=env.get("PATH"))
    return [found or command[0], *command[1:]]


def _execute(
    command: list[str], folder: Path, env: Mapping[str, str], timeout: float, group: Path
) -> tuple[int | None, str, str]:
    """(exit code or None at the limit, stdout, stderr). Kills every process of the command."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            return 127, "", f"{command[0]}: {error.strerror}\n"
        code: int | None
        try:
            group.write_text(str(process.pid))
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process)
            _end_others(f"{MARK}={env[MARK]}")
            group.unlink(missing_ok=True)
        return code, _text(output), _text(errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Also ends what the command left behind in its process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)


def _end_others(mark: str) -> None:
    """Ends what left the process group, where the system tells who was started with what."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_OUTPUT_LIMIT).decode("utf-8", "replace")


def _read(log: Path) -> Run:
    """What the hook wrote; the rest of the run is empty."""
    calls: list[SentRequest] = []
    tests: dict[str, str] = {}
    mocked: set[Frame] = set()
    patched: dict[str, frozenset[str]] = {}
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        record = json.loads(line)
        if record["kind"] == "test":
            # A failed set-up or tear-down outweighs the test's own result.
            if record["when"] == "call" or record["outcome"] != "passed":
                said = f": {record['reason']}" if record["reason"] else ""
                tests[record["test"]] = record["outcome"] + said
        elif record["kind"] == "mock":
            mocked.add(_frame(*record["place"]))
        elif record["kind"] == "patch":
            test = record["test"]
            patched[test] = patched.get(test, frozenset()) | {record["name"]}
        else:
            calls.append(_call(record))
    return Run(
        exit_code=None,
        calls=tuple(calls),
        tests=tests,
        output="",
        errors="",
        mocked=frozenset(mocked),
        patched=patched,
    )


def _frame(file: str, line: int, function: str) -> Frame:
    return Frame(file=file, line=line, function=function)


def _call(record: dict[str, Any]) -> SentRequest:
    return SentRequest(
        process=record["process"],
        test=record["test"],
        task=record["task"],
        stack=tuple(_frame(*place) for place in record["stack"]),
        method=record["method"],
        url=record["url"],
        headers=tuple((name, value) for name, value in record["headers"]),
        body=base64.b64decode(record["body"]),
        timeout=record["timeout"],
        retries=record["retries"],
        llm=record["llm"],
        own_server=record["own_server"],
    )
