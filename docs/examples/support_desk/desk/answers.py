"""Answers, whole and word by word."""

import os

import openai

from desk.clients import client

TEMPERATURE = float(os.environ.get("DESK_TEMPERATURE", "0.2"))


def answer(question):
    try:
        reply = client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[
                {"role": "system", "content": "You answer customers in one sentence."},
                {"role": "user", "content": question},
            ],
            temperature=TEMPERATURE,
        )
    except openai.RateLimitError:
        return "Please ask again in a minute."
    return reply.choices[0].message.content


def stream_answer(question):
    stream = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": question}],
        stream=True,
    )
    for chunk in stream:
        yield chunk.choices[0].delta.content or ""
