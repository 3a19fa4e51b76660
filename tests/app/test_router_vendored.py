"""The router in another project: a copy that knows nothing of this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import REPOSITORY
from .wire import Wire

pytestmark = pytest.mark.process


def run(folder: Path, *command: str, **env: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LITELLM_", "OPENAI_"))}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, cwd=folder,
        env={**clean, **env}, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def vendored(folder: Path, path: str) -> None:
    for parent in Path(path).parents:
        if parent != Path():
            (folder / parent).mkdir(exist_ok=True, parents=True)
            (folder / parent / "__init__.py").touch()
    (folder / "empty.py").touch()
    run(folder, "-m", "codemods.migrate_openai", "--write", "--vendor-router", path, "empty.py")


PROGRAM = """
import os, sys
sys.modules["personalvibe"] = None  # as if it were not installed
import {module} as router
assert "litellm" not in sys.modules
assert router.RateLimitError and "litellm" not in sys.modules
router.DEFAULT_MODEL = "openai/gpt-5-nano"
router.timeout = 20
reply = router.chat_completion(None, [{{"role": "user", "content": "Hi"}}])
with router.Client() as client:
    client.chat.completions.create(model="m", messages=[{{"role": "user", "content": "Hi"}}])
print(reply.choices[0].message.content)
print(os.environ["LITELLM_LOCAL_MODEL_COST_MAP"])
print(os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"])
"""


@pytest.mark.parametrize(
    ("path", "module"),
    [("router.py", "router"), ("mine/router.py", "mine.router"), ("a/b/llm.py", "a.b.llm")],
)
def test_a_copy_works_alone(path: str, module: str, tmp_path: Path, server: Wire) -> None:
    server.reset()
    vendored(tmp_path, path)
    out = run(
        tmp_path, "-c", PROGRAM.format(module=module),
        OPENAI_API_KEY="sk-x", OPENAI_BASE_URL=server.url,
        LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS="chosen",
    )  # fmt: skip
    assert out.split() == ["Hello", "True", "chosen"]
    assert [sent["model"] for sent in server.take()] == ["gpt-5-nano", "m"]


def test_a_copy_is_no_code_to_be_migrated(tmp_path: Path) -> None:
    vendored(tmp_path, "mine/router.py")
    run(tmp_path, "-m", "codemods.migrate_openai", "--check", "--router", "mine.router", ".")


def test_a_copy_sends_what_the_sdk_sends(tmp_path: Path) -> None:
    vendored(tmp_path, "mine/router.py")
    suite = ("tests/app/test_router_wire.py", "-k", "spelling or azure")
    out = run(
        REPOSITORY, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suite,
        PYTHONPATH=str(tmp_path), ROUTER_UNDER_TEST="mine.router",
    )  # fmt: skip
    assert " passed" in out
