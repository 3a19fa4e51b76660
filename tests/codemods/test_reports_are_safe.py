"""No report shows a key, and none acts on the terminal that it is read on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codemods.migrate_openai.__main__ import main
from codemods.migrate_openai.cli.printable import printable
from codemods.migrate_openai.files.secrets import mask

KEY = "sk-proj-4fR9vQ2mX7kLp0Zs"


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "codemods.migrate_openai", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "call",
    [
        f'OpenAI(api_key="{KEY}")',
        f"OpenAI(api_key='{KEY}')",
        f"OpenAI(api_key=f'{KEY}', timeout=3)",
        f"OpenAI(api_key='''{KEY}''')",
        f'OpenAI(timeout=3, api_key="{KEY[:9]}" + "{KEY[9:]}")',
        f'OpenAI(default_headers={{"Authorization": "Bearer {KEY}"}})',
        f'OpenAI(default_headers={{"api-key": "{KEY[8:]}"}})',
        f'OpenAI(default_headers=dict([("X-Api-Key", "{KEY[8:]}")]))',
        f'OpenAI(\n    # it is not mine\'s\n    api_key="{KEY}",\n)',
        f'OpenAI(base_url="https://example.com/a/rather/long/path/to/a/gateway", api_key="{KEY}")',
        f'AzureOpenAI(azure_ad_token="{KEY[8:]}", azure_endpoint="https://x.azure.com")',
    ],
)
def test_a_literal_key_is_in_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], call: str
) -> None:
    monkeypatch.chdir(tmp_path)
    used = "client.realtime.connect(model='m')\nclient.embeddings.create(input='x')\n"
    text = f"from openai import AzureOpenAI, OpenAI\n\nclient = {call}\n{used}"
    (tmp_path / "a.py").write_text(text)
    for output in ([], ["--json"], ["--sarif"], ["--statistics"]):
        assert main(output) == 0
        said = "".join(capfd.readouterr())
        assert "MOA" in said
        for part in (KEY, KEY[8:], KEY[:9], KEY[9:]):
            assert part not in said
    # A patch is true, or it is none.
    assert main(["--diff"]) == 0
    assert KEY[9:] in capfd.readouterr().out


@pytest.mark.parametrize(
    ("source", "masked"),
    [
        ("client.chat.completions.create", None),
        ('OpenAI(api_key=os.environ["OPENAI_API_KEY"])', None),
        ('OpenAI(base_url="https://example.com/v1", timeout=3)', None),
        ('patch("app.clients.OpenAI")', None),
        ('OpenAI(api_key="x", base_url="y")', 'OpenAI(api_key="***", base_url="y")'),
        (
            "OpenAI(api_key=get('x', default='y'), model='z')",
            "OpenAI(api_key=get('***', default='***'), model='z')",
        ),
        ("OpenAI(api_key='x...", "OpenAI(api_key='***'"),
        ("f({'Authorization': 'x', 'a': 'y'})", "f({'Authorization': '***', 'a': 'y'})"),
        ("f(('Cookie', 'x'), ('a', 'y'))", "f(('Cookie', '***'), ('a', 'y'))"),
        (r"f(password='a\'b', c='d')", "f(password='***', c='d')"),
        ("f( # don't api_key='x')", "f( ..."),
        ("f('Bearer abc')", "f('***"),
        ("f(x='1234567890abcdef1234567890')", "f(x='***')"),
        ("f)('x', api_key='y')", "f)('x', api_key='***')"),
    ],
)
def test_what_is_masked(source: str, masked: str | None) -> None:
    found = mask(source)
    assert found.startswith(source if masked is None else masked)
    assert mask(found) == found


MIXED = "import openai\nopenai.Engine.list()\nopenai.embeddings.create(input='x')\n"
NAMES = [
    "esc\033[31mred.py",
    "line\nbreak.py",
    "back\rward.py",
    "bell\x07.py",
    "c1\x9b31m.py",
    "bidi\u202eyp.exe.py",
    "isolate\u2067.py",
    os.fsdecode(b"latin\xe9.py"),
]


@pytest.fixture
def named(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).write_text(MIXED)
        (tmp_path / f"broken {name}").write_text("import openai\ndef f(:\n")
    return tmp_path


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments", [[], ["--diff"], ["--check", *NAMES], ["--write"], ["--no\033[2J"]]
)
def test_no_file_name_acts_on_the_terminal(named: Path, arguments: list[str]) -> None:
    done = run(named, *arguments)
    said = (done.stdout + done.stderr).decode()
    assert "Traceback" not in said
    for line in said.splitlines():
        assert printable(line) == line
        assert "break.py" not in line or "line\\n" in line or "line\\012" in line


@pytest.mark.process
def test_machines_get_valid_documents_for_any_name(named: Path) -> None:
    for file in json.loads(run(named, "--json").stdout)["files"]:
        file["path"].encode()
    document = json.loads(run(named, "--sarif").stdout)["runs"][0]
    assert len(document["results"]) == 2 * len(NAMES)
    for result in document["results"] + document["invocations"][0]["toolExecutionNotifications"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.isascii()
        assert uri.isprintable()


@pytest.mark.process
def test_the_patch_of_any_name_can_be_applied(named: Path) -> None:
    (named / "x.patch").write_bytes(run(named, "--diff").stdout)
    subprocess.run(["patch", "-p0", "-i", "x.patch"], cwd=named, check=True, capture_output=True)
    for name in NAMES:
        assert "llm_router.embedding" in (named / name).read_text()


@pytest.mark.process
def test_source_does_not_act_on_the_terminal(tmp_path: Path) -> None:
    text = (
        "import openai\nopenai.embeddings.create(input='\u202e\x1b[2J')\nx = '\x1b]0;title\x07'\n"
    )
    (tmp_path / "a.py").write_text(text)
    plain = run(tmp_path, "--diff").stdout.decode()
    assert "\x1b]0;title\x07" in plain  # a patch
    shown = run(tmp_path, "--diff", FORCE_COLOR="1").stdout.decode()
    assert "x = '\\x1b]0;title\\x07'" in shown
    assert "\u202e" not in shown
    assert "\x1b[2J" not in shown


@pytest.mark.process
def test_a_terminal_without_the_letters(tmp_path: Path) -> None:
    (tmp_path / "\u65e5.py").write_text("import openai\nopenai.Engine.list()\n")
    done = run(tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stdout.splitlines()[0][:9]) == (0, b"\\u65e5.py")
