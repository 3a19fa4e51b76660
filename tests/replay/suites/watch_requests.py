"""The conftest of an inner run: how many requests a test sends, and how long after the first one
its end is reported. Written to the file that WATCH names, one JSON object a line."""

import json
import os
import time
from pathlib import Path

import httpx
import pytest

sent = []


def watched(send):
    def wrapper(self, request, **settings):
        sent.append(time.perf_counter())
        return send(self, request, **settings)

    return wrapper


def pytest_configure(config):
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    patch.setattr(httpx.Client, "send", watched(httpx.Client.send))
    patch.setattr(httpx.AsyncClient, "send", watched(httpx.AsyncClient.send))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    if call.when == "setup":
        sent.clear()
    report = yield
    if call.when == "call":
        after = time.perf_counter() - sent[0] if sent else None
        line = {"test": item.name, "requests": len(sent), "seconds": after}
        with Path(os.environ["WATCH"]).open("a") as file:
            file.write(json.dumps(line | {"outcome": report.outcome}) + "\n")
    return report
