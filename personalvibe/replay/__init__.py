"""Record LLM traffic once, replay it for ever. See docs/replay.md.

`use_cassette` for programs; for tests the pytest plugin, which is active once this package is
installed. Nothing is imported before it is used: pytest imports this package at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalvibe.replay.matching.miss import CassetteMiss
    from personalvibe.replay.model import CassetteError, RecordMode
    from personalvibe.replay.offline.guard import NetworkBlocked, NetworkDisabled
    from personalvibe.replay.script import use_cassette
    from personalvibe.replay.standin import StandIn

__all__ = [
    "CassetteError",
    "CassetteMiss",
    "NetworkBlocked",
    "NetworkDisabled",
    "RecordMode",
    "StandIn",
    "use_cassette",
]

_HOMES = {
    "CassetteError": "model",
    "CassetteMiss": "matching.miss",
    "NetworkBlocked": "offline.guard",
    "NetworkDisabled": "offline.guard",
    "RecordMode": "model",
    "StandIn": "standin",
    "use_cassette": "script",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
