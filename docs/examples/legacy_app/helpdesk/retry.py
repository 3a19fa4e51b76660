"""Patience with a busy API, on top of what the SDK does itself."""

import logging
import time

from openai import APIStatusError, RateLimitError

log = logging.getLogger(__name__)

DELAY = 2.0


def with_backoff(call, *args, attempts=3, **kwargs):
    for attempt in range(1, attempts + 1):
        try:
            return call(*args, **kwargs)
        except RateLimitError:
            if attempt == attempts:
                raise
            log.warning("rate limit, attempt %d of %d", attempt, attempts)
        except APIStatusError as e:
            if e.status_code < 500 or attempt == attempts:
                raise
            log.warning("status %d, attempt %d of %d", e.status_code, attempt, attempts)
        time.sleep(DELAY * attempt)
