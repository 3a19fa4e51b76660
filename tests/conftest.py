"""For all tests."""

from __future__ import annotations

import gc
import os
import platform
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# How long an example takes says how busy the machine is.
settings.register_profile(
    "any", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
# For the night: other examples every time, also where CI is set.
settings.register_profile(
    "thorough",
    parent=settings.get_profile("any"),
    derandomize=False,
    max_examples=1000,
    print_blob=True,
)
# A mutant is noticed or not, whichever the smallest example is.
settings.register_profile(
    "mutants",
    parent=settings.get_profile("any"),
    derandomize=True,
    database=None,
    max_examples=100,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("any")

# In the background of a shell Ctrl-C is ignored, here and in every process that a test starts to
# interrupt it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="Write golden cases as the codemod answers them now."
    )


class ProcessGuard:
    """In a run without processes, a test that starts one has to have the mark ``process``."""

    EVENTS = frozenset(
        ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen")
    )

    def __init__(self) -> None:
        self.started: list[str] = []
        # The SDK asks once a process, and Python asks the program `uname`.
        platform.processor()
        sys.addaudithook(self._listen)

    def _listen(self, event: str, _: object) -> None:
        if event in self.EVENTS:
            self.started.append(event)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        self.started.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        result = yield
        if self.started:
            pytest.fail(f"starts a process ({self.started[0]}): give it the mark `process`")
        return result


def trust_nobody() -> None:
    """Spare every client of httpx the reading of all authorities: tens of milliseconds."""
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)  # in which there is none


# Thousands of tests, LiteLLM's models and the SDK's are kept to the end; looking at them again and
# again takes a tenth of the time.
gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--record-mode") == "none":
        trust_nobody()
    if config.getoption("markexpr") == "not process":
        config.pluginmanager.register(ProcessGuard())
