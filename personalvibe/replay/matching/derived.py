"""What a program made of the ids and times that it was given, and sent back. Pure.

An id may come back cut, encoded, in capitals or digested. In replay the program makes the same of
what the cassette gives it: a placeholder would become a text that nobody recorded, so the id stays
as it was. To take a chance likeness for a trace costs a changed line at the next recording, to
miss a trace costs the recording: a few characters are enough. Times stay where they come back as
they were, ``?since=...``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from personalvibe.replay.cassette import bodies
from personalvibe.replay.model import Request

_SHORTEST = 6
"""Characters of an id that are a trace of it; programs cut ids to eight, as git does to seven."""
_DEPTH = 3
"""Encodings within each other that are taken off."""
_DIGESTS = ("md5", "sha1", "sha256")
_DIGEST_SIZES = frozenset((16, 20, 32))

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{_SHORTEST},}}")
_SEPARATORS = re.compile(r"[-_]")
_TIME = re.compile(
    r"(?<![\d.])\d{7,}(?:\.\d+)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.+Z-]*|"
    r"[A-Z][a-z]{2}, [\w :]{20} GMT"
)
"""A stamp in seconds or a duration, one of ISO 8601, one of HTTP."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")


class Traces:
    """The ids that responses gave, to be looked for in the requests behind them."""

    def __init__(self) -> None:
        self._by_piece: dict[str, set[str]] = defaultdict(set)
        self._by_start: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self._by_digest: dict[str, tuple[str, str]] = {}
        self._times: dict[str, set[str]] = defaultdict(set)
        # What was sent before an id was given is no trace of it, and conversations repeat it all.
        self._no_traces: set[str] = set()
        self._no_encodings: set[str] = set()

    def add_time(self, time: str) -> None:
        for spelled in (time, time.partition(".")[0]):
            self._times[spelled].add(time)

    def add(self, id_: str, head: str) -> None:
        """`head`: what of the id its placeholder keeps."""
        whole, start = _squeezed(id_), len(_squeezed(head))
        for place in range(start, len(whole) - _SHORTEST + 1):
            self._by_piece[whole[place : place + _SHORTEST]].add(id_)
        self._by_start[whole[:_SHORTEST]].add((id_, start))
        for name in _DIGESTS:
            digest = hashlib.new(name, id_.encode(), usedforsecurity=False).hexdigest()
            self._by_digest[digest[:_SHORTEST]] = (digest, id_)

    def found_in(self, request: Request) -> set[str]:
        """What of it a request carries a trace of; whole ids are replaced in it before."""
        _, body = bodies.decompress(request.headers, request.body)
        texts = [request.url, body.decode("utf-8", "replace")]
        found: set[str] = set()
        for text in (*texts, *(value for _, value in request.headers)):
            found |= self._ids_in(text, _DEPTH)
        # Not in headers: clients sign with the time of now, often that of the answer before.
        for text in texts if self._times else ():
            for plain in {text, unquote_plus(text)}:
                for time in self._times.keys() & _TIME.findall(plain):
                    found |= self._times[time]
        return found

    def _ids_in(self, text: str, depth: int) -> set[str]:
        found: set[str] = set()
        for token in {*_TOKEN.findall(text)} - self._no_traces:
            ids = {id_ for word in _words(token) for id_ in self._ids(word)}
            found |= ids
            if not ids:
                self._no_traces.add(token)
        if not depth:
            return found
        if "%" in text:
            found |= self._ids_in(unquote(text), depth - 1)
        for run in {*_BASE64.findall(text)} - self._no_encodings:
            content = _decoded(run)
            ids = self._ids_in(content.decode("ascii", "ignore"), depth - 1)
            if len(content) in _DIGEST_SIZES:
                ids |= {*self._ids(content.hex())}
            found |= ids
            if not ids:
                self._no_encodings.add(run)
        return found

    def _ids(self, word: str) -> Iterator[str]:
        first, last = word[:_SHORTEST], word[-_SHORTEST:]
        # The last characters are of the part that is drawn, so more than a prefix is the same.
        yield from (one for one in self._by_piece.get(last, ()) if word in _squeezed(one))
        for id_, start in self._by_start.get(first, ()):
            if len(word) > start and _squeezed(id_).startswith(word):
                yield id_
        digest, digested = self._by_digest.get(first, ("", ""))
        if digest.startswith(word):
            yield digested


def _words(token: str) -> Iterator[str]:
    """A token and its parts, without separators and capitals."""
    parts = _SEPARATORS.split(token)
    words = map(_squeezed, [token, *parts] if len(parts) > 1 else parts)
    return (word for word in words if len(word) >= _SHORTEST)


def _decoded(run: str) -> bytes:
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


def _squeezed(text: str) -> str:
    return _SEPARATORS.sub("", text).casefold()
