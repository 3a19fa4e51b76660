"""A loopback server that records every request and answers in OpenAI's shapes."""

from __future__ import annotations

import base64
import itertools
import json
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from personalvibe import llm_router


def loaded_litellm() -> Any:
    """LiteLLM, imported as the router imports it."""
    assert llm_router.token_counter
    return sys.modules["litellm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    connection: int = field(default=0, compare=False)  # the number of the one that it came by

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server replies with: a JSON body, raw bytes, or events; or it hangs up."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    events: Iterable[Any] | None = None
    hang_up: bool = False
    wait: threading.Event | None = None


class Wire:
    """The server's memory: requests received, answers to give."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.url = f"{self.origin}/v1"
        self.requests: list[Sent] = []
        self.answers: list[Answer] = []
        self.route: Callable[[Sent], Answer] = answer
        self.open: set[int] = set()  # the numbers of the connections
        self.numbers = itertools.count()

    def reset(self) -> None:
        """Forget everything; answer as usual again."""
        self.requests, self.answers, self.route = [], [], answer

    def take(self) -> list[Sent]:
        taken, self.requests = self.requests, []
        return taken


def _multipart(content_type: str, raw: bytes) -> list[tuple[str, str, str]]:
    boundary = content_type.partition("boundary=")[2].encode()
    parts = []
    for chunk in raw.split(b"--" + boundary)[1:-1]:
        head, _, content = chunk.strip(b"\r\n").partition(b"\r\n\r\n")
        message = Message()
        for line in head.decode().splitlines():
            name, _, value = line.partition(": ")
            message[name] = value
        parts.append(
            (
                str(message.get_param("name", header="content-disposition")),
                str(message.get_param("filename", "", header="content-disposition")),
                content.decode("latin-1"),
            )
        )
    return sorted(parts)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wire: Wire

    def log_message(self, *args: Any) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.number = next(self.wire.numbers)
        self.wire.open.add(self.number)

    def finish(self) -> None:
        self.wire.open.discard(self.number)
        with suppress(OSError):  # the client is gone, with what it was sent
            super().finish()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        kind = self.headers.get("content-type") or ""
        body: Any = raw.decode("latin-1")
        if "json" in kind and raw:
            body = json.loads(raw)
        elif kind.startswith("multipart"):
            body = _multipart(kind, raw)
        url = urlsplit(self.path)
        sent = Sent(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query)),
            headers={k.lower(): v for k, v in self.headers.items()},
            body=body,
            connection=self.number,
        )
        self.wire.requests.append(sent)
        reply = self.wire.answers.pop(0) if self.wire.answers else self.wire.route(sent)
        if reply.wait is not None:
            reply.wait.wait(30)
        if reply.hang_up:
            self.close_connection = True
            self.connection.close()
            return
        if reply.events is not None:
            self._stream(reply)
            return
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        kind = "application/json" if not isinstance(reply.body, bytes) else "audio/mpeg"
        for name, value in {"content-type": kind, "x-request-id": "req_1", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, reply: Answer) -> None:
        self.send_response(reply.status)
        self.send_header("content-type", "text/event-stream")
        self.send_header("x-request-id", "req_1")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in reply.events or []:
            if isinstance(event, str):
                self.wfile.write(event.encode())
            else:
                name = f"event: {event['type']}\n" if "type" in event else ""
                self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve  # noqa: N815


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # calls at once, none of which is to wait for its connection

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the mistake, unless it is a client that left in the middle of a stream."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving() -> Iterator[Wire]:
    """A running server on a free port."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    handler.wire = wire = Wire(server.server_port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()


# --- OpenAI's shapes ---


def answer(sent: Sent) -> Answer:
    """A plausible reply to any request the router can send."""
    path = sent.path.partition("/v1")[2] or sent.path.partition("/openai")[2]
    if path.startswith("/deployments/"):
        path = "/" + path.split("/", 3)[3]
    if path == "/chat/completions":
        return _streamed(chat_chunks(sent.body)) if sent.body.get("stream") else chat(sent.body)
    if path == "/completions":
        return _streamed(text_chunks()) if sent.body.get("stream") else text()
    if path == "/embeddings":
        return embeddings(sent.body)
    if path.startswith("/responses"):
        if sent.method == "DELETE":
            return Answer(body={"id": "resp_1", "object": "response", "deleted": True})
        if sent.method == "POST" and sent.body and sent.body.get("stream"):
            return Answer(events=response_events())
        return Answer(body=response())
    if path.startswith("/images"):
        return Answer(body={"created": 7, "data": [{"url": "http://x/1.png"}]})
    if path == "/audio/speech":
        return Answer(body=b"\x00sound")
    if path.startswith("/audio"):
        return transcript({name: value for name, _, value in sent.body})
    if path == "/moderations":
        return moderated()
    return Answer(status=404, body={"error": {"message": f"no {path}", "code": "not_found"}})


def _streamed(chunks: list[Any]) -> Answer:
    return Answer(events=[*chunks, "data: [DONE]\n\n"])


TOOL_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
}


def chat(body: dict[str, Any]) -> Answer:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "Hello",
        "refusal": None,
        "annotations": [],
    }
    if body.get("tools"):
        message.update(content=None, tool_calls=[TOOL_CALL])
    if body.get("response_format", {}).get("type") == "json_schema":
        message["content"] = '{"city": "Paris", "degrees": 20}'
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "tool_calls" if body.get("tools") else "stop",
    }
    if body.get("logprobs"):
        token = {"token": "Hello", "logprob": -0.5, "bytes": [72], "top_logprobs": []}
        choice["logprobs"] = {"content": [token], "refusal": None}
    return Answer(
        body={
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "gpt-4o-2024-08-06",
            "choices": [choice],
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "total_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
            "service_tier": "default",
            "system_fingerprint": "fp_1",
        }
    )


def chat_chunks(body: dict[str, Any]) -> list[Any]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**_CHUNK, "choices": [choice]}

    chunks = [chunk({"role": "assistant", "content": "", "refusal": None})]
    if body.get("tools"):
        head = {"index": 0, **TOOL_CALL, "function": {"name": "weather", "arguments": ""}}
        chunks.append(chunk({"tool_calls": [head]}))
        for piece in ('{"city":', ' "Paris"}'):
            chunks.append(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
        chunks.append(chunk({}, "tool_calls"))
    elif body.get("response_format", {}).get("type") == "json_schema":
        chunks += [chunk({"content": '{"city": "Paris",'}), chunk({"content": ' "degrees": 20}'})]
        chunks.append(chunk({}, "stop"))
    else:
        chunks += [chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk({}, "stop")]
    if (body.get("stream_options") or {}).get("include_usage"):
        usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
        chunks = [{**c, "usage": None} for c in chunks]
        chunks.append({**_CHUNK, "choices": [], "usage": usage})
    return chunks


_CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1700000000,
    "model": "gpt-4o-2024-08-06",
    "service_tier": "default",
    "system_fingerprint": "fp_1",
}
_TEXT = {"id": "cmpl-1", "object": "text_completion", "created": 1700000000, "model": "davinci-002"}


def text() -> Answer:
    choice = {"text": " world", "index": 0, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return Answer(body={**_TEXT, "choices": [choice], "usage": usage})


def text_chunks() -> list[Any]:
    return [
        {**_TEXT, "choices": [{"text": t, "index": 0, "logprobs": None, "finish_reason": f}]}
        for t, f in ((" wor", None), ("ld", None), ("", "stop"))
    ]


def embeddings(body: dict[str, Any]) -> Answer:
    vector: Any = [0.25, -0.5]
    if body.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<2f", *vector)).decode()
    count = len(body["input"]) if isinstance(body["input"], list) else 1
    data = [{"object": "embedding", "index": i, "embedding": vector} for i in range(count)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return Answer(body={"object": "list", "data": data, "model": body["model"], "usage": usage})


def response(text: str = "Hello", status: str = "completed") -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {
        "id": "msg_1",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }
    usage = {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 4,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "gpt-4o-2024-08-06",
        "output": [item] if status == "completed" else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage,
    }


def response_events() -> list[Any]:
    part = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant"}
    empty = {"type": "output_text", "text": "", "annotations": []}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": response(status="in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **part, "part": empty},
        {"type": "response.output_text.delta", **part, "delta": "Hel", "logprobs": []},
        {"type": "response.output_text.delta", **part, "delta": "lo", "logprobs": []},
        {"type": "response.output_text.done", **part, "text": "Hello", "logprobs": []},
        {"type": "response.completed", "response": response()},
    ]
    return [{**event, "sequence_number": n} for n, event in enumerate(events)]


def transcript(form: dict[str, str]) -> Answer:
    if form.get("response_format") == "text":
        return Answer(body=b"Hello", headers={"content-type": "text/plain"})
    body: dict[str, Any] = {"text": "Hello"}
    if form.get("response_format") == "verbose_json":
        word = {"word": "Hello", "start": 0.0, "end": 0.5}
        body.update(task="transcribe", language="english", duration=0.5, words=[word])
    return Answer(body=body)


def moderated() -> Answer:
    result = {
        "flagged": False,
        "categories": {"violence": False, "self-harm": False},
        "category_scores": {"violence": 0.1, "self-harm": 0.2},
        "category_applied_input_types": {"violence": ["text"], "self-harm": ["text"]},
    }
    return Answer(body={"id": "modr-1", "model": "omni-moderation-latest", "results": [result]})
