"""The direction of imports, read from the source. See docs/architecture.md."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

PACKAGES = ("personalvibe", "codemods")

# A third-party package -> the only modules, or rooms of modules, that may import it, at any depth.
OWNERS: dict[str, set[str]] = {
    "litellm": {
        "personalvibe.llm_router_parts.hooks",
        "personalvibe.llm_router_parts.packages",
        "personalvibe.llm_router_parts.replies",
        "personalvibe.llm_router_parts.wire",
        "personalvibe.providers.sharp_boe",
        "personalvibe.replay.offline.environment",
    },
    "vcr": {"personalvibe.replay.vcrpy.loading"},
    "pytest": {
        "personalvibe.replay.pytest_plugin",
        "codemods.migrate_openai.prove.hook.migrate_proof_pytest",
    },
    "_pytest": set(),
    "openai": {"personalvibe.llm_router_parts.packages"},
}

ROOT = Path(__file__).parents[1]
TOP = {"LICENSE", "README.md", "pyproject.toml", "cassettes", "docs", "tests", *PACKAGES}

# Heavy modules that no module may import while it is itself being imported.
LAZY = {"litellm", "vcr", "rich"}


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        # Where it is imported from, which is the checkout or an installed wheel.
        (folder,) = import_module(package).__path__
        for path in sorted(Path(folder).rglob("*.py")):
            parts = path.relative_to(Path(folder).parent).with_suffix("").parts
            if "data" in parts:  # the demonstration's program, which a wheel brings along
                continue
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return found


def imports(name: str, path: Path) -> Iterator[tuple[str, bool]]:
    """(imported module, at import time?) for every import statement of a module."""
    tree = ast.parse(path.read_bytes())
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]

    def walk(node: ast.AST, at_import: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, at_import
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    anchor = package.split(".")[: len(package.split(".")) - child.level + 1]
                    base = ".".join([*anchor, base] if base else anchor)
                yield base, at_import
                for alias in child.names:
                    yield f"{base}.{alias.name}", at_import
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                for part in child.orelse:
                    yield from walk(part, at_import)
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                yield from walk(child, False)
            else:
                yield from walk(child, at_import)

    yield from walk(tree, True)


@cache
def all_imports() -> list[tuple[str, str, bool]]:
    """(module, imported module, at import time?)"""
    return [
        (name, target, at_import)
        for name, path in modules().items()
        for target, at_import in imports(name, path)
    ]


def within(target: str, package: str) -> bool:
    return target == package or target.startswith(f"{package}.")


@pytest.mark.parametrize("package", sorted(OWNERS))
def test_only_the_owner_imports(package: str) -> None:
    strangers = {
        name
        for name, target, _ in all_imports()
        if within(target, package) and not any(within(name, owner) for owner in OWNERS[package])
    }
    assert not strangers, f"{package} is imported by {sorted(strangers)}"


def test_the_heavy_packages_are_imported_late() -> None:
    early = {
        (name, target)
        for name, target, at_import in all_imports()
        if at_import and target.split(".")[0] in LAZY
        # These modules *are* the adapters: they are imported late by those who need them.
        if name
        not in {
            "personalvibe.providers.sharp_boe",
            "personalvibe.replay.vcrpy.loading",
        }
    }
    assert not early


def test_app_and_codemods_do_not_know_each_other() -> None:
    crossing = {
        (name, target)
        for name, target, _ in all_imports()
        if (within(name, "codemods") and within(target, "personalvibe"))
        or (within(name, "personalvibe") and within(target, "codemods"))
        # The proof runs the programs against the replay harness's stand-in.
        if not (
            within(name, "codemods.migrate_openai.prove") and within(target, "personalvibe.replay")
        )
    }
    assert not crossing


def test_the_app_prints_through_output_alone() -> None:
    """It is what keeps control sequences off terminals and gets along with closed pipes."""
    rooms = ("personalvibe.replay", "personalvibe.llm_router_parts", "personalvibe.output")
    app = {
        name: path.read_text("utf-8")
        for name, path in modules().items()
        if within(name, "personalvibe") and not any(within(name, room) for room in rooms)
    }
    printing = re.compile(r"click\.(?:echo|secho)\(|sys\.std(?:out|err)\.(?:write|buffer)")
    assert [name for name, text in app.items() if printing.search(text)] == []


def test_replay_does_not_import_the_app() -> None:
    crossing = {
        (name, target)
        for name, target, _ in all_imports()
        if within(name, "personalvibe.replay")
        and name != "personalvibe.replay.__main__"  # a door to pv, and nothing else
        and within(target, "personalvibe")
        and not within(target, "personalvibe.replay")
        and target not in {"personalvibe", "personalvibe.__version__"}
    }
    assert not crossing


CODEMOD = "codemods.migrate_openai"
# Each room imports only those behind it.
ROOMS = (
    "__main__",
    "prove",
    "cli",
    "libcst_command",
    "files",
    "engine",
    "plan",
    "rewrite",
    "flow",
    "rules",
    "model",
    "errors",
)


def room_of(name: str) -> str | None:
    room = name.removeprefix(f"{CODEMOD}.").partition(".")[0]
    return room if within(name, CODEMOD) and room in ROOMS else None


def test_every_module_of_the_codemod_is_in_a_room() -> None:
    strays = {n for n in modules() if within(n, CODEMOD) and n != CODEMOD and not room_of(n)}
    assert not strays


def test_the_rooms_of_the_codemod_import_one_way() -> None:
    backwards = {
        (name, target)
        for name, target, _ in all_imports()
        if (room := room_of(name)) and (other := room_of(target))
        if ROOMS.index(other) < ROOMS.index(room)
    }
    assert not backwards


def test_libcst_is_what_rewrites() -> None:
    """The flow reads syntax by it that is too new; the command is for libcst's own runner."""
    importers = {name for name, target, _ in all_imports() if within(target, "libcst")}
    allowed = {f"{CODEMOD}.flow.newer_syntax", f"{CODEMOD}.libcst_command"}
    assert {n for n in importers if not within(n, f"{CODEMOD}.rewrite")} == allowed


FACE, PARTS = "personalvibe.llm_router", "personalvibe.llm_router_parts"


# The rooms and modules of the harness by floor: imports lead down, or stay in their room.
REPLAY_FLOORS = (
    {"model", "abort", "dates"},
    {"cassette"},
    {"matching"},
    {"redaction", "usage"},
    {"transaction", "options", "shared"},
    {"toolbox"},
    {"session"},
    {"vcrpy"},
    {"offline"},
    {"opening"},
    {"pytest_plugin", "script", "__main__"},
)


def room(name: str) -> str:
    """``cassette`` of ``personalvibe.replay.cassette.file``; empty for what is not replay's."""
    return name.removeprefix("personalvibe.replay.").split(".")[0] if "replay." in name else ""


def test_the_rooms_of_replay_import_downwards() -> None:
    floor = {one: number for number, rooms in enumerate(REPLAY_FLOORS) for one in rooms}
    known = {room(name) for name in modules() if within(name, "personalvibe.replay")} - {""}
    assert known == {*floor, "standin"}
    upwards = {
        (name, target)
        for name, target, _ in all_imports()
        if (ours := room(name)) in floor
        and (theirs := room(target)) in floor
        and ours != theirs
        and floor[theirs] >= floor[ours]
    }
    assert not upwards


def test_the_standin_stands_beside() -> None:
    """It answers for providers: of the harness it knows the data and the bodies, no more."""
    used = {room(target) for name, target, _ in all_imports() if room(name) == "standin"}
    assert used - {"", "standin"} <= {"model", "cassette"}


def test_the_router_is_self_contained() -> None:
    own = {
        (name, target)
        for name, target, _ in all_imports()
        if (name == FACE or within(name, PARTS)) and within(target, "personalvibe")
    }
    assert {target for _, target in own if not within(target, PARTS)} == set()


def test_nobody_else_reaches_into_the_routers_parts() -> None:
    reaching = {
        (name, target)
        for name, target, _ in all_imports()
        if within(target, PARTS) and name != FACE and not within(name, PARTS)
    }
    assert not reaching


@pytest.mark.process
@pytest.mark.parametrize(
    "statement",
    [
        "import personalvibe.replay.pytest_plugin.plugin",
        "import personalvibe.cli",
        "import personalvibe.llm_router",
    ],
)
def test_start_up_imports_nothing_heavy(statement: str) -> None:
    heavy = ("litellm", "vcr", "libcst", "rich", "openai", "httpx")
    code = f"{statement}; import sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.process
def test_nothing_strays_into_the_top_level() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    tops = {name.partition("/")[0] for name in listed.stdout.splitlines()}
    assert {name for name in tops if not name.startswith(".")} == TOP
