"""A package that the router does not work with is said in one line, when it is first used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROGRAM = """
from personalvibe import llm_router
print("imported")
try:
    {use}
except ImportError as error:
    print(error)
"""


def complaint(folder: Path, use: str) -> str:
    """What is said when the packages in *folder* stand before the installed ones."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(use=use)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    )  # fmt: skip
    first, *rest = done.stdout.splitlines()
    assert first == "imported"
    return "\n".join(rest)


def package(folder: Path, name: str, version: str, text: str = "") -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(f"__version__ = VERSION = {version!r}\n{text}")
    (folder / f"{name}-{version}.dist-info").mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / f"{name}-{version}.dist-info" / "METADATA").write_text(metadata)


@pytest.mark.parametrize("version", ["2.19.0", "10.2"])
def test_another_openai_is_refused(version: str, tmp_path: Path) -> None:
    package(tmp_path, "openai", version)
    expected = f"llm_router needs openai >=2.20,<4; found openai {version}"
    assert complaint(tmp_path, "llm_router.RateLimitError") == expected


def test_an_openai_that_moved_something_is_refused(tmp_path: Path) -> None:
    package(tmp_path, "openai", "3.999.0rc1")
    assert complaint(tmp_path, "llm_router.RateLimitError") == (
        "llm_router needs openai >=2.20,<4 with openai._models.FinalRequestOptions;"
        " found openai 3.999.0rc1, which lacks it"
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.94.3", "llm_router needs litellm >=1.95,<2; found litellm 1.94.3"),
        (
            "1.999.0",
            "llm_router needs litellm >=1.95,<2 with"
            " litellm.in_memory_llm_clients_cache.flush_cache;"
            " found litellm 1.999.0, which lacks it",
        ),
    ],
)
def test_another_litellm_is_refused(version: str, expected: str, tmp_path: Path) -> None:
    package(tmp_path, "litellm", version)
    use = "llm_router.chat_completion('openai/m', [{}], api_key='k')"
    assert complaint(tmp_path, use) == expected
