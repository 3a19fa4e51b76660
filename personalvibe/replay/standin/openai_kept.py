"""What else OpenAI's API keeps: containers, videos, evals, skills."""

from __future__ import annotations

from personalvibe.replay.standin import checks
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import (
    Received,
    Reply,
    json_reply,
)
from personalvibe.replay.standin.multipart import fields
from personalvibe.replay.standin.store import Object
from personalvibe.replay.standin.stored import (
    Answer,
    Kind,
    content,
    create,
    file_name,
    kept_object,
    made,
    params_of,
    place,
    retrieve,
    shown,
    usual,
)


def _container(params: Object, seed: Seed) -> Object:
    expiry = {"anchor": "last_active_at", "minutes": 20}
    return {"name": checks.require(params, "name"), "status": "running", "expires_after": expiry,
            "last_active_at": seed.created, "memory_limit": "1g"}  # fmt: skip


def _upload_to_container(request: Received) -> Reply:
    path, ids = place(CONTAINER_FILES.path, request)
    content = fields(request).get("file", [b""])[0]
    name = f"/mnt/data/{file_name(request.body)}"
    params = {"bytes": len(content), "path": name, "source": "user"}
    kept = made(CONTAINER_FILES, request, path, params, ids)
    request.store.contents[kept["id"]] = content
    return json_reply(kept)


def _video(params: Object, _: Seed) -> Object:
    kept: Object = {
        name: params[name] for name in ("model", "prompt", "seconds", "size") if name in params
    }
    return {"model": "sora-2", "seconds": "4", "size": "720x1280", "progress": 0, "error": None,
            "completed_at": None, "expires_at": None, "remixed_from_video_id": None,
            **kept}  # fmt: skip


def _remix(request: Received) -> Reply:
    path, source = kept_object(VIDEOS, request, "/remix")
    params = {**params_of(request), "model": source["model"]}
    return json_reply({**made(VIDEOS, request, path, params, []),
                       "remixed_from_video_id": source["id"]})  # fmt: skip


def _video_of(request: Received) -> Reply:
    return json_reply(made(VIDEOS, request, "/videos", params_of(request), []))


def _run_of_eval(params: Object, _: Seed) -> Object:
    counts = {"total": 1, "passed": 1, "failed": 0, "errored": 0}
    return {"name": None, "model": "gpt-4o", "metadata": {}, "error": None, "result_counts": counts,
            "per_model_usage": [], "per_testing_criteria_results": [],
            "report_url": "https://platform.openai.com/evaluations", **params}  # fmt: skip


def _cancel_eval_run(request: Received) -> Reply:
    ending = "/cancel" if request.target.endswith("/cancel") else ""
    _, kept = kept_object(EVAL_RUNS, request, ending)
    kept["status"] = "canceled"
    return json_reply(shown(kept))


def _delete_eval(kind: Kind, name: str) -> Answer:
    def answer(request: Received) -> Reply:
        path, kept = kept_object(kind, request)
        del request.store.collection(path)[kept["id"]]
        return json_reply({name: kept["id"], "object": f"{kind.name}.deleted", "deleted": True})

    return answer


def _skill(params: Object, _: Seed) -> Object:
    return {"name": "skill", "description": "", "default_version": "1", "latest_version": "1"}


CONTAINERS = Kind(path="/containers", name="container", prefix="cntr_", make=_container)
CONTAINER_FILES = Kind(
    path="/containers/{id}/files",
    name="container.file",
    prefix="cfile_",
    parent="container_id",
)
VIDEOS = Kind(
    path="/videos",
    name="video",
    prefix="video_",
    make=_video,
    states=("queued", "in_progress", "completed"),
)
CHARACTERS = Kind(path="/videos/characters", name="video.character", prefix="char_")
EVALS = Kind(path="/evals", name="eval", prefix="eval_")
EVAL_RUNS = Kind(
    path="/evals/{id}/runs",
    name="eval.run",
    prefix="evalrun_",
    parent="eval_id",
    make=_run_of_eval,
    states=("queued", "in_progress", "completed"),
)
SKILLS = Kind(path="/skills", name="skill", prefix="skill_", make=_skill)


def _client_secret(request: Received) -> Reply:
    seed = Seed("client secret", request.body.decode("latin-1"))
    session = {"type": "realtime", "object": "realtime.session", "id": f"sess_{seed.token(20)}",
               "model": "gpt-realtime", **(params_of(request).get("session") or {})}  # fmt: skip
    value = f"ek_{seed.hex(32)}"
    return json_reply({"value": value, "expires_at": seed.created + 600, "session": session})


def _compact(request: Received) -> Reply:
    params = request.params
    checks.require_model(params)
    seed = Seed("compaction", params.get("input"))
    item = {"id": f"cmp_{seed.hex(32)}", "type": "compaction", "encrypted_content": seed.hex(64)}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
             "input_tokens_details": {"cached_tokens": 0},
             "output_tokens_details": {"reasoning_tokens": 0}}  # fmt: skip
    return json_reply({"id": f"resp_{seed.hex(32)}", "object": "response.compaction",
                       "created_at": seed.created, "output": [item], "usage": usage})  # fmt: skip


# What stands within something else comes first: patterns are searched at the end of an address.
ROWS: dict[str, Answer] = {
    "GET /containers/[^/]+/files/[^/]+/content": content(CONTAINER_FILES),
    **usual(CONTAINER_FILES),
    "POST /containers/[^/]+/files": _upload_to_container,
    **usual(CONTAINERS),
    "POST /videos/characters": create(CHARACTERS),
    "GET /videos/characters/[^/]+": retrieve(CHARACTERS),
    "POST /videos/(edits|extensions)": _video_of,
    "POST /videos/[^/]+/remix": _remix,
    "GET /videos/[^/]+/content": content(VIDEOS),
    **usual(VIDEOS),
    "POST /evals/[^/]+/runs/[^/]+(/cancel)?": _cancel_eval_run,
    **usual(EVAL_RUNS),
    "DELETE /evals/[^/]+/runs/[^/]+": _delete_eval(EVAL_RUNS, "run_id"),
    **usual(EVALS),
    "DELETE /evals/[^/]+": _delete_eval(EVALS, "eval_id"),
    **usual(SKILLS),
    "POST /realtime/client_secrets": _client_secret,
    "POST /responses/compact": _compact,
}
