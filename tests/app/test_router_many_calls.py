"""Many asynchronous calls at once: over which connections they go."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from personalvibe import llm_router

from .wire import Answer, Sent, Wire, answer

MESSAGES: Any = [{"role": "user", "content": "Hi"}]
CALLS = 25


async def many(client: Any, **options: Any) -> list[Any]:
    asked = (
        client.achat_completion("openai/m", MESSAGES, max_retries=0, **options)
        for _ in range(CALLS)
    )
    return await asyncio.gather(*asked, return_exceptions=True)


def together(wire: Wire) -> None:
    """Answer when all of the calls are there, and not one before."""
    barrier = threading.Barrier(CALLS)

    def route(sent: Sent) -> Answer:
        barrier.wait(30)
        return answer(sent)

    wire.route = route


@pytest.mark.parametrize("stream", [False, True])
def test_calls_at_once_take_over_the_connections_of_those_before(stream: bool, wire: Wire) -> None:
    together(wire)

    async def run() -> None:
        async with llm_router.AsyncClient() as client:
            for _ in range(2):
                for reply in await many(client, stream=stream):
                    assert [chunk async for chunk in reply] if stream else reply.choices

    asyncio.run(run())
    sent = wire.take()
    assert len(sent) == 2 * CALLS
    kept = {one.connection for one in sent[:CALLS]} & {one.connection for one in sent[CALLS:]}
    assert len(kept) == (0 if stream else CALLS)  # the server closes after a stream


@pytest.mark.parametrize("end", ["cancelled", "refused"])
def test_calls_that_failed_leave_room_for_the_next(end: str, wire: Wire) -> None:
    arrived = threading.Semaphore(0)
    over = threading.Event()

    def route(_: Sent) -> Answer:
        arrived.release()
        return Answer(hang_up=True, wait=over)

    async def run() -> None:
        async with llm_router.AsyncClient() as client:
            pending = [asyncio.create_task(many(client)) for _ in range(5)]
            for _ in range(5 * CALLS):
                await asyncio.to_thread(arrived.acquire)
            if end == "cancelled":
                for calls in pending:
                    calls.cancel()
            over.set()
            await asyncio.gather(*pending, return_exceptions=True)
            wire.reset()
            for _ in range(3):
                await client.achat_completion("openai/m", MESSAGES)

    wire.route = route
    asyncio.run(run())
    # More calls failed than there are connections that may be kept.
    assert len({one.connection for one in wire.take()}) == 1


def test_a_proxy_of_the_environment_is_used(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", wire.origin)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    async def run() -> None:
        async with llm_router.AsyncClient(base_url="http://llm.example/v1") as client:
            await client.achat_completion("openai/m", MESSAGES)

    asyncio.run(run())
    assert [one.headers["host"] for one in wire.take()] == ["llm.example"]
