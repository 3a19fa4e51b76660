"""Replays a cassette of N interactions through httpx with one tool; prints CPU seconds as JSON.

    python replay_many.py TOOL CASSETTE N REQUESTS

REQUESTS of the N are asked for, spread evenly: vcrpy takes too long for all.
"""

import json
import sys
import time

import httpx

URL = "https://api.openai.com/v1/chat/completions"


def body(number):
    content = f"Question {number}: what is {number} times {number + 1}?"
    return {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": content},
        ],
        "temperature": 0.2,
    }


def opened(tool, path):
    if tool == "personalvibe":
        from personalvibe.replay import use_cassette

        return use_cassette(path)
    match_on = ["method", "scheme", "host", "port", "path", "query", "body"]
    if tool == "vcrpy":
        import vcr

        return vcr.VCR(record_mode="none", match_on=match_on).use_cassette(path)
    import cassetter

    return cassetter.use_cassette(path, record_mode="none", match_on=["method", "uri", "json_body"])


def measured(tool, path, n, requests):
    start = time.process_time()
    numbers = range(0, n, max(1, n // requests))
    with opened(tool, path), httpx.Client(verify=False) as client:
        ready = time.process_time()
        for number in numbers:
            answer = client.post(URL, json=body(number)).json()
            assert answer["id"] == f"chatcmpl-{number}", answer
        end = time.process_time()
    return {"open": ready - start, "request": (end - ready) / len(numbers)}


if __name__ == "__main__":
    tool, path, n, requests = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    measured(tool, path, 1 if tool == "vcrpy" else n, 1)  # imports
    print(json.dumps(measured(tool, path, n, requests)))
