"""OpenAI's files, batches and fine-tuning jobs."""

from __future__ import annotations

import json

from personalvibe.replay.standin import checks, openai_chat
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import (
    ApiError,
    Received,
    Reply,
    dump,
    json_reply,
)
from personalvibe.replay.standin.multipart import fields
from personalvibe.replay.standin.store import Object, Store
from personalvibe.replay.standin.stored import (
    Answer,
    Kind,
    cancel,
    content,
    file_name,
    kept_object,
    page,
    usual,
)


def _batch(params: Object, seed: Seed) -> Object:
    for name in ("input_file_id", "endpoint", "completion_window"):
        checks.require(params, name)
    counts = {"total": 0, "completed": 0, "failed": 0}
    return {"metadata": None, **params, "request_counts": counts, "output_file_id": None,
            "error_file_id": None, "expires_at": seed.created + 86_400}  # fmt: skip


def _batch_reached(store: Store, _: str, batch: Object) -> None:
    if batch["status"] != "completed":
        return
    lines = store.contents.get(batch["input_file_id"], b"").splitlines()
    asked = [json.loads(line) for line in lines if line.strip()]
    replies = [_batch_line(one, batch["id"]) for one in asked]
    content = b"".join(dump(reply) + b"\n" for reply in replies)
    batch["output_file_id"] = _stored_file(store, "batch_output", "batch_output.jsonl", content)
    batch["request_counts"] = {"total": len(asked), "completed": len(asked), "failed": 0}


def _batch_line(asked: Object, batch_id: str) -> Object:
    seed = Seed("batch line", asked.get("custom_id"), batch_id)
    params = asked.get("body", {})
    reply = openai_chat.complete(params, model=openai_chat.dated(str(params.get("model"))))
    response = {"status_code": 200, "request_id": seed.hex(32), "body": json.loads(reply.body)}
    return {"id": f"batch_req_{seed.hex(24)}", "custom_id": asked.get("custom_id"),
            "response": response, "error": None}  # fmt: skip


def _stored_file(store: Store, purpose: str, name: str, content: bytes) -> str:
    seed = Seed("file", purpose, name, content.hex())
    kept = store.add("/files", "file-", seed, _file_fields(purpose, name, content, seed))
    store.contents[kept["id"]] = content
    return str(kept["id"])


def _file_fields(purpose: str, name: str, content: bytes, seed: Seed) -> Object:
    return {"object": "file", "bytes": len(content), "created_at": seed.created,
            "filename": name, "purpose": purpose, "status": "processed",
            "status_details": None, "expires_at": None}  # fmt: skip


def _upload(request: Received) -> Reply:
    form = fields(request)
    if "file" not in form or "purpose" not in form:
        raise ApiError(400, "Missing required parameter: 'file' or 'purpose'.", param="file")
    name = file_name(request.body)
    id = _stored_file(request.store, form["purpose"][0].decode(), name, form["file"][0])
    return json_reply(request.store.collection("/files")[id])


def _job(params: Object, seed: Seed) -> Object:
    checks.require(params, "training_file")
    known: Object = {"error": None, "fine_tuned_model": None, "finished_at": None,
             "integrations": [],
             "organization_id": "org-stand-in", "result_files": [], "trained_tokens": None,
             "validation_file": None, "hyperparameters": {"n_epochs": "auto"}}  # fmt: skip
    return {**known, "seed": seed.number(10**6), **params}


def _job_reached(_: Store, __: str, job: Object) -> None:
    if job["status"] == "succeeded":
        job["fine_tuned_model"] = f"ft:{job['model']}:stand-in::{Seed(job['id']).token(8)}"
        job["trained_tokens"] = 1_000
        job["finished_at"] = job["created_at"] + 600


def _job_events(request: Received) -> Reply:
    _, job = kept_object(JOBS, request, "/events")
    event = {"id": f"ftevent-{Seed(job['id']).token(24)}", "object": "fine_tuning.job.event",
             "created_at": job["created_at"], "level": "info", "type": "message",
             "message": f"The job is {job['status']}."}  # fmt: skip
    return page([event], request.query)


FILES = Kind(path="/files", name="file", prefix="file-")
BATCHES = Kind(
    path="/batches",
    name="batch",
    prefix="batch_",
    make=_batch,
    states=("validating", "in_progress", "finalizing", "completed"),
    reached=_batch_reached,
)
JOBS = Kind(
    path="/fine_tuning/jobs",
    name="fine_tuning.job",
    prefix="ftjob-",
    make=_job,
    states=("validating_files", "queued", "running", "succeeded"),
    reached=_job_reached,
)


# What stands within something else comes first: patterns are searched at the end of an address.
ROWS: dict[str, Answer] = {
    **usual(FILES),
    "POST /files": _upload,
    "GET /files/[^/]+/content": content(FILES),
    "POST /batches/[^/]+/cancel": cancel(BATCHES, "cancelling"),
    **usual(BATCHES),
    "POST /fine_tuning/jobs/[^/]+/cancel": cancel(JOBS),
    "GET /fine_tuning/jobs/[^/]+/events": _job_events,
    **usual(JOBS),
}
