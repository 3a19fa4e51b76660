"""A whole run recorded to a cassette or replayed from it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from personalvibe import models
from personalvibe.errors import UserError
from personalvibe.provider_errors import no_key
from personalvibe.workspace import shown

PLACEHOLDER = "placeholder-for-a-replayed-run"


@contextlib.contextmanager
def recorded(
    cassette: Path | None, record_mode: str, *, model: str, stand_in: bool
) -> Iterator[None]:
    """Everything that goes over the network inside is played from or written to `cassette`.

    A run that only replays, or that talks to the stand-in, needs no key: the variables that the
    model's provider wants hold a placeholder meanwhile. Without a key ``new_episodes`` replays.

    Args:
        cassette: None leaves the network alone.
        record_mode: none, once, new_episodes, all or rewrite, as vcrpy has them.
        model: ``<provider>/<name>``.
        stand_in: record from the loopback stand-in instead of the provider.
    """
    if cassette is None:
        yield
        return
    if record_mode == "none" and not cassette.is_file():
        raise UserError(
            f"cassette {shown(cassette)}: no such file",
            "Check the path; the same command with --record-mode once records it.",
        )
    # No address is made up: it is part of what is recorded.
    keys = [one for one in models.missing_keys(model) if not one.endswith("_BASE")]
    use = _use(record_mode, exists=cassette.exists(), keyless=bool(keys), stand_in=stand_in)
    with _errors_for_the_user(no_key(model.partition("/")[0], keys) if use.locked else None):
        from personalvibe.replay import StandIn, use_cassette

        with contextlib.ExitStack() as stack:
            source = None
            if stand_in or use.only_replays:
                stack.enter_context(_environment(dict.fromkeys(keys, PLACEHOLDER)))
            if stand_in and not use.only_replays:
                # The stand-in is on this machine: a proxy must not be asked for it.
                stack.enter_context(_environment({"NO_PROXY": "*", "no_proxy": "*"}))
                source = stack.enter_context(StandIn())
            stack.enter_context(use_cassette(cassette, use.record_mode, stand_in=source))
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """How a cassette is used.

    Attributes:
        only_replays: no request goes out.
        locked: it would record what is new, and has no key for that.
    """

    record_mode: str
    only_replays: bool
    locked: bool = False


def _use(record_mode: str, *, exists: bool, keyless: bool, stand_in: bool) -> _Use:
    if record_mode == "new_episodes" and exists and keyless and not stand_in:
        return _Use(record_mode="none", only_replays=True, locked=True)
    only_replays = record_mode == "none" or (record_mode == "once" and exists)
    return _Use(record_mode=record_mode, only_replays=only_replays)


@contextlib.contextmanager
def _errors_for_the_user(when_missing: UserError | None) -> Iterator[None]:
    """The harness's errors as the user's. `when_missing` is what a missing recording means."""
    from personalvibe.replay import CassetteError, CassetteMiss, NetworkBlocked

    try:
        yield
    except CassetteError as error:
        raise UserError(error.message, error.hint) from error
    except CassetteMiss as miss:
        raise when_missing or UserError(
            str(miss),
            "If the change is meant, record again: the same command with --record-mode rewrite.",
        ) from miss
    except NetworkBlocked as blocked:
        raise UserError(
            str(blocked), "--record-mode rewrite opens the network and records."
        ) from blocked


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
