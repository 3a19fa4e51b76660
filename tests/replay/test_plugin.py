"""The plugin in real pytest runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ASK = """
import httpx, pytest

URL = "{url}"

def ask(text, **more):
    return httpx.post(URL, json={{"prompt": text, **more}}).json()
"""


def project(pytester: pytest.Pytester, server: object, tests: str, **files: str) -> None:
    pytester.makepyfile(test_it=ASK.format(url=server.url) + tests, **files)  # type: ignore[attr-defined]


def run(pytester: pytest.Pytester, *args: str, apart: bool = False) -> pytest.RunResult:
    """A pytest run in this process, which has the heavy packages loaded, or in one of its own."""
    arguments = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", *args)
    if apart:
        return pytester.runpytest_subprocess(*arguments, timeout=60)
    return pytester.runpytest_inprocess(*arguments)


def cassette(pytester: pytest.Pytester, name: str = "test_ask") -> Path:
    return pytester.path / "cassettes" / "test_it" / f"{name}.yaml"


TWO = """
@pytest.mark.vcr
def test_ask():
    assert ask("hello")["path"] == "/"
    assert ask("world")["path"] == "/"
"""


def test_record_then_replay_without_a_server(pytester: pytest.Pytester, server) -> None:
    project(pytester, server, TWO)
    done = run(pytester, "--record-mode=once")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["recorded: 2 interactions; cassettes: 1 written; spent: 0 tokens"])
    asked = len(server.asked)
    done = run(pytester)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["replayed: 1 test, 2 interactions; not spent: 0 tokens"])
    assert len(server.asked) == asked == 2


def test_recording_an_unchanged_exchange_again_changes_no_byte(
    pytester: pytest.Pytester, server
) -> None:
    project(pytester, server, TWO)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    before = cassette(pytester).read_bytes()
    done = run(pytester, "--record-mode=rewrite")
    done.stdout.fnmatch_lines(["*cassettes: 1 unchanged*"])
    assert cassette(pytester).read_bytes() == before
    assert len(server.asked) == 4


SWALLOWED = """
import asyncio, threading

def quietly(text):
    try:
        ask(text)
    except Exception:
        return "fallback"

@pytest.mark.vcr
def test_raised():
    ask("new")

@pytest.mark.vcr
def test_caught():
    try:
        ask("new")
    except BaseException:
        pass

@pytest.mark.vcr
def test_except_exception():
    assert quietly("new") == "fallback"

@pytest.mark.vcr
def test_in_a_thread():
    thread = threading.Thread(target=quietly, args=("new",))
    thread.start()
    thread.join()

@pytest.mark.vcr
def test_in_a_task():
    async def main():
        async def inner():
            async with httpx.AsyncClient() as client:
                await client.post(URL, json={"prompt": "new"})
        await asyncio.gather(inner(), return_exceptions=True)
    asyncio.run(main())

@pytest.mark.vcr
@pytest.mark.xfail
def test_expected_to_fail():
    ask("new")

@pytest.mark.vcr
def test_then_skipped():
    try:
        ask("new")
    except BaseException:
        pytest.skip("no answer")

@pytest.mark.vcr
def test_expected_exception():
    with pytest.raises(BaseException):
        ask("new")
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_miss_fails_the_test_whatever_becomes_of_the_exception(
    pytester: pytest.Pytester, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PWD", str(pytester.path))  # as a shell says where it is: no secret
    project(pytester, server, SWALLOWED)
    done = run(pytester, "-p", "no:threadexception")
    done.assert_outcomes(failed=8)
    done.stdout.fnmatch_lines(
        [
            "*No recording answers this request: POST http://127.0.0.1:*",
            f"*cassette: {pytester.path}/*test_raised.yaml (does not exist)",
            "*To record it again: pytest --record-mode=rewrite 'test_it.py::test_raised'",
            "*asked at test_it.py:*: in test_raised*",
            "*The program caught the exception and went on.*",
        ]
    )
    assert server.asked == []


IN_FIXTURES = """
import os, socket
from personalvibe.replay import use_cassette

@pytest.fixture
def late(monkeypatch):
    monkeypatch.setenv("LEFT_BEHIND", "yes")
    yield
    ask("late")

@pytest.fixture
def program():
    with use_cassette("program.yaml", record_mode="none"):
        yield

@pytest.fixture(scope="module")
def of_the_module():
    socket.gethostbyname("example.com")

@pytest.mark.vcr
def test_late(late):
    pass

def test_program(program):
    try:
        ask("new")
    except BaseException:
        pass

@pytest.mark.vcr
def test_after():
    assert "LEFT_BEHIND" not in os.environ
    ask("new")

def test_module(of_the_module):
    pass

def test_module_again(of_the_module):
    pass
"""


def test_a_refusal_in_a_fixture_leaves_the_others_as_they_should_be(
    pytester: pytest.Pytester, server
) -> None:
    project(pytester, server, IN_FIXTURES)
    done = run(pytester, "--record-mode=none")
    done.assert_outcomes(passed=2, failed=1, errors=4)
    done.stdout.fnmatch_lines(
        [  # pytest 8.2 gives no reason where the report is text
            "*Network is disabled*",
            "ERROR test_it.py::test_late*",
            "ERROR test_it.py::test_program - *CassetteMiss*",
            "ERROR test_it.py::test_module*",
            "ERROR test_it.py::test_module_again*",
        ],
    )
    assert server.asked == []


IN_TASK_GROUPS = """
import asyncio

async def ask_async(text):
    async with httpx.AsyncClient() as client:
        await client.post(URL, json={"prompt": text})

async def ask_together():
    async with asyncio.TaskGroup() as group:
        group.create_task(ask_async("one"))
        group.create_task(ask_async("two"))

@pytest.fixture
def late():
    yield
    asyncio.run(ask_together())

@pytest.mark.vcr
def test_together():
    asyncio.run(ask_together())

@pytest.mark.vcr
def test_late(late):
    pass

@pytest.mark.vcr
def test_after_it():
    with pytest.raises(BaseExceptionGroup):
        asyncio.run(ask_together())

def test_closed():
    async def look_up():
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(httpx.get, "http://example.com"))
    asyncio.run(look_up())

@pytest.mark.vcr
def test_more():
    try:
        ask("one")
    except BaseException as miss:
        raise BaseExceptionGroup("both", [miss, ValueError("of its own")])
"""


def test_a_task_group_that_misses_is_a_miss(pytester: pytest.Pytester, server) -> None:
    project(pytester, server, IN_TASK_GROUPS)
    done = run(pytester, "--record-mode=none")
    done.assert_outcomes(passed=1, failed=4, errors=1)
    done.stdout.fnmatch_lines(
        [
            "*Network is disabled*",
            "FAILED test_it.py::test_together*",
            "FAILED test_it.py::test_after_it*",
            "FAILED test_it.py::test_closed*",
            "FAILED test_it.py::test_more*",
            "ERROR test_it.py::test_late*",
        ]
    )
    text = done.stdout.str()
    together, _, rest = text.partition("test_after_it")
    assert "caught the exception" not in together
    assert "Exception Group" not in together
    assert "asked at test_it.py:" in together
    assert "With it the test failed:" in rest
    assert "ValueError: of its own" in rest
    assert server.asked == []


def test_a_miss_names_the_paths_that_differ(pytester: pytest.Pytester, server) -> None:
    project(
        pytester, server, '\n@pytest.mark.vcr\ndef test_ask():\n    ask("one", temperature=0.2)\n'
    )
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    project(
        pytester, server, '\n@pytest.mark.vcr\ndef test_ask():\n    ask("two", temperature=0.3)\n'
    )
    done = run(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "*nearest of 1: interaction 1 of test_ask.yaml, not played yet; it differs in",
            '*prompt: "one" -> "two"',
            "*temperature: 0.2 -> 0.3",
        ]
    )


FAILING = {
    "fails": "ask('hello'); assert 0",
    "skips": "ask('hello'); pytest.skip('later')",
    "is interrupted": "ask('hello'); raise KeyboardInterrupt",
    "kills": "ask('hello'); import os; os._exit(9)",
    "gets a 401": "httpx.get(URL + '/status/401')",
    "gets a 500 and expects it": "assert httpx.get(URL + '/status/500').status_code == 500",
    "asks nothing": "pass",
}


@pytest.mark.process
@pytest.mark.parametrize(
    ("mode", "what"),
    [
        *(("rewrite", what) for what in FAILING),
        ("all", "fails"),
        ("new_episodes", "fails"),
        ("new_episodes", "gets a 401"),
    ],
)
def test_an_unsuccessful_recording_leaves_the_old_one(
    pytester: pytest.Pytester, server, mode: str, what: str
) -> None:
    project(pytester, server, TWO)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    before = cassette(pytester).read_bytes()
    project(pytester, server, f"\n@pytest.mark.vcr\ndef test_ask():\n    {FAILING[what]}\n")
    done = run(pytester, f"--record-mode={mode}", apart=what in ("kills", "is interrupted"))
    assert cassette(pytester).read_bytes() == before
    assert [path.name for path in cassette(pytester).parent.iterdir()] == ["test_ask.yaml"]
    if "gets" in what:
        assert done.ret == 1
        done.stdout.fnmatch_lines(["*allow_errors=True*"])


def test_a_test_that_wants_errors_says_so(pytester: pytest.Pytester, server) -> None:
    project(
        pytester,
        server,
        """
@pytest.mark.vcr(allow_errors=[429])
def test_ask():
    assert httpx.get(URL + "/status/429").status_code == 429
""",
    )
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)
    assert len(server.asked) == 1


def test_damage_is_an_error_and_not_an_empty_cassette(pytester: pytest.Pytester, server) -> None:
    project(pytester, server, TWO)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    path = cassette(pytester)
    text = path.read_text().replace("status: 200", "status: oops", 1)
    path.write_text(text)
    line = text.splitlines().index("    status: oops") + 1
    for mode in ("none", "once", "new_episodes"):
        done = run(pytester, f"--record-mode={mode}")
        done.assert_outcomes(errors=1)
        done.stdout.fnmatch_lines([f"*test_ask.yaml:{line}: the status 'oops'*"])
        assert path.read_text() == text
    run(pytester, "--record-mode=rewrite").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)


def test_a_cut_off_cassette_is_noticed(pytester: pytest.Pytester, server) -> None:
    project(pytester, server, TWO)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    path = cassette(pytester)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    done = run(pytester)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([f"*test_ask.yaml:{len(lines)}: the last line*cut off*"])


@pytest.mark.process
def test_workers_that_share_a_cassette_lose_nothing(pytester: pytest.Pytester, server) -> None:
    tests = "".join(
        f"""
@pytest.mark.vcr
@pytest.mark.default_cassette("shared")
def test_{n}():
    ask("test {n}")
"""
        for n in range(6)
    )
    project(pytester, server, tests)
    for mode in ("once", "rewrite", "new_episodes", "all"):
        run(pytester, f"--record-mode={mode}", "-n", "2").assert_outcomes(passed=6)
        assert cassette(pytester, "shared").read_text().count(" request:") == 6, mode
    done = run(pytester, "-n", "2")
    done.assert_outcomes(passed=6)
    done.stdout.fnmatch_lines(["replayed: 6 tests, 6 interactions*"])


def test_the_command_line_beats_the_mark_beats_the_configuration(
    pytester: pytest.Pytester, server
) -> None:
    project(
        pytester,
        server,
        """
@pytest.fixture(scope="module")
def vcr_config():
    return {"record_mode": "once"}

@pytest.mark.vcr
def test_configured(vcr):
    assert vcr.record_mode == "once"

@pytest.mark.vcr(record_mode="all")
def test_marked(vcr):
    assert vcr.record_mode == "all"

def test_unmarked(vcr):
    assert vcr is None
""",
    )
    run(pytester).assert_outcomes(passed=3)
    project(
        pytester,
        server,
        """
@pytest.mark.vcr(record_mode="all")
def test_marked(vcr, record_mode):
    assert vcr.record_mode == "none" == record_mode
""",
    )
    run(pytester, "--record-mode=none").assert_outcomes(passed=1)


def test_names_that_differ_only_in_forbidden_characters_do_not_share_a_file(
    pytester: pytest.Pytester, server
) -> None:
    tests = """
@pytest.mark.vcr
@pytest.mark.parametrize("name", ["a/b", "a:b"])
def test_ask(name):
    assert ask(name)["body"].count(name)
"""
    project(pytester, server, tests)
    run(pytester, "--record-mode=rewrite").assert_outcomes(passed=2)
    assert len(list(cassette(pytester).parent.iterdir())) == 2
    run(pytester).assert_outcomes(passed=2)


def test_an_expected_failure_is_recorded_and_replayed(pytester: pytest.Pytester, server) -> None:
    tests = """
@pytest.mark.vcr
@pytest.mark.xfail(reason="known", strict=True)
def test_ask():
    assert ask("hello")["path"] == "/elsewhere"

@pytest.mark.vcr
def test_skipped():
    ask("hello")
    pytest.skip("after all")
"""
    project(pytester, server, tests)
    run(pytester, "--record-mode=once").assert_outcomes(xfailed=1, skipped=1)
    assert [path.name for path in cassette(pytester).parent.iterdir()] == ["test_ask.yaml"]
    done = run(pytester, "-k", "test_ask")
    done.assert_outcomes(xfailed=1)
    assert len(server.asked) == 2


@pytest.mark.process
def test_a_cassette_that_a_started_program_plays_is_used(pytester: pytest.Pytester, server) -> None:
    program = pytester.makepyfile(
        program=f"""
import httpx, sys
from personalvibe.replay import use_cassette
with use_cassette("cassettes/program.yaml", record_mode=sys.argv[1]):
    httpx.get("{server.url}/x")
"""
    )
    pytester.run(sys.executable, program, "once")
    starts = f"""
def test_program():
    import subprocess, sys
    subprocess.run([sys.executable, {str(program)!r}, "none"], check=True)
"""
    project(pytester, server, TWO + starts)
    run(pytester, "--record-mode=once").assert_outcomes(passed=2)
    done = run(pytester)
    done.assert_outcomes(passed=2)
    assert "unused: " not in done.stdout.str()
    (program.parent / "cassettes" / "other.yaml").write_text("")
    run(pytester).stdout.fnmatch_lines(["unused: *other.yaml"])


def test_unplayed_recordings_are_reported(pytester: pytest.Pytester, server) -> None:
    project(pytester, server, TWO)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    project(pytester, server, "\n@pytest.mark.vcr\ndef test_ask():\n    ask('hello')\n")
    done = run(pytester)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["unplayed: *test_ask: test_ask.yaml: interaction 2 (POST *)"])
    run(pytester, "--unplayed=fail").assert_outcomes(passed=1, errors=1)
    assert "unplayed: " not in run(pytester, "--unplayed=ignore").stdout.str()


SHARED = """
@pytest.mark.vcr
@pytest.mark.default_cassette("shared")
@pytest.mark.parametrize("text", {texts})
def test_ask(text):
    assert ask(text)["path"] == "/"
"""


@pytest.mark.process
@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_no_test_plays_of_a_shared_cassette_is_reported(
    pytester: pytest.Pytester, server, workers: str
) -> None:
    project(pytester, server, SHARED.format(texts=["one", "two", "three"]))
    run(pytester, "--record-mode=once").assert_outcomes(passed=3)
    assert "unplayed: " not in run(pytester, "-n", workers).stdout.str()
    # Rewriting keeps what is not asked again; the next replay names it.
    project(pytester, server, SHARED.format(texts=["one", "three"]))
    run(pytester, "--record-mode=rewrite").assert_outcomes(passed=2)
    done = run(pytester, "-n", workers)
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["unplayed: *shared.yaml: interaction 2 (POST *)"])
    assert run(pytester, "-n", workers, "--unplayed=fail").ret == 1
    # Not the whole suite: nothing can be said.
    assert "unplayed: " not in run(pytester, "-k", "one").stdout.str()
    skipping = "import pytest\npytestmark = pytest.mark.vcr\n"
    skipping += "@pytest.mark.skip\n@pytest.mark.default_cassette('shared')\ndef test_two(): pass\n"
    pytester.makepyfile(test_other=skipping)
    assert "unplayed: " not in run(pytester).stdout.str()


@pytest.mark.process
@pytest.mark.parametrize("workers", ["0", "2"])
def test_unused_cassettes_are_reported(pytester: pytest.Pytester, server, workers: str) -> None:
    project(pytester, server, TWO.replace("test_ask", "test_gone") + TWO)
    run(pytester, "--record-mode=once").assert_outcomes(passed=2)
    project(pytester, server, TWO)
    done = run(pytester, "-n", workers)
    done.stdout.fnmatch_lines(["unused: *test_gone.yaml"])
    assert run(pytester, "-n", workers, "--unused-cassettes=fail").ret == 1
    # Not the whole suite: nothing can be said.
    assert "unused: " not in run(pytester, "-k", "ask", "-n", workers).stdout.str()


@pytest.mark.process
def test_old_recordings_fail_the_run_until_they_are_recorded_again(
    pytester: pytest.Pytester, server
) -> None:
    project(pytester, server, TWO)
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    path = cassette(pytester)
    lines = [
        'recorded_at: "2020-01-01T00:00:00Z"' if line.startswith("recorded_at:") else line
        for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")
    assert run(pytester).ret == 0
    done = run(pytester, "--max-cassette-age=90")
    assert done.ret == 1
    done.stdout.fnmatch_lines(
        [
            "old: *test_ask: recorded at 2020-01-01T00:00:00Z; * --record-mode=rewrite",
            "The run fails: recordings are older than 90 days.",
        ]
    )
    assert run(pytester, "--max-cassette-age=-1", apart=True).ret == pytest.ExitCode.USAGE_ERROR
    run(pytester, "--max-cassette-age=90", "--record-mode=rewrite").assert_outcomes(passed=1)
    assert run(pytester, "--max-cassette-age=90").ret == 0


def test_the_stand_in_records_without_a_network(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it="""
import httpx, pytest, socket

@pytest.mark.vcr
def test_ask():
    reply = httpx.post(
        "https://api.openai.com/v1/chat/completions",
        headers={"authorization": "Bearer none"},
        json={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]},
    )
    assert reply.json()["choices"]

def test_closed():
    socket.create_connection(("192.0.2.1", 80), timeout=1)
"""
    )
    done = run(pytester, "--record-mode=rewrite", "--stand-in")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*Network is disabled for host '192.0.2.1'*test_closed*"])
    text = cassette(pytester).read_text()
    assert "url: https://api.openai.com/v1/chat/completions" in text
    assert "recorded_from: stand-in" in text
    run(pytester, "--record-mode=none").assert_outcomes(passed=1, failed=1)


def test_settings_that_cannot_be_meant_are_one_line(pytester: pytest.Pytester, server) -> None:
    for setting in (
        'match_on=["bdy"]',
        'record_mode="sometimes"',
        "allow_errors='all'",
        'host_aliases={"gateway": 1}',
    ):
        project(pytester, server, f"\n@pytest.mark.vcr({setting})\ndef test_ask():\n    pass\n")
        done = run(pytester)
        done.assert_outcomes(errors=1)
        assert setting.partition("=")[0] in done.stdout.str()
        assert "Traceback" not in done.stdout.str()
        assert "site-packages" not in done.stdout.str()
        assert "During handling" not in done.stdout.str()


@pytest.mark.process
def test_ini_settings_that_cannot_be_meant_end_the_run(pytester: pytest.Pytester) -> None:
    for name in ("replay_unplayed", "replay_caught_network", "replay_miss"):
        pytester.makeini(f"[pytest]\n{name} = loud\n")
        done = run(pytester, apart=True)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([f"ERROR: {name} = 'loud' in the ini file is not * or *"])


def test_a_misspelt_setting_is_pointed_at(pytester: pytest.Pytester, server) -> None:
    tests = '\n@pytest.mark.vcr(filter_heders=["x-team"])\ndef test_ask():\n    ask("hello")\n'
    project(pytester, server, tests)
    done = run(pytester, "--record-mode=once")
    done.assert_outcomes(passed=1, warnings=1)
    done.stdout.fnmatch_lines(["*'filter_heders' is unknown*; did you mean 'filter_headers'?"])


def test_the_commands_in_reports_work_in_the_folder_of_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]")
    (pytester.mkdir("unit") / "test_it.py").write_text(
        "import httpx, pytest, socket\n"
        "@pytest.mark.vcr\n"
        "@pytest.mark.parametrize('name', [\"it's\"])\n"
        "def test_ask(name):\n    httpx.get('http://example.com')\n"
        "def test_unmarked():\n    socket.gethostbyname('example.com')\n"
    )
    monkeypatch.chdir(pytester.path / "unit")
    done = run(pytester, "--record-mode=none")
    done.stdout.fnmatch_lines(
        [
            """*: pytest --record-mode=rewrite 'test_it.py::test_ask[[]it'"'"'s]'""",
            "*: pytest --record-mode=once 'test_it.py::test_unmarked'*",
        ]
    )
