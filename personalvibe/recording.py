"""A whole run recorded to a cassette or replayed from it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from personalvibe import models


@contextlib.contextmanager
def recorded(
    cassette: Path | None, record_mode: str, *, model: str, stand_in: bool
) -> Iterator[None]:
    """Everything that goes over the network inside is played from or written to `cassette`.

    A run that only replays, or that talks to the stand-in, needs no key: the variables that the
    model's provider wants hold a placeholder meanwhile.

    Args:
        cassette: None leaves the network alone.
        record_mode: none, once, new_episodes, all or rewrite, as vcrpy has them.
        model: ``<provider>/<name>``.
        stand_in: record from the loopback stand-in instead of the provider.
    """
    if cassette is None:
        yield
        return
    from personalvibe.replay import use_cassette

    only_replays = record_mode == "none" or (record_mode == "once" and cassette.exists())
    with contextlib.ExitStack() as stack:
        if stand_in or only_replays:
            stack.enter_context(_placeholder_keys(model))
        if stand_in and not only_replays:
            from personalvibe.replay.standin import StandIn

            route = stack.enter_context(StandIn()).route
            stack.enter_context(use_cassette(cassette, record_mode=record_mode, route=route))
        else:
            stack.enter_context(use_cassette(cassette, record_mode=record_mode))
        yield


@contextlib.contextmanager
def _placeholder_keys(model: str) -> Iterator[None]:
    missing = models.missing_keys(model)
    os.environ.update(dict.fromkeys(missing, "placeholder-for-a-replayed-run"))
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)
