"""The pytest plugin: options, marks, fixtures, reports. Only pytest's side of things lives here.

Imported at the start of every pytest run of every project that has this package installed, so it
imports nothing but pytest, the standard library and the network guard.
"""

from __future__ import annotations

import contextlib
import copy
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from personalvibe.replay import guard
from personalvibe.replay.plugin_options import INI_WORDS, OPTIONS, unplayed_severity
from personalvibe.replay.stop import Stop, leaves

if TYPE_CHECKING:
    from personalvibe.replay.report import RunRecord
    from personalvibe.replay.testing import TestCassette
    from personalvibe.replay.vcr_bridge import ReplayCassette

# The entry points of plugins that own the same options and fixtures -> their modules.
_OTHERS = {"recording": "pytest_recording.plugin", "cassetter": "cassetter.pytest_plugin"}
_FACTS = "personalvibe_replay"
_RUN_VARIABLE = "PERSONALVIBE_REPLAY_RUN"  # as in `opening`, which is imported late


class State:
    """What one pytest process knows."""

    def __init__(self, options: Any) -> None:
        self.mode: str | None = options.record_mode
        self.disabled: bool = options.disable_recording
        self.current_test: str | None = None
        self.took_over = ""
        self.notes = Path(tempfile.gettempdir()) / f"personalvibe-replay-run-{uuid.uuid4().hex}"
        """Made when needed; removed by the process that runs the session."""
        self.started = time.time()
        self.resources = contextlib.ExitStack()
        self._stand_in: Any = None
        self.guard = guard.NetworkGuard(
            current_test=lambda: self.current_test,
            redact=_redacted,
            allowed_hosts=options.allowed_hosts or (),
        )

    def stand_in(self) -> Any:
        """The stand-in that answers for every provider; it runs until the session ends."""
        if self._stand_in is None:
            from personalvibe.replay.standin import StandIn

            self._stand_in = self.resources.enter_context(StandIn())
        return self._stand_in


def _redacted(host: str) -> str:
    from personalvibe.replay.redact import RedactionRules, redact_text

    return redact_text(host, RedactionRules.from_config({}, os.environ))


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
def _stops_fail_tests() -> Iterator[None]:
    before, Stop.failure = Stop.failure, pytest.fail.Exception
    try:
        yield
    finally:
        Stop.failure = before


STATE: pytest.StashKey[State] = pytest.StashKey()
CASSETTE: pytest.StashKey[TestCassette] = pytest.StashKey()
FIXTURES: pytest.StashKey[list[tuple[Any, Any]]] = pytest.StashKey()
CONFIG: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
MODE: pytest.StashKey[str] = pytest.StashKey()
PASSED: pytest.StashKey[bool] = pytest.StashKey()

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
    from personalvibe.replay import hooks

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
        state.notes, state.started = Path(worker[_FACTS][0]), worker[_FACTS][1]
    else:
        config.pluginmanager.register(Reporter(config), "personalvibe_replay_reporter")
    state.resources.enter_context(_environment(_RUN_VARIABLE, str(state.notes)))
    state.resources.enter_context(_stops_fail_tests())
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
    node.workerinput[_FACTS] = (str(state.notes), state.started)


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


@pytest.fixture(scope="session")
def record_mode(request: pytest.FixtureRequest) -> str:
    """The record mode of tests that do not state their own."""
    return str(request.config.getoption("--record-mode") or "none")


@pytest.fixture(scope="session")
def disable_recording(request: pytest.FixtureRequest) -> bool:
    """Whether cassettes are ignored."""
    return bool(request.config.getoption("--disable-recording"))


@pytest.fixture
def vcr_config() -> dict[str, Any]:
    """Settings for all cassettes. Override it, in any scope."""
    return {}


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """The folder of a module's cassettes: ``cassettes/<module>`` beside it. Override it."""
    module = request.path
    return str(module.parent / "cassettes" / module.stem)


@pytest.fixture
def default_cassette_name(request: pytest.FixtureRequest) -> str:
    """The name of a test's cassette, without suffix. Override it."""
    marker = request.node.get_closest_marker("default_cassette")
    if marker is not None:
        assert marker.args, "@pytest.mark.default_cassette needs the name of the cassette"
        return str(marker.args[0])
    from personalvibe.replay.naming import default_name

    return default_name(*_names(request.node))


def _names(item: Any) -> tuple[str | None, str]:
    owner = getattr(item, "cls", None)
    return (owner.__name__ if owner else None, item.name)


@pytest.fixture
def vcr_markers(request: pytest.FixtureRequest) -> list[pytest.Mark]:
    """The ``vcr`` marks of a test, the closest first."""
    return list(request.node.iter_markers("vcr"))


@pytest.fixture
def allowed_hosts(request: pytest.FixtureRequest) -> Any:
    """Hosts that stay open to a test: its mark > command line > ``vcr_config``."""
    block = request.node.get_closest_marker("block_network")
    own = request.node.get_closest_marker("allowed_hosts")
    return (
        (block and block.kwargs.get("allowed_hosts"))
        or (own and own.args and own.args[0])
        or request.config.getoption("--allowed-hosts")
        or request.getfixturevalue("vcr_config").get("allowed_hosts")
    )


@pytest.fixture(autouse=True)
def block_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """The network as far as it is open to this test."""
    node = request.node
    mark = node.get_closest_marker("block_network")
    if mark is not None and (mark.args or set(mark.kwargs) - {"allowed_hosts"}):
        raise pytest.UsageError(
            "Invalid arguments to `block_network`. "
            "It accepts only the following keyword arguments: `allowed_hosts`. "
            f"Got args: {mark.args!r}; kwargs: {mark.kwargs!r}"
        )
    state = request.config.stash[STATE]
    marked = node.get_closest_marker("vcr") is not None
    records = marked and not state.disabled and _mode(request) != "none"
    declared = mark is not None or request.config.getoption("--block-network")
    if declared and not records:
        with state.guard.blocking(request.getfixturevalue("allowed_hosts")):
            yield
    elif node.get_closest_marker("allowed_hosts") or (
        marked and _config(request).get("allowed_hosts")
    ):
        with state.guard.with_holes(request.getfixturevalue("allowed_hosts") or ()):
            yield
    else:
        yield


def _config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """``vcr_config``, overridden by the marks, of which the closest wins."""
    stash = request.node.stash
    if CONFIG not in stash:
        merged: dict[str, Any] = copy.deepcopy(request.getfixturevalue("vcr_config"))
        for mark in reversed(list(request.node.iter_markers("vcr"))):
            merged.update(mark.kwargs)
        stash[CONFIG] = merged
    found: dict[str, Any] = stash[CONFIG]
    return found


def _mode(request: pytest.FixtureRequest) -> str:
    """Command line > mark > ``vcr_config`` > the ``record_mode`` fixture."""
    stash = request.node.stash
    if MODE not in stash:
        chosen = request.config.stash[STATE].mode or _config(request).get("record_mode")
        chosen = chosen or request.getfixturevalue("record_mode")
        stash[MODE] = str(getattr(chosen, "value", chosen))
    mode: str = stash[MODE]
    return mode


@pytest.fixture(autouse=True)
def vcr(request: pytest.FixtureRequest, block_network: None) -> Iterator[ReplayCassette | None]:
    """The cassette of a test that is marked with ``vcr``; None in other tests."""
    state = request.config.stash[STATE]
    marks = list(request.node.iter_markers("vcr"))
    if not marks or state.disabled:
        yield None
        return
    from personalvibe.replay import options
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.testing import TestCassette

    for message in options.unknown(_config(request)):
        request.node.warn(pytest.PytestConfigWarning(f"vcr: {message}"))
    class_name, test_name = _names(request.node)
    stand_in = request.config.getoption("--stand-in")
    test = TestCassette(
        test=request.node.nodeid,
        hint=guard.record_command("rewrite", _from_here(request.config, request.node.nodeid)),
        class_name=class_name,
        test_name=test_name,
        name=request.getfixturevalue("default_cassette_name"),
        folder=request.getfixturevalue("vcr_cassette_dir"),
        extra=[str(path) for mark in marks for path in mark.args],
        config=_config(request),
        mode=_mode(request),
        unplayed=unplayed_severity(request.config),
        max_age_days=request.config.getoption("--max-cassette-age"),
        route=(lambda url: state.stand_in().route(url)) if stand_in else None,
        source="stand-in" if stand_in else "provider",
        notes=state.notes,
        started=state.started,
        configure=lambda maker: request.config.hook.pytest_recording_configure(
            config=request.config, vcr=maker
        ),
    )
    request.node.stash[CASSETTE] = test
    problem = ""
    try:
        cassette = test.open()
    except CassetteError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)
    online = cassette.session.records and not stand_in
    opened = state.guard.opened() if online else contextlib.nullcontext()
    with opened, test.in_use():
        yield cassette


@pytest.fixture
def cassette(vcr: ReplayCassette | None) -> ReplayCassette | None:
    """The same by cassetter's name, whose fixture stays behind if that plugin was loaded first."""
    return vcr


def _from_here(config: pytest.Config, nodeid: str) -> str:
    """A node id, which starts at the root folder, as the folder of the run has to spell it."""
    here = config.invocation_params.dir
    if here == config.rootpath:
        return nodeid
    path, separator, test = nodeid.partition("::")
    return f"{os.path.relpath(config.rootpath / path, here)}{separator}{test}"


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> None:
    """Note which fixtures a test has."""
    if fixturedef.scope == "function":
        request.node.stash.setdefault(FIXTURES, []).append((fixturedef, request))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    state = item.config.stash[STATE]
    state.current_test = _from_here(item.config, item.nodeid)
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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A miss fails the test, whatever became of the exception."""
    test = item.stash.get(CASSETTE, None)
    error = call.excinfo.value if call.excinfo else None
    ends = leaves(error)
    stopped = bool(test and ends) and all(isinstance(end, Stop) for end in ends)
    if stopped:
        # The report is replaced anyway; to render LiteLLM's frames takes pytest seconds.
        item.repr_failure = _short  # type: ignore[method-assign]
    report = yield
    if stopped:
        del item.repr_failure
    attempts = item.config.stash[STATE].guard.take_violations()
    hidden = [one for one in attempts if not one.declared and one.test is not None]
    listed = [one for one in attempts if not one.declared and one.test is None]
    facts: dict[str, Any] = {}
    problems: list[tuple[str, BaseException | None]] = [*test.take_misses()] if test else []
    blocked = [(str(end), end) for end in ends if isinstance(end, guard.NetworkBlocked)]
    if problems or blocked:
        problems += blocked
    elif test is None and (report.skipped or item.config.getini("replay_caught_network") == "warn"):
        listed += hidden
    else:
        problems = [(message, None) for message in dict.fromkeys(one.message for one in hidden)]
    if problems:
        _fail(item, report, problems, error)
    if listed:
        facts["refused"] = [one.message.splitlines()[0] for one in listed]
    if test is not None:
        if report.when == "call":
            # A failure that was expected is a result, too; without a recording it could not be one.
            item.stash[PASSED] = report.passed or hasattr(report, "wasxfail")
        elif report.when == "teardown" and test.record is not None:
            facts["test"] = test.record.as_data()
        if report.when == "teardown":
            # pytest keeps every item until the end of the session.
            del item.stash[CASSETTE]
    if report.skipped and report.when == "setup" and item.get_closest_marker("vcr"):
        from personalvibe.replay.naming import default_name

        facts["skipped"] = [default_name(*_names(item))]
        for mark in item.iter_markers("default_cassette"):
            facts["skipped"] += mark.args
    if facts:
        # An attribute of plain data: it travels from xdist's workers with the report.
        setattr(report, _FACTS, facts)
    return report


def _is_of_project(path: Path, root: Path) -> bool:
    return (
        path.is_relative_to(root)
        and "site-packages" not in path.parts
        and not path.is_relative_to(Path(__file__).parent)
    )


def _short(excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
    return str(excinfo.value)


def _fail(
    item: pytest.Item,
    report: pytest.TestReport,
    problems: list[tuple[str, BaseException | None]],
    error: BaseException | None,
) -> None:
    """Make a report say what was missed instead of how the client's inside looked."""
    lines = ["\n\n".join(text for text, _ in problems)]
    ends = leaves(error)
    caught = not any(raised is end for _, raised in problems for end in ends)
    if caught:
        lines.append("The program caught the exception and went on.")
    else:
        places = [place for one in (error, *ends[:1]) for place in _places(one, item.config)]
        lines.append("\n".join(f"  asked at {place}" for place in dict.fromkeys(places[-3:])))
    if report.failed and not all(isinstance(end, Stop) for end in ends):
        lines.append(f"{'Then' if caught else 'With it'} the test failed:\n{report.longreprtext}")
    report.outcome = "failed"
    report.longrepr = "\n".join(line for line in lines if line)
    vars(report).pop("wasxfail", None)


def _places(error: BaseException | None, config: pytest.Config) -> list[str]:
    """The lines of the project that an exception went through."""
    return [
        f"{path.relative_to(config.rootpath)}:{entry.lineno + 1}: in {entry.name}"
        for entry in (pytest.ExceptionInfo.from_exception(error).traceback if error else ())
        if _is_of_project(path := Path(entry.path), config.rootpath)
    ]


class Reporter:
    """Adds up what the tests of all processes did. Lives where the terminal is."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.run: RunRecord | None = None
        self.skipped: set[str] = set()
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        facts = getattr(report, _FACTS, None)
        if facts is None:
            return
        if self.run is None:
            from personalvibe.replay.report import RunRecord

            self.run = RunRecord()
        if "test" in facts:
            self.run.add(facts["test"])
        self.skipped.update(facts.get("skipped", []))
        self.run.refused += facts.get("refused", [])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.run is None:
            return
        from personalvibe.replay import report
        from personalvibe.replay.dates import days_ago

        days = self.config.getoption("--max-cassette-age")
        stale = report.stale(self.run, days_ago(days)) if days is not None else []
        self.run.other_paths.update(report.told(self.config.stash[STATE].notes))
        strict = self.config.getoption("--unused-cassettes")
        unused = [] if strict == "ignore" else self._unused(session)
        unplayed = self._unplayed(session)
        self.lines = report.summary(self.run, stale=stale, unplayed=unplayed, unused=unused)
        failed = {
            f"recordings are older than {days} days": stale,
            "cassettes are unused": strict == "fail" and unused,
            "recordings were not played": unplayed and unplayed_severity(self.config) == "fail",
        }
        reasons = [reason for reason, found in failed.items() if found]
        if reasons and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            self.lines.append(f"The run fails: {', '.join(reasons)}.")

    def _chose_tests(self, session: pytest.Session) -> bool:
        """Whether tests were left out that might use a cassette."""
        selective = ("keyword", "markexpr", "deselect", "lf", "stepwise", "collectonly", "ignore")
        stopped = session.shouldstop or session.shouldfail
        return bool(stopped) or any(getattr(self.config.option, one, None) for one in selective)

    def _unplayed(self, session: pytest.Session) -> list[str]:
        """What no test played of cassettes that tests share."""
        from personalvibe.replay import report

        whole = self.config.args_source is not pytest.Config.ArgsSource.ARGS
        wanted = unplayed_severity(self.config) != "ignore"
        if self.run is None or not wanted or not whole or self._chose_tests(session):
            return []
        return report.unplayed_shared(self.run, self.skipped)

    def _unused(self, session: pytest.Session) -> list[Path]:
        """Cassettes without a test; only known where all tests that might use them ran."""
        from personalvibe.replay import report

        if self.run is None or self._chose_tests(session):
            return []
        found = report.unused(self.run, self.skipped)
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            return found
        folders = [Path(self.config.invocation_params.dir, one) for one in self.config.args]
        if not all(folder.is_dir() for folder in folders):
            return []
        return [
            path for path in found if any(path.is_relative_to(one.resolve()) for one in folders)
        ]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.lines:
            terminalreporter.write_sep("=", "cassettes")
            for line in self.lines:
                terminalreporter.write_line(line)
