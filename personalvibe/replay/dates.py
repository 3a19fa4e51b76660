"""Instants as recordings state them: UTC, ISO 8601 to the second, so that they sort as text."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> str:
    return iso(time.time())


def days_ago(days: int) -> str:
    return iso(time.time() - days * 86_400)


def iso(seconds: float) -> str:
    """An instant given in seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def days_between(earlier: str, later: str) -> int | None:
    """Whole days from one instant to another; None if one of them is none."""
    try:
        return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).days
    except (ValueError, TypeError):
        return None
