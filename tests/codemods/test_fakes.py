"""A migrated project's own tests pass: the fakes come along, whatever tool put them there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

APP = """\
import openai
from openai import AsyncOpenAI, OpenAI, RateLimitError

shared = openai.OpenAI(api_key="k")


class Bot:
    def __init__(self, key, **kw):
        self.client = OpenAI(api_key=key, **kw)

    def ask(self, text, model="gpt-4o"):
        try:
            messages = [{"role": "user", "content": text}]
            reply = self.client.chat.completions.create(model=model, messages=messages)
        except RateLimitError:
            return "later"
        return reply.choices[0].message.content

    def embed(self, text):
        return self.client.embeddings.create(model="m", input=text).data[0].embedding


async def aask(key, text):
    async with AsyncOpenAI(api_key=key) as client:
        return (await client.responses.create(model="m", input=text)).output_text


def through_module(text):
    client = openai.AzureOpenAI(api_key="k", azure_endpoint="https://x", api_version="1")
    return client.chat.completions.create(model="d", messages=text)


def lazy(text):
    from openai import OpenAI as Lazy

    return Lazy(api_key="z").chat.completions.create(model="d", messages=text)


def make():
    return OpenAI(api_key="q")


def made(text):
    return make().embeddings.create(model="m", input=text)


def by_shared(text):
    return shared.embeddings.create(model="m", input=text)


def by_param(client: OpenAI, text):
    return client.embeddings.create(model="m", input=text)
"""

TESTS = """\
import asyncio
from types import SimpleNamespace
from unittest.mock import AsyncMock, MagicMock, Mock, patch

import openai
import pytest

import pkg.app
from pkg import app
from pkg.app import Bot


def reply(content):
    return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content=content))])


@patch("pkg.app.OpenAI")
def test_class(make):
    create = make.return_value.chat.completions.create
    create.return_value = reply("hi")
    assert Bot("k", timeout=3).ask("x", "m") == "hi"
    make.assert_called_once_with(api_key="k", timeout=3)
    create.assert_called_once_with(model="m", messages=[{"role": "user", "content": "x"}])


def test_setattr(monkeypatch):
    fake = Mock()
    monkeypatch.setattr(app, "OpenAI", fake)
    Bot("k")
    assert fake.call_args.kwargs == {"api_key": "k"}


def test_new():
    bot = Bot.__new__(Bot)
    completions = SimpleNamespace(create=lambda **given: reply(given["model"]))
    bot.client = SimpleNamespace(chat=SimpleNamespace(completions=completions))
    assert bot.ask("x", "model") == "model"


def test_attribute(monkeypatch):
    bot = Bot("k")
    fake = MagicMock()
    monkeypatch.setattr(bot, "client", fake)
    bot.embed("x")
    fake.embeddings.create.assert_called_once_with(model="m", input="x")


def test_method_replaced():
    bot = Bot("k")
    bot.client.chat.completions.create = Mock(side_effect=RuntimeError("no"))
    with pytest.raises(RuntimeError):
        bot.ask("x")


def test_method_patched():
    bot = Bot("k")
    with patch.object(bot.client.embeddings, "create") as create:
        bot.embed("x")
    create.assert_called_once_with(model="m", input="x")


def test_async():
    with patch("pkg.app.AsyncOpenAI") as make:
        client = make.return_value.__aenter__.return_value
        client.responses.create = AsyncMock(return_value=SimpleNamespace(output_text="a"))
        assert asyncio.run(app.aask("k", "x")) == "a"


def test_module_object():
    with patch.object(pkg.app.openai, "AzureOpenAI") as make:
        app.through_module([])
    make.assert_called_once_with(api_key="k", azure_endpoint="https://x", api_version="1")


def test_module_string():
    with patch("pkg.app.openai.AzureOpenAI") as make:
        app.through_module([])
    make.return_value.chat.completions.create.assert_called_once_with(model="d", messages=[])


def test_sdk_string():
    with patch("openai.OpenAI") as make:
        app.lazy([])
    make.assert_called_once_with(api_key="z")


def test_sdk_object(monkeypatch):
    make = Mock()
    monkeypatch.setattr(openai, "OpenAI", make)
    app.lazy([])
    make.return_value.chat.completions.create.assert_called_once_with(model="d", messages=[])


def test_function():
    with patch("pkg.app.make") as make:
        app.made("x")
    make.return_value.embeddings.create.assert_called_once_with(model="m", input="x")


def test_shared(monkeypatch):
    fake = Mock()
    monkeypatch.setattr("pkg.app.shared", fake)
    app.by_shared("t")
    fake.embeddings.create.assert_called_once_with(model="m", input="t")


def test_class_method_of_sdk():
    with patch("openai.resources.embeddings.Embeddings.create") as create:
        app.by_shared("t")
    create.assert_called_once_with(model="m", input="t")


def test_chat_class_method_of_sdk(monkeypatch):
    from openai.resources.chat import completions

    fake = lambda self, **given: reply(given["model"])
    monkeypatch.setattr(completions.Completions, "create", fake)
    assert Bot("k").ask("x", "mm") == "mm"


def test_instance():
    assert isinstance(Bot("k").client, openai.OpenAI)
    assert isinstance(Bot("k").client, app.OpenAI)


def test_spec():
    client = MagicMock(spec=openai.OpenAI)
    client.embeddings.create.return_value = 3
    assert app.by_param(client, "x") == 3


def test_error(monkeypatch):
    bot = Bot("k")
    import httpx

    request = httpx.Request("POST", "http://x")
    error = openai.RateLimitError("slow", response=httpx.Response(429, request=request), body=None)
    with patch.object(bot.client.chat.completions, "create", side_effect=error):
        assert bot.ask("x") == "later"


def test_real_client():
    from openai import OpenAI

    client = OpenAI(api_key="k", base_url="http://127.0.0.1:1", max_retries=0)
    with pytest.raises(openai.APIConnectionError):
        app.by_param(client, "x")
"""

LEGACY_APP = """\
import openai
from openai import Embedding


def ask(messages):
    try:
        return openai.ChatCompletion.create(model="gpt-4", messages=messages)
    except openai.error.RateLimitError:
        return "later"


def embed(text):
    return Embedding.create(engine="ada", input=text)


def is_proxied():
    return "proxy.example" in openai.api_base


def key():
    return openai.api_key
"""

LEGACY_TESTS = """\
from unittest.mock import patch

import openai

from pkg import legacy


@patch("openai.ChatCompletion.create")
def test_string(create):
    legacy.ask([])
    create.assert_called_once_with(model="gpt-4", messages=[])


@patch("pkg.legacy.openai.ChatCompletion.create", side_effect=openai.error.RateLimitError("slow"))
def test_error(create):
    assert legacy.ask([]) == "later"


def test_object(monkeypatch):
    monkeypatch.setattr(openai.ChatCompletion, "create", lambda **arguments: arguments)
    assert legacy.ask([]) == {"model": "gpt-4", "messages": []}


@patch("pkg.legacy.Embedding.create")
def test_class(create):
    legacy.embed("x")
    create.assert_called_once_with(engine="ada", input="x")


def test_settings(monkeypatch):
    assert not legacy.is_proxied()
    monkeypatch.setattr(openai, "api_base", "https://proxy.example/v1")
    assert legacy.is_proxied()
    monkeypatch.setattr("openai.api_key", "k")
    assert legacy.key() == "k"
"""


@pytest.mark.parametrize("spelling", ["auto", "sdk"])
def test_the_tests_of_a_migrated_project_pass(tmp_path: Path, spelling: str) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/app.py": APP,
        "pkg/legacy.py": LEGACY_APP,
        "tests/test_app.py": TESTS,
        "tests/test_legacy.py": LEGACY_TESTS,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    command = ["codemods.migrate_openai", "--write", "--spelling", spelling, "."]
    suite = ["pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "tests"]
    for arguments in (command, suite):
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
