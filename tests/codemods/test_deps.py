"""Requirement files: what asks for openai, and what it asks for afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.migrate_openai.files.deps import LITELLM, plan

NEW = "litellm>=1.95,<2"


def after(name: str, text: str, *, keep: bool = False) -> str:
    return plan(name, text, NEW, keep=keep)[1]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("openai\n", f"{NEW}\n"),
        ("openai==0.28.1  # the model\n", f"{NEW}  # the model\n"),
        ("OpenAI >= 1.0, < 2\r\nhttpx\r\n", f"{NEW}\r\nhttpx\r\n"),
        ("openai[embeddings]~=0.27; python_version > '3'\n", f"{NEW}; python_version > '3'\n"),
        ("a\nopenai", f"a\n{NEW}"),
        ("openai-whisper==1\nlangchain-openai\nopenai_foo\n# openai\n-e openai\n", None),
        ("openai\nlitellm==1.90\n", "litellm==1.90\n"),
    ],
)
def test_requirements_txt(before: str, expected: str | None) -> None:
    assert after("requirements.txt", before) == (before if expected is None else expected)


def test_openai_stays_where_something_still_needs_it() -> None:
    found, text = plan("requirements-dev.txt", "openai==0.28\nhttpx\n", NEW, keep=True)
    assert text == f"openai==0.28\n{NEW}\nhttpx\n"
    assert [(d.line, d.kept) for d in found] == [(1, True)]
    assert "lift this bound" in found[0].note
    assert plan("requirements.txt", text, NEW, keep=True) == ((), text)


PYPROJECT = """\
[project]
name = "x"
keywords = ["openai"]
dependencies = [
    "httpx",
    "openai>=1.0,<2",  # the model
]

[project.optional-dependencies]
ai = ["openai[voice]>=1; python_version > '3.8'", "rich"]

[dependency-groups]
dev = ['openai']

[tool.poetry.dependencies]
openai = "^1.0"

[tool.other]
openai = "yes"
"""


def test_pyproject() -> None:
    assert after("pyproject.toml", PYPROJECT) == (
        PYPROJECT.replace('"openai>=1.0,<2"', f'"{NEW}"')
        .replace("openai[voice]>=1; python", f"{NEW}; python")
        .replace("'openai'", f"'{NEW}'")
        .replace('openai = "^1.0"', 'litellm = ">=1.95,<2"')
    )


def test_pyproject_that_keeps_openai() -> None:
    assert after("pyproject.toml", PYPROJECT, keep=True) == (
        PYPROJECT.replace(
            '    "openai>=1.0,<2",  # the model\n',
            f'    "openai>=1.0,<2",  # the model\n    "{NEW}",  # the model\n',
        )
        .replace("'3.8'\", ", f"'3.8'\", \"{NEW}; python_version > '3.8'\", ")
        .replace("'openai'", f"'openai', '{NEW}'")
        .replace('openai = "^1.0"', 'openai = "^1.0"\nlitellm = ">=1.95,<2"')
    )


def test_the_last_item_without_a_comma() -> None:
    text = '[project]\ndependencies = [\n  "openai"\n]\n'
    assert after("pyproject.toml", text, keep=True) == (
        f'[project]\ndependencies = [\n  "openai",\n  "{NEW}"\n]\n'
    )


@pytest.mark.parametrize(
    ("requirement", "conflicts"),
    [
        ("openai==0.28.1", True),
        ("openai~=1.2", True),
        ("openai<1", True),
        ("openai>=1,<2", True),
        ("openai>=1.40,<3", False),
        ("openai==2.1", False),
        ("openai", False),
    ],
)
def test_a_bound_that_litellm_does_not_meet_is_named(requirement: str, conflicts: bool) -> None:
    (found,) = plan("requirements.txt", requirement, NEW, keep=True)[0]
    assert bool(found.note) is conflicts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.py", 'setup(install_requires=["openai>=1"])\n'),
        ("environment.yml", "dependencies:\n  - openai=1.0\n"),
        ("requirements.txt", "openai==1.0 \\\n    --hash=sha256:aa\n"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = { version = "1" }\n'),
    ],
)
def test_what_needs_a_person_is_said_and_left(name: str, text: str) -> None:
    found, new = plan(name, text, NEW, keep=False)
    assert new == text
    assert [d.after for d in found] == [None]
    assert NEW in found[0].note


def test_other_formats() -> None:
    assert after("Pipfile", '[packages]\nopenai = "*"\n') == '[packages]\nlitellm = ">=1.95,<2"\n'
    assert after("setup.cfg", "[options]\ninstall_requires =\n    openai>=1\n    b\n") == (
        f"[options]\ninstall_requires =\n    {NEW}\n    b\n"
    )


def test_the_bounds_are_those_that_this_project_keeps() -> None:
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    assert f'"{LITELLM}"' in pyproject.read_text()


def test_a_module_named_setup_asks_for_nothing() -> None:
    text = 'CHOICES = [("OpenAI", "openai")]\n'
    assert plan("setup.py", text, NEW, keep=False) == ((), text)
