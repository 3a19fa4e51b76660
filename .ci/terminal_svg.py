"""Draw docs/images/demo.svg, the README's picture of a terminal, from a real run of ``pv demo``.

Run it with the Python whose ``pv`` is to be seen: ``python .ci/terminal_svg.py``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "demo.svg"
WIDTH = 104
# The diff is longer than all the rest, and stands in the README as a table.
LEFT_OUT = "migrate-openai --diff"
# The first pattern that a line has says how it looks.
STYLES = {
    r"^# ": "bright_blue",
    r"^\$ ": "bold bright_white",
    r"^_+ .* _+$|^F\.|^FAILED|^\d+ failed": "bright_red",
    r": proven: |^\d+ sites: |^replayed: |^recorded: |^\d+ passed|^\.+ ": "bright_green",
    r" -> ": "bright_yellow",
}


def steps(printed: str) -> str:
    """What the demonstration printed, without the step that is left out."""
    parts = re.split(r"(?m)^(?=# )", printed)
    return "".join(part for part in parts if f"$ {LEFT_OUT}" not in part)


def style_of(line: str) -> str:
    return next((style for pattern, style in STYLES.items() if re.search(pattern, line)), "")


def picture(printed: str) -> str:
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text("$ pv demo", style=style_of("$ ")))
    for line in printed.rstrip().splitlines():
        console.print(Text(line, style=style_of(line)))
    return console.export_svg(title="pv demo", unique_id="demo")


def main() -> int:
    command = [sys.executable, "-m", "personalvibe", "demo"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(steps(done.stdout)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
