"""``logs/<version>_base.log``: what every run of a config did, without prompts and secrets."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from personalvibe.scrub import scrub
from personalvibe.workspace import Workspace, unwritable


class ScrubbedFormatter(logging.Formatter):
    """Formats a record, traceback included, and takes credentials out. Times are UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class _FileHandler(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A disk that fills up during a run ends the log, not the run."""


@contextlib.contextmanager
def run_log(workspace: Workspace, version: str) -> Iterator[Path]:
    """Log what the package does, for the duration of a run.

    The first line of the file is ``RUN_ID=<version>_base``; each run begins with a line
    ``BEGIN-STAMP <time in UTC, ISO 8601>``.

    Raises:
        UserError: the file cannot be written.
    """
    run_id = f"{version}_base"
    path = workspace.logs / f"{run_id}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
            file.write(f"RUN_ID={run_id}\n")
        with path.open("a", encoding="utf-8") as file:
            file.write(f"BEGIN-STAMP {datetime.now(UTC).isoformat(timespec='seconds')}\n")
        handler = _FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise unwritable(path, error) from error
    handler.setFormatter(ScrubbedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("personalvibe")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield path
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        with contextlib.suppress(OSError):
            handler.close()
