"""What passed while it was recorded passes in replay, or is not recorded."""

from __future__ import annotations

import email.utils
import gzip
import json
import random
import string
import time
from importlib import resources

import pytest

HEAD = """
import httpx, pytest

URL = "{url}"
OWN = "{own}"

def post(path, sent, **more):
    return httpx.post(URL + path, json=sent, **more).json()
"""


def project(pytester: pytest.Pytester, server, test: str, own: str = "") -> None:
    pytester.makepyfile(test_it=HEAD.format(url=server.url, own=own) + test)


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *args
    )


def cassette(pytester: pytest.Pytester) -> str:
    return (pytester.path / "cassettes" / "test_it" / "test_it.yaml").read_text()


def drawn(prefix: str, length: int) -> str:
    """An id as a provider draws it, another one at every call."""
    letters = random.choices(string.ascii_letters + string.digits, k=length - 4)
    return f"{prefix}a1B2{''.join(letters)}"


OWN_IDS = [
    "asst_D2BqLQ9rNgOjd5A3NpS9m9s4",
    "batch_68a1f0c2b7e48190a3d5",
    "3f2b8c1e-7d4a-4b9f-8e21-0c5d6a7b8e9f",
    "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
    "call_Abcdefgh12345678ABCDEFGH",
]

PLACES = {
    "the same body twice": 'post("/echo", {"id": OWN})["id"]; post("/echo", {"id": OWN})["id"]',
    "a nested field": 'post("/echo", {"metadata": {"session_id": OWN}})["metadata"]["session_id"]',
    "an id before": 'post("/echo", {"n": 1, "previous_response_id": OWN})["previous_response_id"]',
    "the path": 'httpx.get(URL + "/files/" + OWN).json()["id"]',
    "the query": 'httpx.get(URL + "/list?after=" + OWN).json()["last_id"]',
    "a header": 'post("/echo", {}, headers={"x-correlation-id": OWN}); post("/own", {})["id"]',
    "polling": '[httpx.get(URL + "/files/" + OWN).json()["id"] for _ in range(3)][-1]',
}


@pytest.mark.parametrize(
    ("place", "own"),
    [*((place, OWN_IDS[0]) for place in PLACES), *(("a nested field", one) for one in OWN_IDS[1:])],
)
def test_the_programs_own_ids_stay(pytester: pytest.Pytester, server, own: str, place: str) -> None:
    server.answers["/echo"] = lambda rest, sent: sent
    server.answers["/own"] = lambda rest, sent: {"id": own}
    server.answers["/files/"] = lambda rest, sent: {"id": rest}
    server.answers["/list?after="] = lambda rest, sent: {"last_id": rest}
    *before, last = PLACES[place].split("; ")
    steps = "\n    ".join([*before, f"assert {last} == OWN", f"assert {last} == OWN"])
    test = f"@pytest.mark.vcr\ndef test_it():\n    {steps}\n"
    project(pytester, server, test, own)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    asked = len(server.asked)
    run(pytester).assert_outcomes(passed=1)
    before_again = cassette(pytester)
    run(pytester, "--record-mode=rewrite").assert_outcomes(passed=1)
    assert cassette(pytester) == before_again
    run(pytester).assert_outcomes(passed=1)
    assert len(server.asked) == 2 * asked


GIVEN = """
@pytest.mark.vcr
def test_it():
    made = post("/make", {"name": "x"})
    for _ in range(2):
        got = httpx.get(URL + "/batches/" + made["id"], headers={"x-batch": made["id"]}).json()
        assert got["id"] == made["id"]
    assert httpx.get(made["url"]).json()["id"] == made["id"]
    joined = f"{made['id']}-{got['run_id']}"
    assert post("/echo", {"name": joined, "run_id": got["run_id"]})["name"] == joined
"""


def test_ids_that_a_response_gave_are_followed(pytester: pytest.Pytester, server) -> None:
    def make(rest: str, sent: object) -> object:
        name = drawn("batch_", 24)
        return {"id": name, "url": f"{server.url}/batches/{name}"}

    runs: dict[str, str] = {}
    server.answers["/make"] = make
    server.answers["/echo"] = lambda rest, sent: sent
    server.answers["/batches/"] = lambda rest, sent: {
        "id": rest,
        "run_id": runs.setdefault(rest, drawn("run_", 28)),
    }
    project(pytester, server, GIVEN)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    before = cassette(pytester)
    run(pytester).assert_outcomes(passed=1)
    done = run(pytester, "--record-mode=rewrite")
    done.assert_outcomes(passed=1)
    assert cassette(pytester) == before


NAMES = ["text-embedding-3-small", "user12345", "ORDER-2024A1B2C3D4", "gpt-4o-mini-2024-07-18"]


def test_names_are_not_ids(pytester: pytest.Pytester, server) -> None:
    server.answers["/names"] = lambda rest, sent: {"data": [{"id": name} for name in NAMES]}
    test = f"""
@pytest.mark.vcr
def test_it():
    found = httpx.get(URL + "/names").json()
    assert [one["id"] for one in found["data"]] == {NAMES!r}
"""
    project(pytester, server, test)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)
    assert len(server.asked) == 1


def test_no_model_of_litellm_is_taken_for_an_id(pytester: pytest.Pytester, server) -> None:
    # The list as LiteLLM ships it: other tests of this process may have registered models.
    listed = resources.files("litellm") / "model_prices_and_context_window_backup.json"
    known = json.loads(listed.read_text(encoding="utf-8"))
    names = sorted({part for name in known for part in (name, *name.split("/"))})
    assert len(names) > 3_000
    server.answers["/names"] = lambda rest, sent: {"data": [{"id": name} for name in names]}
    test = """
@pytest.mark.vcr
def test_it():
    found = httpx.get(URL + "/names").json()["data"]
    assert not [one for one in found if "replay-" in one["id"]]
"""
    project(pytester, server, test)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)


def test_lists_of_models_are_left_alone(pytester: pytest.Pytester, server) -> None:
    own = "ft-8aKq2Zb7Lm4Xc9Vw1"
    server.answers["/models"] = lambda rest, sent: {"data": [{"id": own, "object": "model"}]}
    test = """
@pytest.mark.vcr
def test_it():
    assert httpx.get(URL + "/models").json()["data"][0]["id"] == OWN
"""
    project(pytester, server, test, own)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)


LOGIN = """
@pytest.mark.vcr(redact_keep={keep!r})
def test_it():
    call = post("/ask", {{"q": "log in"}})["arguments"]
    assert post("/tool", {{"said": "logged in with " + call["password"]}})["ok"]
"""


def test_a_hidden_value_that_is_sent_back_is_no_recording(
    pytester: pytest.Pytester, server
) -> None:
    server.answers["/ask"] = lambda rest, sent: {"arguments": {"password": "mellon-of-moria"}}
    server.answers["/tool"] = lambda rest, sent: {"ok": True}
    project(pytester, server, LOGIN.format(keep=[]))
    done = run(pytester, "--record-mode=once")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(
        [
            "Nothing was recorded*request 2 (POST *) would not be answered in replay: it sends "
            "back what an earlier response has at response.body.arguments.password*"
            'redact_keep=[[]"body:password"[]]*'
        ]
    )
    assert "mellon" not in done.stdout.str().partition("Nothing was recorded")[2]
    assert not (pytester.path / "cassettes").exists()
    project(pytester, server, LOGIN.format(keep=["body:password"]))
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)


SPOILT = """
@pytest.fixture(scope="session")
def vcr_config():
    def spoil(request, response):
        request.uri += "/other"
        return request, response

    return {"before_save_interaction": spoil}

@pytest.mark.vcr
def test_it():
    assert post("/ask", {"q": "log in"})
"""


def test_a_hook_that_spoils_a_request_is_named(pytester: pytest.Pytester, server) -> None:
    project(pytester, server, SPOILT)
    done = run(pytester, "--record-mode=once")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*would not be answered in replay*a filter or a hook of the suite*"])


HIDDEN = [{"password": "mellon"}, {"args": '{"password": "mellon"}'}]


@pytest.mark.parametrize("answer", HIDDEN)
def test_the_closing_lines_name_what_is_hidden(
    pytester: pytest.Pytester, server, answer: dict[str, str]
) -> None:
    server.answers["/ask"] = lambda rest, sent: answer
    test = """
@pytest.mark.vcr
def test_it():
    assert post("/ask", {"q": "log in"})
"""
    project(pytester, server, test)
    done = run(pytester, "--record-mode=once")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(
        [
            "look at: test_it.yaml: interaction 1: response.body.*password is hidden; "
            'to keep it: redact_keep=[[]"body:password"[]]'
        ]
    )


FILTER = """
@pytest.fixture(scope="session")
def vcr_config():
    def count(response):
        response["body"]["string"] += b" filtered"
        return response
    return {"before_record_response": count}

@pytest.mark.vcr
def test_it(vcr):
    httpx.get(URL + "/text")
    if vcr.play_count:
        assert httpx.Client  # replay
        assert vcr.responses[0]["body"]["string"] == b"plain filtered"
"""


def test_response_filters_run_once(pytester: pytest.Pytester, server) -> None:
    server.answers["/text"] = lambda rest, sent: b"plain"
    project(pytester, server, FILTER)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)
    assert "plain filtered\n" in cassette(pytester)
    assert "filtered filtered" not in cassette(pytester)


SAME = """
@pytest.fixture(scope="session")
def vcr_config():
    return {"match_on": ["method", "path", "never"]}

@pytest.mark.vcr(record_mode=None)
def test_it():
    post("/ask", {"q": 1})
"""


def test_a_miss_says_already_played_only_of_what_was_played(
    pytester: pytest.Pytester, server
) -> None:
    pytester.makeconftest(
        """
def pytest_recording_configure(config, vcr):
    def never(one, other):
        assert one.headers.get("x-now") == "1"

    vcr.register_matcher("never", never)
"""
    )
    project(pytester, server, '@pytest.mark.vcr\ndef test_it():\n    post("/ask", {"q": 1})\n')
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    project(pytester, server, SAME)
    done = run(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.no_fnmatch_line("*already played*")
    done.stdout.fnmatch_lines(["*The same request is recorded, but a matcher of the suite*"])


MINTED = """
OWN = "batch_Zz9yX8wV7uT6sR5qP4"

@pytest.mark.vcr
def test_it():
    made = post("/make", {})["id"]
    httpx.get(URL + "/batches/" + MADE)
"""


def test_a_miss_says_that_only_a_placeholder_differs(pytester: pytest.Pytester, server) -> None:
    server.answers["/make"] = lambda rest, sent: {"id": drawn("batch_", 24)}
    project(pytester, server, MINTED.replace("MADE", "made"))
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    project(pytester, server, MINTED.replace("MADE", "OWN"))
    done = run(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "*path: */batches/batch_replay-* -> */batches/batch_Zz9*",
            "*differ only in a placeholder*",
        ]
    )
    done.stdout.no_fnmatch_line("*already played*")


SESSION = """
import requests

@pytest.mark.vcr
@pytest.mark.parametrize("client", ["requests", "httpx", "aiohttp"])
def test_it(client):
    cookies = asyncio.run(with_aiohttp()) if client == "aiohttp" else plain(client)
    assert cookies == {"sid"}

def plain(client):
    session = requests.Session() if client == "requests" else httpx.Client()
    with session:
        session.post(URL + "/login", json={})
        names = set(session.cookies.keys())
        session.post(URL + "/logout", json={})
        assert not session.cookies.keys()
    return names

async def with_aiohttp():
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await session.post(URL + "/login", json={})
        return {one.key for one in session.cookie_jar}
"""


@pytest.mark.parametrize(
    "logout",
    [
        "sid=; Path=/; Max-Age=0",
        "sid=deleted; Path=/; expires=Thu, 01-Jan-1970 00:00:01 GMT",
        "sid=gone; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)
def test_the_login_of_a_session_replays(pytester: pytest.Pytester, server, logout: str) -> None:
    server.answers["/log"] = lambda rest, sent: {}
    soon = email.utils.formatdate(time.time() + 60, usegmt=True)
    server.headers["/login"] = [
        ("set-cookie", f"sid=q8Zx71Lk2PmW9aTr; Path=/; HttpOnly; Expires={soon}")
    ]
    server.headers["/logout"] = [("set-cookie", logout)]
    project(pytester, server, "import asyncio, aiohttp\n" + SESSION)
    run(pytester, "--record-mode=once").assert_outcomes(passed=3)
    run(pytester).assert_outcomes(passed=3)
    for path in (pytester.path / "cassettes" / "test_it").glob("*.yaml"):
        assert "q8Zx71Lk2PmW9aTr" not in path.read_text()
        assert "sid=REDACTED; Path=/; HttpOnly" in path.read_text()
        assert soon not in path.read_text()


UNDECODED = """
import asyncio, gzip, json
import aiohttp

async def ask(read, **settings):
    async with aiohttp.ClientSession(**settings) as session:
        async with session.post(URL + "/packed", json={"n": 1}) as response:
            return await read(response)

async def in_two_reads(response):
    first = await response.content.readexactly(5)
    return first, await response.read()

async def in_three_reads(response):
    return await response.content.readexactly(3), *(await in_two_reads(response))

async def packed(response):
    assert response.headers["content-encoding"] == "gzip"
    return json.loads(gzip.decompress(await response.read()))

@pytest.mark.vcr(FILTERS)
def test_it():
    text = PLAIN
    assert asyncio.run(ask(in_two_reads)) == (text[:5], text[5:])
    assert asyncio.run(ask(in_three_reads)) == (text[:3], text[3:8], text[8:])
    assert asyncio.run(ask(packed, auto_decompress=False)) == json.loads(text)
    assert httpx.post(URL + "/packed", json={"n": 1}).json() == json.loads(text)
"""


@pytest.mark.parametrize("filters", ["", 'filter_headers=["x-team"]'])
def test_a_body_that_aiohttp_leaves_packed_or_reads_in_pieces(
    pytester: pytest.Pytester, server, filters: str
) -> None:
    plain = b'{"answer":"forty-two, and a few words more"}'
    server.answers["/packed"] = lambda rest, sent: gzip.compress(plain)
    server.headers["/packed"] = [("content-encoding", "gzip")]
    project(
        pytester,
        server,
        UNDECODED.replace("PLAIN", repr(plain)).replace("FILTERS", filters),
    )
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    # Stored as it reads, so that secrets are found in it.
    assert cassette(pytester).count("forty-two, and a few words more") == 4
    run(pytester).assert_outcomes(passed=1)
