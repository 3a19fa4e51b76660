"""Trees that somebody, or a run that was cut off, migrated in part: mended, or reported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from codemods.migrate_openai import engine
from codemods.migrate_openai.files.discover import may_call_openai
from codemods.migrate_openai.model import FileResult, Options, SourceFile
from codemods.migrate_openai.rules import ROUTER_FUNCTIONS

Twice = Callable[[str | Mapping[str, str]], dict[str, FileResult]]

CONSTRUCTION = "from openai import OpenAI\n\nclient = OpenAI(timeout=30)\n"
MADE_WITHOUT_SETTINGS = "from openai import OpenAI\n\nclient = OpenAI()\n"


def found(result: FileResult, rule: str) -> list[tuple[str, str, str]]:
    return [(f.status, f.reason, f.message) for f in result.findings if f.rule == rule]


def texts(results: Mapping[str, FileResult]) -> dict[str, str]:
    return {path: result.text for path, result in results.items()}


@pytest.mark.parametrize("made", [CONSTRUCTION, MADE_WITHOUT_SETTINGS])
@pytest.mark.parametrize(
    ("use", "rule", "named"),
    [
        ("client.chat_completion(model='gpt-4o', messages=[])", "MOA101", True),
        ("client.chat_completion(model='openai/gpt-4o', messages=[])", "MOA101", False),
        ("client.chat_completion(provider='openai', model=name, messages=[])", "MOA101", False),
        ("client.chat_completion(model=name, messages=[])", "MOA101", True),
        ("client.chat_completion(**request)", "MOA101", True),
        ("client.chat_completion(model='openai/gpt-4o', **request)", "MOA101", False),
        ("client.embedding(model='m', input='x')", "MOA121", True),
        ("client.responses(model='m', input='x')", "MOA131", True),
        ("client.responses_retrieve('resp_1')", "MOA133", False),
        ("ask = client.chat_completion", "MOA101", False),
    ],
)
def test_the_client_of_a_migrated_call_moves_too(
    twice: Twice, made: str, use: str, rule: str, named: bool
) -> None:
    use = f"from app.clients import client\n\n{use}\n"
    results = twice({"app/clients.py": made, "app/use.py": use})
    settings = ["provider='openai'" * named, "timeout=30" * ("timeout" in made)]
    construction = f"client = llm_router.Client({', '.join(filter(None, settings))})"
    assert construction.replace("'", '"') in results["app/clients.py"].text
    assert results["app/use.py"].text == use
    assert found(results["app/clients.py"], "MOA201") == [
        ("migrated", "", "calls on it were migrated before")
    ]
    assert found(results["app/use.py"], rule) == [
        ("already-done", "", "its client moves in this run")
    ]


def test_calls_on_one_client_migrated_and_not_name_the_provider_once(twice: Twice) -> None:
    before = {
        "clients.py": CONSTRUCTION,
        "done.py": "from clients import client\n\n"
        "client.chat_completion(model='openai/gpt-4o', messages=[])\n",
        "waiting.py": "import clients as c\n\n"
        "c.client.chat.completions.create(model='gpt-4o', messages=[])\n"
        "c.client.embeddings.create(model=name, input='x')\n",
    }
    after = texts(twice(before))
    assert "client = llm_router.Client(timeout=30)" in after["clients.py"]
    assert after["done.py"] == before["done.py"]
    assert "chat_completion(model='openai/gpt-4o'" in after["waiting.py"]
    assert 'embedding(provider="openai", model=name' in after["waiting.py"]


def test_models_that_the_client_was_to_complete_stay_as_they_are_in_every_file(
    twice: Twice,
) -> None:
    before = {
        "clients.py": CONSTRUCTION,
        "done.py": "from clients import client\n\n"
        "client.chat_completion(model='gpt-4o', messages=[])\n",
        "waiting.py": "from clients import client as ai\n\n"
        "ai.chat.completions.create(model='gpt-4o', messages=[])\n",
    }
    after = texts(twice(before))
    assert 'client = llm_router.Client(provider="openai", timeout=30)' in after["clients.py"]
    assert "ai.chat_completion(model='gpt-4o'" in after["waiting.py"]


def test_an_attribute_of_a_base_class_and_an_asynchronous_client(twice: Twice) -> None:
    before = {
        "base.py": "from openai import AsyncOpenAI\n\n\nclass Base:\n"
        "    def __init__(self, key):\n        self.client = AsyncOpenAI(api_key=key)\n",
        "bot.py": "from base import Base\n\n\nclass Bot(Base):\n"
        "    async def ask(self, messages):\n"
        "        return await self.client.achat_completion(model='gpt-4o', messages=messages)\n",
    }
    after = texts(twice(before))
    assert (
        'self.client = llm_router.AsyncClient(provider="openai", api_key=key)' in after["base.py"]
    )
    assert after["bot.py"] == before["bot.py"]


def test_a_client_that_an_annotation_declares(twice: Twice) -> None:
    before = {
        "app.py": CONSTRUCTION + "from helpers import ask\n\nask(client)\n",
        "helpers.py": "from openai import OpenAI\n\n\ndef ask(client: OpenAI):\n"
        "    return client.chat_completion(model='gpt-4o', messages=[])\n",
    }
    results = twice(before)
    assert 'llm_router.Client(provider="openai", timeout=30)' in results["app.py"].text
    assert "def ask(client: llm_router.Client):" in results["helpers.py"].text


def test_a_client_that_passes_on_what_only_the_sdk_has_moves_for_its_migrated_calls(
    twice: Twice,
) -> None:
    text = CONSTRUCTION + "client.realtime.connect(model='m')\n"
    text += "client.chat_completion(model='gpt-4o', messages=[])\n"
    [result] = twice(text).values()
    assert 'client = llm_router.Client(provider="openai", timeout=30)' in result.text


STAYING = {
    "derived": "class Ours(OpenAI):\n    pass\n\n\nclient = Ours(timeout=30)\n",
    "handed": "import instructor\n\ninstructor.from_openai(client)\n",
    "skipped": "",
}


@pytest.mark.parametrize("why", STAYING)
def test_a_migrated_call_whose_client_stays_is_reported(why: str) -> None:
    files = [
        SourceFile(
            path="clients.py",
            text=CONSTRUCTION + STAYING[why],
            skipped_lines=frozenset({3} if why == "skipped" else ()),
        ),
        SourceFile(
            path="use.py",
            text="from clients import client\n\nclient.chat_completion(model='m', messages=[])\n",
        ),
    ]
    clients, use = engine.migrate(files, Options())
    assert "client = OpenAI(timeout=30)" in clients.text
    [(status, reason, message)] = found(use, "MOA101")
    assert (status, reason) == ("left", "half-migrated")
    assert message.startswith("the client ")
    assert use.status == "needs-human"


def test_a_migrated_call_whose_client_is_made_outside_the_run_is_reported() -> None:
    clients = SourceFile(path="app/clients.py", text=CONSTRUCTION)
    use = SourceFile(
        path="app/use.py",
        text="from .clients import client\n\nclient.chat_completion(model='m', messages=[])\n",
    )
    [result] = engine.migrate([use], Options(), {clients.path: clients}.get)
    assert found(result, "MOA101") == [("left", "not-given", "the client is made in clients.py")]


def test_a_method_of_that_name_on_something_else_is_no_site() -> None:
    text = """\
from openai import OpenAI


class Ours:
    def embedding(self, text):
        return text


thing = Ours() if local else OpenAI(timeout=3)
thing.embedding("x")
"""
    [result] = engine.migrate([SourceFile(path="app.py", text=text)], Options())
    assert not found(result, "MOA121")


@pytest.mark.parametrize(
    "use",
    [
        "client.chat.completions.create(model='gpt-4o', messages=[])",
        "client.embeddings.create(model=name, input='x')",
        "ask = client.chat.completions.create",
    ],
)
def test_a_call_as_the_sdk_spells_it_works_on_a_client_that_moved(twice: Twice, use: str) -> None:
    before = {
        "clients.py": "from personalvibe import llm_router\n\n"
        'client = llm_router.Client(provider="openai", timeout=30)\n',
        "use.py": f"from clients import client\n\n{use}\n",
    }
    results = twice(before)
    assert texts(results) == before
    assert {f.status for r in results.values() for f in r.findings} == {"already-done"}


CALL_MIGRATED = "llm_router.chat_completion(model='openai/gpt-4', messages=[]{})\n"


@pytest.mark.parametrize(
    "use",
    [
        "llm_router.legacy = True\n" + CALL_MIGRATED.format(""),
        CALL_MIGRATED.format(", legacy=True"),
    ],
)
def test_the_settings_of_calls_of_028_that_were_migrated_before_move_too(
    twice: Twice, use: str
) -> None:
    before = {
        "settings.py": "import openai\n\nopenai.api_key = key\nopenai.api_base = url\n",
        "use.py": f"import settings\nfrom personalvibe import llm_router\n\n{use}",
    }
    after = texts(twice(before))
    assert "llm_router.api_key = key\nllm_router.api_base = url\n" in after["settings.py"]
    assert "openai" not in after["settings.py"]
    assert after["use.py"] == before["use.py"]


def test_a_setting_that_a_program_of_later_generations_never_read_stays(twice: Twice) -> None:
    before = {
        "settings.py": "import openai\n\nopenai.api_key = key\n",
        "use.py": "from personalvibe import llm_router\n\n" + CALL_MIGRATED.format(""),
    }
    assert texts(twice(before)) == before


def test_calls_of_028_whose_settings_were_migrated_before_move(twice: Twice) -> None:
    before = {
        "settings.py": "from personalvibe import llm_router\n\nllm_router.api_key = key\n",
        "use.py": "import openai\n\nopenai.ChatCompletion.create(model='gpt-4', messages=[])\n",
    }
    after = texts(twice(before))
    assert after["settings.py"] == before["settings.py"]
    assert "llm_router.chat_completion(model='openai/gpt-4', messages=[])" in after["use.py"]


@pytest.mark.parametrize("function", sorted(ROUTER_FUNCTIONS))
def test_a_file_with_no_more_than_a_migrated_call_is_looked_into(function: str) -> None:
    assert may_call_openai(f"client . {function}(\n    model='m', input='x')\n".encode())


def test_a_layer_of_a_network_is_no_reason_to_look_into_a_file() -> None:
    assert not may_call_openai(b"x = self.embedding(tokens)\nx = self.norm(x)\n")


@pytest.mark.process
def test_the_command_mends_what_it_can_and_fails_a_check_for_the_rest(tmp_path: Path) -> None:
    (tmp_path / "clients.py").write_text(CONSTRUCTION)
    (tmp_path / "use.py").write_text(
        "from clients import client\n\nclient.chat_completion(model='gpt-4o', messages=[])\n"
    )

    def command(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "codemods.migrate_openai", str(tmp_path), *options],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    assert command("--check").returncode == 1
    assert "1 site migrated" in command("--write").stdout
    assert command("--check").returncode == 0
    (tmp_path / "clients.py").write_text(CONSTRUCTION + STAYING["handed"])
    done = command("--check")
    assert (done.returncode, "half-migrated" in done.stdout) == (1, True)
