"""What one server keeps between requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from personalvibe.replay.standin.derive import Seed

Object = dict[str, Any]


@dataclass(slots=True)
class Store:
    """The collections of one server, by their addresses: ``/files``, ``/threads/.../messages``.

    A made object's id follows from what was asked for and how much was made before it.
    """

    collections: dict[str, dict[str, Object]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    """What was uploaded, or came out of a job, by the file's id."""
    amount: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def collection(self, path: str) -> dict[str, Object]:
        return self.collections.setdefault(path, {})

    def add(self, path: str, prefix: str, seed: Seed, content: Object) -> Object:
        with self.lock:
            self.amount += 1
            own = {"id": f"{prefix}{seed.child(path, self.amount).token(24, 'id')}"}
            kept = self.collection(path)[content.get("id", own["id"])] = {**own, **content}
            return kept
