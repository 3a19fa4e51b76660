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


COPIES = {"router.py": "router", "mine/router.py": "mine.router", "a/b/llm.py": "a.b.llm"}
PROGRAM = """
import os, sys
sys.modules["personalvibe"] = None  # as if it were not installed
import router, mine.router, a.b.llm
copies = [router, mine.router, a.b.llm]
assert "litellm" not in sys.modules
assert all(copy.RateLimitError for copy in copies) and "litellm" not in sys.modules
for copy in copies:
    copy.DEFAULT_MODEL = f"openai/{copy.__name__}"
    copy.timeout = 20
    reply = copy.chat_completion(None, [{"role": "user", "content": "Hi"}])
    with copy.Client() as client:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
    print(reply.choices[0].message.content)
print(os.environ["LITELLM_LOCAL_MODEL_COST_MAP"])
print(os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"])
"""


def test_copies_work_alone_and_beside_each_other(tmp_path: Path, server: Wire) -> None:
    server.reset()
    for path in COPIES:
        vendored(tmp_path, path)
    out = run(
        tmp_path, "-c", PROGRAM,
        OPENAI_API_KEY="sk-x", OPENAI_BASE_URL=server.url,
        LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS="chosen",
    )  # fmt: skip
    assert out.split() == ["Hello", "Hello", "Hello", "True", "chosen"]
    asked = [(name, "m") for name in COPIES.values()]
    assert [sent["model"] for sent in server.take()] == [name for pair in asked for name in pair]


def test_a_copy_is_no_code_to_be_migrated(tmp_path: Path) -> None:
    vendored(tmp_path, "mine/router.py")
    run(tmp_path, "-m", "codemods.migrate_openai", "--check", "--router", "mine.router", ".")


def test_a_copy_sends_what_the_sdk_sends(tmp_path: Path) -> None:
    vendored(tmp_path, "mine/router.py")
    # One spelling is enough: a copy has the same text but for its imports.
    suite = ("tests/app/test_router_wire.py", "-k", "in_openai_spelling")
    out = run(
        REPOSITORY, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suite,
        PYTHONPATH=str(tmp_path), ROUTER_UNDER_TEST="mine.router",
    )  # fmt: skip
    assert " passed" in out
