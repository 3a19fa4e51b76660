"""Linking ends, and costs what the input costs: counted in work, never in time."""

from __future__ import annotations

import pytest

from codemods.migrate_openai import engine
from codemods.migrate_openai.model import Options, SourceFile
from codemods.migrate_openai.plan.project import Project


def tangle(size: int) -> list[SourceFile]:
    """Classes that call one another in a ring, in one deep line, sharing every name."""
    files = []
    for number in range(size):
        above, beside = (number - 1) % size, (number + 1) % size
        base = f"C{above}" if number else "object"
        text = f"""\
from openai import OpenAI
from m{above} import C{above}
from m{beside} import C{beside}, run as run_next

class C{number}({base}):
    def __init__(self, client=None, other=None):
        super().__init__(client, self)
        self.client = client or self.make()
        self.other = other or C{beside}(self.client, self)
        self.kept{number} = self.other.other
        self.other.child = self

    def make(self):
        return self.other.make() if self.other else OpenAI()

    def run(self, other, client):
        other.run(self, self.client)
        self.child.run(other, client)
        return client.chat.completions.create(model="m", messages=[])

def run(thing, client):
    run_next(thing.other, thing.client)
    return thing.run(C{number}(client), client.chat)
"""
        files.append(SourceFile(path=f"m{number}.py", text=text))
    return files


@pytest.fixture
def small_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shared by so few is followed in full: a test need not have hundreds of files."""
    monkeypatch.setattr("codemods.migrate_openai.flow.limits.VALUES_OF_A_NODE", 20)


def work(size: int) -> int:
    facts = [engine.collect(file) for file in tangle(size)]
    return Project([f for f in facts if f is not None], lambda path: None).work


@pytest.mark.usefixtures("small_nodes")
def test_work_grows_with_the_number_of_files_and_no_faster() -> None:
    small, large = work(40), work(160)
    assert large < 4 * small * 1.5


@pytest.mark.usefixtures("small_nodes")
def test_what_is_shared_too_widely_to_be_followed_stays() -> None:
    results = list(engine.migrate(tangle(80), Options()))
    assert not any(result.error for result in results)
    left = [f for r in results for f in r.findings if f.rule == "MOA201"]
    assert len(left) == 80
    assert {f.status for f in left} == {"left"}
    assert all("more of the program than can be followed" in f.message for f in left)


@pytest.mark.usefixtures("small_nodes")
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    ("box", "client"),
    [
        ("class Box:\n    client = OpenAI(timeout=1)", "thing.client"),
        ("class Box:\n    def get(self):\n        return OpenAI(timeout=1)", "thing.get()"),
        ("def Box():\n    return [OpenAI(timeout=1)]", "thing[0]"),
        ("def Box():\n    return lambda: OpenAI(timeout=1)", "thing()"),
    ],
)
def test_what_can_be_got_from_what_is_shared_too_widely_stays_too(
    box: str, client: str, is_first: bool
) -> None:
    others = "".join(f"class C{n}: pass\n_share(C{n}())\n" for n in range(30))
    shared = f"_share(Box())\n{others}" if is_first else f"{others}_share(Box())\n"
    call = f"{client}.embeddings.create(model='m', input=1)"
    text = f"from openai import OpenAI\n{box}\n\ndef _share(thing):\n    {call}\n\n{shared}"
    [result] = engine.migrate([SourceFile(path="a.py", text=text)], Options())
    assert result.text == text
    assert [f.status for f in result.findings] == ["left", "left"]
    assert "more of the program than can be followed" in result.findings[0].message


def test_a_chain_of_modules_and_classes_may_be_any_length() -> None:
    size = 3000
    files = [SourceFile(path="m0.py", text="from openai import OpenAI\nclass C(OpenAI): pass\n")]
    files += [
        SourceFile(path=f"m{n}.py", text=f"from m{n - 1} import C as B\nclass C(B): pass\n")
        for n in range(1, size)
    ]
    last = f"from m{size - 1} import C\nC().chat.completions.create(model='m', messages=[])\n"
    files.append(SourceFile(path="last.py", text=last))
    facts = [engine.collect(file) for file in files]
    view = engine.link([f for f in facts if f is not None])["last.py"]
    assert {decision.moves for decision in view.decisions.values()} == {True}


def test_a_method_that_is_assigned_from_itself_is_reported_by_its_own_name() -> None:
    text = """\
from openai import OpenAI

client = OpenAI()
fetch = client.realtime.connect
while slow():
    fetch = fetch.wrapped
    fetch(model=m)
"""
    [result] = engine.migrate([SourceFile(path="a.py", text=text)], Options())
    messages = [f.message for f in result.findings if f.rule == "MOA901"]
    assert messages
    assert not any("wrapped.wrapped" in message for message in messages)


def overriding(size: int, *, chain: bool) -> list[SourceFile]:
    """Classes that all override what their common base makes its client by."""
    base = """\
class C0:
    def __init__(self):
        self.client = self.make()

    def make(self):
        raise NotImplementedError

    def ask(self):
        return self.client.chat.completions.create(model="m", messages=[])
"""
    files = [SourceFile(path="m0.py", text=base)]
    for number in range(1, size):
        above = number - 1 if chain else 0
        text = f"""\
from openai import OpenAI
from m{above} import C{above}

class C{number}(C{above}):
    def make(self):
        return OpenAI(timeout={number})

    def ask(self):
        return self.client.chat.completions.create(model="m", messages=[])
"""
        files.append(SourceFile(path=f"m{number}.py", text=text))
    return files


@pytest.mark.parametrize("chain", [False, True])
def test_a_method_overridden_many_times_costs_no_more_than_its_classes(chain: bool) -> None:
    def cost(size: int) -> int:
        facts = [engine.collect(file) for file in overriding(size, chain=chain)]
        return Project([f for f in facts if f is not None], lambda path: None).work

    assert cost(400) < 4 * cost(100) * 1.5


def test_a_class_with_more_overriding_subclasses_than_are_followed_keeps_its_spelling() -> None:
    results = {r.path: r for r in engine.migrate(overriding(40, chain=False), Options())}
    [base] = [f for f in results["m0.py"].findings if f.rule == "MOA101"]
    assert (base.status, results["m0.py"].changed) == ("migrated", False)
    assert "self.client.chat_completion(" in results["m39.py"].text


GIVEN = """\
from made import make

client = make()
client.embeddings.create(model="m", input=1)


class Box:
    pass


def _ask(given):
    return given.embeddings.create(model="m", input=2)


def _read(box: Box):
    return box.client.embeddings.create(model="m", input=3)
"""
MADE = """\
import app
from openai import OpenAI


def make():
    return OpenAI(timeout=1)


app._ask(OpenAI(timeout=2))
app.Box.client = OpenAI(timeout=3)
"""


def test_a_file_that_is_met_on_the_way_hands_its_clients_back() -> None:
    made = SourceFile(path="made.py", text=MADE)
    app = SourceFile(path="app.py", text=GIVEN)
    [alone] = engine.migrate([app], Options(), lambda path: made if path == made.path else None)
    assert [(f.line, f.reason) for f in alone.findings] == [
        (line, "not-given") for line in (4, 12, 16)
    ]
    together, _ = engine.migrate([app, made], Options())
    assert together.text == GIVEN.replace('embeddings.create(model="m', 'embedding(model="openai/m')
