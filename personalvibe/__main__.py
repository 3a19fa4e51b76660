"""``python -m personalvibe`` is ``pv``."""

import sys

from personalvibe.cli import main

if __name__ == "__main__":
    sys.exit(main())
