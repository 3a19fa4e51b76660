"""Projects made at random: clients go from module to module, and linking comes to an end."""

from __future__ import annotations

import textwrap

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codemods.migrate_openai.engine import migrate
from codemods.migrate_openai.model import FileResult, Options, SourceFile

SIZE = st.integers(0, 4)
IMPORTS = (
    "from m{n} import *",
    "from m{n} import C{n}, make, share, client",
    "from .m{n} import C{n} as B{n}, client as other",
    "import m{n}",
    "from . import m{n}",
    "from openai import OpenAI, AsyncOpenAI",
    "import openai",
    "try:\n    from m{n} import client\nexcept ImportError:\n    client = None",
)
VALUES = (
    "OpenAI()",
    "AsyncOpenAI(api_key=KEY)",
    "openai.OpenAI()",
    "make()",
    "share(client)",
    "m{n}.client",
    "m{n}.make()",
    "C{n}()",
    "C{n}(client)",
    "C{n}(client=other)",
    "C{n}(client).client",
    "B{n}.client",
    "client",
    "other",
    "None",
    "unknown()",
    "[client, other]",
    "{{'a': client}}['a']",
    "self.client",
    "self.other",
    "self.other.client",
    "super().client",
    "client if other else OpenAI()",
    "functools.partial(OpenAI, timeout=5)()",
    "client.with_options(timeout=1)",
    "lambda: client",
)
STATEMENTS = (
    "client = {v}",
    "other = {v}",
    "m{n}.client = {v}",
    "client.other = {v}",
    "share({v})",
    "C{n}.client = {v}",
    "client.chat.completions.create(model='m', messages=[])",
    "other.embeddings.create(model='m', input='x')",
    "({v}).responses.create(model='m', input='x')",
    "client.uploads.create(file=f, purpose='p')",
    "client.realtime.connect(model='m')",
    "retry({v}.chat.completions.create, model='m')",
    "print(client.api_key, other.base_url)",
    "with OpenAI() as client:\n    share(client)",
    "for client in [{v}]:\n    share(client)",
    "box: m{n}.C{n} = {v}\nbox.client.embeddings.create(model='m', input='x')",
)
IN_METHOD = (
    *STATEMENTS,
    "self.client = {v}",
    "self.other = {v}",
    "self.run(self.client, {v})",
    "super().__init__({v})",
    "C{n}.__init__(self, {v})",
    "m{n}.C{n}.run(self, self.client, {v})",
    "self.client.chat.completions.create(model='m', messages=[])",
    "return {v}",
)


@st.composite
def lines(draw: st.DrawFn, shapes: tuple[str, ...], most: int) -> str:
    found = []
    for shape in draw(st.lists(st.sampled_from(shapes), max_size=most)):
        value = draw(st.sampled_from(VALUES)).format(n=draw(SIZE))
        found.append(shape.format(n=draw(SIZE), v=value))
    return "\n".join(found) or "pass"


@st.composite
def modules(draw: st.DrawFn, number: int) -> str:
    above = draw(st.sampled_from(["", "B{n}", "C{n}", "OpenAI", "C{n}, B{n}", "m{n}.C{n}"]))
    methods = "\n".join(
        f"def {name}:\n" + textwrap.indent(draw(lines(IN_METHOD, 3)), "    ")
        for name in ("__init__(self, client=None)", "run(self, client: 'OpenAI', other=None)")
    )
    decorator = draw(st.sampled_from(["", "@dataclass\n"]))
    field = draw(st.sampled_from(["client = None", "client: OpenAI", "pass"]))
    return "\n".join(
        [
            draw(lines(IMPORTS, 4)),
            f"{decorator}class C{number}({above.format(n=draw(SIZE))}):",
            textwrap.indent(f"{field}\n{methods}", "    "),
            "def make(client=None):",
            textwrap.indent(draw(lines((*STATEMENTS, "return {v}"), 3)), "    "),
            "def share(client, *rest):",
            textwrap.indent(draw(lines((*STATEMENTS, "return {v}"), 3)), "    "),
            draw(lines(STATEMENTS, 4)),
            "",
        ]
    )


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    return {f"m{n}.py": draw(modules(n)) for n in range(draw(st.integers(1, 5)))}


def migrated(project: dict[str, str]) -> dict[str, FileResult]:
    files = [SourceFile(path=path, text=text) for path, text in project.items()]
    return {result.path: result for result in migrate(files, Options())}


@settings(suppress_health_check=list(HealthCheck))
@given(projects())
def test_a_project_of_any_shape_is_migrated_once_and_for_all(project: dict[str, str]) -> None:
    texts = {}
    for path, result in migrated(project).items():
        assert not result.error
        compile(result.text, path, "exec")
        texts[path] = result.text
    assert {path: result.text for path, result in migrated(texts).items()} == texts
