"""LiteLLM's exceptions, with the class, the text and the members of the SDK's."""

from __future__ import annotations

from typing import Any

from .legacy_errors import aged
from .packages import load_litellm, load_sdk, once


def dressed(error: Exception, original: Any, old: bool) -> Exception:
    """*error* of LiteLLM, with the class, the text and the members that *original* of the SDK has.

    LiteLLM's exception stays as it is where the same ``except`` clauses catch both. Elsewhere its
    class changes to LiteLLM's class of the right name, or to one that is both. openai 0.28 had
    ServiceUnavailableError apart, and nothing else than its own classes.
    """
    sdk = load_sdk()
    if isinstance(original, sdk.APIError):
        if not (old and isinstance(error, load_litellm().ServiceUnavailableError)):
            error.__class__ = _error_class(type(error), type(original))
        for name in ("status_code", "code", "type", "param", "body", "request_id", "response",
                     "request", "message", "args"):  # fmt: skip
            if hasattr(original, name):
                setattr(error, name, getattr(original, name))
            else:
                error.__dict__.pop(name, None)
    elif not old:
        return original  # type: ignore[no-any-return]  # LiteLLM has no name for it
    error.__cause__ = original.__cause__
    if old:
        aged(error)
    return error


def is_unread(error: Exception) -> bool:
    """Did LiteLLM fail at a reply? Its rules (``post_call_rules``) refuse one by a class apart."""
    refused = load_litellm().exceptions.APIResponseValidationError
    return isinstance(error, load_sdk().OpenAIError) and not isinstance(error, refused)


@once
def _error_class(ours: Any, theirs: Any) -> Any:
    """A class of the SDK's name that is *theirs*, and as much of LiteLLM's as that allows."""
    litellm = load_litellm()
    wanted = _lineage(theirs)
    named = getattr(litellm, theirs.__name__, theirs)  # LiteLLM's class of the SDK's name
    bases: tuple[type, ...] = (litellm.APIError, named)
    if _lineage(ours) == wanted and issubclass(ours, theirs):
        bases = (ours,)
    elif _lineage(ours) < wanted or not wanted:
        bases = (ours, named)
    elif named is not theirs:
        bases = (named,)
    members = {"__module__": __name__, "__str__": theirs.__str__, "__repr__": theirs.__repr__}
    return type(theirs.__name__, bases, members)


def _lineage(kind: type) -> frozenset[type]:
    return frozenset(k for k in kind.__mro__ if k.__module__.partition(".")[0] == "openai")
