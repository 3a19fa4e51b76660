"""What suites do with vcrpy's own settings and hooks."""

from __future__ import annotations

import pytest

SUITE = """
import httpx, pytest, re

URL = "{url}"

{conftest}

@pytest.mark.vcr({mark})
def test_ask(vcr):
    assert httpx.post(URL + "/a", json={{"prompt": "{prompt}", "n": {n}}}).status_code == 200
"""


def project(pytester: pytest.Pytester, server, mark: str = "", **kwargs: object) -> None:
    values = {"prompt": "hello", "n": 1, "conftest": "", **kwargs}
    pytester.makepyfile(test_it=SUITE.format(url=server.url, mark=mark, **values))


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *args
    )


MATCHER = """
def pytest_recording_configure(config, vcr):
    def same_prompt(one, other):
        import json
        assert json.loads(one.body)["prompt"] == json.loads(other.body)["prompt"]

    vcr.register_matcher("same_prompt", same_prompt)
"""


def test_a_registered_matcher(pytester: pytest.Pytester, server) -> None:
    pytester.makeconftest(MATCHER)
    mark = 'match_on=["method", "host", "same_prompt"]'
    project(pytester, server, mark)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    project(pytester, server, mark, n=2)
    run(pytester).assert_outcomes(passed=1)
    project(pytester, server, mark, prompt="other")
    run(pytester).assert_outcomes(failed=1)
    assert len(server.asked) == 1


def test_match_on_without_the_body(pytester: pytest.Pytester, server) -> None:
    mark = 'match_on=["method", "uri"]'
    project(pytester, server, mark)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    project(pytester, server, mark, prompt="other")
    run(pytester).assert_outcomes(passed=1)


def test_filters_and_hooks_of_vcrpy(pytester: pytest.Pytester, server) -> None:
    conftest = """
def drop_a(request):
    return None if request.path == "/dropped" else request

def shorten(response):
    response["body"]["string"] = b'{"short": true}'
    return response

@pytest.fixture(scope="session")
def vcr_config():
    return {
        "filter_headers": [("accept", "MINE")],
        "filter_post_data_parameters": ["n"],
        "before_record_request": drop_a,
        "before_record_response": shorten,
    }
"""
    project(pytester, server, conftest=conftest)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    text = (pytester.path / "cassettes" / "test_it" / "test_ask.yaml").read_text()
    assert "accept: MINE" in text
    assert "short: true" in text
    assert "n: 1" not in text
    # The filtered field no longer counts.
    project(pytester, server, conftest=conftest, n=2)
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("serializer", ["json", "yaml"])
def test_serializers_of_vcrpy(pytester: pytest.Pytester, server, serializer: str) -> None:
    project(pytester, server, f'serializer="{serializer}"')
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    assert (pytester.path / "cassettes" / "test_it" / f"test_ask.{serializer}").exists()
    run(pytester).assert_outcomes(passed=1)
    assert len(server.asked) == 1


def test_several_cassettes_and_repeats(pytester: pytest.Pytester, server) -> None:
    project(pytester, server)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    folder = pytester.path / "cassettes" / "test_it"
    (folder / "test_ask.yaml").rename(folder / "extra.yaml")
    project(pytester, server, '"extra.yaml"')
    run(pytester).assert_outcomes(passed=1)
    body = """
def test_more(vcr):
    pass

@pytest.mark.vcr("extra.yaml", allow_playback_repeats=True)
def test_twice(vcr):
    for _ in range(2):
        httpx.post(URL + "/a", json={"prompt": "hello", "n": 1})
    assert vcr.play_count == 2
    assert vcr.all_played
    assert len(vcr.requests) == len(vcr.responses) == 1
    assert vcr.responses[0]["status"]["code"] == 200
"""
    project(pytester, server, '"extra.yaml"', conftest=body)
    run(pytester).assert_outcomes(passed=3)


def test_the_fixtures_that_a_suite_overrides(pytester: pytest.Pytester, server) -> None:
    conftest = """
@pytest.fixture(scope="module")
def vcr_cassette_dir(request):
    return str(request.path.parent / "elsewhere")

@pytest.fixture
def default_cassette_name(request):
    return "named"

@pytest.fixture(scope="session")
def record_mode():
    return "once"
"""
    project(pytester, server, conftest=conftest)
    run(pytester).assert_outcomes(passed=1)
    assert (pytester.path / "elsewhere" / "named.yaml").exists()


def test_disable_recording(pytester: pytest.Pytester, server) -> None:
    project(pytester, server, conftest="")
    text = (
        (pytester.path / "test_it.py")
        .read_text()
        .replace("def test_ask(vcr):", "def test_ask(vcr):\n    assert vcr is None")
    )
    (pytester.path / "test_it.py").write_text(text)
    run(pytester, "--disable-recording").assert_outcomes(passed=1)
    assert len(server.asked) == 1


WITHIN = """
import socket, threading
import pytest

@pytest.fixture(scope="session", autouse=True)
def address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        socket.create_connection(address).close()
        yield address

def refused(host, connect):
    with pytest.raises(RuntimeError) as error:
        connect()
    assert str(error.value) == f"Network is disabled for host {host!r}"

MARK
def test_loopback(address):
    name, port = address
    refused("127.0.0.1", lambda: socket.create_connection(address))
    refused("localhost", lambda: socket.socket().connect(("localhost", port)))
    for spelling in (b"127.0.0.1", bytearray(b"127.0.0.1")):
        refused(spelling, lambda: socket.socket().connect((spelling, port)))
        refused(spelling, lambda: socket.socket().connect_ex((spelling, port)))

MARK
def test_a_unix_socket():
    with socket.socket(socket.AF_UNIX) as one:
        refused("./it", lambda: one.connect("./it"))

MARK
def test_what_is_no_connection(address):
    left, right = socket.socketpair()
    left.sendall(b"x")
    assert right.recv(1) == b"x"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        assert one.sendto(b"x", address) == 1

@pytest.mark.block_network(allowed_hosts=["127.0.0.*", "localhost", "./it"])
def test_allowed(address):
    socket.create_connection(address).close()
    socket.create_connection(("localhost", address[1])).close()
    with socket.socket(socket.AF_UNIX) as one, pytest.raises(FileNotFoundError):
        one.connect("./it")
"""


@pytest.mark.parametrize(
    ("mark", "options"),
    [("@pytest.mark.block_network", ()), ("", ("--block-network", "--record-mode=none"))],
)
def test_block_network_closes_this_machine_too(
    pytester: pytest.Pytester, mark: str, options: tuple[str, ...]
) -> None:
    """As in pytest-recording: what serves a test is opened by name."""
    pytester.makepyfile(test_it=WITHIN.replace("MARK", mark))
    run(pytester, *options).assert_outcomes(passed=4)


def test_the_help_is_found_where_it_was(pytester: pytest.Pytester) -> None:
    run(pytester, "--help").stdout.fnmatch_lines(
        ["recording:", "*--record-mode=*", "*VCR.py record mode.*"]
    )


def test_block_network(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it="""
import pytest, socket

@pytest.mark.block_network
def test_blocked():
    with pytest.raises(RuntimeError, match="Network is disabled"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)

@pytest.mark.block_network(allowed_hosts=["192.0.2.*"])
def test_hole():
    with pytest.raises(OSError):
        with socket.socket() as one:
            one.settimeout(0.01)
            one.connect(("192.0.2.1", 80))

@pytest.mark.block_network(wrong=1)
def test_wrong():
    pass
"""
    )
    run(pytester).assert_outcomes(passed=2, errors=1)
