"""A session with everything around it: patched clients, closed network, no back-off, no leaks."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from personalvibe.replay import options
from personalvibe.replay.cassette.disk import require_file
from personalvibe.replay.dates import now
from personalvibe.replay.model import CassetteError
from personalvibe.replay.offline import environment, guard, no_sleep
from personalvibe.replay.offline.logs import redacted_logs
from personalvibe.replay.vcrpy import bridge, patches

RUN_VARIABLE = "PERSONALVIBE_REPLAY_RUN"
"""Names a test run's folder of notes: programs, started ones too, tell there what they opened."""

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True


@contextlib.contextmanager
def opened(
    path: Path,
    record_mode: str,
    config: Mapping[str, Any],
    route: Callable[[str], str] | None,
) -> Iterator[bridge.ReplayCassette]:
    """A cassette in use by a program. Committing is left to the caller."""
    for message in options.unknown(config):
        raise CassetteError(message, hint="docs/replay.md lists the settings.")
    require_file(path)
    chosen = options.parse(config, os.environ, record_mode=record_mode, unplayed="ignore")
    cassette = bridge.open_cassette(
        bridge.make_vcr(),
        path.resolve(),
        options.vcrpy_kwargs(config),
        chosen,
        source="stand-in" if route else "provider",
        at=now(),
    )
    cassette.route = route
    _tell(str(cassette.session.path))
    with contextlib.ExitStack() as stack:
        stack.enter_context(_network(cassette))
        if route is not None:
            stack.enter_context(environment.without_proxies(os.environ))
        stack.enter_context(in_use(cassette))
        yield cassette


def _tell(path: str) -> None:
    folder = os.environ.get(RUN_VARIABLE)
    if folder:
        name = hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()
        # Nobody's recording depends on it.
        with contextlib.suppress(OSError):
            Path(folder).mkdir(parents=True, exist_ok=True)
            Path(folder, f"{name}.opened").write_text(path, encoding="utf-8")


@contextlib.contextmanager
def _network(cassette: bridge.ReplayCassette) -> Iterator[None]:
    own = guard.NetworkGuard()
    if cassette.session.records and cassette.route is None:
        with own.opened():
            yield
        return
    own.install()
    try:
        yield
    finally:
        own.uninstall()


@contextlib.contextmanager
def in_use(cassette: bridge.ReplayCassette) -> Iterator[None]:
    """The HTTP clients ask `cassette`; clients that LiteLLM keeps do not outlive it."""
    session = cassette.session
    added = environment.silence_litellm(os.environ)
    environment.forget_litellm_clients()
    try:
        with patches.intercepting(cassette), contextlib.ExitStack() as stack:
            stack.enter_context(redacted_logs(session.options.redaction))
            if session.plays:
                stack.enter_context(no_sleep.skipped(lambda: session.error_played))
            yield
    finally:
        environment.forget_litellm_clients()
        for name in added:
            os.environ.pop(name, None)
