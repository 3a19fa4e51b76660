"""Which queue a ticket belongs to, as structured output."""

from typing import List, Literal

from pydantic import BaseModel

from .clients import client


class Triage(BaseModel):
    queue: Literal["billing", "technical", "other"]
    urgent: bool
    products: List[str]


def triage(ticket: str) -> Triage:
    completion = client.beta.chat.completions.parse(
        model="gpt-4o-2024-08-06",
        messages=[
            {"role": "system", "content": "Sort the ticket into a queue."},
            {"role": "user", "content": ticket},
        ],
        response_format=Triage,
        temperature=0,
    )
    message = completion.choices[0].message
    if message.refusal:
        raise ValueError(message.refusal)
    return message.parsed
