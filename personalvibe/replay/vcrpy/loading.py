"""vcrpy, imported without aiohttp and requests where the program has not imported these itself.

Why only these: aiohttp takes longer than vcrpy itself, and is patched once the program imports it
(`patches`); of requests vcrpy only asks the version, its traffic is that of urllib3. botocore
must be there first: its connections inherit from urllib3's, which are patched in a cassette.
"""

from __future__ import annotations

import importlib.util
import sys

from personalvibe.replay.vcrpy.import_hooks import withheld

_LATE = ("aiohttp", "requests")

with withheld(*_LATE):
    import vcr
    import vcr.patch
    from vcr.cassette import Cassette
    from vcr.request import Request as VcrRequest

__all__ = ["AWAITED", "Cassette", "VcrRequest", "note_originals", "vcr"]

AWAITED = tuple(name for name in ("aiohttp",) if name not in sys.modules)
"""Packages that are also names of groups of vcrpy's patches, and that were not imported yet."""


def note_originals() -> None:
    """Let vcrpy note what its patches replace in packages that were imported since.

    It does that while it is imported, so another copy of its module is made and asked.
    """
    spec = importlib.util.spec_from_file_location(vcr.patch.__name__, vcr.patch.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    with withheld(*_LATE):
        spec.loader.exec_module(copy)
    for name, value in vars(copy).items():
        vars(vcr.patch).setdefault(name, value)
