"""Record LLM traffic once, replay it for ever."""

from __future__ import annotations

from typing import Any


def use_cassette(*args: Any, **kwargs: Any) -> Any:
    from personalvibe.replay import vcr_bridge

    return vcr_bridge.use_cassette(*args, **kwargs)
