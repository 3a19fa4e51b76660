"""A suite as its users write it for pytest-recording. It knows nothing of this project.

Recorded and replayed with pytest-recording itself, then replayed and recorded here, unchanged.
"""

import os
import socket

import httpx
import pytest
import requests

URL = os.environ["URL"]


@pytest.fixture(scope="module")
def vcr_config():
    return {
        "filter_headers": ["authorization", ("x-api-key", "DUMMY")],
        "filter_query_parameters": ["token"],
        "filter_post_data_parameters": ["password"],
        "decode_compressed_response": True,
        "before_record_response": scrubbed,
    }


def scrubbed(response):
    response["headers"].pop("Server", None)
    return response


@pytest.mark.vcr
def test_plain():
    headers = {"Authorization": "Bearer abc", "X-Api-Key": "abc"}
    answer = httpx.get(URL + "/plain", params={"token": "t", "n": "1"}, headers=headers)
    assert answer.json()["path"].startswith("/plain")


@pytest.mark.vcr
def test_requests_and_bodies():
    answer = requests.post(URL + "/post", json={"password": "p", "n": 1}, timeout=5)
    assert "n" in answer.json()["body"]
    requests.post(URL + "/form", data={"password": "p", "n": 1}, timeout=5).raise_for_status()


@pytest.mark.vcr(match_on=["method", "scheme", "host", "port", "path"])
def test_own_match_on():
    asked = os.environ.get("QUERY", "1")
    assert httpx.get(URL + "/match", params={"n": asked}).status_code == 200


@pytest.mark.vcr
@pytest.mark.parametrize("name", ["a", "b/c", "d:e"])
def test_parameters(name):
    assert httpx.get(URL + "/p", params={"name": name}).status_code == 200


@pytest.mark.vcr
class TestClass:
    def test_method(self, vcr):
        httpx.get(URL + "/class")
        httpx.get(URL + "/class/two")
        assert [request.path for request in vcr.requests] == ["/class", "/class/two"]
        assert len(vcr.responses) == 2

    @pytest.mark.default_cassette("renamed.yaml")
    def test_renamed(self):
        httpx.get(URL + "/renamed")


@pytest.mark.vcr("extra.yaml")
@pytest.mark.vcr
def test_extra_cassette():
    assert httpx.get(URL + "/extra").status_code == 200


@pytest.mark.vcr
@pytest.mark.default_cassette("extra.yaml")
def test_whose_cassette_is_shared():
    assert httpx.get(URL + "/extra").status_code == 200


@pytest.mark.vcr
def test_play_count(vcr):
    httpx.get(URL + "/count")
    if os.environ.get("REPLAY"):
        assert vcr.play_count == 1
        assert vcr.all_played


@pytest.mark.block_network
def test_blocked():
    with pytest.raises(RuntimeError, match=r"^Network is disabled"):
        socket.create_connection(("192.0.2.1", 9), timeout=1)


@pytest.mark.block_network(allowed_hosts=["192.0.2.*"])
def test_blocked_with_a_hole():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))


def test_unmarked(vcr):
    assert vcr is None


def test_fixtures(record_mode, vcr_cassette_dir, default_cassette_name, vcr_markers):
    assert record_mode in ("none", "once", "rewrite")
    assert vcr_cassette_dir.endswith("test_it")
    assert default_cassette_name == "test_fixtures"
    assert vcr_markers == []
