"""HTTP clients that open their sockets in C, and are told by Python where to: curl_cffi, pycurl."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from personalvibe.replay.vcrpy.import_hooks import on_import

_CURL_CFFI = "curl_cffi.curl"
_PYCURL = "pycurl"
_URL, _PROXY, _PRE_PROXY, _RESOLVE, _CONNECT_TO = 10002, 10004, 10262, 10203, 10243
"""Of CURLOPT_*, what says where to connect to."""
_INSTEAD = re.compile(r"[+-]?(?:\[[^\]]*\]|[^:]*):\d*:(?P<target>.*)")
"""``HOST:PORT:ADDRESS,...`` to resolve as, ``HOST:PORT:HOST:PORT`` to connect to."""

Target = tuple[str, int | None]
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
        for target in _targets(option, value):
            connect(*target)
        return original(self, option, value)

    curl.setopt = setopt


def _watch_pycurl(connect: Connect) -> None:
    """Its classes are written in C and cannot be changed: others take their names."""
    pycurl: Any = sys.modules[_PYCURL]

    class Curl(pycurl.Curl):  # type: ignore[misc]
        def setopt(self, option: int, *value: Any) -> Any:
            if value:
                self.targets = {**self.known(), option: _targets(option, value[0])}
            return super().setopt(option, *value)

        def setopt_string(self, option: int, value: str) -> Any:
            self.targets = {**self.known(), option: _targets(option, value)}
            return super().setopt_string(option, value)

        def known(self) -> dict[int, list[Target]]:
            # pycurl would find an attribute of the class before that of an object.
            return getattr(self, "targets", {})

        @property
        def handle(self) -> Any:
            """In pytest-recording the one is a proxy of the other."""
            return self

        def check(self) -> None:
            for targets in self.known().values():
                for target in targets:
                    connect(*target)

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


def _targets(option: int, value: Any) -> list[Target]:
    """The hosts and ports that an option names."""
    if option in (_URL, _PROXY, _PRE_PROXY) and value:
        return [_host_and_port(value)]
    if option in (_RESOLVE, _CONNECT_TO):
        found = [_INSTEAD.fullmatch(_text(line)) for line in value]
        several = [one["target"].split(",") for one in found if one]
        return [_host_and_port(_bracketed(one)) for group in several for one in group if one != ":"]
    return []


def _bracketed(address: str) -> str:
    return f"[{address}]" if address.count(":") > 1 and "[" not in address else address


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _host_and_port(address: str | bytes) -> Target:
    text = _text(address)
    try:
        # curl takes an address without a scheme for one of HTTP.
        parts = urlsplit(text if "://" in text else f"http://{text}")
        return parts.hostname or text, parts.port
    except ValueError:
        return text, None
