"""What a proof says of commands that fail, do not start, or take their program elsewhere."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codemods.migrate_openai.prove import report
from codemods.migrate_openai.prove.announced import test_at as announced_at
from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import (
    CallSite,
    Command,
    Proof,
)
from codemods.migrate_openai.prove.proof import Options, prove
from codemods.migrate_openai.prove.scratch import Scratch, scratch
from codemods.migrate_openai.prove.sdk_0_28 import with_its_sdk
from tests.codemods.proofs import command, once, proof_of, write_tree

pytestmark = pytest.mark.process

# Sends as an SDK would, without loading one.
_ASK = """
    import httpx, os, sys

    ADDRESS = "https://api.openai.com/v1/embeddings"

    def ask(text):
        return httpx.post(ADDRESS, json={"input": text})  # site ask

    def quote(text):
        return httpx.post(ADDRESS, json={"input": text})  # site quote
"""


def proofs_of(project: Path, commands: Sequence[Sequence[str]], done: Migrated) -> Proof:
    def migrate(place: Scratch) -> Migrated:
        write_tree(place.root, done.new)
        return done

    with scratch(project.resolve()) as place:
        wanted = [Command(arguments=tuple(arguments)) for arguments in commands]
        return prove(place, wanted, migrate, Options(timeout=60))[0]


NOTHING = Migrated(old={}, new={}, files={})


def test_tests_that_fail_prove_nothing_and_announced_losses_stand_apart(tmp_path: Path) -> None:
    text = """
        import calls

        def test_fails():
            calls.ask("a")
            assert False

        def test_passes():
            calls.quote("b")

        def test_announced():
            assert {0}

        def test_lost():
            assert {0}
    """
    old, new = ({"calls.py": _ASK, "test_a.py": text.format(value)} for value in (True, False))
    write_tree(tmp_path, old)
    sites = [
        CallSite(file="calls.py", line=6, column=1, rule="MOA101", source="ask", new_line=6),
        CallSite(file="calls.py", line=9, column=1, rule="MOA101", source="quote", new_line=9),
    ]
    announced = ("test_a.py::test_announced",)
    done = Migrated(sites=tuple(sites), old=old, new=new, files={}, announced=announced)
    pytest_alone = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    proof = proofs_of(tmp_path, [pytest_alone], done)
    verdicts = {result.site.source: str(result.verdict) for result in proof.sites}
    assert verdicts == {"ask": "not proven", "quote": "proven"}
    shown = report.text(proof)
    assert "what sent it failed, before and after" in shown
    assert "2 sites: 1 proven, 1 not proven (50 % of the sites covered)" in shown
    assert f"1 test with another result ({announced[0]}): as the account says (MOA905)" in shown
    assert "1 test with another result (test_a.py::test_lost): " in shown
    found = json.loads(report.as_json(proof))
    assert found["summary"]["not_proven"] == 1
    assert found["commands"][0]["announced"] == list(announced)


def test_what_never_started_is_said_so(tmp_path: Path) -> None:
    python = sys.executable
    commands = {
        ("no-such-program",): "No such file",
        ("sh", "-c", "no-such-program"): "not found",
        (python, "broken.py"): "ModuleNotFoundError: No module named 'no_such_package'",
        (python, "nothing.py"): "can't open file",
        (python, "-m", "nothing"): "No module named nothing",
        (python, "-c", "def"): "SyntaxError",
    }
    started = (python, "-c", "raise SystemExit(3)")
    write_tree(tmp_path, {"broken.py": "import no_such_package\n"})
    proof = proofs_of(tmp_path, [*commands, started], NOTHING)
    shown = report.text(proof)
    lines = [line for line in shown.splitlines() if line.startswith("command:")]
    for line, said in zip(lines, commands.values(), strict=False):
        assert "it never started: " in line
        assert said in line
    assert "exit 3, before and after; nothing is proven by it" in lines[-1]
    found = json.loads(report.as_json(proof))["commands"]
    assert [bool(one["never_started"]["before"]) for one in found] == [True] * 6 + [False]
    assert "7 failed before and after" in shown
    assert not proof.holds


def test_the_report_names_interpreter_and_network(tmp_path: Path) -> None:
    proof = proofs_of(tmp_path, [[sys.executable, "-c", "pass"]], NOTHING)
    shown = report.text(proof)
    version = ".".join(map(str, sys.version_info[:3]))
    assert f"python: {sys.executable} ({version})\n" in shown
    (one,) = json.loads(report.as_json(proof))["commands"]
    held = one["isolation"]["before"]["held"]
    said = {
        "namespace": "network: none, by a namespace of the system",
        "hooks": "network: refused by hooks in Python",
    }
    assert said[held] in shown
    assert said[held] in report.markdown(proof)


def test_mocks_of_httpx_beside_an_sdk_on_its_fork_are_told(tmp_path: Path) -> None:
    files = {
        "openai/__init__.py": "from openai import _version, _base_client",
        "openai/_version.py": "__version__ = '3.57.0'",
        "openai/_base_client.py": "import {0}",
        "httpx2.py": "from httpx import Client, AsyncClient, HTTPTransport, AsyncHTTPTransport",
        "respx/__init__.py": "",
        "respx/router.py": "class MockRouter:\n    def start(self): pass",
        "main.py": "import openai\nfrom respx.router import MockRouter\nMockRouter().start()",
    }
    said = "mocks: respx replaces httpx, but openai 3.57.0 sends with httpx2"
    for transport, told in (("httpx2", True), ("httpx", False)):
        project = tmp_path / transport
        write_tree(project, {name: text.format(transport) for name, text in files.items()})
        proof = proofs_of(project, [[sys.executable, "main.py"]], NOTHING)
        assert proof.commands[0].before.exit_code == 0, proof.commands[0].before.errors
        assert (said in report.text(proof)) == told


# Files


def test_a_program_writes_into_the_copy_whatever_path_it_takes(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside.txt"
    main = """
        import os, pathlib, sys
        for name in ("to_file", "to_folder/b", "climbing", "relative", "chain", "outside"):
            with open(name, "a") as file:
                file.write("changed")
        pathlib.Path(os.environ["OUT"]).write_text("changed")
        pathlib.Path(sys.argv[1]).write_text("changed")
        print("all")
    """
    write_tree(project, {"main.py": main, "data/a": "", "data/b": "", "data/c": ""})
    outside.write_text("")
    (project / "to_file").symlink_to(project / "data/a")
    (project / "to_folder").symlink_to(project / "data")
    (project / "climbing").symlink_to(Path("../project/data/c"))
    (project / "relative").symlink_to("data/a")
    (project / "chain").symlink_to(project / "to_folder/c")
    (project / "outside").symlink_to(outside)

    def contents() -> dict[str, str]:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        return {str(path): path.read_text() for path in files}

    before = contents()
    options = Options(timeout=60, environment={**os.environ, "OUT": str(project / "out.txt")})
    command = Command(
        arguments=(sys.executable, str(project / "main.py"), str(project / "data" / "new"))
    )
    with scratch(project.resolve()) as place:
        proof, _ = prove(place, [command], lambda _: NOTHING, options)
    assert proof.commands[0].before.output == "all\n", proof.commands[0].before.errors
    assert contents() == before


def test_a_cut_line_of_the_log_is_told_and_costs_nothing_else(tmp_path: Path) -> None:
    tail = """
    import migrate_proof_state as state
    ask("a")
    os.write(state._log, b'\\n{"kind": "request", "numb\\xff')
    ask("b")
    """
    files = {"main.py": _ASK + tail}
    proof = proof_of(tmp_path, files, files)
    assert (str(proof.sites[0].verdict), proof.sites[0].requests) == ("proven", 2)
    assert "log: 1 record cut" in report.text(proof)


# Sites


_PARSES = """
    from openai import OpenAI, pydantic_function_tool
    client = OpenAI()

    def one(messages, tools, shape):
        return client.chat.completions.parse(
            model="m", messages=messages, tools=tools, response_format=shape)

    def two(messages, schema):
        return client.beta.chat.completions.parse(
            model="m", messages=messages, tools=[pydantic_function_tool(schema)])

    def three(messages, described):
        return client.chat.completions.parse(
            model="m", messages=messages, tools=[{"type": "function", "function": described}])

    def four(text):
        return client.embeddings.create(model="m", input=text)
"""


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A command that works, one that fails, and the rest in isolation."""
    embed = "client.embeddings.create(input='x', model='{}')"
    a, b, c, d, e = map(embed.format, "abcde")
    around = embed.format("f").replace("'x'", f"{e}.object")
    g, h = (f"(await many.embeddings.create(input='x', model='{name}'))" for name in "gh")
    main = f"""
        import asyncio, sys
        from openai import AsyncOpenAI, OpenAI

        client, many = OpenAI(), AsyncOpenAI()
        one = {a}, {b}
        two = {c} if sys.argv else {d}
        six = "ä", {around}

        async def main():
            return {g}, {h}

        asyncio.run(main())
    """
    fails = "import bot\nbot.four('x')\nraise SystemExit(3)\n"

    def make() -> dict[str, Any]:
        project = tmp_path_factory.mktemp("proven")
        write_tree(project, {"main.py": main, "bot.py": _PARSES, "fails.py": fails})
        commands = [[sys.executable, "main.py"], [sys.executable, "fails.py"]]
        options = [word for one in commands for word in ("--prove", "--", *one)]
        done = command(project, "--json", "--prove-sites", *options)
        assert done.returncode == 1, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return once(tmp_path_factory, "proven", make)


def test_every_call_of_a_line_is_a_site_of_its_own(proven: dict[str, Any]) -> None:
    sites = [site for site in proven["sites"] if site["file"] == "main.py"]
    found = [(site["line"], site["verdict"], site["requests"]) for site in sites]
    one = "proven", 1
    assert found == [
        (5, *one),
        (5, *one),
        (6, *one),
        (6, "proven in isolation", 1),
        (7, *one),
        (7, *one),
        (10, *one),
        (10, *one),
    ]


def test_parse_with_tools_and_what_only_a_failure_sent_are_proven_alone(
    proven: dict[str, Any],
) -> None:
    sites = [site for site in proven["sites"] if site["file"] == "bot.py"]
    assert [site["verdict"] for site in sites] == ["proven in isolation"] * 4, sites
    assert [one["failed"] for one in proven["commands"]] == [False, True]


# openai 0.28


@pytest.mark.parametrize(
    ("file", "text", "wanted"),
    [
        ("requirements.txt", "requests\nopenai==0.27.8\n", "openai==0.27.8"),
        ("requirements.txt", "openai<1\n", "openai==0.28.1"),
        ("requirements-dev.txt", "openai >= 0.26, < 1.0.0\n", "openai==0.28.1"),
        ("requirements/base.txt", "openai~=0.27.0  # chat\n", "openai==0.28.1"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "^0.28"\n', "openai==0.28.1"),
        (
            "pyproject.toml",
            '[project]\ndependencies = [\n "openai[datalib]<1.0",\n]\n',
            "openai==0.28.1",
        ),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "0.27.2"\n', "openai==0.27.2"),
        ("requirements.txt", "openai===0.28.1\n", "openai==0.28.1"),
        ("setup.py", "setup(install_requires=['x>=2', 'openai (<1)'])\n", "openai==0.28.1"),
        ("pyproject.toml", 'openai = {version = "~0.27", extras = ["a"]}\n', "openai==0.28.1"),
        ("pyproject.toml", '[project]\ndependencies = ["x", "openai<1"]\n', "openai==0.28.1"),
        ("requirements.txt", "# openai<1 is what we had\nopenai>=1\n", ""),
        ("requirements.txt", "openai\n", ""),
        ("requirements.txt", "openai<1.30\n", ""),
        ("requirements.txt", "openai!=0.28.0,>=1\n", ""),
        ("setup.cfg", "[options]\ninstall_requires =\n    openai==0.28.*\n", "openai==0.28.1"),
        ("Pipfile", '[packages]\nopenai = "==0.28.0"\n', "openai==0.28.0"),
        ("environment.yml", "dependencies:\n  - pip:\n    - openai=0.28.1\n", "openai==0.28.1"),
        ("requirements.txt", "openai>=1.0\n", ""),
        ("requirements.txt", "openai==1.30.0\n", ""),
        ("requirements.txt", "openai-whisper==0.1\nopenai_tools<1\n", ""),
        ("requirements.txt", "openai>=0.28\n", ""),
        ("README.md", "openai<1\n", ""),
    ],
)
def test_a_program_for_0_28_is_known_by_its_requirements(
    tmp_path: Path, file: str, text: str, wanted: str
) -> None:
    write_tree(tmp_path, {file: text})
    found = with_its_sdk(Command(arguments=(sys.executable,)), tmp_path, NOTHING)
    assert found.before_with == ((wanted,) if wanted else ())
    assert found.before_reason.startswith(f"{file}: openai" if wanted else "")


_OLD_SDK = """
import requests

class Embedding:
    @classmethod
    def create(cls, **arguments):
        return requests.post(
            "https://api.openai.com/v1/embeddings",
            json=arguments,
            headers={"Authorization": "Bearer sk-stand-in"},
            timeout=600,
        ).json()
"""


def test_a_program_for_0_28_is_run_with_its_sdk(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "openai-0.28.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("openai/__init__.py", _OLD_SDK)
        about = "openai-0.28.1.dist-info"
        wheel.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: openai\nVersion: 0.28.1\n"
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    main = 'import openai\nopenai.Embedding.create(model="e", input="a", encoding_format="float")\n'
    write_tree(tmp_path / "project", {"main.py": main})
    proof = ["--json", "--prove", "--", sys.executable, "main.py"]
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    refused = command(tmp_path / "project", *proof, environment=nowhere)
    assert refused.returncode == 2
    assert "openai==0.28.1 for the old code (main.py:2:1: openai.Embedding" in refused.stderr
    assert len(refused.stderr.splitlines()) == 2
    index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    done = command(tmp_path / "project", *proof, environment=index)
    found = json.loads(done.stdout)
    assert found["commands"][0]["before_with"] == ["openai==0.28.1"]
    assert [site["verdict"] for site in found["sites"]] == ["proven"], done.stdout
    assert "sdk: openai==0.28.1 before the migration (main.py:2:1: openai.Embedding" in done.stdout


def test_the_model_in_the_body_of_0_28_on_azure_is_known(tmp_path: Path) -> None:
    text = """
        import httpx
        at = "https://u.openai.azure.com/openai/deployments/dep/chat/completions?api-version=1"
        httpx.post(at, json={"messages": []%s})
        httpx.post(at, json={"messages": []%s})
    """
    old, new = ({"main.py": text % (more, more)} for more in ("", ', "model": "dep"'))
    sites = tuple(
        CallSite(file="main.py", line=line, column=1, rule=rule, source=rule, new_line=line)
        for line, rule in ((3, "MOA104"), (4, "MOA101"))
    )
    write_tree(tmp_path, old)
    done = Migrated(sites=sites, old=old, new=new, files={})
    proof = proofs_of(tmp_path, [[sys.executable, "main.py"]], done)
    assert [str(result.verdict) for result in proof.sites] == ["proven", "different"]
    shown = report.text(proof)
    assert "main.py:3:1: proven: MOA104" in shown
    assert "known difference: body.model: dep beside the deployment" in shown


# Tests that the migration announces


@pytest.mark.parametrize(
    ("line", "beginning"),
    [
        (2, "tests/test_a.py"),
        (4, "tests/test_a.py::test_one"),
        (6, "tests/test_a.py::test_one"),
        (9, "tests/test_a.py::TestMany"),
        (11, "tests/test_a.py::TestMany::test_two"),
        (14, "tests/test_a.py"),
    ],
)
def test_a_line_is_the_test_around_it(line: int, beginning: str) -> None:
    text = (
        "import openai\nx = openai\n\n@patch(openai.A)\ndef test_one():\n    if x:\n        y()\n\n"
        "class TestMany:\n    def test_two(self):\n        y()\n\ndef helper():\n    y()\n"
    )
    assert announced_at("tests/test_a.py", text, line) == beginning
