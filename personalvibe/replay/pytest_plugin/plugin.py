"""The pytest plugin: its hooks. Only pytest's side of things lives in this room.

Imported at the start of every pytest run of every project that has this package installed, so it
imports nothing but pytest, the standard library and the network guard.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from personalvibe.replay.abort import Abort
from personalvibe.replay.offline import guard
from personalvibe.replay.pytest_plugin.fixtures import (
    allowed_hosts,
    block_network,
    cassette,
    default_cassette_name,
    disable_recording,
    record_mode,
    vcr,
    vcr_cassette_dir,
    vcr_config,
    vcr_markers,
)
from personalvibe.replay.pytest_plugin.options import INI_WORDS, OPTIONS
from personalvibe.replay.pytest_plugin.reporter import Reporter
from personalvibe.replay.pytest_plugin.state import (
    CASSETTE,
    FACTS,
    FIXTURES,
    PASSED,
    STATE,
    State,
    from_here,
)
from personalvibe.replay.pytest_plugin.verdict import pytest_runtest_makereport

__all__ = [
    "allowed_hosts",
    "block_network",
    "cassette",
    "default_cassette_name",
    "disable_recording",
    "pytest_runtest_makereport",
    "record_mode",
    "vcr",
    "vcr_cassette_dir",
    "vcr_config",
    "vcr_markers",
]

# The entry points of plugins that own the same options and fixtures -> their modules.
_OTHERS = {"recording": "pytest_recording.plugin", "cassetter": "cassetter.pytest_plugin"}
_RUN_VARIABLE = "PERSONALVIBE_REPLAY_RUN"  # as in `opening`, which is imported late

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


@contextlib.contextmanager
def _aborts_fail_tests() -> Iterator[None]:
    before, Abort.failure = Abort.failure, pytest.fail.Exception
    try:
        yield
    finally:
        Abort.failure = before


_starting: State | None = None
_taken_over = ""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    _take_over(pluginmanager)
    group = parser.getgroup("recording", "recording and replaying HTTP traffic")
    for name, settings in OPTIONS.items():
        # Another plugin may have been loaded first and own the option; its meaning is the same.
        with contextlib.suppress(ValueError):
            group.addoption(name, **settings)
    parser.addini("replay_block_network", "Close the network to tests", type="bool", default=True)
    for name, (words, help_) in INI_WORDS.items():
        parser.addini(name, f"{' or '.join(words)}: {help_}", default=words[0])


def _take_over(pluginmanager: pytest.PytestPluginManager) -> None:
    """Of the plugins that share options and fixtures only one can stay. Says which gave way."""
    global _taken_over
    from importlib.util import find_spec

    found = []
    loaded = {getattr(plugin, "__name__", ""): plugin for plugin in pluginmanager.get_plugins()}
    for name, module in _OTHERS.items():
        refused = pluginmanager.is_blocked(name) or pluginmanager.is_blocked(module)
        package = module.partition(".")[0]
        if module in loaded:
            pluginmanager.unregister(loaded[module])
        if module in loaded or not (refused or find_spec(package) is None):
            found.append(package.replace("_", "-"))
        pluginmanager.set_blocked(name)
        pluginmanager.set_blocked(module)
    _taken_over = " and ".join(found)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from personalvibe.replay.pytest_plugin import hooks

    # pytest-recording may have announced the same hook before it was taken over.
    with contextlib.suppress(ValueError):
        pluginmanager.add_hookspecs(hooks)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Close the network before anything of the project is imported."""
    global _starting
    state = _starting = State(early_config.known_args_namespace)
    closes = early_config.getini("replay_block_network")
    # Recording from the stand-in needs loopback only.
    offline = early_config.known_args_namespace.stand_in or state.mode in (None, "none")
    if closes and offline and not state.disabled:
        state.guard.install()
    if early_config.known_args_namespace.stand_in:
        state.resources.enter_context(guard.without_proxies(os.environ))
    guard.silence_litellm(os.environ)


def pytest_configure(config: pytest.Config) -> None:
    global _starting
    if config.pluginmanager.has_plugin("vcr"):
        raise pytest.UsageError(
            "personalvibe.replay and pytest-vcr share their names: uninstall pytest-vcr, "
            "or run with -p no:personalvibe_replay"
        )
    for name, (words, _) in INI_WORDS.items():
        if config.getini(name) not in words:
            raise pytest.UsageError(
                f"{name} = {config.getini(name)!r} in the ini file is not {' or '.join(words)}"
            )
    state, _starting = _starting or State(config.option), None
    state.took_over = _taken_over
    config.stash[STATE] = state
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        state.notes, state.started = Path(worker[FACTS][0]), worker[FACTS][1]
    else:
        config.pluginmanager.register(Reporter(config), "personalvibe_replay_reporter")
    state.resources.enter_context(_environment(_RUN_VARIABLE, str(state.notes)))
    state.resources.enter_context(_aborts_fail_tests())
    for line in (
        "vcr(*cassettes, **settings): Play this test's HTTP traffic from a cassette, or record it.",
        "block_network(allowed_hosts=None): Close the network to this test unless it records.",
        "default_cassette(name): The name of this test's cassette.",
        "allowed_hosts(hosts): Hosts that stay open to this test.",
    ):
        config.addinivalue_line("markers", line)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist starts a worker."""
    state = node.config.stash[STATE]
    node.workerinput[FACTS] = (str(state.notes), state.started)


def pytest_unconfigure(config: pytest.Config) -> None:
    state = config.stash.get(STATE, None)
    if state is not None:
        state.guard.uninstall()
        state.resources.close()
        if not hasattr(config, "workerinput") and state.notes.exists():
            shutil.rmtree(state.notes, ignore_errors=True)


def pytest_report_header(config: pytest.Config) -> list[str]:
    other = config.stash[STATE].took_over
    if not other:
        return []
    return [
        f"personalvibe.replay: takes over from {other} "
        "(to keep that one instead: -p no:personalvibe_replay)"
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> None:
    """Note which fixtures a test has."""
    if fixturedef.scope == "function":
        request.node.stash.setdefault(FIXTURES, []).append((fixturedef, request))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    state = item.config.stash[STATE]
    state.current_test = from_here(item.config, item.nodeid)
    try:
        return (yield)
    finally:
        state.current_test = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Write what was recorded, once the test has passed and everything is torn down."""
    fixtures = item.stash.get(FIXTURES, [])
    try:
        result = yield
    except BaseExceptionGroup:
        # pytest takes a task group that was stopped for the end of everything.
        with contextlib.ExitStack() as rest:
            for fixturedef, request in fixtures:
                rest.callback(fixturedef.finish, request)
            raise
    finally:
        fixtures.clear()
    test = item.stash.get(CASSETTE, None)
    if test is not None and test.cassette is not None:
        problem = test.finish(passed=item.stash.get(PASSED, False))
        if problem:
            pytest.fail(problem, pytrace=False)
    return result
