"""OpenAI's vector stores, and the files in them."""

from __future__ import annotations

from typing import Any

from personalvibe.replay.standin import checks
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import (
    Received,
    Reply,
    json_reply,
)
from personalvibe.replay.standin.store import Object, Store
from personalvibe.replay.standin.stored import (
    Answer,
    Kind,
    cancel,
    kept_object,
    usual,
)

_COUNTS = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}
_CHUNKS = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


def _store(params: Object, seed: Seed) -> Object:
    more = {"name": None, "metadata": {}, "expires_after": None, "expires_at": None, **params}
    more.pop("file_ids", None)
    more.pop("chunking_strategy", None)
    return {"usage_bytes": 0, "file_counts": _COUNTS, "status": "completed",
            "last_active_at": seed.created, **more}  # fmt: skip


def _store_file(params: Object, _: Seed) -> Object:
    id = checks.require(params, "file_id")
    return {"id": id, "usage_bytes": 0, "last_error": None, "attributes": {},
            "chunking_strategy": _CHUNKS, **params}  # fmt: skip


def _file_batch(params: Object, _: Seed) -> Object:
    total = len(params.get("file_ids") or ())
    return {"file_counts": {**_COUNTS, "in_progress": total, "total": total}}


def _file_batch_reached(_: Store, __: str, batch: Object) -> None:
    total = batch["file_counts"]["total"]
    batch["file_counts"] = {**_COUNTS, "completed": total, "total": total}


def _store_file_content(request: Received) -> Reply:
    _, kept = kept_object(STORE_FILES, request, "/content")
    text = request.store.contents.get(kept["id"], b"").decode("utf-8", "replace")
    row = {"type": "text", "text": text}
    found = {"object": "vector_store.file_content.page", "data": [row], "has_more": False}
    return json_reply({**found, "next_page": None})


def _search(request: Received) -> Reply:
    path, kept = kept_object(STORES, request, "/search")
    files = request.store.collection(f"{path}/{kept['id']}/files")
    query = request.params.get("query")
    rows = [_search_row(request.store, id, query) for id in files]
    return json_reply({"object": "vector_store.search_results.page", "search_query": [query],
                       "data": rows, "has_more": False, "next_page": None})  # fmt: skip


def _search_row(store: Store, id: str, query: Any) -> Object:
    text = store.contents.get(id, b"").decode("utf-8", "replace")
    name = store.collection("/files").get(id, {}).get("filename", "unknown")
    score = round(Seed("search", id, query).fraction(), 6)
    return {"file_id": id, "filename": name, "score": score, "attributes": {},
            "content": [{"type": "text", "text": text[:200]}]}  # fmt: skip


STORES = Kind(path="/vector_stores", name="vector_store", prefix="vs_", make=_store)
STORE_FILES = Kind(
    path="/vector_stores/{id}/files",
    name="vector_store.file",
    prefix="",
    parent="vector_store_id",
    make=_store_file,
    states=("in_progress", "completed"),
)
FILE_BATCHES = Kind(
    path="/vector_stores/{id}/file_batches",
    name="vector_store.file_batch",
    prefix="vsfb_",
    parent="vector_store_id",
    make=_file_batch,
    states=("in_progress", "completed"),
    reached=_file_batch_reached,
)


# What stands within something else comes first: patterns are searched at the end of an address.
ROWS: dict[str, Answer] = {
    "POST /vector_stores/[^/]+/search": _search,
    "GET /vector_stores/[^/]+/files/[^/]+/content": _store_file_content,
    "POST /vector_stores/[^/]+/file_batches/[^/]+/cancel": cancel(FILE_BATCHES),
    **usual(STORE_FILES),
    **usual(FILE_BATCHES),
    **usual(STORES),
}
