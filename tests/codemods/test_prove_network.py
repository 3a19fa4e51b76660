"""A proof reaches no network: every way out, beside a witness that would hear of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from codemods.migrate_openai.prove.environment import without_keys
from tests.codemods import ways_out
from tests.codemods.proofs import ROOT

pytestmark = pytest.mark.process

_NOBODY = "65534"


_PATHS = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])


def _allowed(*arguments: str) -> bool:
    environment = {**os.environ, "PYTHONPATH": _PATHS}
    done = subprocess.run(arguments, capture_output=True, env=environment, cwd="/", check=False)
    return done.returncode == 0


needs_namespaces = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not _allowed("unshare", "-rn", "true"),
    reason="no network namespaces here",
)


def tried(held: str, *prefix: str, python: str = sys.executable) -> dict[str, Any]:
    done = subprocess.run(
        [*prefix, python, ways_out.__file__, held],
        env={**os.environ, "PYTHONPATH": _PATHS},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def heard(found: dict[str, Any]) -> set[str]:
    """The ways that led to the witness, and what its name server was asked."""
    assert isinstance(found["ended"], dict), found["ended"]
    names = dict(enumerate(found["ended"], ways_out.FIRST_PORT))
    ports = [one.partition(" ") for one in found["heard"]]
    return {names.get(int(port), port) + (text if port == "53" else "") for port, _, text in ports}


def assert_heard_nothing(found: dict[str, Any], held: str) -> None:
    assert found["held"] == held
    assert heard(found) == {ways_out.CONTROL}, found["ended"]
    assert len(found["ended"]) >= 40


@needs_namespaces
def test_the_witness_hears_of_a_program_that_nothing_holds() -> None:
    assert len(heard(tried("nothing"))) >= 45


@needs_namespaces
def test_no_way_leads_out_of_a_namespace() -> None:
    assert_heard_nothing(tried("namespace"), "namespace")


@needs_namespaces
def test_no_way_that_python_knows_leads_past_the_hooks() -> None:
    assert_heard_nothing(tried("hooks"), "hooks")


@needs_namespaces
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_user_without_rights_gets_a_namespace_as_well() -> None:
    as_nobody = ["setpriv", "--reuid", _NOBODY, "--regid", _NOBODY, "--clear-groups"]
    check = (
        "import subprocess, sys, httpx, yaml; subprocess.run([sys.executable, '-V'], check=True)"
    )
    # The interpreter of the tests may stand in root's home.
    for python in (sys.executable, "/usr/bin/python3"):
        if _allowed(*as_nobody, python, "-c", check):
            break
    else:
        pytest.skip("others may not read this environment")
    found = tried("namespace", *as_nobody, python=python)
    assert_heard_nothing(found, "namespace")
    assert found["user"] == int(_NOBODY)


@needs_namespaces
def test_where_the_kernel_refuses_hooks_hold_and_the_report_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import openai\n")
    proof = f"{sys.executable} -m codemods.migrate_openai --json"
    script = f"""
        echo 0 > /proc/sys/user/max_net_namespaces || exit 77
        {proof} --prove -- {sys.executable} -c pass
        {proof} --isolation namespace --prove -- {sys.executable} -c pass
    """
    done = subprocess.run(
        ["unshare", "-r", "sh", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("limits cannot be set here")
    (one,) = json.loads(done.stdout)["commands"]
    assert one["isolation"]["after"]["held"] == "hooks"
    assert one["isolation"]["after"]["refusal"].startswith("the kernel says: ")
    assert done.returncode == 2
    assert "--isolation namespace: the kernel says: " in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_keys_of_the_caller_are_dummies() -> None:
    real = {
        "OPENAI_API_KEY": "sk-real",
        "AZURE_OPENAI_AD_TOKEN": "real",
        "ANTHROPIC_API_KEY": "real",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "GITHUB_TOKEN": "real",
        "OPENAI_KEY": "real",
        "OPENAIKEY": "real",
        "my_service_apikey": "real",
        "DB_PASSWORD": "real",
        "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/real.json",
        "UNNAMED": "sk-proj-realrealrealrealrealrealrealrealrealreal12345678",
        "DATABASE_URL": "postgres://me:real@db/x",
        "SSH_AUTH_SOCK": "/run/real",
    }
    plain = {
        "OPENAI_BASE_URL": "https://gateway.example.com/v1",
        "OPENAI_API_VERSION": "2024-10-21",
        "AWS_REGION": "eu-west-1",
        "MAX_TOKEN": "100",
        "MAX_TOKENS": "100",
        "TOKENIZERS_PARALLELISM": "false",
        "PATH": "/usr/bin:/opt/sk-proj-realrealrealrealrealrealrealrealrealreal12345678/bin",
        "EMPTY_API_KEY": "",
    }
    found = without_keys({**real, **plain})
    assert not [value for name, value in found.items() if name in real and "real" in value]
    assert set(real) - set(found) == {"SSH_AUTH_SOCK"}
    assert {name: found[name] for name in plain} == plain
