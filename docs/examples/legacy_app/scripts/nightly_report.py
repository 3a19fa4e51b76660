#!/usr/bin/env python
"""The nightly report. Older than the package, and never moved beyond openai 0.28."""
import os
import sys

import openai

openai.api_key = os.environ["OPENAI_API_KEY"]
if os.environ.get("OPENAI_API_BASE"):
    openai.api_base = os.environ["OPENAI_API_BASE"]


def report(lines):
    try:
        response = openai.ChatCompletion.create(
            model="gpt-3.5-turbo",
            messages=[
                {"role": "system", "content": "You write a short report for managers."},
                {"role": "user", "content": "\n".join(lines)},
            ],
            temperature=0.2,
            request_timeout=60,
        )
    except openai.error.RateLimitError:
        return "No report tonight: rate limit."
    except openai.error.OpenAIError as e:
        return "No report tonight: %s" % e.__class__.__name__
    return response["choices"][0]["message"]["content"]


def subject(text):
    completion = openai.Completion.create(
        model="gpt-3.5-turbo-instruct", prompt="Subject line for: " + text, max_tokens=12
    )
    return completion.choices[0].text.strip()


if __name__ == "__main__":
    text = report(sys.stdin.read().splitlines())
    print(subject(text))
    print()
    print(text)
