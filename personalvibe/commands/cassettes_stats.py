"""``pv cassettes stats``: what cassettes hold, added up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from personalvibe.commands.cassette_files import (
    each_cassette,
    exit_code,
    json_option,
    paths_argument,
    redaction_rules,
)
from personalvibe.output import say

_GROUPINGS = ("provider", "model", "endpoint", "test")
_MEASURES = ("cost", "tokens", "interactions", "size")


@click.command("stats")
@paths_argument
@click.option(
    "--by", multiple=True, type=click.Choice(_GROUPINGS), help="Print this table only; repeatable."
)
@click.option("--chart", type=click.Choice(_MEASURES), default="tokens", help="What the bars show.")
@click.option(
    "--top", type=click.IntRange(min=1), default=10, metavar="N",
    help="Print the N largest of each table, and the rest as one.",
)  # fmt: skip
@json_option
def stats(paths: Sequence[Path], by: Sequence[str], chart: str, top: int, as_json: bool) -> int:
    """Add up interactions, tokens, cost, size and age.

    The cost is what a replay does not spend. A cassette stands for its test.

    Exit codes: 0 done; 2 nothing could be read; 3 some files could not be read.
    """
    import shutil

    from personalvibe.commands.documents import print_document
    from personalvibe.replay import usage
    from personalvibe.replay.toolbox import stats as toolbox
    from personalvibe.replay.toolbox import stats_text

    totals = toolbox.Stats(redaction_rules((), ()), usage.price_list())
    failed = 0
    for recording in each_cassette(paths):
        if recording is None:
            failed += 1
        else:
            totals.add(recording)
    if as_json:
        print_document(stats_text.document(totals))
    else:
        which = [toolbox.By(one) for one in by or _GROUPINGS]
        width = shutil.get_terminal_size((100, 24)).columns
        measure = stats_text.Measure(chart)
        say(stats_text.tables(totals, which, measure, top=top, width=width))
        say(stats_text.summary(totals), err=True)
    return exit_code(totals.cassettes, failed)
