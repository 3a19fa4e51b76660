"""The reply to a ticket: with tools, and streamed to the agent's screen."""

import json
from typing import Any, Callable, Dict, Iterator, List

import openai
from openai.types.chat import ChatCompletion

from helpdesk.clients import MODEL, client
from helpdesk.retry import with_backoff

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "order_status",
            "description": "The state of an order",
            "parameters": {
                "type": "object",
                "properties": {"order": {"type": "string"}},
                "required": ["order"],
            },
        },
    }
]


class Unavailable(Exception):
    """The model cannot be asked now; the ticket goes back to its queue."""


def run_tools(
    completion: ChatCompletion, tools: Dict[str, Callable[..., Any]]
) -> Iterator[Dict[str, Any]]:
    for call in completion.choices[0].message.tool_calls or ():
        arguments = json.loads(call.function.arguments)
        result = tools[call.function.name](**arguments)
        yield {"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)}


def answer(ticket: str, tools: Dict[str, Callable[..., Any]], **options: Any) -> str:
    """A complete reply; the model may look things up first."""
    messages: List[Any] = [
        {"role": "system", "content": "Answer the customer in two sentences."},
        {"role": "user", "content": ticket},
    ]
    for _ in range(4):
        try:
            completion = with_backoff(
                client.chat.completions.create,
                model=MODEL,
                messages=messages,
                tools=TOOLS,
                user="helpdesk",
                **options,
            )
        except (openai.AuthenticationError, openai.PermissionDeniedError) as e:
            raise Unavailable(f"check the key: {e.status_code}") from e
        except openai.APIConnectionError as e:
            raise Unavailable("no connection") from e
        message = completion.choices[0].message
        if not message.tool_calls:
            return message.content
        messages.append(message)
        messages.extend(run_tools(completion, tools))
    raise Unavailable("too many tool calls")


def stream_answer(ticket: str) -> Iterator[str]:
    """The reply word by word, for the agent's screen."""
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": ticket}],
        stream=True,
        stream_options={"include_usage": True},
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content
        if chunk.usage:
            yield f" [{chunk.usage.total_tokens} tokens]"
