"""The hook that suites written for pytest-recording know."""

from __future__ import annotations

from typing import Any


def pytest_recording_configure(config: Any, vcr: Any) -> None:
    """Called before a test's cassette is opened, to change vcrpy's VCR object.

    For ``vcr.register_matcher``, ``vcr.register_serializer`` and the like.
    """
