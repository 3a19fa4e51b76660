"""Programs that use what a server keeps, written once for synchronous and asynchronous clients."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

Program = Callable[[Any, Path], Coroutine[Any, Any, list[Any]]]

LINE = (
    b'{"custom_id":"1","method":"POST","url":"/v1/chat/completions",'
    b'"body":{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}}\n'
)
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CRITERION = {
    "type": "string_check",
    "name": "same",
    "input": "{{item.a}}",
    "operation": "eq",
    "reference": "b",
}
CONFIG = {"type": "custom", "item_schema": {"type": "object", "properties": {}}}


async def got(value: Any) -> Any:
    """What a call gives, whichever kind of client was called."""
    return await value if inspect.isawaitable(value) else value


async def all_of(pages: Any) -> list[Any]:
    if hasattr(pages, "__aiter__"):
        return [item async for item in pages]
    return list(pages)


async def files(client: Any, folder: Path) -> list[Any]:
    path = folder / "batch.jsonl"
    path.write_bytes(LINE)
    seen = []
    with path.open("rb") as opened:
        forms: list[Any] = [path, LINE, opened, io.BytesIO(LINE), ("n.jsonl", LINE)]
        for form in [*forms, ("n.jsonl", LINE, "application/json")]:
            seen.append(await got(client.files.create(file=form, purpose="batch")))
    first = seen[0].id
    seen.append(await got(client.files.wait_for_processing(first)))
    seen += await all_of(client.files.list(limit=2))
    page = await got(client.files.list(limit=4, order="asc"))
    seen += [page, page.has_next_page(), await got(page.get_next_page())]
    content = await got(client.files.content(first))
    content.write_to_file(folder / "copy.jsonl")
    seen += [content.text, (folder / "copy.jsonl").read_bytes()]
    raw = await got(client.files.with_raw_response.retrieve(first))
    seen += [raw.status_code, raw.parse(), raw.headers["content-type"]]
    seen.append(await streamed(client.files.with_streaming_response.content(first)))
    seen.append(await got(client.with_options(timeout=5).files.delete(first)))
    try:
        await got(client.files.retrieve(first))
    except Exception as error:
        names = ("status_code", "body", "code", "param", "message", "request_id")
        seen += [type(error).__name__, *(getattr(error, name) for name in names)]
    return seen


async def streamed(manager: Any) -> bytes:
    if hasattr(manager, "__aenter__"):
        async with manager as response:
            return b"".join([part async for part in response.iter_bytes()])
    with manager as response:
        return b"".join(response.iter_bytes())


async def batches(client: Any, folder: Path) -> list[Any]:
    file = await got(client.files.create(file=("b.jsonl", LINE), purpose="batch"))
    batch = await got(
        client.batches.create(
            completion_window="24h",
            endpoint="/v1/chat/completions",
            input_file_id=file.id,
            metadata={"a": "b"},
        )
    )
    seen = [batch]
    while batch.status != "completed":
        batch = await got(client.batches.retrieve(batch.id))
        seen.append(batch)
    seen.append((await got(client.files.content(batch.output_file_id))).text)
    seen += await all_of(client.batches.list(limit=1))
    seen.append(await got(client.batches.cancel(batch.id)))
    return seen


async def fine_tuning(client: Any, folder: Path) -> list[Any]:
    job = await got(
        client.fine_tuning.jobs.create(
            model="gpt-4o-mini", training_file="file-1", hyperparameters={"n_epochs": 2}
        )
    )
    seen = [job]
    while job.status != "succeeded":
        job = await got(client.fine_tuning.jobs.retrieve(job.id))
    seen += [job, *await all_of(client.fine_tuning.jobs.list(limit=1))]
    seen += await all_of(client.fine_tuning.jobs.list_events(job.id, limit=1))
    seen.append(await got(client.fine_tuning.jobs.cancel(job.id)))
    return seen


async def vector_stores(client: Any, folder: Path) -> list[Any]:
    stores = client.vector_stores
    store = await got(stores.create(name="v", metadata={"a": "b"}))
    file = await got(client.files.create(file=("a.txt", b"words"), purpose="assistants"))
    ids: dict[str, Any] = {"vector_store_id": store.id}
    seen = [
        store,
        await got(stores.files.create_and_poll(file_id=file.id, **ids, poll_interval_ms=1)),
        await got(stores.file_batches.create_and_poll(store.id, file_ids=[], poll_interval_ms=1)),
        await got(stores.files.update(file.id, attributes={"a": 1}, **ids)),
        await got(stores.files.retrieve(file.id, **ids)),
        *await all_of(stores.files.content(file.id, **ids)),
        *await all_of(stores.files.list(store.id, limit=1)),
        *await all_of(stores.search(store.id, query="words")),
        await got(stores.update(store.id, name="w")),
        *await all_of(stores.list(limit=1)),
        await got(stores.files.delete(file.id, **ids)),
    ]
    uploaded = stores.files.upload_and_poll(file=("c.txt", b"c"), poll_interval_ms=1, **ids)
    seen.append(await got(uploaded))
    return [*seen, await got(stores.retrieve(store.id)), await got(stores.delete(store.id))]


async def assistants(client: Any, folder: Path) -> list[Any]:
    beta = client.beta
    assistant = await got(beta.assistants.create(model="gpt-4o", name="a", tools=[TOOL]))
    plain = await got(beta.assistants.create(model="gpt-4o"))
    thread = await got(beta.threads.create(messages=[{"role": "user", "content": "Hi"}]))
    add = beta.threads.messages.create
    seen = [
        assistant,
        thread,
        await got(beta.threads.retrieve(thread.id)),
        await got(add(thread.id, role="user", content="More", metadata={"a": "b"})),
        *await all_of(beta.assistants.list(limit=1)),
    ]
    runs = beta.threads.runs
    ids: dict[str, Any] = {"thread_id": thread.id, "poll_interval_ms": 1}
    run = await got(runs.create_and_poll(assistant_id=assistant.id, **ids))
    output = {"tool_call_id": "call_1", "output": "sunny"}
    outputs: Any = {"run_id": run.id, "tool_outputs": [output]}
    seen += [run, await got(runs.submit_tool_outputs_and_poll(**outputs, **ids))]
    seen += await events_of(runs.stream(thread_id=thread.id, assistant_id=plain.id))
    created = await got(runs.create(thread.id, assistant_id=plain.id, stream=True))
    seen += await all_of(created)
    seen += await all_of(beta.threads.messages.list(thread.id, limit=2))
    return [*seen, await got(beta.assistants.delete(assistant.id))]


async def events_of(manager: Any) -> list[Any]:
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            return [event async for event in stream]
    with manager as stream:
        return list(stream)


async def containers(client: Any, folder: Path) -> list[Any]:
    container = await got(client.containers.create(name="c"))
    file = await got(client.containers.files.create(container.id, file=("a.txt", b"abc")))
    ids: dict[str, Any] = {"container_id": container.id}
    inner = client.containers.files
    return [
        container,
        file,
        await got(inner.retrieve(file.id, **ids)),
        (await got(inner.content.retrieve(file.id, **ids))).read(),
        *await all_of(inner.list(container.id, limit=1)),
        *await all_of(client.containers.list(limit=1)),
        await got(client.containers.retrieve(container.id)),
        await got(inner.delete(file.id, **ids)),
        await got(client.containers.delete(container.id)),
    ]


async def videos(client: Any, folder: Path) -> list[Any]:
    made = client.videos.create_and_poll(prompt="p", model="sora-2", poll_interval_ms=1)
    video = await got(made)
    return [
        video,
        (await got(client.videos.download_content(video.id))).read(),
        await got(client.videos.remix(video.id, prompt="q")),
        *await all_of(client.videos.list(limit=1)),
        await got(client.videos.delete(video.id)),
    ]


async def evals(client: Any, folder: Path) -> list[Any]:
    created = client.evals.create(
        data_source_config=CONFIG, testing_criteria=[CRITERION], name="e", metadata={"a": "b"}
    )
    made = await got(created)
    source: Any = {"type": "jsonl", "source": {"type": "file_id", "id": "file-1"}}
    run = await got(client.evals.runs.create(made.id, data_source=source, name="r"))
    ids: dict[str, Any] = {"eval_id": made.id}
    return [
        made,
        run,
        await got(client.evals.retrieve(made.id)),
        await got(client.evals.update(made.id, name="f")),
        *await all_of(client.evals.list(limit=1)),
        await got(client.evals.runs.retrieve(run.id, **ids)),
        *await all_of(client.evals.runs.list(made.id, limit=1)),
        await got(client.evals.runs.delete(run.id, **ids)),
        await got(client.evals.delete(made.id)),
    ]


async def cancelled_run(client: Any, folder: Path) -> list[Any]:
    """Apart, since the SDK's releases ask for it at two addresses: no recording fits both."""
    made = await got(
        client.evals.create(data_source_config=CONFIG, testing_criteria=[CRITERION], name="e")
    )
    source: Any = {"type": "jsonl", "source": {"type": "file_id", "id": "file-1"}}
    run = await got(client.evals.runs.create(made.id, data_source=source, name="r"))
    return [await got(client.evals.runs.cancel(run.id, eval_id=made.id))]


async def others(client: Any, folder: Path) -> list[Any]:
    session: Any = {"type": "realtime", "model": "gpt-realtime"}
    return [
        *await all_of(client.responses.input_items.list("resp_1", limit=5)),
        await got(client.responses.compact(model="gpt-4o", input="Hi")),
        await got(client.realtime.client_secrets.create(session=session)),
        *await all_of(client.skills.list()),
    ]


PROGRAMS: dict[str, Program] = {
    program.__name__: program
    for program in (
        *(files, batches, fine_tuning, vector_stores, assistants, containers, videos, evals),
        cancelled_run,
        others,
    )
}
