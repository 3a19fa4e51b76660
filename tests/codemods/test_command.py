"""The command, as people run it: what it prints, what it writes, how it exits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from codemods.migrate_openai import engine
from codemods.migrate_openai.__main__ import main
from codemods.migrate_openai.files import pipeline
from codemods.migrate_openai.flow import collect
from codemods.migrate_openai.model import Options, SourceFile
from personalvibe import llm_router

OLD = """\
import openai

reply = openai.chat.completions.create(model="gpt-4", messages=[])
"""
NEW = """\
from personalvibe import llm_router

reply = llm_router.chat_completion(model="openai/gpt-4", messages=[])
"""
LEFT = """\
import openai

openai.FineTune.create(training_file=f)
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def command(here: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: (exit code, stdout, stderr)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def fill(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def process(
    *arguments: str, cwd: Path, data: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "codemods.migrate_openai", *arguments],
        cwd=cwd,
        input=data,
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


# -- previewing and writing


def test_a_preview_writes_nothing(here: Path, command: Run) -> None:
    fill(here, {"a.py": OLD, "b.py": LEFT, "c.py": "x = 1\n"})
    before = snapshot(here)
    code, out, err = command()
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "a.py: 1 site to migrate",
        "b.py:3:1: MOA901 left: openai.FineTune.create: LiteLLM has no counterpart: "
        "FineTune.create. Keep it on the openai SDK, or replace the feature; the rest of the file "
        "works. [no-counterpart]",
        "2 files: 1 site to migrate, 1 left.",
        "Nothing was written. --diff shows the change, --write makes it.",
    ]
    assert snapshot(here) == before


def test_write_migrates_and_a_second_run_changes_nothing(here: Path, command: Run) -> None:
    fill(here, {"pkg/a.py": OLD})
    code, out, _ = command("--write")
    assert code == 0
    assert out == "pkg/a.py: 1 site migrated\n1 file: 1 site migrated, 0 left.\n"
    assert snapshot(here) == {"pkg/a.py": NEW.encode()}
    assert command("--write")[0] == 0
    assert snapshot(here) == {"pkg/a.py": NEW.encode()}


@pytest.mark.process
def test_a_diff_has_stdout_to_itself_and_can_be_applied(here: Path, command: Run) -> None:
    crlf = OLD.replace("\n", "\r\n").removesuffix("\r\n")
    fill(here, {"a.py": OLD, "sub/b.py": crlf})
    code, out, err = command("--diff")
    assert code == 0
    assert "to migrate" in err
    (here / "x.patch").write_bytes(out.encode())
    subprocess.run(["patch", "-p0", "--binary", "-i", "x.patch"], check=True, capture_output=True)
    assert (here / "a.py").read_text() == NEW
    assert (here / "sub/b.py").read_bytes() == NEW.replace("\n", "\r\n").removesuffix(
        "\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"a.py": OLD}, 1),
        ({"a.py": LEFT}, 1),
        ({"a.py": NEW}, 0),
        ({"a.py": "x = 1\n"}, 0),
        ({"a.py": OLD.replace("[])", "[])  # migrate: skip")}, 0),
        ({"a.py": "# migrate: skip\n" + LEFT}, 0),
        ({"a.py": "from openai.types import FileObject\nx: FileObject\n"}, 0),
        ({"vendor/a.py": OLD}, 0),
        ({"a.py": "# @generated\n" + OLD}, 0),
        ({"a.py": "from groq import Groq\nGroq().chat.completions.create(model='m')\n"}, 0),
        ({"a.py": OLD, "b.py": "import openai\ndef f(:\n"}, 3),
    ],
)
def test_check(here: Path, command: Run, files: Mapping[str, str], code: int) -> None:
    fill(here, files)
    before = snapshot(here)
    assert command("--check")[0] == code
    assert snapshot(here) == before


def test_what_is_skipped_stays_and_is_in_the_account(here: Path, command: Run) -> None:
    fill(here, {"a.py": OLD + "openai.chat.completions.create(model='m')  # migrate: skip\n"})
    assert command("--write")[0] == 0
    text = (here / "a.py").read_text()
    assert "import openai\n" in text
    assert "\nopenai.chat.completions.create(model='m')  # migrate: skip\n" in text
    assert "reply = llm_router.chat_completion(" in text
    report = json.loads(command("--json")[1])
    reasons = [site.get("reason") for file in report["files"] for site in file["sites"]]
    assert "skipped" in reasons


# -- files that cannot be migrated


def test_a_bad_file_never_stops_the_run(here: Path, command: Run) -> None:
    fill(
        here,
        {
            "a_bad.py": "import openai\ndef f(:\n",
            "b_py2.py": 'import openai\nprint "hello"\n',
            "c_bytes.py": b"# openai\nx = '\xff'\n",
            "c_codec.py": b"# coding: undefined\nimport openai\n",
            "d_bad.ipynb": '{"cells": [ openai',
            "e_deep.py": "openai\n" + "(" * 5000 + ")" * 5000,
            "f_deep.py": "import openai\nx = " + "-" * 100_000 + "1\n",
            "z.py": OLD,
        },
    )
    code, out, _ = command("--write")
    assert code == 3
    failures = re.findall(r"^(\w+)\.\w+: failed: (.*)$", out, re.MULTILINE)
    assert [name for name, _ in failures] == [
        *("a_bad", "b_py2", "c_bytes", "c_codec", "d_bad", "e_deep", "f_deep")
    ]
    assert "line 2" in failures[0][1]
    assert failures[1][1].startswith("Python 2 source (print statement, line 2)")
    assert "internal error" not in out
    assert (here / "z.py").read_text() == NEW


def test_a_link_out_of_the_tree_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Run
) -> None:
    fill(tmp_path, {"elsewhere.py": OLD, "tree/keep.py": "x = 1\n"})
    (tmp_path / "tree/link.py").symlink_to("../elsewhere.py")
    monkeypatch.chdir(tmp_path / "tree")
    code, out, _ = command("--write")
    assert code == 0
    assert "link.py:1:1: left:" in out
    assert "[outside]" in out
    assert (tmp_path / "elsewhere.py").read_text() == OLD


IMPORTING = "from clients import client as c\nprint(c)\n"
IMPORTING_NOTEBOOK = {
    "cells": [{"cell_type": "code", "source": IMPORTING.splitlines(keepends=True)}],
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ready.py", IMPORTING),
        ("ready.ipynb", json.dumps(IMPORTING_NOTEBOOK)),
        ("indented.ipynb", json.dumps(IMPORTING_NOTEBOOK, indent=1)),
    ],
)
def test_a_client_stays_for_a_file_that_says_nothing_of_openai(
    here: Path, command: Run, name: str, text: str
) -> None:
    clients = """\
from openai import OpenAI

client = OpenAI()
spare = OpenAI()


def ask(text):
    spare.responses.create(model="m", input=text)
    return client.responses.create(model="m", input=text)
"""
    fill(here, {"clients.py": clients, name: text})
    assert command("--write")[0] == 0
    text = (here / "clients.py").read_text()
    assert "client = llm_router.Client()" in text
    assert "spare" not in text


# -- paths and settings


def test_absolute_paths_work(here: Path, command: Run) -> None:
    fill(here, {"pkg/a.py": OLD})
    code, out, _ = command("--write", str(here / "pkg"))
    assert code == 0
    assert out.startswith(f"{here}/pkg/a.py: 1 site migrated\n")
    assert (here / "pkg/a.py").read_text() == NEW


def test_settings_come_from_pyproject_and_the_command_line_wins(here: Path, command: Run) -> None:
    fill(
        here,
        {
            "pyproject.toml": "[tool.migrate_openai]\nrouter = 'app.router'\nexclude = ['old']\n",
            "a.py": OLD,
            "old/b.py": OLD,
            "sub/c.py": OLD,
        },
    )
    code, out, _ = command("--diff")
    assert code == 0
    assert out.count("+from app import router\n") == 2
    assert "old/b.py" not in out
    assert "+import other\n" in command("--diff", "--router", "other", "sub")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.py"], "nowhere.py: No such file or directory"),
        (["--select", "MOA999"], "--select MOA999: no such rule"),
        (["--explain", "MOA9"], "--explain MOA9: no such rule"),
        (["--router", "not a module"], "not a module: no module name"),
        (["--jobs", "0"], "--jobs 0: too few"),
        (["-", "a.py"], "- stands alone"),
        (["--vendor-router", "router.txt"], "--vendor-router router.txt: no Python file"),
        (["--spelling", "mine"], "invalid choice: 'mine' (choose from 'auto', 'sdk', 'router')"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_usage_errors_are_two_lines_and_2(
    here: Path, command: Run, arguments: list[str], message: str
) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("colour = true", "colour: not a setting"),
        ("exclude = 'x'", "exclude: not a list"),
        ("ignore = [1]", "ignore: not a list of strings"),
        ("jobs = true", "jobs: not a int"),
        ("x = ", "pyproject.toml"),
    ],
)
def test_a_bad_table_in_pyproject(here: Path, command: Run, table: str, message: str) -> None:
    fill(here, {"pyproject.toml": f"[tool.migrate_openai]\n{table}\n"})
    code, out, err = command()
    assert (code, out) == (2, "")
    assert message in err


def test_select_and_ignore(here: Path, command: Run) -> None:
    both = OLD + 'openai.embeddings.create(model="m", input="x")\n'
    fill(here, {"a.py": both})
    embedding = command("--diff", "--select", "MOA12")[1]
    assert "+llm_router.embedding(" in embedding
    assert "llm_router.chat_completion" not in embedding
    chat = command("--diff", "--ignore", "MOA12")[1]
    assert "+reply = llm_router.chat_completion(" in chat
    assert "llm_router.embedding" not in chat


def test_a_client_made_in_a_file_that_is_not_given_stays(here: Path, command: Run) -> None:
    fill(
        here,
        {
            "clients.py": "from openai import OpenAI\n\nclient = OpenAI(timeout=3)\n",
            "ask.py": "from clients import client\n\nclient.embeddings.create(input=x)\n",
        },
    )
    code, out, _ = command("--write", "ask.py")
    assert (code, "clients.py" in out, str(here) in out) == (0, True, False)
    assert command("--write")[0] == 0
    assert "client.embedding(" in (here / "ask.py").read_text()


# -- stdin and notebooks


def test_files_that_say_nothing_of_openai_hand_a_client_on(here: Path, command: Run) -> None:
    fill(
        here,
        {
            "pkg/llm/__init__.py": """\
import openai


def make(model):
    return openai.OpenAI(api_key="k"), model


class Agent:
    def __init__(self, llm):
        self.llm = llm

    def ask(self, text):
        return self.llm.embeddings.create(model="m", input=text)


def embed(client, text):
    return _embed(client, text)


def _embed(client, text):
    return client.embeddings.create(model="m", input=text)


def unknown(client, text):
    return client.embeddings.create(model="m", input=text)


def kept(client, text):
    return client.embeddings.create(model="m", input=text)
""",
            "main.py": """\
from pkg.llm import Agent, embed, make

client, model = make("m")
print(Agent(client).ask("x"), embed(client, text="y"))
""",
            "other.py": """\
import library
from pkg.llm import kept

mine = library.Client()
kept(mine, "x")
""",
            "stranger.py": "def unknown(client): ...\n\n\nunknown(None)\n",
        },
    )
    assert command("--write", ".")[0] == 0
    text = (here / "pkg/llm/__init__.py").read_text()
    assert "llm_router.Client(" in text
    assert "self.llm.embedding(" in text
    assert text.count("client.embedding(") == 1
    assert text.count("client.embeddings.create(") == 2
    before = snapshot(here)
    assert command("--write", ".")[0] == 0
    assert snapshot(here) == before


@pytest.mark.parametrize(("more", "moves"), [(10, True), (4_000, False)])
def test_large_trees_are_read_once(here: Path, command: Run, more: int, moves: bool) -> None:
    fill(
        here,
        {
            **{f"a{number}.py": "" for number in range(more)},
            "llm.py": "def ask(c):\n    return c.embeddings.create(model='m', input='x')\n",
            "made.py": "import openai\n\n\ndef make():\n    return openai.OpenAI()\n",
            "main.py": "from llm import ask\nfrom made import make\n\nask(make())\n",
        },
    )
    command("--write", ".")
    assert ("c.embedding(" in (here / "llm.py").read_text()) == moves


@pytest.mark.process
def test_stdin(here: Path) -> None:
    done = process("-", cwd=here, data=OLD.replace("\n", "\r\n").encode())
    assert (done.returncode, done.stdout) == (0, NEW.replace("\n", "\r\n").encode())
    assert done.stderr.decode().splitlines() == [
        "<stdin>: 1 site to migrate",
        "1 file: 1 site to migrate, 0 left.",
    ]
    quiet = process("-", cwd=here, data=b"x = 1\n")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"x = 1\n", b"")
    broken = process("-", cwd=here, data=b"import openai\ndef f(:\n")
    assert (broken.returncode, broken.stdout) == (3, b"")


def test_a_notebook_is_migrated_in_place(here: Path, command: Run) -> None:
    cells = [
        ["!pip install openai\n", "%matplotlib inline\n", "import openai\n", "import os"],
        ["%%time\n", "r = openai.chat.completions.create(model='gpt-4', messages=[])\n", "r"],
        ["%%bash\n", "echo openai.chat.completions.create"],
    ]
    raw = json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "metadata": {},
                    "source": cell,
                    "outputs": [{"text": "openai.chat.completions.create \u00fc"}],
                }
                for cell in cells
            ],
            "metadata": {},
        },
        indent=2,
    )
    fill(here, {"a.ipynb": raw})
    code, out, _ = command("--write")
    assert (code, out.splitlines()[0]) == (0, "a.ipynb: 1 site migrated")
    assert (here / "a.ipynb").read_text() == raw.replace(
        "import openai\\n", "from personalvibe import llm_router\\n"
    ).replace(
        "r = openai.chat.completions.create(model='gpt-4'",
        "r = llm_router.chat_completion(model='openai/gpt-4'",
    )


# -- machines


def test_json_lists_every_site_once(here: Path, command: Run) -> None:
    fill(here, {"a.py": OLD, "b.py": LEFT, "c.py": "import openai\ndef f(:\n"})
    code, out, err = command("--json")
    assert (code, err) == (3, "")
    report = json.loads(out)
    assert report["version"] == 1
    assert report["written"] is False
    assert report["summary"] == {
        "files": 3,
        "changed": 1,
        "failed": 1,
        "migrated": 1,
        "already_done": 0,
        "left": 1,
    }
    a, b, c = report["files"]
    assert (a["path"], a["status"], a["changed"]) == ("a.py", "changed", True)
    site = {k: a["sites"][0][k] for k in ("rule", "status", "line", "column", "new_line")}
    assert site == {"rule": "MOA101", "status": "migrated", "line": 3, "column": 9, "new_line": 3}
    assert b["sites"][0]["reason"] == "no-counterpart"
    assert b["sites"][0]["advice"]
    assert c["status"] == "failed"
    assert "line 2" in c["error"]


def test_sarif_has_a_result_for_every_site(here: Path, command: Run) -> None:
    fill(here, {"a.py": OLD, "b.py": LEFT + "openai.Engine.list()  # migrate: skip\n"})
    run = json.loads(command("--sarif")[1])["runs"][0]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    places = [
        (r["ruleId"], r["locations"][0]["physicalLocation"]["region"]["startLine"])
        for r in run["results"]
    ]
    assert [line for _, line in places] == [3, 3, 4]
    assert {rule for rule, _ in places} <= rules
    assert ["suppressions" in result for result in run["results"]] == [False, False, True]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_statistics(here: Path, command: Run) -> None:
    fill(here, {"a.py": OLD * 3, "b.py": LEFT})
    out = command("--statistics")[1]
    assert re.search(r"^3  MOA101  migrated$", out, re.MULTILINE)
    assert re.search(r"^1  MOA901  left \(no-counterpart\)$", out, re.MULTILINE)


def test_explain(command: Run) -> None:
    code, out, _ = command("--explain", "moa101")
    assert code == 0
    assert out.startswith("# MOA101: ")
    assert "Before:\n\n```python" in out
    assert command("--explain", "no-counterpart")[1].startswith("# no-counterpart: ")


# -- the router and the requirements


def test_a_vendored_router_makes_the_program_depend_on_litellm_only(
    here: Path, command: Run
) -> None:
    fill(
        here,
        {"app/__init__.py": "", "app/main.py": OLD, "requirements.txt": "httpx\nopenai==0.28\n"},
    )
    arguments = ["--vendor-router", "app/llm_router.py", "--deps"]
    code, out, _ = command(*arguments)
    assert code == 0
    assert not (here / "app/llm_router.py").exists()
    assert "requirements.txt:2: openai==0.28 -> litellm>=" in out
    assert command(*arguments, "--write")[0] == 0
    assert (here / "app/main.py").read_text() == NEW.replace("personalvibe", "app")
    copied = (here / "app/llm_router.py").read_bytes()
    router = Path(llm_router.__file__)
    face = router.read_bytes()
    assert copied.endswith(face.replace(b"personalvibe.llm_router_parts", b"app.llm_router_parts"))
    for part in router.with_name("llm_router_parts").glob("*.py"):
        copied = (here / "app/llm_router_parts" / part.name).read_bytes()
        assert copied.endswith(part.read_bytes())
    lines = (here / "requirements.txt").read_text().splitlines()
    assert lines[0] == "httpx"
    assert lines[1].startswith("litellm>=")
    after = snapshot(here)
    assert command(*arguments, "--write")[0] == 0
    assert command("--router", "app.llm_router", "--check")[0] == 0
    assert snapshot(here) == after


@pytest.mark.process
def test_a_vendored_router_needs_nothing_of_ours(here: Path, command: Run) -> None:
    fill(here, {"main.py": OLD})
    assert command("--write", "--vendor-router", "llm_router.py")[0] == 0
    assert (here / "main.py").read_text().startswith("import llm_router\n")
    code = (
        "import sys; sys.modules['personalvibe'] = None; import llm_router;"
        "print(llm_router.Client(api_key='k', base_url='http://127.0.0.1:9').chat_completion)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_vendored_router_overwrites_nothing_else(here: Path, command: Run) -> None:
    fill(here, {"a.py": OLD, "mine.py": "x = 1\n", "b/llm_router_parts/call.py": "y = 2\n"})
    before = snapshot(here)
    for path, other in (("mine.py", "mine.py"), ("b/router.py", "b/llm_router_parts/call.py")):
        code, _, err = command("--vendor-router", path, "--write")
        assert code == 2
        assert other in err
        assert snapshot(here) == before


def test_requirements_are_reported_and_changed_only_when_asked(here: Path, command: Run) -> None:
    fill(here, {"a.py": OLD, "requirements.txt": "openai\n"})
    assert "requirements.txt:1: openai -> personalvibe>=" in command("--write")[1]
    assert (here / "requirements.txt").read_text() == "openai\n"
    fill(here, {"a.py": OLD + LEFT})
    command("--write", "--deps")
    assert (here / "requirements.txt").read_text().startswith("openai\npersonalvibe>=")


# -- processes, terminals and interruptions


@pytest.mark.process
def test_many_processes_find_the_same_in_the_same_order(here: Path, command: Run) -> None:
    fill(here, {f"pkg{n % 3}/m{n:02}.py": OLD if n % 4 else LEFT for n in range(40)})
    fill(here, {"pkg0/broken.py": "import openai\ndef f(:\n"})
    one = command("--json", "--jobs", "1")
    assert command("--json", "--jobs", "3") == one
    assert one[0] == 3


@pytest.mark.process
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_hangs_on_a_statement_that_libcst_does_not_print_stays(
    here: Path, command: Run, jobs: str
) -> None:
    made = "def make():\n    (number): int = 3; from openai import OpenAI\n"
    files = {
        "a_user.py": "from made import make\n\nmake().embeddings.create(model='m', input='x')\n",
        "made.py": made + "    return OpenAI(timeout=number)\n",
        "other.py": OLD,
        "z_user.py": "from made import make\n\nmake().embeddings.create(model='m', input='x')\n",
    }
    fill(here, files)
    code, out, _ = command("--write", "--jobs", jobs)
    assert code == 0
    assert "made.py:3:12: MOA201 left" in out
    assert {path.name: path.read_text() for path in here.iterdir()} == {**files, "other.py": NEW}


@pytest.mark.parametrize(("room", "times"), [(2_000_000, 1), (len(OLD), 2)])
def test_one_process_analyses_a_file_once(
    here: Path, command: Run, monkeypatch: pytest.MonkeyPatch, room: int, times: int
) -> None:
    fill(here, {f"m{number}.py": OLD for number in range(5)})
    analysed: Counter[str] = Counter()

    class Counted(collect.Analysis):
        def __init__(self, file: SourceFile, options: Options) -> None:
            analysed[file.path] += file.text == OLD
            super().__init__(file, options)

    monkeypatch.setattr(engine, "Analysis", Counted)
    monkeypatch.setattr(pipeline, "_CHARACTERS_KEPT", room)
    assert command("--write", "--jobs", "1")[0] == 0
    assert [analysed[str(here / f"m{number}.py")] for number in range(5)] == [1, *[times] * 4]


@pytest.mark.process
def test_a_pipe_is_quiet_and_a_terminal_is_coloured(here: Path) -> None:
    fill(here, {"a.py": OLD})
    assert b"\033[" not in process("--diff", cwd=here).stdout
    forced = process("--diff", cwd=here, FORCE_COLOR="1").stdout
    assert b"\033[32m+from personalvibe import llm_router\033[0m\n" in forced
    assert b"\033[" not in process("--diff", cwd=here, FORCE_COLOR="1", NO_COLOR="1").stdout


@pytest.mark.process
def test_a_reader_that_leaves_is_no_error(here: Path) -> None:
    fill(here, {f"m{n:03}.py": OLD * 20 for n in range(60)})
    command = f"{sys.executable} -m codemods.migrate_openai --diff --jobs 1 | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=here, capture_output=True, timeout=60)
    assert done.stdout == b"--- m000.py\n"
    assert b"Traceback" not in done.stderr


@pytest.mark.process
def test_a_file_that_stops_its_process_is_listed_and_the_rest_is_done(here: Path) -> None:
    fill(here, {f"m{n:02}.py": OLD for n in range(40)})
    code = """
import os, sys
from codemods.migrate_openai.files import pipeline as run
from codemods.migrate_openai.__main__ import main
whole = {"_collect": run._collect, "_migrate": run._migrate}
def dying(name, victim):
    def work(candidate, *shared):
        if candidate.path == victim:
            os.kill(os.getpid(), 9)
        return whole[name](candidate, *shared)
    setattr(run, name, work)
dying("_collect", "m03.py")
dying("_migrate", "m30.py")
sys.exit(main([".", "--write", "--jobs", "2"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3, done.stderr
    said = done.stdout + done.stderr
    for name in ("m03.py", "m30.py"):
        assert f"{name}: failed: stops the process that reads it" in said
        assert (here / name).read_text() == OLD
    assert sum(path.read_text() != OLD for path in here.iterdir()) == 38


def test_a_bug_says_where_the_traceback_is(
    here: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(here, {"a.py": OLD})

    def fail(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("codemods.migrate_openai.engine.link", fail)
    code, _, err = command()
    assert code == 4
    assert err.startswith("internal error: RuntimeError: boom\n")
    log = Path(err.split()[-1])
    assert "Traceback" in log.read_text()
    log.unlink()


@pytest.mark.process
@pytest.mark.parametrize("mode", [[], ["--check"], ["--json"], ["--diff"], ["--write"]])
def test_libcst_is_not_imported_where_there_is_nothing_to_do(here: Path, mode: list[str]) -> None:
    fill(
        here,
        {
            "a.py": "x = 1\n",
            "done.py": NEW,
            "left.py": LEFT,
            "other.py": "from groq import Groq\nGroq().chat.completions.create(model='m')\n",
            "word.py": "x = 'openai'\n",
            "skipped.py": "# migrate: skip\n" + OLD,
            "requirements.txt": "openai\n",
        },
    )
    code = (
        "import sys; from codemods.migrate_openai.__main__ import main; main(sys.argv[1:]);"
        "names = ('libcst', 'pydantic', 'rich', 'click', 'litellm', 'filelock');"
        "print([name for name in names if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *mode]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == ("['filelock']" if mode == ["--write"] else "[]")
