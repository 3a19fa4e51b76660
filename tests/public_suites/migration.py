"""One migration of a copy, and its account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_EXIT_SOME_FAILED = 3
NO_COUNTERPART = "no-counterpart"


class MigrationError(Exception):
    """The codemod did not run to its end; the message has what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site of the account."""

    file: str
    line: int
    kind: str
    status: str
    reason: str
    source: str
    text: str
    """Message and advice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    sites: tuple[Site, ...]
    failed: tuple[str, ...]
    changed: int
    """How many files."""
    seconds: float

    @property
    def moved(self) -> int:
        return sum(site.status != "left" for site in self._with_counterpart())

    @property
    def with_counterpart(self) -> int:
        return len(self._with_counterpart())

    def _with_counterpart(self) -> list[Site]:
        calls = [site for site in self.sites if site.kind == "call"]
        return [site for site in calls if site.reason != NO_COUNTERPART]


def migrate(copy: Path, checkout: Path, options: Sequence[str], timeout: float) -> Account:
    """Migrate the whole copy in place, tests and all."""
    # -P: the project's own types.py or codemods/ stays out of the way.
    command = [sys.executable, "-P", "-m", "codemods.migrate_openai", "--write", "--json"]
    start = time.monotonic()
    done = subprocess.run(
        [*command, *options],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode not in (0, _EXIT_SOME_FAILED):
        raise MigrationError(f"exit code {done.returncode}: {done.stderr.strip()[-2000:]}")
    return read(json.loads(done.stdout), time.monotonic() - start)


def read(report: dict[str, Any], seconds: float) -> Account:
    """The account of ``--json``."""
    files = report["files"]
    sites = tuple(_site(file["path"], site) for file in files for site in file["sites"])
    failed = tuple(f"{file['path']}: {file['error']}" for file in files if "error" in file)
    changed = report["summary"]["changed"]
    return Account(sites=sites, failed=failed, changed=changed, seconds=seconds)


def _site(path: str, site: dict[str, Any]) -> Site:
    return Site(
        file=path,
        line=site["line"],
        kind=site["kind"],
        status=site["status"],
        reason=site.get("reason", ""),
        source=site["source"],
        text=f"{site['message']} {site.get('advice', '')}".strip(),
    )
