"""The fixtures: a test's settings, its network, its cassette."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from personalvibe.replay.pytest_plugin.options import unplayed_severity
from personalvibe.replay.pytest_plugin.state import CASSETTE, CONFIG, MODE, STATE, from_here, names

if TYPE_CHECKING:
    from personalvibe.replay.vcrpy.bridge import ReplayCassette

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True


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
    from personalvibe.replay.pytest_plugin.naming import default_name

    return default_name(*names(request.node))


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
def _personalvibe_replay(request: pytest.FixtureRequest) -> None:
    """The one fixture that every test has. A suite may have a `vcr` fixture of its own."""
    state = request.config.stash[STATE]
    if state.in_use or request.node.get_closest_marker("block_network"):
        request.getfixturevalue("block_network")
    if request.node.get_closest_marker("vcr"):
        request.getfixturevalue("vcr")


@pytest.fixture
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
    elif marked and not state.closed and state.closes_marked_tests and not records:
        with state.guard.closing(request.getfixturevalue("allowed_hosts")):
            yield
    elif state.in_use and (
        node.get_closest_marker("allowed_hosts")
        or (marked and _config(request).get("allowed_hosts"))
    ):
        with state.guard.with_holes(request.getfixturevalue("allowed_hosts") or ()):
            yield
    else:
        yield


def _config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """``vcr_config``, overridden by the marks, of which the closest wins."""
    stash = request.node.stash
    if CONFIG not in stash:
        ini = request.config.getini
        merged: dict[str, Any] = {
            "format": ini("replay_format"),
            "miss": ini("replay_miss"),
            **copy.deepcopy(request.getfixturevalue("vcr_config")),
        }
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


@pytest.fixture
def vcr(request: pytest.FixtureRequest, block_network: None) -> Iterator[ReplayCassette | None]:
    """The cassette of a test that is marked with ``vcr``; None in other tests."""
    state = request.config.stash[STATE]
    marks = list(request.node.iter_markers("vcr"))
    if not marks or state.disabled:
        yield None
        return
    from personalvibe.replay import options
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.offline.guard import record_command
    from personalvibe.replay.pytest_plugin.test_cassette import TestCassette

    for message in options.unknown(_config(request)):
        request.node.warn(pytest.PytestConfigWarning(f"vcr: {message}"))
    class_name, test_name = names(request.node)
    stand_in = request.config.getoption("--stand-in")
    test = TestCassette(
        test=request.node.nodeid,
        hint=record_command("rewrite", from_here(request.config, request.node.nodeid)),
        class_name=class_name,
        test_name=test_name,
        distinct=request.config.getini("replay_names") == "distinct",
        name=request.getfixturevalue("default_cassette_name"),
        folder=request.getfixturevalue("vcr_cassette_dir"),
        extra=[str(path) for mark in marks for path in mark.args],
        config=_config(request),
        mode=_mode(request),
        unplayed=unplayed_severity(request.config),
        max_age_days=request.config.getoption("--max-cassette-age"),
        route=(lambda url: state.stand_in().route(url)) if stand_in else None,
        source="stand-in" if stand_in else "provider",
        staging=state.staging,
        compares=state.drift_report is not None,
        prices=state.prices,
        notes=state.notes,
        started=state.started,
        shared=state.shared_cassettes(),
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
