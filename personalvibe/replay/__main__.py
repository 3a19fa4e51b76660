"""``python -m personalvibe.replay`` is ``pv cassettes``: a door, and nothing else."""

import sys

from personalvibe.cli import main

if __name__ == "__main__":
    sys.exit(main(["cassettes", *sys.argv[1:]]))
