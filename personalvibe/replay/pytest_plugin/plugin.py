"""The pytest plugin: its hooks. Only pytest's side of things lives in this room.

Imported at the start of every pytest run of every project that has this package installed, so it
imports nothing but pytest and the standard library, and changes nothing until the suite marks a
test with `vcr` or asks for a closed network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from personalvibe.replay.pytest_plugin import asking, fixtures
from personalvibe.replay.pytest_plugin.options import INI_WORDS, MARKS, OPTIONS
from personalvibe.replay.pytest_plugin.reporter import Reporter, refused
from personalvibe.replay.pytest_plugin.state import (
    CASSETTE,
    FACTS,
    FIXTURES,
    PASSED,
    STATE,
    State,
    from_here,
)

# The entry points of plugins that own the same options and fixtures -> their modules.
_OTHERS = {"recording": "pytest_recording.plugin", "cassetter": "cassetter.pytest_plugin"}

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True


_starting: State | None = None
_taken_over = ""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    _take_over(pluginmanager)
    group = parser.getgroup("recording")
    for name, settings in OPTIONS.items():
        # Another plugin may have been loaded first and own the option; its meaning is the same.
        with contextlib.suppress(ValueError):
            group.addoption(name, **settings)
    # Not said is not the same as false: a test with the `vcr` mark is closed then.
    parser.addini("replay_block_network", "Close the network", type="bool", default=None)
    for name, (words, help_) in INI_WORDS.items():
        parser.addini(name, f"{' or '.join(words)}: {help_}", default=words[0])
    config: Any = pluginmanager.get_plugin("pytestconfig")
    options = asking.early_options(parser, config)
    if options is not None:
        _begin(options, config)


def _begin(options: Any, config: pytest.Config) -> None:
    """Close the network, if the suite asks for that."""
    global _starting
    if _starting is None:
        state = _starting = State(options)
        config.add_cleanup(_abandon)
        state.closes_marked_tests = asking.closes_marked_tests(options, config)
        state.closed = asking.closes_session(options, config)
        if state.closed:
            state.begin_use()
            if asking.wants_namespace(config) and not asking.records(options):
                _enter_namespace(state)
        if options.stand_in:
            from personalvibe.replay.offline.environment import without_proxies

            state.resources.enter_context(without_proxies(os.environ))


def _enter_namespace(state: State) -> None:
    from personalvibe.replay.offline import namespace

    problem = namespace.enter()
    state.notices.append(
        f"no network namespace, this plugin alone keeps the network closed: {problem}"
        if problem
        else "the session runs in a network namespace of its own"
    )


def _abandon() -> None:
    """pytest ends before it was configured, or after it was unconfigured."""
    global _starting
    if _starting is not None:
        _starting.resources.close()
        _starting = None


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
    """The command line is read, and nothing of the project is imported yet."""
    _begin(early_config.known_args_namespace, early_config)


def pytest_configure(config: pytest.Config) -> None:
    global _starting
    state, _starting = _starting or State(config.option), None
    if config.pluginmanager.has_plugin("vcr"):
        _make_way(config, state)
        return
    for name, (words, _) in INI_WORDS.items():
        if config.getini(name) not in words:
            raise pytest.UsageError(
                f"{name} = {config.getini(name)!r} in the ini file is not {' or '.join(words)}"
            )
    if state.drift_report and state.mode != "rewrite":
        raise pytest.UsageError("--drift-report asks the providers: add --record-mode=rewrite")
    if _taken_over:
        keep = "to keep that one instead: -p no:personalvibe_replay"
        state.notices.append(f"takes over from {_taken_over} ({keep})")
    config.stash[STATE] = state
    config.pluginmanager.register(fixtures, "personalvibe_replay_fixtures")
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        state.notes, state.started = Path(worker[FACTS][0]), worker[FACTS][1]
    else:
        config.pluginmanager.register(Reporter(config), "personalvibe_replay_reporter")
        _limit_spending(config)
    state.configured()
    for line in MARKS:
        config.addinivalue_line("markers", line)


def _limit_spending(config: pytest.Config) -> None:
    limit = config.getoption("--max-recording-cost")
    if limit is not None:
        from personalvibe.replay.pytest_plugin.spending import SpendingLimit

        config.pluginmanager.register(SpendingLimit(limit), "personalvibe_replay_spending")


def _make_way(config: pytest.Config, state: State) -> None:
    """pytest-vcr has marks and fixtures of the same names: a suite has one of the two plugins."""
    asked = state.in_use
    state.resources.close()
    if asked:
        raise pytest.UsageError(
            "personalvibe.replay and pytest-vcr share their names: uninstall pytest-vcr, "
            "or run with -p no:personalvibe_replay"
        )
    config.pluginmanager.unregister(sys.modules[__name__])


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> None:
    """LiteLLM is silenced before a module with cassettes imports it."""
    state = collector.config.stash[STATE]
    of_module = isinstance(collector, pytest.Module) and collector.path.is_file()
    if of_module and not state.in_use and b"mark.vcr" in collector.path.read_bytes():
        state.begin_use()


def pytest_collection_finish(session: pytest.Session) -> None:
    state = session.config.stash[STATE]
    marks = ("vcr", "block_network")
    if not state.in_use and any(
        item.get_closest_marker(mark) for item in session.items for mark in marks
    ):
        state.begin_use()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items[:1]:
        item.config.stash[STATE].deselected = True


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist starts a worker."""
    state = node.config.stash[STATE]
    node.workerinput[FACTS] = (str(state.notes), state.started)


def pytest_unconfigure(config: pytest.Config) -> None:
    state = config.stash.get(STATE, None)
    if state is not None:
        state.resources.close()
        if not hasattr(config, "workerinput") and state.notes.exists():
            shutil.rmtree(state.notes, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was refused after a worker's last test, and whether the worker left tests out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        state = session.config.stash[STATE]
        output[FACTS] = {"refused": refused(session.config), "deselected": state.deselected}


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [f"personalvibe.replay: {notice}" for notice in config.stash[STATE].notices]


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> None:
    """Note which fixtures a test with a cassette has."""
    if fixturedef.scope == "function" and request.config.stash[STATE].in_use:
        request.node.stash.setdefault(FIXTURES, []).append((fixturedef, request))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    state = item.config.stash[STATE]
    if not state.in_use:
        return (yield)
    from personalvibe.replay.offline.workers import working_for

    state.current_test = from_here(item.config, item.nodeid)
    try:
        with working_for(state.current_test):
            return (yield)
    finally:
        state.current_test = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if not item.config.stash[STATE].in_use:
        return (yield)
    from personalvibe.replay.pytest_plugin.verdict import judged

    return (yield from judged(item, call))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Write what was recorded, once the test has passed and everything is torn down."""
    if not item.config.stash[STATE].in_use:
        return (yield)
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
        passed = item.stash.get(PASSED, False)
        problem = test.finish(passed=passed)
        test.compare(passed=passed)
        if problem:
            pytest.fail(problem, pytrace=False)
    return result
