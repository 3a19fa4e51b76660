"""Log records without secrets while a cassette is in use.

HTTP clients log addresses with their query and, at debug level, every header; pytest prints the
records of a failed test and writes them to files.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator
from typing import Any

from personalvibe.replay.redaction.redact import RedactionRules, redact_text


@contextlib.contextmanager
def redacted_logs(rules: RedactionRules) -> Iterator[None]:
    """Redact every log record of the process that is made in this context."""
    make = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            message = record.getMessage()
        except Exception:
            return record  # the caller's mistake, which logging reports when it formats
        redacted = redact_text(message, rules)
        if redacted != message:
            record.msg, record.args = redacted, ()
        if record.exc_info and record.exc_info[1] is not None:
            text = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
            redacted = redact_text(text, rules)
            if redacted != text:
                record.exc_text = redacted
        return record

    logging.setLogRecordFactory(factory)
    try:
        yield
    finally:
        # Unless somebody else has put theirs around ours.
        if logging.getLogRecordFactory() is factory:
            logging.setLogRecordFactory(make)
