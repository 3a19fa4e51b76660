"""What a client of the SDK answers to, and what of that the router's client answers as well."""

from __future__ import annotations

from codemods.migrate_openai.rules import CALLS, ROUTER_FUNCTIONS, rule_as_spelled
from codemods.migrate_openai.rules.sdk_names import RESOURCES

# What a router client answers besides the calls of the rules.
CLIENT_EXTRAS = frozenset(
    {"close", "with_options", "copy", "is_closed", "api_key", "organization", "project", "base_url"}
    | {"timeout", "max_retries", "_api_version", "_azure_endpoint", "_azure_deployment"}
    | {"_base_url", "default_headers", "default_query", "custom_auth", "auth_headers"}
    | {"platform_headers", "qs", "user_agent", "webhook_secret", "websocket_base_url"}
    | {"admin_api_key", "workload_identity"}
)
# Methods of resources that send nothing: they read what a server sent to the program.
_SEND_NOTHING = frozenset({("webhooks", "unwrap"), ("webhooks", "verify_signature")})
_OF_NO_CLIENT = frozenset({"acreate"})  # methods that no generation of the SDK has on a client


def leads_to_call(path: tuple[str, ...]) -> bool:
    """Is this a resource, such as ``chat.completions``, or a method that keeps its spelling?"""
    dotted = ".".join(path)
    return (
        dotted in RESOURCES
        or rule_as_spelled(dotted) is not None
        or any(sdk.startswith(f"{dotted}.") for sdk in CALLS)
    )


def is_inside_call(path: tuple[str, ...]) -> bool:
    """Is this an attribute of a method itself? A mock has some."""
    dotted = ".".join(path)
    return any(dotted.startswith(f"{sdk}.") for sdk in CALLS)


def is_passed_on(dotted: str) -> bool:
    """Does a router client ask the SDK's for this?"""
    return dotted.split(".")[0] in RESOURCES


def sends_nothing(path: tuple[str, ...]) -> bool:
    """Is this a setting of a client, or a method that asks no server?"""
    return path[0] in CLIENT_EXTRAS or path[:2] in _SEND_NOTHING


def is_router_spelled(path: tuple[str, ...], *, called: bool) -> bool:
    """Is this a call as only a router client has it? ``client.responses`` alone is the SDK's."""
    return len(path) == 1 and path[0] in ROUTER_FUNCTIONS and (called or path[0] not in RESOURCES)


def is_answered(path: tuple[str, ...]) -> bool:
    """Has a client of the SDK such an attribute?"""
    head = path[0]
    return head.startswith("_") or head in CLIENT_EXTRAS or is_passed_on(head)


def needs_sdk(path: tuple[str, ...]) -> bool:
    """Is this something that a router client does not answer by itself?"""
    return not sends_nothing(path) and path[-1] not in _OF_NO_CLIENT


def leads_further(path: tuple[str, ...]) -> bool:
    """Does this lead to more of a client than one method that has a counterpart, or a setting?"""
    return path[0] in RESOURCES and ".".join(path) not in CALLS
