"""``pv models``."""

from __future__ import annotations

import click

from personalvibe.commands.options import env_file_option, json_option
from personalvibe.errors import UserError
from personalvibe.output import say


@click.command("models")
@click.argument("containing", default="")
@json_option
@env_file_option
def models(containing: str, as_json: bool) -> None:
    """List the models that work now, with the keys that are set.

    CONTAINING keeps the names with this text in them.
    """
    from personalvibe import llm_router
    from personalvibe.commands import documents
    from personalvibe.models import available, matching

    providers = available()
    found = matching(providers, containing)
    if containing and not found:
        raise _no_match(containing)
    if as_json:
        default, aliases = llm_router.DEFAULT_MODEL, llm_router.ALIASES
        documents.print_document(documents.of_models(default, aliases, found))
        return
    say(f"{llm_router.DEFAULT_MODEL}  (the default)")
    for alias, meant in sorted(llm_router.ALIASES.items()):
        say(f"{alias}  (an alias of {meant})")
    for provider in found:
        for name in provider.models or (f"{provider.name}/<name>",):
            say(name)
    if not providers:
        say("note: no provider's key is set; docs/LLM_PROVIDERS.md lists them", err=True)


def _no_match(containing: str) -> UserError:
    """Models that would be there with another key are named with it."""
    from personalvibe.models import locked

    message = f"no model that works now has {containing!r} in its name"
    known = locked(containing)
    if not known:
        return UserError(message, "`pv models` lists what works now.")
    name, keys = known[0]
    more = f" {len(known) - 1:,} more match, once their keys are set." if len(known) > 1 else ""
    return UserError(message, f"{name} needs {' and '.join(keys)}.{more}")
