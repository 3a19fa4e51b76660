"""What the router uses of openai, LiteLLM and pydantic though they do not promise to keep it.

It is looked for when a package is first used, so that a release which moved it fails with one
clear line, and not in the middle of a call.
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import Any, NamedTuple


class Package(NamedTuple):
    """A package, the versions that are known to work, and the private members that are used."""

    name: str
    lowest: tuple[int, int]
    below: int
    members: tuple[str, ...]

    @property
    def wanted(self) -> str:
        return f"{self.name} >={'.'.join(map(str, self.lowest))},<{self.below}"


OPENAI = Package(
    "openai",
    (2, 20),
    4,
    (
        # A request that the SDK's methods built, and the way to send it: wire, call.
        "_models.FinalRequestOptions",
        "_models.construct_type",
        "_models.add_request_id",
        "_base_client.SyncAPIClient.request",
        "_base_client.AsyncAPIClient.request",
        "_base_client.BaseClient._process_response_data",
        "_base_client.BaseClient._client",
        # The classes that ours derive from without running their __init__: streams, replies.
        "_models.BaseModel",
        "_streaming.Stream",
        "_streaming.AsyncStream",
    ),
)


LITELLM = Package(
    "litellm",
    (1, 95),
    2,
    (
        # What a forked process has to renew: packages.
        "in_memory_llm_clients_cache.flush_cache",
        "litellm_core_utils.thread_pool_executor.executor.submit",
        # Where a call is handed over, and what tells its arguments from the SDK's: call, wire.
        "llms.custom_httpx.http_handler.HTTPHandler.post",
        "llms.custom_httpx.http_handler.AsyncHTTPHandler.post",
        "types.utils.all_litellm_params",
        # What callbacks derive from: hooks.
        "integrations.custom_logger.CustomLogger",
    ),
)


PYDANTIC = Package(
    "pydantic",
    (2, 11),
    3,
    (
        # What a class that is LiteLLM's and the SDK's takes over from the SDK's: replies.
        "RootModel.__pydantic_fields__",
        "RootModel.__pydantic_core_schema__",
        "RootModel.__pydantic_serializer__",
        "RootModel.__pydantic_validator__",
        "RootModel.__private_attributes__",
    ),
)


def check(package: Package, version: str | None) -> None:
    """
    Args:
        version: the one that is installed; None: nobody knows.

    Raises:
        ImportError: it is another than the router works with, or lacks a member.
    """
    if version is not None and not _fits(package, version):
        raise ImportError(f"llm_router needs {package.wanted}; found {package.name} {version}")
    for member in package.members:
        if not _is_there(f"{package.name}.{member}"):
            raise ImportError(
                f"llm_router needs {package.wanted} with {package.name}.{member};"
                f" found {package.name} {version}, which lacks it"
            )


def _fits(package: Package, version: str) -> bool:
    major, minor = (int(part) for part in version.split(".")[:2])
    return package.lowest <= (major, minor) and major < package.below


def _is_there(path: str) -> bool:
    """Is there a module, or a member of one, of this name?"""
    module, _, rest = path.partition(".")
    place: Any = import_module(module)
    for part in rest.split("."):
        module = f"{module}.{part}"
        if part in getattr(place, "__annotations__", ()):  # a member of its instances
            return True
        if not hasattr(place, part):
            try:
                import_module(module)
            except ImportError:
                return False
        place = getattr(place, part)
    return True


@functools.cache
def check_pydantic() -> None:
    import pydantic

    check(PYDANTIC, pydantic.VERSION)
