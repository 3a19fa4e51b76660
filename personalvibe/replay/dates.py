"""Instants as recordings state them: UTC, ISO 8601 to the second, so that they sort as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> str:
    return _text(datetime.now(UTC))


def days_ago(days: int) -> str:
    return _text(datetime.now(UTC) - timedelta(days=days))


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
