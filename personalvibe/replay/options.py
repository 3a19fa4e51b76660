"""A suite's configuration (``vcr_config``, the ``vcr`` mark, `use_cassette`) to typed options."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from personalvibe.replay.cassette.file import MAX_BYTES
from personalvibe.replay.matching.canonical import DEFAULT_MATCH_ON, MatchRules
from personalvibe.replay.model import CassetteError, RecordMode
from personalvibe.replay.redaction.redact import RedactionRules

LOCK_SECONDS = 60

Severity = Literal["fail", "warn", "ignore"]

OWN_KEYS = frozenset(
    (
        "allow_errors",
        "allowed_hosts",
        "format",
        "miss",
        "host_aliases",
        "ignore_json_paths",
        "lock_seconds",
        "max_cassette_bytes",
        "record_mode",
        "redact",
        "redact_keep",
        "unplayed",
    )
)
"""Settings of this harness. The others are vcrpy's and go to its ``use_cassette``."""

VCRPY_KEYS = frozenset(
    (
        "additional_matchers",
        "after_load_interaction",
        "allow_playback_repeats",
        "before_record",
        "before_record_request",
        "before_record_response",
        "before_save_interaction",
        "cassette_library_dir",
        "custom_patches",
        "decode_compressed_response",
        "drop_unused_requests",
        "filter_headers",
        "filter_post_data_parameters",
        "filter_query_parameters",
        "filter_sensitive_data",
        "func_path_generator",
        "ignore_hosts",
        "ignore_localhost",
        "inject_cassette",
        "match_on",
        "path",
        "path_transformer",
        "persister",
        "record_on_exception",
        "serializer",
        "skip_patchers",
    )
)
"""Settings of vcrpy 9, which ignores any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a session behaves. See docs/replay.md for the spelling in ``vcr_config``."""

    record_mode: RecordMode = RecordMode.NONE
    match: MatchRules
    redaction: RedactionRules
    allow_errors: bool | frozenset[int] = False
    """Which responses of 400 and above may be recorded."""
    unplayed: Severity = "warn"
    """What becomes of a passing test that left recordings unplayed."""
    max_bytes: int = MAX_BYTES
    lock_seconds: int = LOCK_SECONDS
    """How long a commit waits for another process that has the cassette."""
    plain: bool = False
    """Write vcrpy's own format."""
    raises_miss: bool = False
    """A request that nobody recorded is vcrpy's exception, which a program may catch."""
    shared: bool = False
    """Other tests record into the same cassette."""
    refresh_before: str = ""
    """An unchanged exchange recorded before this instant (ISO 8601) gets a new date."""
    hint: str = ""
    """The command that records this test again."""
    notes: Path | None = None
    """A folder in which the processes of a test run leave notes for one another."""
    staging: Path | None = None
    """The folder that gets the recordings; the cassettes stay as they are."""


def parse(
    config: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    record_mode: str,
    unplayed: str = "warn",
    shared: bool = False,
    refresh_before: str = "",
    hint: str = "",
    notes: Path | None = None,
    staging: Path | None = None,
) -> Options:
    """The options of one session. Raises `CassetteError` for a value that cannot be meant."""
    return Options(
        record_mode=mode(record_mode),
        match=MatchRules(
            match_on=DEFAULT_MATCH_ON,
            ignore_json_paths=tuple(_strings(config, "ignore_json_paths")),
            host_aliases=_mapping(config, "host_aliases"),
        ),
        redaction=_redaction(config, environ),
        allow_errors=_allow_errors(config.get("allow_errors", False)),
        unplayed=_one_of("unplayed", config.get("unplayed", unplayed)),
        max_bytes=_positive(config, "max_cassette_bytes", MAX_BYTES),
        lock_seconds=_positive(config, "lock_seconds", LOCK_SECONDS),
        plain=_is_second(config, "format", "personalvibe", "vcrpy"),
        raises_miss=_is_second(config, "miss", "fail", "error"),
        shared=shared,
        refresh_before=refresh_before,
        hint=hint,
        notes=notes,
        staging=staging,
    )


def unknown(config: Mapping[str, Any]) -> list[str]:
    """What to say of settings that nobody reads: a filter with a misspelt name hides nothing."""
    known = OWN_KEYS | VCRPY_KEYS
    return [
        f"the setting {name!r} is unknown and has no effect{_did_you_mean(name, known)}"
        for name in config
        if name not in known
    ]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, sorted(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def vcrpy_kwargs(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that vcrpy's ``use_cassette`` takes."""
    return {name: value for name, value in config.items() if name not in OWN_KEYS}


def mode(name: str) -> RecordMode:
    """A record mode by its name. Raises `CassetteError`."""
    try:
        return RecordMode(getattr(name, "value", name))
    except ValueError:
        raise _bad("record_mode", name, " or ".join(one.value for one in RecordMode)) from None


def _bad(name: str, value: object, expected: str) -> CassetteError:
    return CassetteError(
        f"{name}={value!r} is not {expected}", hint="Correct it in vcr_config or in the vcr mark."
    )


def _strings(config: Mapping[str, Any], name: str) -> list[str]:
    value = config.get(name) or ()
    if isinstance(value, str):
        return [value]
    if isinstance(value, Iterable) and all(isinstance(one, str) for one in value):
        return list(value)
    raise _bad(name, value, "a list of strings")


def _mapping(config: Mapping[str, Any], name: str) -> Mapping[str, str]:
    value = config.get(name) or {}
    if isinstance(value, Mapping) and all(
        isinstance(one, str) for pair in value.items() for one in pair
    ):
        return value
    raise _bad(name, value, "a mapping of hosts to hosts")


def _allow_errors(value: object) -> bool | frozenset[int]:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return frozenset((value,))
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        statuses = frozenset(value)
        if all(isinstance(one, int) for one in statuses):
            return statuses
    raise _bad("allow_errors", value, "True, False or a list of statuses")


def _one_of(name: str, value: object) -> Severity:
    if value not in ("fail", "warn", "ignore"):
        raise _bad(name, value, "fail, warn or ignore")
    return value


def _positive(config: Mapping[str, Any], name: str, default: int) -> int:
    value = config.get(name, default)
    if not isinstance(value, int) or value <= 0:
        raise _bad(name, value, "a positive number")
    return value


def _is_second(config: Mapping[str, Any], name: str, first: str, second: str) -> bool:
    """Which of two words a setting says; the first is its default."""
    value = config.get(name, first)
    if value not in (first, second):
        raise _bad(name, value, f"{first} or {second}")
    return bool(value == second)


def _redaction(config: Mapping[str, Any], environ: Mapping[str, str]) -> RedactionRules:
    # Only these: vcrpy applies its own filters, with its own request objects for callables.
    redact, keep = _strings(config, "redact"), _strings(config, "redact_keep")
    return _rules(tuple(redact), tuple(keep), _signature(environ))


def _signature(environ: Mapping[str, str]) -> frozenset[tuple[Any, Any]]:
    """What identifies an environment. pytest changes one variable for every test."""
    # The dictionary inside of os.environ: reading through it decodes every variable each time.
    variables = dict(getattr(environ, "_data", environ))
    variables.pop("PYTEST_CURRENT_TEST", None)
    variables.pop(b"PYTEST_CURRENT_TEST", None)
    return frozenset(variables.items())


@functools.lru_cache(maxsize=8)
def _rules(
    redact: tuple[str, ...], keep: tuple[str, ...], environ: frozenset[tuple[Any, Any]]
) -> RedactionRules:
    """Tests mostly share their rules, and compiling those takes longer than a replay."""
    variables = {os.fsdecode(name): os.fsdecode(value) for name, value in environ}
    return RedactionRules.from_config({"redact": redact, "redact_keep": keep}, variables)
