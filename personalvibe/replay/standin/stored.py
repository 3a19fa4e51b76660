"""How objects that the stand-in keeps are made, listed, looked at, changed and deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply
from personalvibe.replay.standin.multipart import fields
from personalvibe.replay.standin.store import Object, Store

Answer = Callable[[Received], Reply]
Make = Callable[[Object, Seed], Object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of object, and where it is kept."""

    path: str
    name: str
    """What it says of itself, as ``object``."""
    prefix: str
    make: Make = lambda params, seed: dict(params)
    states: tuple[str, ...] = ()
    """What its ``status`` goes through, one step each time that it is looked at."""
    parent: str = ""
    """What it calls the id of what it belongs to."""
    created: str = "created_at"
    reached: Callable[[Store, str, Object], None] | None = None
    """Called at a new state, with the collection's path."""


def params_of(request: Received) -> Object:
    """The fields of a JSON body or of a form; nothing for an empty body."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        form = fields(request)
        return {k: v[0].decode("utf-8", "replace") for k, v in form.items() if k != "file"}
    return request.params if request.body else {}


def place(template: str, request: Received) -> tuple[str, list[str]]:
    """The address of a template as the request has it, without what precedes it; and its ids."""
    pattern = re.sub(r"\{\w+\}", "([^/]+)", template)
    match = re.search(f"{pattern}$", request.target)
    assert match is not None
    return match[0], list(match.groups())


def create(kind: Kind) -> Answer:
    def answer(request: Received) -> Reply:
        path, ids = place(kind.path, request)
        return json_reply(shown(made(kind, request, path, params_of(request), ids)))

    return answer


def made(
    kind: Kind, request: Received, path: str, params: Mapping[str, Any], ids: list[str]
) -> Object:
    seed = Seed(kind.name, path, sorted(params.items(), key=str))
    content = {"object": kind.name, kind.created: seed.created, **kind.make(dict(params), seed)}
    content |= {"status": kind.states[0]} if kind.states else {}
    content |= {kind.parent: ids[0]} if ids else {}
    return request.store.add(path, kind.prefix, seed, content)


def listed(kind: Kind) -> Answer:
    def answer(request: Received) -> Reply:
        path, _ = place(kind.path, request)
        return page(list(request.store.collection(path).values()), request.query)

    return answer


def page(items: list[Object], query: Mapping[str, str]) -> Reply:
    """Newest first, unless it is asked otherwise; twenty, behind the one that is named."""
    rows = items if query.get("order") == "asc" else items[::-1]
    ids = [row["id"] for row in rows]
    if query.get("after") in ids:
        rows = rows[ids.index(query["after"]) + 1 :]
    limit = int(query["limit"]) if query.get("limit", "").isdigit() else 20
    shown_rows = [shown(row) for row in rows[:limit]]
    return json_reply({
        "object": "list",
        "data": shown_rows,
        "first_id": shown_rows[0]["id"] if shown_rows else None,
        "last_id": shown_rows[-1]["id"] if shown_rows else None,
        "has_more": len(rows) > limit,
    })  # fmt: skip


def retrieve(kind: Kind) -> Answer:
    def answer(request: Received) -> Reply:
        path, kept = kept_object(kind, request)
        reply = json_reply(shown(kept))
        advance(kind, request.store, path, kept)
        return reply

    return answer


def kept_object(kind: Kind, request: Received, action: str = "") -> tuple[str, Object]:
    """(its collection's path, the object that a request names).

    Raises:
        ApiError: (404) there is none.
    """
    whole, ids = place(f"{kind.path}/{{id}}{action}", request)
    path = whole.removesuffix(action).rpartition("/")[0]
    kept = request.store.collection(path).get(ids[-1])
    if kept is None:
        raise ApiError(404, f"No {kind.name} found with id '{ids[-1]}'.")
    return path, kept


def advance(kind: Kind, store: Store, path: str, kept: Object) -> None:
    state = kept.get("status")
    if state not in kind.states[:-1]:
        return
    kept["status"] = kind.states[kind.states.index(state) + 1]
    if kind.reached is not None:
        kind.reached(store, path, kept)


def update(kind: Kind) -> Answer:
    def answer(request: Received) -> Reply:
        _, kept = kept_object(kind, request)
        kept.update(params_of(request))
        return json_reply(shown(kept))

    return answer


def delete(kind: Kind) -> Answer:
    def answer(request: Received) -> Reply:
        path, kept = kept_object(kind, request)
        del request.store.collection(path)[kept["id"]]
        name = "file" if kind.name == "file" else f"{kind.name}.deleted"
        return json_reply({"id": kept["id"], "object": name, "deleted": True})

    return answer


def cancel(kind: Kind, state: str = "cancelled") -> Answer:
    def answer(request: Received) -> Reply:
        _, kept = kept_object(kind, request, "/cancel")
        kept["status"] = state
        return json_reply(shown(kept))

    return answer


def shown(kept: Object) -> Object:
    """Without what the stand-in remembers for itself."""
    return {name: value for name, value in kept.items() if not name.startswith("_")}


def usual(kind: Kind) -> dict[str, Answer]:
    """The five ways to ask for a kind of object."""
    path = kind.path.replace("{id}", "[^/]+")
    return {
        f"POST {path}": create(kind),
        f"GET {path}": listed(kind),
        f"GET {path}/[^/]+": retrieve(kind),
        f"POST {path}/[^/]+": update(kind),
        f"DELETE {path}/[^/]+": delete(kind),
    }


def content(kind: Kind) -> Answer:
    def answer(request: Received) -> Reply:
        _, kept = kept_object(kind, request, "/content")
        body = request.store.contents.get(kept["id"], Seed(kept["id"]).bytes(64))
        return Reply(headers={"content-type": "application/octet-stream"}, body=body)

    return answer


def file_name(body: bytes) -> str:
    return body.partition(b'filename="')[2].partition(b'"')[0].decode("utf-8", "replace")
