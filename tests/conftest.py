"""For all tests."""

from __future__ import annotations

import signal

# In the background of a shell Ctrl-C is ignored, here and in every process that a test starts to
# interrupt it.
signal.signal(signal.SIGINT, signal.default_int_handler)
