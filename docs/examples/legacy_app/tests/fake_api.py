"""A small API on loopback: enough of the endpoints for these tests, and a memory of what came."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}


class FakeApi:
    """``requests`` holds what arrived; ``failures`` the statuses to answer with first."""

    def __init__(self):
        self.requests = []
        self.failures = []
        self._lock = threading.Lock()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                api._answer(self)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_port

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler):
        raw = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        with self._lock:
            self.requests.append(
                {
                    "path": handler.path,
                    "body": _body(handler.headers["content-type"], raw),
                    "authorization": handler.headers.get("authorization"),
                    "api-key": handler.headers.get("api-key"),
                    "x-team": handler.headers.get("x-team"),
                }
            )
            body = self.requests[-1]["body"]
            failure = self.failures.pop(0) if self.failures else None
        if failure:
            error = {"message": "no", "type": "test", "param": None, "code": "failed"}
            return _send(handler, {"error": error}, failure)
        path = handler.path.partition("?")[0]
        if path.endswith("/chat/completions"):
            if body.get("stream"):
                return _stream(handler, body)
            return _send(handler, _chat(body))
        if path.endswith("/completions"):
            choice = {"index": 0, "text": " Nothing new\n", "finish_reason": "stop", "logprobs": None}
            return _send(
                handler,
                {
                    "id": "cmpl-1",
                    "object": "text_completion",
                    "created": 1,
                    "model": body["model"],
                    "choices": [choice],
                    "usage": USAGE,
                },
            )
        if path.endswith("/embeddings"):
            return _send(handler, _embeddings(body))
        if path.endswith("/moderations"):
            return _send(handler, _moderation(body))
        if path.endswith("/audio/transcriptions"):
            return _send(handler, {"text": "My parcel is lost."})
        return _send(handler, {"error": {"message": "unknown path " + path}}, 404)


def _body(content_type, raw):
    if content_type.startswith("application/json"):
        return json.loads(raw)
    names = re.findall(rb'name="(\w+)"', raw)
    return {"form": sorted(name.decode() for name in names)}


def _completion(body, message, reason="stop"):
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": USAGE,
    }


def _chat(body):
    last = body["messages"][-1]
    message = {"role": "assistant", "content": "You said: " + str(last["content"])}
    if body.get("response_format"):
        message["content"] = json.dumps({"queue": "billing", "urgent": True, "products": ["card"]})
    elif last["role"] == "user" and body.get("tools") and "order" in last["content"]:
        call = {"name": "order_status", "arguments": '{"order": "A-7"}'}
        message["content"] = None
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
        return _completion(body, message, "tool_calls")
    return _completion(body, message)


def _embeddings(body):
    def vector(text):
        return [float(text.lower().count(letter)) for letter in "aeiou"]

    data = [
        {"object": "embedding", "index": i, "embedding": vector(text)}
        for i, text in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return {"object": "list", "data": data, "model": "embed", "usage": usage}


def _moderation(body):
    hit = "fool" in body["input"]
    categories = {"harassment": hit, "hate": False, "violence": False}
    scores = {name: float(value) for name, value in categories.items()}
    result = {"flagged": hit, "categories": categories, "category_scores": scores}
    return {"id": "modr-1", "model": "omni-moderation-latest", "results": [result]}


def _send(handler, value, status=200):
    data = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(data)))
    if status == 429:
        handler.send_header("retry-after-ms", "1")
    handler.end_headers()
    handler.wfile.write(data)


def _stream(handler, body):
    def chunk(delta, reason=None):
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": body["model"],
            "choices": [choice],
        }

    chunks = [chunk({"role": "assistant", "content": ""})]
    chunks += [chunk({"content": word}) for word in ("Dear", " customer", ".")]
    chunks.append(chunk({}, "stop"))
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**chunk({}), "choices": [], "usage": USAGE})
    data = "".join("data: %s\n\n" % json.dumps(c) for c in chunks) + "data: [DONE]\n\n"
    handler.send_response(200)
    handler.send_header("content-type", "text/event-stream")
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data.encode())
