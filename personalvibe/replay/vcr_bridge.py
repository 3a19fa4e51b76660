"""Plain vcrpy, for now: matched on everything that a provider sees, keys left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import vcr

PROVIDER = "https://api.openai.com"


@contextmanager
def use_cassette(
    path: Path, *, record_mode: str = "none", route: Callable[[str], str] | None = None
) -> Iterator[None]:
    environ = {"OPENAI_BASE_URL": route(f"{PROVIDER}/v1")} if route else {}
    if route and record_mode == "rewrite":
        path.unlink(missing_ok=True)
        record_mode = "all"

    def provider_address(request: Any) -> Any:
        if route:
            request.uri = request.uri.replace(route(PROVIDER), PROVIDER)
        return request

    recorder = vcr.VCR(
        record_mode=vcr.mode(record_mode),
        match_on=("method", "scheme", "host", "port", "path", "query", "body"),
        filter_headers=["authorization", "api-key", "x-api-key", "user-agent"],
        before_record_request=provider_address,
        decode_compressed_response=True,
    )
    with mock.patch.dict(os.environ, environ), recorder.use_cassette(str(path)):
        yield
