"""Sessions behind vcrpy's patches of the HTTP clients. The only module that imports vcr.

vcrpy intercepts the requests (httpx, httpx2, aiohttp, requests, urllib3, http.client, botocore,
httplib2, tornado) and asks its cassette; `ReplayCassette` is that cassette and asks a `Session`.
"""

from __future__ import annotations

import collections
import contextlib
import copy
import functools
import gzip
import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import bodies, disk
from personalvibe.replay.cassette.file import MAX_BYTES
from personalvibe.replay.matching.miss import CassetteMiss
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    Provenance,
    RecordMode,
    RedactedInteraction,
    Request,
    Response,
    Source,
)
from personalvibe.replay.options import Options
from personalvibe.replay.session import Session
from personalvibe.replay.shared import SharedCassettes
from personalvibe.replay.transaction import Storage
from personalvibe.replay.vcrpy.loading import Cassette, VcrRequest, vcr
from personalvibe.replay.vcrpy.patches import claim, decodes_itself, header_pairs

_ENCODING = "content-encoding"
_PACKED = ("x-replay-content-encoding", "gzip")
"""Marks a body that is stored as it reads, and travels packed to a program that unpacks it."""
_FRAMING = frozenset(("content-length", _ENCODING, "transfer-encoding", _PACKED[0]))

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True


def to_request(request: VcrRequest) -> Request:
    """Our request for vcrpy's."""
    return Request(
        method=request.method,
        url=request.uri,
        headers=header_pairs(request.headers),
        body=_bytes(vcr.util.read_body(request)),
    )


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise TypeError(f"cannot record a request body of type {type(body).__name__}")


def to_response(response: Mapping[str, Any]) -> Response:
    """Our response for vcrpy's dictionary."""
    headers = header_pairs(response["headers"])
    headers, body = bodies.decompress(headers, _bytes(response["body"].get("string")))
    status = response["status"]
    return Response(
        status=status["code"], reason=status.get("message") or "", headers=headers, body=body
    )


def _marked_as_packed(response: Response) -> Response:
    return replace(response, headers=(*response.headers, _PACKED))


def _response_after(before: Response, hooked: Mapping[str, Any]) -> Response:
    """What a hook of the suite made of a response, which still travels as it did."""
    after = to_response(hooked)
    return _marked_as_packed(after) if _PACKED in before.headers else after


def _as_travelled(response: Response) -> dict[str, Any]:
    """vcrpy's dictionary for a response to a program that decodes bodies itself."""
    framed = from_response(response)
    if _PACKED in response.headers:
        body = gzip.compress(response.body, mtime=0)
        framed["headers"] |= {_ENCODING: ["gzip"], "content-length": [str(len(body))]}
        framed["body"] = {"string": body}
    return framed


def from_request(request: Request) -> VcrRequest:
    """vcrpy's request for ours."""
    return VcrRequest(request.method, request.url, request.body or None, dict(request.headers))


def from_response(response: Response) -> dict[str, Any]:
    """vcrpy's dictionary for our response, framed for a body that is whole and decoded."""
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        if name.lower() not in _FRAMING:
            headers.setdefault(name, []).append(value)
    if len(bodies.chunks(response.headers, response.body)) <= 1:
        headers["content-length"] = [str(len(response.body))]
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": headers,
        "body": {"string": response.body},
    }


class CassetteMissError(vcr.errors.CannotOverwriteExistingCassetteException):  # type: ignore[misc]
    """A miss as vcrpy raises it, with a text that shows no more than the cassette."""

    def __init__(self, cassette: ReplayCassette, request: VcrRequest, miss: CassetteMiss) -> None:
        self.cassette = cassette
        self.failed_request = request
        self.similar_requests: list[Any] = []
        found = "no_match" if miss.miss.nearest else "nothing_similar"
        self.reason = found if miss.miss.interactions else "cassette_not_found"
        Exception.__init__(self, str(miss))


class ReplayCassette(Cassette):  # type: ignore[misc]
    """What the ``vcr`` fixture gives, with the names of vcrpy's cassette."""

    def __init__(self, session: Session, config: Mapping[str, Any], *, filtered: bool) -> None:
        super().__init__(**config)
        self.session = session
        self.route: Callable[[str], str] | None = None
        """Where requests are sent instead while recording (`--stand-in`)."""
        self.matchers: list[Any] = []
        """Registered by the suite; they narrow down what the index finds."""
        self._filtered = filtered

    def can_play_response_for(self, request: VcrRequest) -> bool:
        """Whether `play_response` has an answer, which is reserved for this very request."""
        own_claim = claim(request)
        if own_claim.answer is not None:
            return True
        own = self._own(request)
        if own is None:
            return False
        try:
            interaction = self.session.play(own, self._accepts(own))
        except CassetteMiss as miss:
            if self.session.options.raises_miss:
                raise CassetteMissError(self, request, miss) from None
            raise
        if interaction is not None:
            own_claim.answer = interaction
        elif own_claim.ticket is None:
            own_claim.ticket = self.session.ticket()
        return interaction is not None

    def play_response(self, request: VcrRequest) -> dict[str, Any]:
        if not self.can_play_response_for(request):
            return super().play_response(request)  # type: ignore[no-any-return]
        own_claim = claim(request)
        interaction, own_claim.answer = own_claim.answer, None
        assert interaction is not None
        if decodes_itself.get():
            return _as_travelled(interaction.response)
        return from_response(interaction.response)

    def filter_request(self, request: VcrRequest) -> VcrRequest | None:
        return self._before_record_request(request) if self._filtered else request

    def append(self, request: VcrRequest, response: dict[str, Any]) -> None:
        own = self._own(request)
        kept = self._before_record_response(copy.deepcopy(response)) if own else None
        if own is None or kept is None:
            return
        ticket = claim(request).ticket
        if ticket is None:
            ticket = self.session.ticket()
        recorded = to_response(kept)
        packed = bodies.header(header_pairs(kept["headers"]), _ENCODING)
        if decodes_itself.get() and packed and recorded.body:
            recorded = _marked_as_packed(recorded)
        new = self.before_save(Interaction(request=own, response=recorded))
        if new is not None:
            self.session.record(ticket, new.request, new.response, asked=own)

    def _own(self, request: VcrRequest) -> Request | None:
        """The request after the suite's filters; None if they ignore it."""
        filtered = self.filter_request(request)
        return to_request(filtered) if filtered else None

    def _accepts(self, own: Request) -> Callable[[Interaction], bool] | None:
        if not self.matchers:
            return None
        asked = from_request(own)

        def accepts(stored: Interaction) -> bool:
            compared = from_request(stored.request)
            return not vcr.matchers.get_matchers_results(asked, compared, self.matchers)[1]

        return accepts

    def adapt(self, interaction: Interaction) -> Interaction | None:
        """A loaded interaction after the suite's filters and hooks; None if they drop it.

        The request is filtered as a live one is, which it has to meet. The response was filtered
        when it was recorded: a filter that counts or appends must not do that at every replay.
        """
        pair = from_request(interaction.request), from_response(interaction.response)
        pair = vcr.cassette._run_hooks(self._after_load_interaction, *pair, self)
        request = self._before_record_request(pair[0]) if pair else None
        if pair is None or request is None:
            return None
        response = _response_after(interaction.response, pair[1])
        return replace(interaction, request=to_request(request), response=response)

    def before_save(self, interaction: Interaction) -> Interaction | None:
        """An interaction to be written after the suite's hooks; None if they drop it."""
        if not self._before_save_interaction:
            return interaction
        pair = from_request(interaction.request), from_response(interaction.response)
        hooked = vcr.cassette._run_hooks(self._before_save_interaction, *pair, self)
        if hooked is None:
            return None
        response = _response_after(interaction.response, hooked[1])
        return replace(interaction, request=to_request(hooked[0]), response=response)

    @property
    def write_protected(self) -> bool:
        return not self.session.records

    @property
    def rewound(self) -> bool:
        return self.session.existed

    @rewound.setter
    def rewound(self, value: bool) -> None:
        """Set by vcrpy's constructor; the session knows."""

    @property
    def allow_playback_repeats(self) -> bool:
        return self.session.index.allow_playback_repeats

    @allow_playback_repeats.setter
    def allow_playback_repeats(self, value: bool) -> None:
        # vcrpy's constructor sets it, before there is a session.
        if "session" in vars(self):
            self.session.index.allow_playback_repeats = value

    @property
    def data(self) -> list[tuple[VcrRequest, dict[str, Any]]]:
        known = [recording.interaction for recording in self.session.index]
        return [
            (from_request(one.request), from_response(one.response))
            for one in (*known, *self.session.recorded)
        ]

    @data.setter
    def data(self, value: object) -> None:
        """Set by vcrpy's constructor; the session knows."""

    @property
    def play_counts(self) -> collections.Counter[int]:
        counts = {n: one.times_played for n, one in enumerate(self.session.index)}
        return collections.Counter({n: count for n, count in counts.items() if count})

    @play_counts.setter
    def play_counts(self, value: object) -> None:
        """Set by vcrpy's constructor; the session knows."""

    @property
    def dirty(self) -> bool:
        return bool(self.session.recorded)

    @dirty.setter
    def dirty(self, value: object) -> None:
        """Set by vcrpy's constructor; the session knows."""

    def __len__(self) -> int:
        return len(self.session.index) + len(self.session.recorded)

    def __contains__(self, request: VcrRequest) -> bool:
        own = self._own(request)
        if own is None:
            return False
        key = self.session.canonical(self.session.prepared(own)).key
        repeats = self.allow_playback_repeats
        return any(repeats or not one.times_played for one in self.session.index.with_key(key))

    def rewind(self) -> None:
        self.session.index.rewind()

    def find_requests_with_most_matches(self, request: VcrRequest) -> list[Any]:
        """Empty: the session looks up by key and explains its own misses."""
        return []

    def _save(self, force: bool = False) -> None:
        """Nothing: the session commits."""


def _interactions(
    requests: Iterable[VcrRequest], responses: Iterable[Mapping[str, Any]]
) -> list[Interaction]:
    """Ours of vcrpy's parallel lists."""
    return [
        Interaction(request=to_request(request), response=to_response(response))
        for request, response in zip(requests, responses, strict=True)
    ]


def _vcrpys(interactions: Sequence[RedactedInteraction]) -> dict[str, list[Any]]:
    """vcrpy's parallel lists of ours."""
    return {
        "requests": [from_request(one.request) for one in interactions],
        "responses": [from_response(one.response) for one in interactions],
    }


class VcrpyFormat:
    """vcrpy's own cassettes, through one of its serializers: ``format="vcrpy"``."""

    def __init__(self, serializer: Any) -> None:
        self._serializer = serializer

    def load(self, path: Path) -> list[Interaction]:
        return self.parse(disk.read(path, MAX_BYTES), path)

    def parse(self, content: bytes, path: Path) -> list[Interaction]:
        with _of_the_suite("serializer", path):
            requests, responses = vcr.serialize.deserialize(content.decode(), self._serializer)[:2]
            return _interactions(requests, responses)

    def dump(self, interactions: Sequence[RedactedInteraction]) -> bytes:
        pairs = _vcrpys(interactions)
        with _of_the_suite("serializer", None):
            text = vcr.serialize.serialize(pairs, self._serializer)
        return text.encode() if isinstance(text, str) else bytes(text)


class PersisterFormat:
    """Cassettes that a persister of the suite reads and writes: ``vcr.register_persister``.

    It is handed a file of its own, so that what it writes is still swapped in as a whole.
    """

    def __init__(self, persister: Any, serializer: Any) -> None:
        self._persister = persister
        self._serializer = serializer

    def load(self, path: Path) -> list[Interaction]:
        return self.parse(disk.read(path, MAX_BYTES), path)

    def parse(self, content: bytes, path: Path) -> list[Interaction]:
        with tempfile.TemporaryDirectory() as folder, _of_the_suite("persister", path):
            own = Path(folder, path.name)
            own.write_bytes(content)
            requests, responses = self._persister.load_cassette(own, self._serializer)[:2]
            return _interactions(requests, responses)

    def dump(self, interactions: Sequence[RedactedInteraction]) -> bytes:
        pairs = _vcrpys(interactions)
        with tempfile.TemporaryDirectory() as folder, _of_the_suite("persister", None):
            own = Path(folder, "cassette")
            self._persister.save_cassette(own, pairs, self._serializer)
            return own.read_bytes()


@contextlib.contextmanager
def _of_the_suite(part: str, path: Path | None) -> Iterator[None]:
    """Code of the suite's own: what it raises is one line."""
    try:
        yield
    except Exception as error:
        raise CassetteError(
            f"the {part} of the suite fails: {type(error).__name__}: {error}",
            path=path,
            hint="Mend it, restore the cassette from version control, or record it again.",
        ) from error


@functools.cache
def _version(package: str) -> str:
    return importlib.metadata.version(package)


def provenance(source: Source, at: str) -> Provenance:
    """Where a recording made now comes from, and the versions that may matter to it."""
    packages = {"personalvibe": "personalvibe", "vcr": "vcrpy"}
    packages.update({name: name for name in ("litellm", "openai", "httpx", "httpx2", "aiohttp")})
    by = {name: _version(name) for module, name in packages.items() if module in sys.modules}
    return Provenance(recorded_at=at, recorded_by=tuple(sorted(by.items())), recorded_from=source)


_FILTERS = (
    "filter_headers",
    "filter_query_parameters",
    "filter_post_data_parameters",
    "filter_sensitive_data",
    "ignore_hosts",
    "ignore_localhost",
    "before_record",
    "before_record_request",
    "before_record_response",
    "before_save_interaction",
    "after_load_interaction",
)
_STOCK = vcr.VCR()


def make_vcr(**settings: Any) -> Any:
    """The VCR object that a suite configures in ``pytest_recording_configure``."""
    return vcr.VCR(**settings)


def open_cassette(
    maker: Any,
    name: str | os.PathLike[str],
    kwargs: Mapping[str, Any],
    options: Options,
    *,
    extra_paths: Sequence[Path] = (),
    source: Source = "provider",
    at: str,
    shared: SharedCassettes | None = None,
) -> ReplayCassette:
    """A loaded cassette. Raises `CassetteError`, also for settings that are wrong.

    Args:
        shared: where other tests of the run may have left what they read of the same cassette.
        maker: vcrpy's VCR object.
        kwargs: vcrpy's own settings for ``use_cassette``; the record mode is in `options`.
    """
    names = tuple(
        kwargs.get("match_on") or (() if maker.match_on == _STOCK.match_on else maker.match_on)
    )
    names = (names or options.match.match_on) + tuple(kwargs.get("additional_matchers", ()))
    custom = [one for one in names if maker.matchers.get(one) is not _STOCK.matchers.get(one)]
    indexed = tuple(one for one in names if one not in custom)
    config = maker.get_merged_config(
        **{**kwargs, "match_on": tuple(one for one in names if one in maker.matchers)},
        record_mode=_VCR_MODES[options.record_mode],
        path=os.fspath(name),
    )
    path = config["path"]
    if config["path_transformer"]:
        path = config["path_transformer"](path)
    for surplus in ("path_transformer", "func_path_generator", "record_on_exception"):
        config.pop(surplus)
    stamp = functools.cache(lambda: provenance(source, at))
    filtered = any(kwargs.get(one) or getattr(maker, one, None) for one in _FILTERS)
    storage = _storage(maker, config["serializer"], plain=options.plain)
    # What the suite's own code makes of a file is not known to be the same twice.
    own = options.shared and storage is None and not filtered
    session = Session(
        Path(path),
        replace(options, match=replace(options.match, match_on=indexed)),
        extra_paths=extra_paths,
        storage=storage,
        provenance=stamp,
        shared=shared if own else None,
    )
    cassette = ReplayCassette(session, {**config, "path": str(path)}, filtered=filtered)
    cassette.matchers = [maker.matchers[one] for one in custom]
    session.index.allow_playback_repeats = bool(config["allow_playback_repeats"])
    session.load(cassette.adapt if filtered else None)
    return cassette


def _storage(maker: Any, serializer: Any, *, plain: bool) -> Storage | None:
    """The suite's own format; None for ours."""
    if maker.persister is not _STOCK.persister:
        return PersisterFormat(maker.persister, serializer)
    if serializer is _STOCK.serializers["yaml"] and not plain:
        return None
    return VcrpyFormat(serializer)


_VCR_MODES = {
    RecordMode.NONE: "none",
    RecordMode.ONCE: "once",
    RecordMode.NEW_EPISODES: "new_episodes",
    RecordMode.ALL: "all",
    RecordMode.REWRITE: "new_episodes",
}
