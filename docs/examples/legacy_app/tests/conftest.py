import json
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from fake_api import FakeApi  # noqa: E402

_server = FakeApi()
# The shared clients read these when helpdesk is imported.
os.environ["OPENAI_API_KEY"] = "test-key"
os.environ["OPENAI_BASE_URL"] = _server.url + "/v1"
os.environ["AZURE_OPENAI_ENDPOINT"] = _server.url
os.environ["AZURE_OPENAI_API_KEY"] = "azure-key"


@pytest.fixture(scope="session")
def _api():
    with _server:
        yield _server


@pytest.fixture
def api(_api, request):
    _api.requests.clear()
    _api.failures.clear()
    yield _api
    log = os.environ.get("HELPDESK_WIRE_LOG")
    if log:
        with open(log, "a") as file:
            print(json.dumps([request.node.name, _api.requests]), file=file)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    from helpdesk import retry

    monkeypatch.setattr(retry, "DELAY", 0)
