"""A request in the form in which two are compared, and the comparison. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from codemods.migrate_openai.prove.model import ABSENT, ChangedValue, SentRequest

# What every client says about itself, not about the request.
_OWN = re.compile(
    r"^(accept(-.*)?|connection|host|content-length|transfer-encoding|cookie|date"
    r"|x-stainless-.*|x-openai-client-user-agent|traceparent|tracestate|sentry-trace|baggage"
    r"|expect|keep-alive)$"
)
# The same, as long as it is the client and not the program that fills them in.
_OWN_VALUES = {
    "user-agent": re.compile(
        r"(OpenAI/|\w+/Python \d|python-(httpx|requests)|litellm|Python/\S+ aiohttp/)",
        re.IGNORECASE,
    ),
    "idempotency-key": re.compile(r"stainless-python-retry-"),
}
_SECRET = re.compile(r"(authorization|api-?key|token|secret|password|^key$|^sig$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a request says, whatever client said it."""

    method: str
    address: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    settings: Mapping[str, Any]

    @property
    def signature(self) -> str:
        """Equal for equal requests."""
        return json.dumps(
            [self.method, self.address, self.query, self.headers, self.body, self.settings],
            sort_keys=True,
            default=repr,
        )


def normalise(call: SentRequest) -> Sent:
    parts = urlsplit(call.url)
    port = f":{parts.port}" if parts.port and not call.own_server else ""
    headers = {}
    for name, value in call.headers:
        name = name.lower()
        if _OWN.match(name) or (name in _OWN_VALUES and _OWN_VALUES[name].match(value)):
            continue
        if name == "content-type":
            value = value.partition(";")[0].strip()
        headers[name] = fingerprint(value) if _SECRET.search(name) else value
    if not call.body:
        headers.pop("content-type", None)
    query = {
        name: fingerprint(value) if _SECRET.search(name) else value
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    }
    settings = {f"timeout.{phase}": seconds for phase, seconds in call.timeout.items()}
    settings["timeout"] = settings.pop("timeout.read", None)
    settings["max_retries"] = call.retries
    return Sent(
        method=call.method,
        address=f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}",
        query=query,
        headers=headers,
        body=_body(call),
        settings=settings,
    )


def fingerprint(secret: str) -> str:
    """Something to compare and to print in a secret's place."""
    return f"secret #{hashlib.sha256(secret.encode()).hexdigest()[:8]}"


def _body(call: SentRequest) -> Any:
    kind = next((v for n, v in call.headers if n.lower() == "content-type"), "")
    if kind.startswith("multipart/form-data"):
        return _form(call.body, kind)
    if not call.body:
        return None
    try:
        return json.loads(call.body)
    except ValueError:
        pass
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    return {"bytes": len(call.body), "sha256": hashlib.sha256(call.body).hexdigest()[:16]}


def _form(body: bytes, kind: str) -> dict[str, Any]:
    """Fields by name; a file by its name, size and digest."""
    match = re.search(r'boundary="?([^";]+)"?', kind)
    found: dict[str, list[Any]] = {}
    for part in body.split(b"--" + match[1].encode("latin-1")) if match else ():
        head, separator, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if not separator or not name:
            continue
        value = value.removesuffix(b"\r\n")
        file = re.search(rb'filename="([^"]*)"', head)
        entry: Any = value.decode("utf-8", "replace")
        if file:
            digest = hashlib.sha256(value).hexdigest()[:16]
            entry = {
                "file": file[1].decode("utf-8", "replace"),
                "bytes": len(value),
                "sha256": digest,
            }
        found.setdefault(name[1].decode("utf-8", "replace"), []).append(entry)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def compare(before: Sent, after: Sent) -> tuple[ChangedValue, ...]:
    """Every path at which two requests differ."""
    changes: list[ChangedValue] = []
    if before.method != after.method:
        changes.append(ChangedValue(path="method", before=before.method, after=after.method))
    if before.address != after.address:
        changes.append(ChangedValue(path="address", before=before.address, after=after.address))
    changes += _differences("query", dict(before.query), dict(after.query))
    changes += _differences("headers", dict(before.headers), dict(after.headers))
    changes += _differences("body", before.body, after.body)
    changes += _settings(before.settings, after.settings)
    return tuple(changes)


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ChangedValue]:
    """What is known of both. The SDK before 1.0 knows one timeout for all, and no retries."""
    read = before["timeout"], after["timeout"]
    for name in ("timeout", *sorted(before.keys() & after.keys() - {"timeout"})):
        old, new = before[name], after[name]
        if name == "max_retries" and (old is None or new is None):
            continue
        if name.startswith("timeout.") and (old, new) == read:
            continue  # one number given for all phases is told once
        if old != new:
            yield ChangedValue(path=name, before=old, after=new)


def _differences(path: str, old: Any, new: Any) -> Iterator[ChangedValue]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences(f"{path}.{key}", old.get(key, ABSENT), new.get(key, ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            one = old[index] if index < len(old) else ABSENT
            two = new[index] if index < len(new) else ABSENT
            yield from _differences(f"{path}[{index}]", one, two)
    elif old is ABSENT or new is ABSENT or not _equal(old, new):
        yield ChangedValue(path=path, before=old, after=new)


def _equal(old: Any, new: Any) -> bool:
    """JSON equality: 1 and 1.0 are one number, True is none."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    return bool(old == new)
