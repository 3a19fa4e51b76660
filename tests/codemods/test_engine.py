"""The engine's door: options, skipped lines, parts of a project, places in the result."""

from __future__ import annotations

import pickle

import pytest

from codemods.migrate_openai import engine
from codemods.migrate_openai.model import FileResult, Options, SourceFile

BEFORE = """\
from openai import OpenAI, RateLimitError

client = OpenAI()
try:
    client.chat.completions.create(model="m", messages=[])
    client.embeddings.create(model="m", input="x")
except RateLimitError:
    pass
"""


def one(text: str, options: Options | None = None, skipped: tuple[int, ...] = ()) -> FileResult:
    file = SourceFile(path="a.py", text=text, skipped_lines=frozenset(skipped))
    [result] = engine.migrate([file], options or Options())
    return result


def statuses(result: FileResult) -> dict[tuple[int, str], str]:
    return {
        (f.line, f.rule): f.status + (f" {f.reason}" if f.reason else "") for f in result.findings
    }


def test_a_rule_that_is_ignored_leaves_its_sites_and_the_program_running() -> None:
    result = one(BEFORE, Options(ignore=frozenset({"MOA121"})))
    assert 'client.chat_completion(model="openai/m", messages=[])' in result.text
    assert 'client.embeddings.create(model="m", input="x")' in result.text
    assert "client = llm_router.Client()" in result.text
    assert statuses(result)[6, "MOA121"] == "left skipped"
    assert result.status == "needs-human"


def test_only_the_rules_selected_apply() -> None:
    result = one(BEFORE, Options(select=frozenset({"MOA4"})))
    assert "except llm_router.RateLimitError:" in result.text
    assert "client = OpenAI()" in result.text
    assert statuses(result)[5, "MOA101"] == "left skipped"


def test_a_line_that_is_skipped_keeps_its_client() -> None:
    result = one(BEFORE, skipped=(5,))
    assert 'client.chat.completions.create(model="m", messages=[])' in result.text
    assert statuses(result)[5, "MOA101"] == "left skipped"
    assert statuses(result)[6, "MOA121"] == "migrated"


def test_the_client_of_a_skipped_line_stays_what_it_is() -> None:
    result = one(BEFORE, skipped=(3,))
    assert "client = OpenAI()" in result.text
    assert "\n    client.chat_completion" not in result.text
    assert "\n    llm_router.chat_completion" in result.text


def test_the_router_may_stand_anywhere() -> None:
    assert one(BEFORE, Options(router="app.llm.router")).text.startswith(
        "from app.llm import router\n"
    )
    assert one(BEFORE, Options(router="router")).text.startswith("import router\n")


def test_every_migrated_site_knows_its_new_line() -> None:
    result = one("import os\n" + BEFORE)
    lines = result.text.splitlines()
    calls = [f for f in result.findings if f.kind == "call"]
    assert [f.line for f in calls] == [6, 7]
    for finding in calls:
        assert finding.new_line is not None
        assert "llm_router." in lines[finding.new_line - 1]


def test_places_count_characters_from_one() -> None:
    [finding] = one(
        'import openai\né = "é", openai.embeddings.create(model="m", input="é")\n'
    ).findings
    assert (finding.line, finding.column) == (2, 10)


CLIENTS = SourceFile(
    path="app/clients.py",
    text="from openai import OpenAI\n\nclient = OpenAI(api_key=key)\n",
)
USE = SourceFile(
    path="app/use.py",
    text="from .clients import client\n\nclient.embeddings.create(model=name, input='x')\n",
)


def test_a_client_made_outside_the_run_is_not_relied_upon() -> None:
    finder = {CLIENTS.path: CLIENTS}.get
    [result] = engine.migrate([USE], Options(), finder)
    assert not result.edits
    [finding] = result.findings
    assert finding.reason == "not-given"
    assert finding.message == "the client is made in clients.py"
    both = {r.path: r.text for r in engine.migrate([CLIENTS, USE], Options(), finder)}
    assert "client.embedding(model=name, input='x')" in both["app/use.py"]
    assert 'llm_router.Client(provider="openai", api_key=key)' in both["app/clients.py"]


def test_a_module_without_a_mention_of_openai_hands_a_client_on() -> None:
    middle = SourceFile(path="app/__init__.py", text="from .clients import client\n")
    use = SourceFile(
        path="main.py", text="import app\n\napp.client.embeddings.create(model=name, input='x')\n"
    )
    results = engine.migrate([CLIENTS, use], Options(), {middle.path: middle}.get)
    assert "app.client.embedding(" in list(results)[1].text


def test_what_crosses_to_another_process_pickles() -> None:
    facts = [engine.collect(file) for file in (CLIENTS, USE)]
    linked = engine.link([f for f in pickle.loads(pickle.dumps(facts)) if f])
    result = engine.migrate_file(USE, pickle.loads(pickle.dumps(linked)), Options())
    assert pickle.loads(pickle.dumps(result)).edits


@pytest.mark.parametrize(
    "text", ["import openai\nprint 'x'\n", "import openai\n\x00", "openai" + "(" * 5000]
)
def test_what_cannot_be_parsed_fails_alone(text: str) -> None:
    bad = SourceFile(path="bad.py", text=text)
    results = list(engine.migrate([bad, SourceFile(path="a.py", text=BEFORE)], Options()))
    assert [r.status for r in results] == ["failed", "changed"]
    assert "cannot be parsed" in results[0].error or "nested" in results[0].error
    assert results[0].text == text


def test_a_class_of_the_programs_own_leaves_the_provider_to_its_calls() -> None:
    result = one("""\
from openai import OpenAI


class Ours(OpenAI):
    pass


Ours(timeout=3).embeddings.create(model=name, input="x")
""")
    assert "class Ours(llm_router.Client):" in result.text
    assert 'Ours(timeout=3).embedding(provider="openai", model=name, input="x")' in result.text
