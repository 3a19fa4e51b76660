"""The fields of a multipart/form-data body."""

from __future__ import annotations

import re

from personalvibe.replay.standin.model import ApiError, Received


def fields(request: Received) -> dict[str, list[bytes]]:
    """Field name -> values, files included. Raises `ApiError` (400) for any other body."""
    kind = request.headers.get("content-type", "")
    boundary = re.search(r'boundary="?([^";]+)"?', kind)
    if not kind.lower().startswith("multipart/form-data") or boundary is None:
        raise ApiError(400, "Could not parse multipart form")
    found: dict[str, list[bytes]] = {}
    for part in request.body.split(b"--" + boundary[1].encode("latin-1")):
        head, separator, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if separator and name:
            key = name[1].decode("utf-8", "replace").removesuffix("[]")
            found.setdefault(key, []).append(value.removesuffix(b"\r\n"))
    return found


def text(form: dict[str, list[bytes]], name: str, default: str = "") -> str:
    return form[name][0].decode("utf-8", "replace") if form.get(name) else default
