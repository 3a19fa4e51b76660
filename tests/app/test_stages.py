"""pv new-milestone, prepare-sprint, prepare-bugfix and parse-stage."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalvibe.config import load_config
from personalvibe.stages import Version, python_blocks
from personalvibe.workspace import create

SCAFFOLDS = {
    "new-milestone": {
        (): "1.0.0", ("stages/1.0.0.md",): "2.0.0", ("stages/1.9.0.py", "2.1.0.yaml"): "3.0.0",
    },
    "prepare-sprint": {
        (): "1.1.0", ("stages/1.0.0.md",): "1.1.0", ("1.0.0.yaml",): "1.1.0",
        ("stages/1.9.3.py",): "1.10.0", ("stages/1.2.0.py", "stages/1.10.0.py"): "1.11.0",
    },
    "prepare-bugfix": {
        (): "1.0.1", ("stages/1.2.0.py",): "1.2.1", ("stages/1.2.0.py", "1.2.9.yaml"): "1.2.10",
        ("stages/readme.md", "stages/1.2.py"): "1.0.1",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "existing", "version"),
    [(c, files, version) for c, cases in SCAFFOLDS.items() for files, version in cases.items()],
)
def test_scaffolds(
    project: Any, pv: Any, command: str, existing: tuple[str, ...], version: str
) -> None:
    for name in existing:
        project.write(f"prompts/demo/{name}", "")
    result = pv(command)
    assert (result.code, result.out) == (0, f"prompts/demo/{version}.yaml\n")
    config = load_config(f"prompts/demo/{version}.yaml")
    assert (config.version, config.project_name, config.model) == (version, "demo", "")
    assert config.mode == command.split("-")[1]
    assert (
        "model: <provider>/<name>" in project.files(f"prompts/demo/{version}.yaml")[0].read_text()
    )


def test_a_scaffold_goes_where_the_configs_are(project: Any, pv: Any) -> None:
    project.write("prompts/demo/configs/1.3.0.yaml", "")
    assert pv("prepare-sprint").out == "prompts/demo/configs/1.4.0.yaml\n"
    assert pv("prepare_sprint", "--project_name", "demo").out.endswith("1.5.0.yaml\n")


def test_scaffolding_needs_a_project(project: Any, pv: Any) -> None:
    project.write("prompts/second/x", "")
    result = pv("new-milestone")
    assert result.code == 2
    assert result.err == (
        "error: prompts holds several projects: demo, second\n"
        "hint: Name one: `project_name: demo` in the config, or --project-name demo.\n"
    )
    assert pv("new-milestone", "--project-name", "third").out == "prompts/third/1.0.0.yaml\n"
    assert pv("new-milestone", "--project-name", "../x").code == 2


TYPOS = {
    "prepare-bugfix": ("prepare-bugfix", "dmeo", "Did you mean demo? There are: demo, my project."),
    "prepare-sprint": ("prepare-sprint", "my-project", "Did you mean my project?"),
    "parse-stage": ("parse-stage", "Demo", "Did you mean demo?"),
    "nothing alike": ("prepare-bugfix", "x y", "`pv new-milestone --project-name 'x y'` starts"),
}


@pytest.mark.parametrize(("command", "name", "hint"), TYPOS.values(), ids=TYPOS)
def test_a_typo_starts_no_project(
    project: Any, pv: Any, command: str, name: str, hint: str
) -> None:
    project.write("prompts/my project/1.0.0.yaml", "")
    result = pv(command, "--project-name", name)
    assert (result.code, result.out) == (2, "")
    error, remedy = result.err.splitlines()
    assert error == f"error: no project {name!r}: prompts/{name} does not exist"
    assert hint in remedy
    assert not (project.root / "prompts" / name).exists()


def test_the_first_project(tmp_path: Any, pv: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert pv("prepare-bugfix", "--project-name", "demo").code == 2
    assert pv("prepare-sprint", "--project-name", "demo").out == "prompts/demo/1.1.0.yaml\n"
    assert pv("prepare-sprint", "--project-name", "dmeo").code == 2


def test_a_new_project_is_told(project: Any, pv: Any) -> None:
    result = pv("new-milestone", "--project-name", "dmeo")
    assert result.out == "prompts/dmeo/1.0.0.yaml\n"
    assert result.err == "note: prompts/dmeo is a new project\n"
    assert pv("new-milestone", "--project-name", "dmeo").err == ""


@pytest.mark.parametrize("name", ["my project", "123", "true", "a - b", "Gr\u00f6\u00dfe", "1.0"])
def test_names_of_projects(project: Any, pv: Any, name: str) -> None:
    """With spaces, or like a YAML value of another kind."""
    made = pv("new-milestone", "--project-name", name)
    assert made.out == f"prompts/{name}/1.0.0.yaml\n"
    assert load_config(f"prompts/{name}/1.0.0.yaml").project_name == name
    first = project.files(f"prompts/{name}/1.0.0.yaml")[0].read_text("utf-8").splitlines()[0]
    command = shlex.split(first.partition("Run it with: ")[2])
    assert pv(*command[1:], "--prompt-only").code == 0
    assert pv("prepare-sprint", "--project-name", name).out == f"prompts/{name}/1.1.0.yaml\n"


@pytest.mark.parametrize("command", ["parse-stage", "show"])
def test_a_stored_reply_of_odd_bytes(project: Any, pv: Any, command: str) -> None:
    name = "data/demo/prompt_outputs/2026-01-02_03-04-05_aaaaaaaaaa_bbbbbbbbbb.md"
    path = project.write(name, b"caf\xe9\n```python\nx = '\xff'\n```\n### END PROMPT\n")
    assert pv(command).code == 0
    with path.open("ab") as file:
        file.truncate(50_000_001)
    large = pv(command)
    assert large.code == 2
    assert large.err.startswith(f"error: {name}: larger than 50,000,000 bytes\n")


def test_hints_can_be_typed(project: Any, pv: Any) -> None:
    project.write("prompts/a b/x", "")
    assert "--project-name 'a b'." in pv("new-milestone").err


@pytest.mark.process
def test_several_at_once_get_a_version_each(project: Any, pv_process: Any) -> None:
    started = [pv_process("prepare-sprint") for _ in range(6)]
    printed = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 6, printed
    expected = {f"prompts/demo/1.{number}.0.yaml" for number in range(1, 7)}
    assert {out.strip() for out, _ in printed} == expected
    assert {load_config(name).version for name in expected} == {f"1.{n}.0" for n in range(1, 7)}
    assert project.leftovers == []


def test_a_version_that_somebody_else_took_meanwhile(project: Any, monkeypatch: Any) -> None:
    """The look at the folder is older than the file; also where there are no links."""
    for linked in (True, False):
        if not linked:
            monkeypatch.setattr(Path, "hardlink_to", lambda *_: os.link("/proc/1/x", "y"))
        path = project.root / f"{linked}.yaml"
        assert create(path, "first") is True
        assert create(path, "second") is False
        assert path.read_text() == "first"
    assert project.leftovers == []


def test_json_of_versions_and_stages(project: Any, pv: Any) -> None:
    assert json.loads(pv("prepare-bugfix", "--json").out) == {
        "file": "prompts/demo/1.0.1.yaml",
        "project": "demo",
        "version": "1.0.1",
        "mode": "bugfix",
    }
    reply(project, "```python\nx = (\n```\n```python\ny = 1\n```")
    document = json.loads(pv("parse-stage", "--json").out)
    problem = document.pop("problem")
    assert document == {
        "file": "prompts/demo/stages/1.0.1.py",
        "version": "1.0.1",
        "reply_file": "data/demo/prompt_outputs/2026-01-02_03-04-05_aaaaaaaaaa_bbbbbbbbbb.md",
        "new": True,
        "block": 1,
        "blocks": 2,
    }
    assert problem.startswith("line 2: ")
    again = json.loads(pv("parse-stage", "--json").out)
    assert (again["new"], again["problem"]) == (False, problem)
    refused = pv("parse-stage", "--json", "--run")
    assert (refused.code, refused.out) == (2, "")


def test_a_stages_file_in_place_of_the_folder(project: Any, pv: Any) -> None:
    project.write("prompts/demo/stages", "")
    result = pv("new-milestone")
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        "error: prompts/demo/stages: cannot be read: Not a directory",
    )


def reply(project: Any, text: str, time: str = "2026-01-02_03-04-05") -> None:
    name = f"{time}_aaaaaaaaaa_bbbbbbbbbb.md"
    project.write(f"data/demo/prompt_outputs/{name}", f"{text}\n### END PROMPT\n")


CODE = "print('ran')"


@pytest.mark.parametrize(
    ("existing", "version"),
    [
        ([], "1.1.0"),
        (["1.0.0.yaml"], "1.1.0"),
        (["1.1.0.yaml"], "1.1.0"),
        (["1.1.0.yaml", "stages/1.1.0.py"], "1.2.0"),
        (["1.1.1.yaml", "stages/1.1.0.py"], "1.1.1"),
        (["stages/1.2.0.py"], "1.3.0"),
        (["2.0.0.yaml", "stages/1.2.0.py"], "2.1.0"),
        (["2.0.0.yaml", "stages/2.0.0.md"], "2.1.0"),
    ],
)
def test_the_version_of_a_stage(project: Any, pv: Any, existing: list[str], version: str) -> None:
    for name in existing:
        project.write(f"prompts/demo/{name}", "")
    reply(project, f"<python>\n{CODE}\n</python>")
    result = pv("parse-stage")
    assert (result.code, result.out) == (0, f"prompts/demo/stages/{version}.py\n")
    saved = project.files(f"prompts/demo/stages/{version}.py")[0].read_text()
    assert saved.splitlines() == [
        "# Saved by pv parse-stage from 2026-01-02_03-04-05_aaaaaaaaaa_bbbbbbbbbb.md",
        CODE,
    ]


def test_the_same_reply_is_saved_once(project: Any, pv: Any) -> None:
    reply(project, f"```python\n{CODE}\n```")
    assert pv("parse-stage").out == pv("parse-stage").out == "prompts/demo/stages/1.1.0.py\n"
    assert "was saved before" in pv("parse-stage").err
    reply(project, "```python\nprint('more')\n```", time="2026-01-02_03-04-06")
    assert pv("parse-stage").out == "prompts/demo/stages/1.2.0.py\n"


def test_the_newest_reply_is_taken(project: Any, pv: Any) -> None:
    reply(project, "```python\nnew = 1\n```", time="2026-02-01_00-00-00")
    reply(project, "```python\nold = 1\n```", time="2025-12-31_00-00-00")
    project.write("data/demo/prompt_outputs/zzz.md", "```python\nnotes = 1\n```")
    pv("parse-stage")
    assert "new = 1" in project.files("prompts/demo/stages/*.py")[0].read_text()


@pytest.mark.process
def test_running_needs_the_flag_and_is_announced(project: Any, pv: Any) -> None:
    script = "from pathlib import Path\nPath('ran.txt').write_text('yes')"
    reply(project, f"<python>\n{script}\n</python>")
    pv("parse-stage")
    assert not project.files("ran.txt")
    result = pv("parse-stage", "--run")
    assert result.code == 0
    assert "running " in result.err
    assert f"prompts/demo/stages/1.1.0.py in {project.root}" in result.err
    assert project.files("ran.txt")


@pytest.mark.process
def test_a_script_that_fails(project: Any, pv: Any) -> None:
    reply(project, "<python>\nraise SystemExit(7)\n</python>")
    result = pv("parse-stage", "--run")
    assert result.code == 3
    assert "error: prompts/demo/stages/1.1.0.py ended with exit code 7" in result.err


def test_a_script_that_is_not_python_is_saved_but_not_run(project: Any, pv: Any) -> None:
    reply(project, "<python>\nprint('a'\n</python>")
    result = pv("parse-stage")
    assert result.code == 0
    assert "note: prompts/demo/stages/1.1.0.py is not valid Python: line 2" in result.err
    result = pv("parse-stage", "--run")
    assert result.code == 2
    assert "running" not in result.err


def test_no_reply_and_no_python(project: Any, pv: Any) -> None:
    result = pv("parse-stage")
    assert result.code == 2
    assert result.err.startswith("error: data/demo/prompt_outputs: no reply is stored there\n")
    reply(project, "Just words, and ```bash\nls\n```")
    result = pv("parse-stage")
    assert result.code == 2
    assert "no Python in the reply" in result.err
    assert project.files("prompts/demo/stages/*") == []


def test_one_block_of_several(project: Any, pv: Any) -> None:
    reply(project, "```python\na = 1\n```\n\n```py\nb = 2\n```\n")
    result = pv("parse-stage")
    assert "note: block 1 of 2; --block chooses" in result.err
    assert pv("parse-stage", "--block", "2").out == "prompts/demo/stages/1.2.0.py\n"
    assert "b = 2" in project.files("prompts/demo/stages/1.2.0.py")[0].read_text()
    result = pv("parse-stage", "--block", "3")
    assert (result.code, "no Python block 3, there are 2" in result.err) == (2, True)


BLOCKS = {
    "tags": ("Hi\n<python>\na = 1\n</python>\n", ["a = 1\n"]),
    "tags win over fences": ("```python\nb\n```\n<python>\na\n</python>", ["a\n"]),
    "a fence within tags": ("<python>\n```python\na\n```\n</python>", ["a\n"]),
    "tags in a text are no tags": ("Use <python> and </python>.\n```python\na\n```", ["a\n"]),
    "a closing tag in the code": (
        "<python>\nx = '</python>'\ny = 1\n</python>", ["x = '</python>'\ny = 1\n"],
    ),
    "fences in the code": (
        "<python>\nx = '''\n```python\n'''\n</python>", ["x = '''\n```python\n'''\n"],
    ),
    "tildes": ("~~~python\na\n~~~", ["a\n"]),
    "a longer fence": ("````python\n```\na\n```\n````", ["```\na\n```\n"]),
    "python within markdown": ("````markdown\n```python\na\n```\n````", []),
    "capitals and attributes": ("```Python title=x\na\n```", ["a\n"]),
    "other languages": ("```bash\na\n```\n```\nb\n```\n```pycon\nc\n```", []),
    "an open fence": ("```python\na\n", []),
    "an empty block": ("```python\n```", ["\n"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_blocks(text: str, expected: list[str]) -> None:
    assert python_blocks(text) == expected


lines = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n")).filter(
        lambda line: not line.lstrip().startswith(("`", "~", "<"))
    ),
    max_size=6,
)


@given(before=lines, code=lines, after=lines)
def test_code_comes_out_as_it_went_in(before: list[str], code: list[str], after: list[str]) -> None:
    body = "".join(f"{line}\n" for line in code)
    text = "\n".join([*before, "```python", *code, "```", *after])
    assert python_blocks(text) == [body or "\n"]


@given(st.tuples(*[st.integers(0, 10**9 - 1)] * 3))
def test_versions_round_trip(parts: tuple[int, int, int]) -> None:
    version = Version(*parts)
    assert Version.parse(str(version)) == version
    for mode in ("milestone", "sprint", "bugfix"):
        assert version.next(mode) > version  # type: ignore[arg-type]
