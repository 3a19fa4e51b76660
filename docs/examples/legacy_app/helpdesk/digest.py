"""The weekly digest: many tickets at once, so asynchronous."""

import asyncio

from openai import APITimeoutError, BadRequestError

from helpdesk.clients import async_client

LIMIT = 4


async def summarise(ticket: str, limit: asyncio.Semaphore) -> str:
    async with limit:
        try:
            completion = await async_client.chat.completions.create(
                model="gpt-4o-mini",
                messages=[{"role": "user", "content": f"Summarise in one line: {ticket}"}],
                max_tokens=60,
                seed=7,
            )
        except APITimeoutError:
            return "(timed out)"
        except BadRequestError as e:
            return f"(refused: {e.code})"
    return (completion.choices[0].message.content or "").strip()


async def digest(tickets: list[str]) -> list[str]:
    limit = asyncio.Semaphore(LIMIT)
    return await asyncio.gather(*(summarise(ticket, limit) for ticket in tickets))


async def digest_live(tickets: list[str]):
    """The same as one text, as it comes."""
    stream = await async_client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "Summarise: " + " | ".join(tickets)}],
        stream=True,
    )
    async for chunk in stream:
        yield chunk.choices[0].delta.content or ""
