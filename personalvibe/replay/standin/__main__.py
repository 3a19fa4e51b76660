"""``python -m personalvibe.replay.standin --port 0``: run until interrupted."""

from __future__ import annotations

import argparse
import sys
import threading

from personalvibe.replay.standin.server import StandIn


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m personalvibe.replay.standin",
        description="A loopback stand-in for LLM providers. Prints its address, then serves.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free port")
    options = parser.parse_args(arguments)
    stand_in = StandIn(port=options.port)
    try:
        stand_in.start()
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"Cannot listen on 127.0.0.1:{options.port}: {error}\n")
        sys.stderr.write("Choose another --port, or 0 for any free one.\n")
        return 2
    try:
        with stand_in:
            # Whoever reads the address may interrupt at once.
            sys.stdout.write(f"{stand_in.base_url}\n")
            sys.stdout.flush()
            threading.Event().wait()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
