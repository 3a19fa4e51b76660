"""One request, from LiteLLM to the wire, and what came back for it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .errors import dressed, is_unread
from .hooks import hooked
from .packages import MISSING, load_litellm
from .wire import RAW_HEADER


class Exchange:
    """What LiteLLM comes to send: the program's request goes out, and the reply is kept.

    Attributes:
        real: the SDK's client that it is sent with.
        old: the program expects what openai 0.28 made of the reply.
        unread: the program gets a response whose body is still to come.
        controls: what the program says to LiteLLM, not to the server.
        before: what LiteLLM was told, if callbacks may change it.
    """

    options: Any
    cast_to: Any
    stream: bool
    stream_cls: Any

    def __init__(self, real: Any, *, name: str, is_async: bool, old: bool, unread: bool) -> None:
        self.real = real
        self.name = name
        self.is_async = is_async
        self.old = old
        self.unread = unread
        self.controls: dict[str, Any] = {}
        self.before: dict[str, Any] | None = None
        self.error: Exception | None = None  # the SDK's own, before LiteLLM maps it
        self.outcome: Any = MISSING  # the server's reply as the SDK types it
        self.live: Any = None  # the SDK's stream
        self.flow: Any = None  # the same, remembering what passes
        self.headers: Mapping[str, str] = {}  # of the reply
        self.sent: deque[Any] = deque()  # what the server sent, for a program of openai 0.28
        self.seen: deque[Any] = deque()  # items that LiteLLM has had and the program has not

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """Raise LiteLLM's exceptions such that clauses written for openai catch them.

        A reply that only LiteLLM cannot read is no error: the program gets what the SDK made of it.
        """
        try:
            yield
        except Exception as error:
            if self.error is None and self.outcome is not MISSING and is_unread(error):
                return
            blamed = error if self.error is None else dressed(error, self.error, self.old)
            if blamed is error:
                raise
            raise blamed from blamed.__cause__

    def _wired(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        again = "num_retries" in self.controls or load_litellm().num_retries
        if self.error is not None and not again:
            raise self.error  # LiteLLM mends the request and tries again; ours would be the same
        self.error = None
        headers = {RAW_HEADER: "true", **(self.options.headers or {})}
        changes = {"headers": headers}
        if self.before is not None and isinstance(self.options.json_data, dict):
            changes["json_data"] = hooked(self.options.json_data, self.before, theirs)
        options = self.options.model_copy(update=changes)
        return {
            "cast_to": self.cast_to,
            "options": self._unparsed(options),
            "stream": self.stream,
            "stream_cls": self.stream_cls,
        }

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.error = error
            raise

    def exchange(self, theirs: Mapping[str, Any]) -> Any:
        """Send the program's request and keep the reply. Returns the SDK's raw response.

        Args:
            theirs: LiteLLM's version of the request, which callbacks may have changed.
        """
        request = self._wired(theirs)
        with self._watched():
            return self._kept(self.real.request(**request))

    async def aexchange(self, theirs: Mapping[str, Any]) -> Any:
        request = self._wired(theirs)
        with self._watched():
            return self._kept(await self.real.request(**request))

    def _kept(self, raw: Any) -> Any:
        self.headers = raw.headers
        if self.stream:
            self.live = raw.parse()
            if self.old:
                self.live._client = _Recorder(self.live._client, self.sent)
            self.flow = self._atee() if self.is_async else self._tee()
        else:
            self.outcome = self._read(raw)
        return raw

    def _unparsed(self, options: Any) -> Any:
        """The request without what only the program's reply is for."""
        return options

    def _read(self, raw: Any) -> Any:
        """What the SDK makes of a response."""
        return raw if self.unread else raw.parse()

    def for_litellm(self) -> Any:
        """The reply as the SDK types it."""
        return self.outcome

    def _tee(self) -> Iterator[Any]:
        with self._watched():
            for item in self.live:
                self.seen.append(item)
                yield item

    async def _atee(self) -> AsyncIterator[Any]:
        with self._watched():
            async for item in self.live:
                self.seen.append(item)
                yield item


class _Recorder:
    """What the SDK's stream asks to type its items: keeps them as they came."""

    def __init__(self, client: Any, sent: deque[Any]) -> None:
        self._client = client
        self._sent = sent

    def _process_response_data(self, *, data: Any, **how: Any) -> Any:
        self._sent.append(data)
        return self._client._process_response_data(data=data, **how)
