"""What is wrong with an exchange besides what it gives away."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from personalvibe.replay.cassette import bodies
from personalvibe.replay.model import Interaction, Request, Response
from personalvibe.replay.toolbox.findings import Rule
from personalvibe.replay.toolbox.secrets import Sighting

LARGE = 1_000_000
"""Bytes of a body, unpacked."""

_INTERNAL = (".internal", ".local", ".lan", ".corp", ".intranet", ".home.arpa", ".svc")
_TENANTS = (
    *(".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"),
    *(".search.windows.net", ".azurewebsites.net", ".cloud.databricks.com"),
)


def check(stored: Interaction, plain: Interaction) -> Iterator[Sighting]:
    """An interaction as its file holds it, and with its bodies unpacked."""
    yield from _host(plain.request.url)
    for name, before, after in (
        ("request", stored.request, plain.request),
        ("response", stored.response, plain.response),
    ):
        yield from _encoding(name, before, after)
        if len(after.body) > LARGE:
            what = f"a body of {len(after.body):,} bytes"
            yield Sighting(rule=Rule.LARGE_BODY, place=f"{name}.body", what=what)


def _host(url: str) -> Iterator[Sighting]:
    host = urlsplit(url).hostname or ""
    if _is_internal(host):
        yield Sighting(rule=Rule.INTERNAL_HOST, place="request.url", what="a host", value=host)
    elif host.endswith(_TENANTS):
        what = "the name of a resource"
        yield Sighting(rule=Rule.ACCOUNT, place="request.url", what=what, value=host)


def _is_internal(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        single = "." not in host and host not in ("", "localhost", "host", "testserver", "test")
        return single or host.endswith(_INTERNAL)
    return not address.is_loopback and not address.is_unspecified


def _encoding(
    name: str, stored: Request | Response, plain: Request | Response
) -> Iterator[Sighting]:
    """A header that states an encoding over a body that was not unpacked by it."""
    encoding = (bodies.header(stored.headers, "content-encoding") or "identity").strip().lower()
    known = bodies.header(plain.headers, "content-encoding") is None
    if encoding != "identity" and stored.body and known and plain.body == stored.body:
        what = f"the header says {encoding}, the body is not"
        yield Sighting(rule=Rule.ENCODING, place=f"{name}.headers.content-encoding", what=what)


_REFUSED = (401, 403, 407)
_PASSING = (408, 425, 429)


def failures(interactions: Sequence[Interaction]) -> Iterator[tuple[int, Sighting]]:
    """Answers that say that the recording failed, and that no later answer makes good."""
    good = {
        (one.request.method, one.request.url): number
        for number, one in enumerate(interactions)
        if one.response.status < 400
    }
    for number, one in enumerate(interactions):
        status = one.response.status
        repeated = good.get((one.request.method, one.request.url), -1) > number
        passing = status in _PASSING or status >= 500
        if status in _REFUSED or (passing and not repeated):
            what = f"the answer is {status} {one.response.reason}".rstrip()
            yield number, Sighting(rule=Rule.ERROR_RESPONSE, place="response.status", what=what)
