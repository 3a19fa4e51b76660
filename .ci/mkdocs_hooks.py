"""What MkDocs does not know of these pages: words behind a fence's language, links out of docs/."""

from __future__ import annotations

import re
from typing import Any

REPOSITORY = "https://github.com/ndjenkins85/personalvibe/blob/main/"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with ``console exit=2`` as ``console``, and ``../tests/`` as an address."""
    plain = re.sub(r"(?m)^( *`{3,}\w+) .+$", r"\1", markdown)
    return re.sub(r"\]\(\.\./(?!\.\.)(?=tests/|\.github/)", f"]({REPOSITORY}", plain)
