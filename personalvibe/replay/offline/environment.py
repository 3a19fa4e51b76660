"""What the environment says to LiteLLM and to HTTP clients while the network is closed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from personalvibe.replay.vcrpy.import_hooks import on_import

LITELLM_SILENCERS = {
    # The price list, otherwise read from GitHub at import and again by a background thread.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # The beta-header table, otherwise read from GitHub inside whatever cassette is open.
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    # Tokenisers of Llama names: 23 s of refused requests for each count.
    "HF_HUB_OFFLINE": "1",
    # botocore's search for credentials at 169.254.169.254.
    "AWS_EC2_METADATA_DISABLED": "true",
}


def silence_litellm(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Turn off LiteLLM's own look-ups, before it is imported. What the user set stays.

    Returns:
        what was added to `environ`, so that it can be taken out again.
    """
    added = {name: value for name, value in LITELLM_SILENCERS.items() if name not in environ}
    environ.update(added)
    if "litellm" in sys.modules:
        _trust_image_addresses()
    else:
        on_import("litellm", _trust_image_addresses)
    return added


@contextmanager
def without_proxies(environ: MutableMapping[str, str]) -> Iterator[None]:
    """HTTP clients that are made here connect directly, whatever proxies the environment names.

    For recording from a stand-in: a proxy could not reach its loopback address.
    """
    names = ("NO_PROXY", "no_proxy")
    before = {name: environ[name] for name in names if name in environ}
    environ.update(dict.fromkeys(names, "*"))
    try:
        yield
    finally:
        for name in names:
            environ.pop(name, None)
        environ.update(before)


def _trust_image_addresses() -> None:
    """Abort LiteLLM from resolving image addresses itself: no cassette can answer a DNS query."""
    litellm = sys.modules["litellm"]
    if vars(litellm).get("user_url_validation") is True:
        litellm.user_url_validation = False  # type: ignore[attr-defined]


def forget_litellm_clients() -> None:
    """Drop the HTTP clients that LiteLLM keeps for its next call, if it was imported.

    Between tests: a client outlives the cassette it was made in, and its event loop.
    """
    litellm = sys.modules.get("litellm")
    cache = None if litellm is None else vars(litellm).get("in_memory_llm_clients_cache")
    if cache is not None:
        for client in (*cache.cache_dict.values(), vars(litellm).get("module_level_aclient")):
            _detach_session(client)
        cache.flush_cache()


def _detach_session(client: object) -> None:
    """Part LiteLLM's aiohttp session from its pool, unless real connections are in it.

    Nobody closes these sessions, and each would complain of that whenever it is collected.
    """
    http: Any = getattr(client, "client", None) or getattr(client, "_client", None)
    session: Any = getattr(getattr(http, "_transport", None), "client", None)
    if hasattr(session, "detach") and not getattr(session.connector, "_conns", True):
        session.detach()
