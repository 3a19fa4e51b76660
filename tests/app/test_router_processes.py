"""The router in more than one process, and what is left of a client that was closed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import openai  # noqa: TID251  # its clients are what must not be left over
import pytest

from personalvibe import llm_router

from .wire import Answer, Sent, Wire, answer, chat

# The bars are 80 clients and 200 forks: PERSONALVIBE_CLIENTS=80 PERSONALVIBE_FORKS=200.
CLIENTS = int(os.environ.get("PERSONALVIBE_CLIENTS", "20"))
FORKS = int(os.environ.get("PERSONALVIBE_FORKS", "20"))
MESSAGES: Any = [{"role": "user", "content": "Hi"}]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

pytestmark = pytest.mark.process


@pytest.fixture
def wire(wire: Wire) -> Wire:
    wire.route = echo
    return wire


def echo(sent: Sent) -> Answer:
    """The question, as the answer."""
    if not sent.path.endswith("/chat/completions"):
        return answer(sent)
    reply = chat(sent.body)
    reply.body["choices"][0]["message"]["content"] = sent["messages"][0]["content"]
    return reply


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


ASKING = """
    import asyncio, faulthandler, os, threading
    from personalvibe import llm_router

    def asked(create, text):
        reply = create(model="m", messages=[{"role": "user", "content": text}])
        return reply.choices[0].message.content

    async def asked_twice(text):
        async with llm_router.AsyncClient() as client:
            create = client.chat.completions.create
            reply = await create(model="m", messages=[{"role": "user", "content": text}])
            return reply.choices[0].message.content

    def elsewhere(**call):
        base = os.environ["OPENAI_BASE_URL"]
        return llm_router.of("groq").chat_completion(api_key="gsk", api_base=base, **call)

    def ways(inherited, thoroughly):
        own = llm_router.Client()
        found = [
            lambda text: asked(inherited.chat.completions.create, text),
            lambda text: asked(own.chat.completions.create, text),
        ]
        if thoroughly:
            found += [
                lambda text: asked(llm_router.of("openai").chat_completion, text),
                lambda text: asked(inherited.with_options().chat.completions.create, text),
                lambda text: asyncio.run(asked_twice(text)),
                lambda text: asked(elsewhere, text),
            ]
        return found

    def wrong(inherited, thoroughly=False):
        \"\"\"The answers that are not to this process's questions.\"\"\"
        texts = [f"{os.getpid()} {number}" for number in range(6)]
        pairs = [(way(text), text) for way, text in zip(ways(inherited, thoroughly), texts)]
        return [pair for pair in pairs if pair[0] != pair[1]]

    def forked(function):
        child = os.fork()
        if child == 0:
            faulthandler.dump_traceback_later(100, exit=True)  # where it hangs, if it does
            try:
                os._exit(1 if function() else 0)
            finally:
                os._exit(2)
        return child

    def exit_code(child):
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    client = llm_router.Client()
"""


def owners(requests: list[Sent]) -> dict[int, set[str]]:
    """Which processes have asked on each connection."""
    found: dict[int, set[str]] = {}
    for sent in requests:
        process = sent["messages"][0]["content"].split()[0]
        found.setdefault(sent.connection, set()).add(process)
    return found


@forks
def test_forked_processes_get_their_own_answers(wire: Wire) -> None:
    out = run(
        ASKING
        + """
    assert wrong(client, thoroughly=True) == []
    for _ in range({FORKS} // 4):
        children = [forked(lambda: wrong(client, thoroughly=n == 0)) for n in range(4)]
        assert asked(client.chat.completions.create, f"{os.getpid()} 9") == f"{os.getpid()} 9"
        print(*map(exit_code, children))
    """.replace("{FORKS}", str(FORKS))
    )
    assert out.split() == ["0"] * FORKS
    shared = [processes for processes in owners(wire.take()).values() if len(processes) > 1]
    assert shared == []


@forks
def test_a_lock_that_a_thread_held_at_the_fork_is_free_in_the_child(wire: Wire) -> None:
    out = run(
        ASKING
        + """
    def busily():
        for number in range(10**6):
            settings = {"api_key": f"sk-{number}", "model": "m", "provider": "openai"}
            llm_router.chat_completion(**settings, messages=[{"role": "user", "content": "x"}])

    assert wrong(client) == []
    for _ in range(3):
        threading.Thread(target=busily, daemon=True).start()
    for _ in range(10):
        print(exit_code(forked(lambda: wrong(client))), flush=True)
    os._exit(0)
    """
    )
    assert out.split() == ["0"] * 10


def sdk_clients(mark: str) -> list[Any]:
    """The SDK's clients that are still there with a key of the test's."""
    gc.collect()
    kinds = (openai.OpenAI, openai.AsyncOpenAI)
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, kinds) and str(one.api_key).startswith(mark)
    ]


def test_closed_clients_leave_no_connection_and_no_key(wire: Wire) -> None:
    sockets = connections(wire)
    for number in range(CLIENTS):
        client = llm_router.Client(api_key=f"sk-gone-{number}")
        client.chat.completions.create(model="m", messages=MESSAGES)
        client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES)
        assert connections(wire) > sockets
        client.close()
    assert connections(wire) == sockets
    del client  # the last one has its own key, and is a client of the SDK for isinstance
    assert sdk_clients("sk-gone") == []


def test_closed_asynchronous_clients_leave_none_either(wire: Wire) -> None:
    async def run_all() -> tuple[int, int]:
        before = connections(wire)
        for number in range(20):
            async with llm_router.AsyncClient(api_key=f"sk-agone-{number}") as client:
                await client.chat.completions.create(model="m", messages=MESSAGES)
                assert connections(wire) > before
        return before, connections(wire)

    before, after = asyncio.run(run_all())
    assert before == after
    # Of the last call LiteLLM has a record waiting, in a loop that does not go on.
    assert {one.api_key for one in sdk_clients("sk-agone")} <= {"sk-agone-19"}


def test_what_the_modules_functions_keep_is_bounded(wire: Wire) -> None:
    sockets = connections(wire)
    for number in range(CLIENTS):
        llm_router.chat_completion("openai/m", MESSAGES, api_key=f"sk-many-{number}")
    assert connections(wire) <= sockets + 1
    assert len(sdk_clients("sk-many")) <= 64


@pytest.mark.parametrize("copied", [False, True], ids=["itself", "its copy"])
def test_a_closed_client_refuses_to_send(copied: bool, wire: Wire) -> None:
    client = llm_router.Client()
    client.chat.completions.create(model="m", messages=MESSAGES)
    other = client.with_options(timeout=3)
    (other if copied else client).close()
    wire.take()
    for closed in (client, other):
        assert closed.is_closed()
        for ask in (
            lambda one: one.chat.completions.create(model="m", messages=MESSAGES),
            lambda one: one.chat_completion("groq/m", MESSAGES, api_base=wire.url, api_key="k"),
            lambda one: one.chat_completion("openai/m", MESSAGES, stream=True),
            lambda one: one.models.list(),
        ):
            with pytest.raises(RuntimeError, match="the client has been closed"):
                ask(closed)
    assert wire.take() == []


def test_a_closed_asynchronous_client_refuses_to_send(wire: Wire) -> None:
    async def closed() -> None:
        async with llm_router.AsyncClient() as client:
            await client.embeddings.create(model="m", input="x")
        with pytest.raises(RuntimeError, match="the client has been closed"):
            await client.embeddings.create(model="m", input="x")

    asyncio.run(closed())
    assert len(wire.take()) == 1


def test_a_copy_sends_with_the_same_connection(wire: Wire) -> None:
    client = llm_router.Client()
    for seconds in (3, 4, 5):
        copy = client.with_options(timeout=seconds, default_headers={"X-Mine": str(seconds)})
        copy.chat.completions.create(model="m", messages=MESSAGES)
        copy.chat.completions.with_raw_response.create(model="m", messages=MESSAGES)
    assert len({sent.connection for sent in wire.take()}) == 1


def test_a_stream_outlives_the_name_of_its_client(wire: Wire) -> None:
    wire.route = answer
    stream = llm_router.Client().chat.completions.create(model="m", messages=MESSAGES, stream=True)
    next(stream)
    gc.collect()
    assert len(list(stream)) == 3


def connections(wire: Wire) -> int:
    """How many this process has to the server; without what the collector has yet to find."""
    gc.collect()
    table, files = Path("/proc/self/net/tcp"), Path("/proc/self/fd")
    if not table.exists():
        pytest.skip("this system does not list a process's connections")
    own = set()
    for file in files.iterdir():
        with contextlib.suppress(OSError):
            own.add(str(file.readlink()))
    port = f":{int(wire.origin.rpartition(':')[2]):04X}"
    lines = [line.split() for line in table.read_text().splitlines()[1:]]
    return sum(line[2].endswith(port) and f"socket:[{line[9]}]" in own for line in lines)
