"""python -m helpdesk answer|triage TEXT"""

import sys

from helpdesk.answers import stream_answer
from helpdesk.triage import triage


def main(argv: list) -> int:
    if len(argv) != 2 or argv[0] not in ("answer", "triage"):
        print(__doc__, file=sys.stderr)
        return 2
    command, text = argv
    if command == "triage":
        print(triage(text).model_dump_json(indent=2))
        return 0
    for piece in stream_answer(text):
        print(piece, end="", flush=True)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
