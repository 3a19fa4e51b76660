"""A loopback stand-in for LLM providers, to record and to prove without keys.

    with StandIn() as stand_in:
        client = OpenAI(base_url=f"{stand_in.base_url}/v1", api_key="sk-any")

`StandIn.route` gives the loopback address for a provider's own; the words that make the
stand-in fail on purpose are listed in `triggers`.
"""

from __future__ import annotations

from personalvibe.replay.standin.model import ApiError, Received, Reply
from personalvibe.replay.standin.server import StandIn

__all__ = ["ApiError", "Received", "Reply", "StandIn"]
