"""HTTP clients that open their sockets in C, and are told by Python where to: curl_cffi, pycurl."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from personalvibe.replay.vcrpy.import_hooks import on_import

_CURL_CFFI = "curl_cffi.curl"
_PYCURL = "pycurl"
_URL = 10002
"""CURLOPT_URL."""

Connect = Callable[[str, int | None], object]


def watch(connect: Connect) -> None:
    """From now on `connect` may raise before such a client opens a connection."""
    for module, watch_module in ((_CURL_CFFI, _watch_curl_cffi), (_PYCURL, _watch_pycurl)):
        if module in sys.modules:
            watch_module(connect)
        else:
            on_import(module, functools.partial(watch_module, connect))


def _watch_curl_cffi(connect: Connect) -> None:
    curl = sys.modules[_CURL_CFFI].Curl
    original = curl.setopt

    @functools.wraps(original)
    def setopt(self: Any, option: int, value: Any) -> Any:
        if option == _URL:
            connect(*_host_and_port(value))
        return original(self, option, value)

    curl.setopt = setopt


def _watch_pycurl(connect: Connect) -> None:
    """Its classes are written in C and cannot be changed: others take their names."""
    pycurl: Any = sys.modules[_PYCURL]

    class Curl(pycurl.Curl):  # type: ignore[misc]
        def setopt(self, option: int, *value: Any) -> Any:
            if option == _URL and value:
                self.address = value[0]
            return super().setopt(option, *value)

        def setopt_string(self, option: int, value: str) -> Any:
            return (
                self.setopt(option, value)
                if option == _URL
                else super().setopt_string(option, value)
            )

        @property
        def handle(self) -> Any:
            """In pytest-recording the one is a proxy of the other."""
            return self

        def check(self) -> None:
            # pycurl would find an attribute of the class before that of an object.
            address = getattr(self, "address", None)
            if address is not None:
                connect(*_host_and_port(address))

        def perform(self) -> Any:
            self.check()
            return super().perform()

        def perform_rb(self) -> Any:
            self.check()
            return super().perform_rb()

        def perform_rs(self) -> Any:
            self.check()
            return super().perform_rs()

    class CurlMulti(pycurl.CurlMulti):  # type: ignore[misc]
        def add_handle(self, curl: Any) -> Any:
            if isinstance(curl, Curl):
                curl.check()
            return super().add_handle(curl)

    pycurl.Curl, pycurl.CurlMulti = Curl, CurlMulti


def _host_and_port(address: str | bytes) -> tuple[str, int | None]:
    text = address.decode("utf-8", "replace") if isinstance(address, bytes) else address
    try:
        # curl takes an address without a scheme for one of HTTP.
        parts = urlsplit(text if "://" in text else f"http://{text}")
        return parts.hostname or text, parts.port
    except ValueError:
        return text, None
