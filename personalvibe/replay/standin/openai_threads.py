"""OpenAI's assistants, threads, messages and runs."""

from __future__ import annotations

from personalvibe.replay.standin import checks, derive
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import (
    Received,
    Reply,
    json_reply,
    sse,
    sse_reply,
)
from personalvibe.replay.standin.store import Object, Store
from personalvibe.replay.standin.stored import (
    Answer,
    Kind,
    advance,
    cancel,
    kept_object,
    made,
    page,
    params_of,
    place,
    shown,
    usual,
)


def _assistant(params: Object, _: Seed) -> Object:
    checks.require_model(params)
    return {"name": None, "description": None, "instructions": None, "tools": [], "metadata": {},
            "temperature": 1.0, "top_p": 1.0, "response_format": "auto", **params}  # fmt: skip


def _thread(params: Object, _: Seed) -> Object:
    return {"metadata": params.get("metadata") or {}, "tool_resources": {}}


def _message(params: Object, _: Seed) -> Object:
    given = params.get("content")
    parts = given if isinstance(given, list) else [{"type": "text", "text": given}]
    content = [
        {"type": "text", "text": {"value": part["text"], "annotations": []}}
        if part.get("type") == "text"
        else part
        for part in parts
    ]
    return {"assistant_id": None, "run_id": None, "attachments": [], "metadata": {},
            **params, "content": content}  # fmt: skip


def _create_thread(request: Received) -> Reply:
    params = params_of(request)
    return json_reply(shown(_thread_with(request, params)))


def _thread_with(request: Received, params: Object) -> Object:
    thread = made(THREADS, request, "/threads", {"metadata": params.get("metadata")}, [])
    for message in params.get("messages") or ():
        made(MESSAGES, request, f"/threads/{thread['id']}/messages", message, [thread["id"]])
    return thread


def _run(params: Object, seed: Seed) -> Object:
    checks.require(params, "assistant_id")
    run: Object = {"model": "gpt-4o", "instructions": "", "tools": [], "metadata": {},
           "usage": None,
           "required_action": None, "last_error": None, "started_at": None,
           "completed_at": None, "cancelled_at": None, "failed_at": None,
           "incomplete_details": None, "max_prompt_tokens": None, "temperature": 1.0,
           "max_completion_tokens": None, "parallel_tool_calls": True, "top_p": 1.0,
           "response_format": "auto", "tool_choice": "auto", "expires_at": seed.created + 600,
           "truncation_strategy": {"type": "auto", "last_messages": None}}  # fmt: skip
    return {**run, **{name: value for name, value in params.items() if value is not None}}


def _run_reached(store: Store, path: str, run: Object) -> None:
    """A run with a function asks for its output before it is completed."""
    if run["status"] != "completed":
        return
    assistant = store.collection("/assistants").get(run["assistant_id"], {})
    tools = run["tools"] or assistant.get("tools") or []
    functions = [tool["function"] for tool in tools if tool.get("type") == "function"]
    if functions and not run.get("_answered"):
        call = {"id": f"call_{Seed(run['id']).token(24)}", "type": "function",
                "function": {"name": functions[0]["name"], "arguments": "{}"}}  # fmt: skip
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
        run.update(status="requires_action", required_action=action)
        return
    run.update(completed_at=run["created_at"] + 2, usage=_USAGE)
    _add_answer(store, path.removesuffix("/runs"), run)


_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def _add_answer(store: Store, thread: str, run: Object) -> Object:
    seed = Seed("answer", run["id"])
    text = derive.sentence(seed, "")
    params = {"role": "assistant", "content": text, "run_id": run["id"]}
    content = {**_message(params, seed), "assistant_id": run["assistant_id"],
               "object": "thread.message", "created_at": seed.created,
               "thread_id": run["thread_id"]}  # fmt: skip
    return store.add(f"{thread}/messages", "msg_", seed, content)


def _create_run(request: Received) -> Reply:
    path, ids = place(RUNS.path, request)
    return _begun(request, path, params_of(request), ids)


def _thread_and_run(request: Received) -> Reply:
    params = params_of(request)
    thread = _thread_with(request, params.pop("thread", None) or {})
    return _begun(request, f"/threads/{thread['id']}/runs", params, [thread["id"]])


def _begun(request: Received, path: str, params: Object, ids: list[str]) -> Reply:
    stream = params.pop("stream", False)
    for message in params.pop("additional_messages", None) or ():
        made(MESSAGES, request, f"/threads/{ids[0]}/messages", message, ids)
    run = made(RUNS, request, path, params, ids)
    return _streamed(request.store, path, run) if stream else json_reply(shown(run))


def _submit(request: Received) -> Reply:
    path, run = kept_object(RUNS, request, "/submit_tool_outputs")
    run.update(status="queued", required_action=None, _answered=True)
    stream = request.params.get("stream")
    return _streamed(request.store, path, run) if stream else json_reply(shown(run))


def _streamed(store: Store, path: str, run: Object) -> Reply:
    """A run to its end, or until it asks for a tool's output."""
    events = [sse(shown(run), event="thread.run.created")]
    while run["status"] in RUNS.states[:-1]:
        advance(RUNS, store, path, run)
        if run["status"] in RUNS.states[:-1]:
            events.append(sse(shown(run), event=f"thread.run.{run['status']}"))
    if run["status"] == "completed":
        message = list(store.collection(f"{path.removesuffix('/runs')}/messages").values())[-1]
        part = {"index": 0, **message["content"][0]}
        delta = {"id": message["id"], "object": "thread.message.delta",
                 "delta": {"content": [part]}}  # fmt: skip
        empty = {**shown(message), "content": [], "status": "in_progress"}
        events.append(sse(empty, event="thread.message.created"))
        events.append(sse(delta, event="thread.message.delta"))
        done = {**shown(message), "status": "completed"}
        events.append(sse(done, event="thread.message.completed"))
    events.append(sse(shown(run), event=f"thread.run.{run['status']}"))
    return sse_reply((*events, b"event: done\ndata: [DONE]\n\n"))


def _steps(request: Received) -> Reply:
    _, run = kept_object(RUNS, request, "/steps")
    seed = Seed("step", run["id"])
    message = {"message_id": f"msg_{seed.token(24)}"}
    step = {"id": f"step_{seed.token(24)}", "object": "thread.run.step", "type": "message_creation",
            "created_at": seed.created, "status": "completed", "run_id": run["id"],
            "thread_id": run["thread_id"], "assistant_id": run["assistant_id"],
            "step_details": {"type": "message_creation", "message_creation": message}}  # fmt: skip
    return page([step], request.query)


ASSISTANTS = Kind(path="/assistants", name="assistant", prefix="asst_", make=_assistant)
THREADS = Kind(path="/threads", name="thread", prefix="thread_", make=_thread)
MESSAGES = Kind(
    path="/threads/{id}/messages",
    name="thread.message",
    prefix="msg_",
    parent="thread_id",
    make=_message,
)
RUNS = Kind(
    path="/threads/{id}/runs",
    name="thread.run",
    prefix="run_",
    parent="thread_id",
    make=_run,
    states=("queued", "in_progress", "completed"),
    reached=_run_reached,
)


# What stands within something else comes first: patterns are searched at the end of an address.
ROWS: dict[str, Answer] = {
    **usual(ASSISTANTS),
    "POST /threads/runs": _thread_and_run,
    "POST /threads/[^/]+/runs/[^/]+/submit_tool_outputs": _submit,
    "POST /threads/[^/]+/runs/[^/]+/cancel": cancel(RUNS),
    "GET /threads/[^/]+/runs/[^/]+/steps": _steps,
    **usual(MESSAGES),
    **usual(RUNS),
    "POST /threads/[^/]+/runs": _create_run,
    **usual(THREADS),
    "POST /threads": _create_thread,
}
