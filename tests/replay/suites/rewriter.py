"""Rewrites a cassette for ever, until it is killed. Forked for each victim: imports cost seconds.

Reads one path a line; answers with the process id of a fresh victim that is at work on it.
"""

import os
import sys
import tempfile
from pathlib import Path

import httpx

from personalvibe.replay import use_cassette

URL = sys.argv[1]
PAD = "x" * 40_000


CLIENT = httpx.Client(verify=False)


def rewrite(path, generation):
    count = 1 + generation % 4
    with use_cassette(path, record_mode="rewrite"):
        for number in range(count):
            body = {"number": number, "generation": generation, "of": count, "pad": PAD}
            CLIENT.post(URL, json=body).raise_for_status()


def rewrite_for_ever(path):
    generation = os.getpid() * 1000  # no two victims write the same
    while True:
        generation += 1
        rewrite(path, generation)


with tempfile.TemporaryDirectory() as folder:
    rewrite(Path(folder) / "first.yaml", 0)  # everything is imported before the first fork
CLIENT.close()
CLIENT = httpx.Client(verify=False)
for line in sys.stdin:
    victim = os.fork()
    if victim == 0:
        rewrite_for_ever(line.strip())
    print(victim, flush=True)
    os.waitpid(victim, 0)
