"""The page: one file that asks nobody for anything, and reads without its script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personalvibe.replay.toolbox.html.chart import HEIGHT, WIDTH, chart, legend_of

_FOLDER = Path(__file__).parent
_LISTED = (
    *("path", "recorded_at", "age_days", "cost_usd", "input_tokens", "output_tokens"),
    *("providers", "models"),
)


def render(document: Mapping[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    style, script = (_FOLDER.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    months = document["months"]
    legend = legend_of(months)
    return environment.get_template("page.html").render(
        **document,
        charts=[
            chart("Tokens by month of recording", months, "tokens", "{:,}", legend),
            chart(
                "Cost by month of recording, in US dollars", months, "cost_usd", "{:.4f}", legend
            ),
        ],
        size=(WIDTH, HEIGHT),
        style=style,
        script=script,
        policy=_policy(style, script),
        index=_index(document),
    )


def _policy(style: str, script: str) -> str:
    """The browser keeps the page from asking the network, and what is quoted from running."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _index(document: Mapping[str, Any]) -> str:
    """What the script sorts and filters by, in the order of the list."""
    listed = [
        {
            **{name: one[name] for name in _LISTED},
            "findings": len(one["findings"]),
            "drift": len(one["drift"]),
        }
        for one in document["cassettes"]
    ]
    # An end of the element in a path would end it.
    return json.dumps(listed, ensure_ascii=True).replace("<", "\\u003c")
