"""For all tests."""

from __future__ import annotations

import signal

import pytest

# In the background of a shell Ctrl-C is ignored, here and in every process that a test starts to
# interrupt it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="Write golden cases as the codemod answers them now."
    )
