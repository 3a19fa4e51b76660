"""The settings of openai 0.28, as they were when a program had not set them."""

from __future__ import annotations

import os
from typing import Any

AZURE = ("azure", "azure_ad", "azuread")  # what its api_type was called


AZURE_VERSION = "2023-05-15"


DEFAULTS: dict[str, Any] = {
    "api_base": "https://api.openai.com/v1",
    "api_type": "open_ai",
    "app_info": None,
    "ca_bundle_path": None,
    "debug": False,
    "enable_telemetry": False,
    "log": None,
    "proxy": None,
    "requestssession": None,
    "verify_ssl_certs": True,
}


#: What a program may set besides: it works, or had no effect in 0.28 either.
SETTABLE = ("api_key_path", "ca_bundle_path", "enable_telemetry", "proxy", "verify_ssl_certs")


# OPENAI_BASE_URL is not of 0.28, but decides where the router's calls go.
_VARIABLES = {
    "api_base": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "api_key": ("OPENAI_API_KEY",),
    "api_key_path": ("OPENAI_API_KEY_PATH",),
    "api_type": ("OPENAI_API_TYPE",),
    "api_version": ("OPENAI_API_VERSION",),
    "organization": ("OPENAI_ORGANIZATION",),
}


NAMES = DEFAULTS.keys() | _VARIABLES.keys()


def default(name: str, api_type: str | None) -> Any:
    """What a setting was that the program had not set.

    Args:
        api_type: the one that the program set.
    """
    values = (os.environ.get(variable) for variable in _VARIABLES.get(name, ()))
    if value := next(filter(None, values), None):
        return value
    if name == "api_version" and (api_type or os.environ.get("OPENAI_API_TYPE")) in AZURE:
        return AZURE_VERSION
    return DEFAULTS.get(name)


def key_in(path: str) -> str:
    """The key that stands in a file, which 0.28 read at every call.

    Raises:
        ValueError: what stands there is no key.
    """
    with open(path) as file:  # noqa: PTH123  # pathlib would double the router's import
        key = file.read().strip()
    if not key.startswith("sk-"):
        raise ValueError(f"Malformed API key in {path}.")
    return key
