"""Why a site is left: every reason, and what a person should do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    code: str
    title: str
    advice: str
    is_openai: bool = True
    """False for what only looks like a call of the SDK: nothing remains to be done."""


_TEXTS = {
    "no-counterpart": (
        "LiteLLM has no counterpart for this call",
        "Keep it on the openai SDK, or replace the feature; the rest of the file works.",
    ),
    "will-not-import": (
        "it is of openai 0.28, and cannot be imported beside LiteLLM",
        "Replace what it is used for: LiteLLM brings a later openai, which does not have it.",
    ),
    "receiver-unproven": (
        "nothing proves what this is called on",
        "Annotate the parameter or variable with its client class and run again, "
        "or hand in an llm_router.Client: it answers this spelling too.",
    ),
    "chosen-at-run-time": (
        "the receiver, or its class, is one of several, chosen at run time",
        "Nothing if the other one is no openai client; else give each its own name.",
    ),
    "client-stays": (
        "the client is also used for something that only the SDK has",
        "Make a second client, llm_router.Client(...), for the calls that can move.",
    ),
    "client-handed": (
        "the client is handed to a library that expects the SDK's own",
        "Make a second client for calls that are not the library's; a library that adds to "
        "its client has a way for LiteLLM of its own, such as instructor.from_litellm.",
    ),
    "half-migrated": (
        "the call is migrated, and its client has to stay: it fails when it runs",
        "Call it on a client of its own, llm_router.Client(...).",
    ),
    "patched": (
        "a library has replaced this method of the client",
        "Use the library's own way for LiteLLM, such as instructor.from_litellm.",
    ),
    "not-given": (
        "the client is made in a file that is not part of this run",
        "Give that file too: the call and its client move together.",
    ),
    "handed-over": (
        "a class of the SDK is handed to something that may call anything on it",
        "Hand over the router's function instead.",
    ),
    "subclass": (
        "a class derives from a class of the SDK",
        "Derive from llm_router.Client, or wrap the call in a function.",
    ),
    "setting": (
        "this setting of the openai module has no counterpart",
        "Set it on the transport or in the environment; see the page on settings.",
    ),
    "type": (
        "this type of the SDK has no counterpart in the router",
        "Nothing: LiteLLM depends on the openai package, so the import keeps working.",
    ),
    "exception": (
        "this exception of the SDK has no counterpart",
        "Catch llm_router.APIError, or keep the import of the openai package.",
    ),
    "arguments": (
        "the arguments cannot be matched to the router's",
        "Write them by name, then run again.",
    ),
    "f-string": (
        "the call stands inside an f-string whose parts cannot be placed",
        "Take the call out of the f-string, then run again.",
    ),
    "mock": (
        "a test replaces this by name",
        "Migrate the test with it, or have the test replace what the program reads.",
    ),
    "transport": (
        "a test answers for requests or aiohttp, by which the migrated program does not send",
        "Replay a recording, or answer for httpx, as respx and pytest-httpx do.",
    ),
    "other-generation": (
        "it runs with openai 0.28 only, which this program asks for",
        "Delete the branch when 0.28 is not supported any more.",
    ),
    "drop-in": (
        "a drop-in module stands in for openai",
        "Use LiteLLM's own callback for that service, then migrate by hand.",
    ),
    "other-sdk": (
        "another SDK of the same shape",
        "Nothing.",
    ),
    "skipped": (
        "a comment or an option says to leave it",
        "Remove the comment or the option to migrate it.",
    ),
    "unprintable": (
        "the statement is one that libcst cannot parse and print as it is written",
        "Write it in another way, such as without parentheses around a bare name.",
    ),
    "vendored": (
        "the file is other people's code, kept in a folder for it",
        "Nothing, or give the file by name to migrate it.",
    ),
    "generated": (
        "the first lines of the file say that a tool wrote it",
        "Migrate what the file is generated from.",
    ),
    "outside": (
        "the file is a link that leads out of the tree",
        "Give the folder that it leads to as a path of its own.",
    ),
    "unreadable-cell": (
        "a cell mentions openai and cannot be parsed as Python",
        "Correct the cell, then run again.",
    ),
    "installed": (
        "a shell command installs openai",
        "Have it install what the router needs: litellm, or personalvibe>=4.",
    ),
    "not-written": (
        "the file could not be written",
        "See the error of the file, then run again.",
    ),
}
# What only looks like a call of the SDK, or is nobody's to change: nothing remains to be done.
_NO_CALL_REMAINS = frozenset(
    {"other-sdk", "vendored", "drop-in", "outside", "type", "generated", "patched"}
    | {"other-generation", "installed"}
)
REASONS: dict[str, Reason] = {
    code: Reason(code=code, title=title, advice=advice, is_openai=code not in _NO_CALL_REMAINS)
    for code, (title, advice) in _TEXTS.items()
}


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")
