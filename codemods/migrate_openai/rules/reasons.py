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


REASONS: dict[str, Reason] = {
    reason.code: reason
    for reason in (
        Reason(
            code="no-counterpart",
            title="LiteLLM has no counterpart for this call",
            advice="Keep it on the openai SDK, or replace the feature; the rest of the file works.",
        ),
        Reason(
            code="receiver-unproven",
            title="nothing proves what this is called on",
            advice=(
                "Annotate the parameter or variable with its client class and run again, "
                "or hand in an llm_router.Client: it answers this spelling too."
            ),
        ),
        Reason(
            code="chosen-at-run-time",
            title="the receiver, or its class, is one of several, chosen at run time",
            advice="Nothing if the other one is no openai client; else give each its own name.",
        ),
        Reason(
            code="client-stays",
            title="the client is also used for something that only the SDK has",
            advice="Make a second client, llm_router.Client(...), for the calls that can move.",
        ),
        Reason(
            code="client-handed",
            title="the client is handed to a library that expects the SDK's own",
            advice=(
                "Make a second client for calls that are not the library's; a library that adds to "
                "its client has a way for LiteLLM of its own, such as instructor.from_litellm."
            ),
        ),
        Reason(
            code="half-migrated",
            title="the call is migrated, and its client has to stay: it fails when it runs",
            advice="Call it on a client of its own, llm_router.Client(...).",
        ),
        Reason(
            code="patched",
            title="a library has replaced this method of the client",
            advice="Use the library's own way for LiteLLM, such as instructor.from_litellm.",
            is_openai=False,
        ),
        Reason(
            code="not-given",
            title="the client is made in a file that is not part of this run",
            advice="Give that file too: the call and its client move together.",
        ),
        Reason(
            code="raw-response",
            title="the call asks for the raw HTTP response",
            advice="Ask for the parsed reply instead, then run again.",
        ),
        Reason(
            code="handed-over",
            title="a class of the SDK is handed to something that may call anything on it",
            advice="Hand over the router's function instead.",
        ),
        Reason(
            code="subclass",
            title="a class derives from a class of the SDK",
            advice="Derive from llm_router.Client, or wrap the call in a function.",
        ),
        Reason(
            code="setting",
            title="this setting of the openai module has no counterpart",
            advice="Set it on the transport or in the environment; see the page on settings.",
        ),
        Reason(
            code="type",
            title="this type of the SDK has no counterpart in the router",
            advice="Nothing: LiteLLM depends on the openai package, so the import keeps working.",
            is_openai=False,
        ),
        Reason(
            code="exception",
            title="this exception of the SDK has no counterpart",
            advice="Catch llm_router.APIError, or keep the import of the openai package.",
        ),
        Reason(
            code="arguments",
            title="the arguments cannot be matched to the router's",
            advice="Write them by name, then run again.",
        ),
        Reason(
            code="f-string",
            title="the call stands inside an f-string whose parts cannot be placed",
            advice="Take the call out of the f-string, then run again.",
        ),
        Reason(
            code="mock",
            title="a test replaces this by name",
            advice="Migrate the test with it, or have the test replace what the program reads.",
        ),
        Reason(
            code="other-generation",
            title="it runs with openai 0.28 only, which this program asks for",
            advice="Delete the branch when 0.28 is not supported any more.",
            is_openai=False,
        ),
        Reason(
            code="drop-in",
            title="a drop-in module stands in for openai",
            advice="Use LiteLLM's own callback for that service, then migrate by hand.",
            is_openai=False,
        ),
        Reason(
            code="other-sdk",
            title="another SDK of the same shape",
            advice="Nothing.",
            is_openai=False,
        ),
        Reason(
            code="skipped",
            title="a comment or an option says to leave it",
            advice="Remove the comment or the option to migrate it.",
        ),
        Reason(
            code="unprintable",
            title="the statement is one that libcst cannot parse and print as it is written",
            advice="Write it in another way, such as without parentheses around a bare name.",
        ),
        Reason(
            code="vendored",
            title="the file is other people's code, kept in a folder for it",
            advice="Nothing, or give the file by name to migrate it.",
            is_openai=False,
        ),
        Reason(
            code="generated",
            title="the first lines of the file say that a tool wrote it",
            advice="Migrate what the file is generated from.",
            is_openai=False,
        ),
        Reason(
            code="outside",
            title="the file is a link that leads out of the tree",
            advice="Give the folder that it leads to as a path of its own.",
            is_openai=False,
        ),
        Reason(
            code="unreadable-cell",
            title="a cell mentions openai and cannot be parsed as Python",
            advice="Correct the cell, then run again.",
        ),
        Reason(
            code="not-written",
            title="the file could not be written",
            advice="See the error of the file, then run again.",
        ),
    )
}


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")
