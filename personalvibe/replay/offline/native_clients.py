"""HTTP clients that open their sockets in C, and are told by Python where to: curl_cffi."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from personalvibe.replay.vcrpy.import_hooks import on_import

_MODULE = "curl_cffi.curl"
_URL = 10002
"""CURLOPT_URL."""


def watch(connect: Callable[[str, int | None], object]) -> None:
    """From now on `connect` may raise before such a client is given an address."""
    if _MODULE in sys.modules:
        _watch_curl(connect)
    else:
        on_import(_MODULE, functools.partial(_watch_curl, connect))


def _watch_curl(connect: Callable[[str, int | None], object]) -> None:
    curl = sys.modules[_MODULE].Curl
    original = curl.setopt

    @functools.wraps(original)
    def setopt(self: Any, option: int, value: Any) -> Any:
        if option == _URL:
            connect(*_host_and_port(value))
        return original(self, option, value)

    curl.setopt = setopt


def _host_and_port(address: str | bytes) -> tuple[str, int | None]:
    text = address.decode("utf-8", "replace") if isinstance(address, bytes) else address
    try:
        # curl takes an address without a scheme for one of HTTP.
        parts = urlsplit(text if "://" in text else f"http://{text}")
        return parts.hostname or text, parts.port
    except ValueError:
        return text, None
