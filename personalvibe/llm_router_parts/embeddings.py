"""Many embeddings in one reply: read at once, not one model after another.

The SDK makes an object of each, looks for numpy at each where there is none, and LiteLLM dumps them
all; for a thousand of them that was three times the work of LiteLLM alone.
"""

from __future__ import annotations

from array import array
from base64 import b64decode
from typing import Any

from .packages import add_request_id, load_sdk, typed
from .replies import as_both, both_of

_FIELDS = {"embedding", "index", "object"}


class Embeddings:
    """The content of a reply. LiteLLM asks for it as it asks a reply of the SDK's."""

    def __init__(self, content: dict[str, Any], request_id: str | None) -> None:
        self._content = content
        self._request_id = request_id

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return {**self._content, "data": [dict(item) for item in self._content["data"]]}

    def as_both(self, litellm_reply: Any) -> Any:
        """What the program gets: see :func:`replies.as_both`."""
        sdk = load_sdk()
        empty = typed(sdk.types.CreateEmbeddingResponse, {**self._content, "data": []})
        add_request_id(empty, self._request_id)
        reply = as_both(empty, litellm_reply)
        items = self._content["data"]
        reply.__dict__["data"] = [
            both_of(sdk.types.Embedding, {name: item[name] for name in sorted(_FIELDS)})
            for item in items
        ]
        return reply


def read_embeddings(raw: Any) -> Embeddings | None:
    """The embeddings of a response; None: it is not what it usually is, and the SDK shall see.

    Args:
        raw: the SDK's response to a program that named no encoding, so that the SDK asked for
            base64.
    """
    try:
        content = raw.http_response.json()
        items = content["data"]
        usual = bool(items) and all(item.keys() == _FIELDS for item in items)
        if not usual or "usage" not in content:
            return None
        for item in items:
            if isinstance(item["embedding"], str):
                item["embedding"] = array("f", b64decode(item["embedding"])).tolist()
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Embeddings(content, raw.request_id)
