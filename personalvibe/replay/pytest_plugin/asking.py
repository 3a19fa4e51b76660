"""Whether a suite asks for a closed network: until it does, the plugin changes nothing.

Asked as soon as the plugin is registered, so that plugins which are imported after it are closed,
too. pytest has read its ini file by then, but not yet the command line.
"""

from __future__ import annotations

import copy
import os
import shlex
from typing import Any

import pytest

_OPTIONS = ("--record-mode", "--block-network", "--stand-in")


def early_options(parser: pytest.Parser, config: pytest.Config) -> Any:
    """What the command line says so far; None if it says nothing of a closed network."""
    try:
        words = [*config.getini("addopts"), *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))]
    except ValueError:
        return None  # handed to `pytest.main`, before the ini file is read, or quotes that are open
    words += [str(one) for one in config.invocation_params.args]
    # xdist hands its workers the options that the command line gave.
    handed = any(getattr(config.option, one[2:].replace("-", "_"), None) for one in _OPTIONS)
    if not (handed or any(one.startswith(_OPTIONS) for one in words) or _ini_asks(config)):
        return None
    try:
        return parser.parse_known_args(words, copy.copy(config.option))
    except pytest.UsageError:
        return None  # pytest says it, once it reads the command line itself


def _ini_asks(config: pytest.Config) -> bool:
    return bool(config.getini("replay_block_network")) or wants_namespace(config)


def wants_namespace(config: pytest.Config) -> bool:
    return str(config.getini("replay_network")) == "namespace"


def records(options: Any) -> bool:
    """Whether the whole run records, from the providers themselves."""
    return options.record_mode not in (None, "none") and not options.stand_in


def closes_session(options: Any, config: pytest.Config) -> bool:
    """Whether the suite asks for a session without a network."""
    if options.block_network:
        return True
    if options.disable_recording or records(options):
        return False
    wanted = config.getini("replay_block_network")
    if wanted is not None:
        return bool(wanted)
    return options.record_mode == "none" or options.stand_in or wants_namespace(config)


def closes_marked_tests(options: Any, config: pytest.Config) -> bool:
    """Whether a test with the `vcr` mark has no network unless it records."""
    return not options.disable_recording and config.getini("replay_block_network") is not False
