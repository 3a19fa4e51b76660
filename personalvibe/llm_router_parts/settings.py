"""What a call is made with: settings of the process, of a client and of the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from . import legacy_settings

#: Arguments that ask for a feature of LiteLLM which the request must not bypass.
PLAIN = frozenset({
    "mock_response", "mock_tool_calls", "mock_timeout", "fallbacks", "model_list", "client",
    "context_window_fallback_dict", "custom_llm_provider", "drop_params", "additional_drop_params",
    "prompt_id", "use_litellm_proxy", "litellm_credential_name",
})  # fmt: skip


SETTINGS = (
    "api_key", "organization", "project", "default_headers", "default_query", "http_client",
    "api_version", "azure_endpoint", "azure_deployment", "azure_ad_token",
    "azure_ad_token_provider", "timeout", "max_retries", "base_url", "api_base", "api_type",
    "webhook_secret", "websocket_base_url", "admin_api_key", "workload_identity",
)  # fmt: skip


CLIENT_SETTINGS = (*SETTINGS, "_strict_response_validation")


OWN_SETTINGS = frozenset(SETTINGS) - {"timeout"}  # timeout is an argument of the SDK's methods


CREDENTIALS = ("api_key", "azure_ad_token", "azure_ad_token_provider")


AZURE_BY_SETTINGS = "azure, by the settings given"


WIRED = ("openai", "azure")


# Settings that a program may leave to the environment, as openai 1 and later know them; for Azure
# LiteLLM's names follow.
ENVIRONMENT = {
    "api_key": ("OPENAI_API_KEY",),
    "base_url": ("OPENAI_BASE_URL",),
    "organization": ("OPENAI_ORG_ID",),
    "project": ("OPENAI_PROJECT_ID",),
}


AZURE_ENVIRONMENT = {
    "azure_ad_token": ("AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN"),
    "api_key": ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"),
    "azure_endpoint": ("AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE"),
    "api_version": ("OPENAI_API_VERSION", "AZURE_API_VERSION"),
    "organization": ("OPENAI_ORG_ID",),
}


# What openai 0.28 read, which had one set of variables for both.
_OLD_ENVIRONMENT = {
    "api_key": ("OPENAI_API_KEY",),
    "base_url": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "organization": ("OPENAI_ORGANIZATION",),
}


# The same among LiteLLM's module settings, for programs of 0.28.
_LITELLM_SETTINGS = {
    "api_key": ("api_key", "openai_key"),
    "base_url": ("api_base",),
    "organization": ("organization",),
}


_AZURE_LITELLM_SETTINGS = {
    "api_key": ("api_key", "azure_key"),
    "azure_endpoint": ("api_base",),
    "api_version": ("api_version",),
}


# What openai 0.28 called it -> what everyone calls it now.
OLD_NAMES = {
    "engine": "model",
    "deployment_id": "model",
    "request_timeout": "timeout",
    "headers": "extra_headers",
}


class Wire(NamedTuple):
    """Which of the SDK's clients a call needs.

    Attributes:
        old: the program was written for openai 0.28, which had an environment of its own.
    """

    azure: bool
    is_async: bool = False
    old: bool = False


_face: list[ModuleType] = []


_SETTABLE = frozenset(SETTINGS) | frozenset(legacy_settings.SETTABLE)


class Face(ModuleType):
    """The module that programs import: it has the settings that it was written with, no others."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in legacy_settings.DEFAULTS and value == unset(name):
            vars(self).pop(name, None)  # a program puts back what it has read
        elif name in _SETTABLE or name in vars(self) or name.startswith("_") or name[0].isupper():
            super().__setattr__(name, value)
        else:
            raise AttributeError(
                f"{self.__name__} has no setting {name!r}; LiteLLM's own are set on litellm itself"
            )


def introduce(face: ModuleType) -> None:
    """Let the parts know the module whose variables are the settings of the process."""
    face.__class__ = Face
    _face[:] = [face]


def current(name: str) -> Any:
    """A setting of the process, as it is now."""
    return vars(_face[0]).get(name)


def function_now(name: str) -> Any:
    """A function of the module, or what a test put in its place."""
    return getattr(_face[0], name)


def is_setting(name: str) -> bool:
    return name in SETTINGS or name in legacy_settings.NAMES


def unset(name: str) -> Any:
    """How a setting reads that is not set: in a program for openai 0.28, as it did there.

    `api_base` is read by no later program, so it always says where calls go.
    """
    if name in SETTINGS and not current("legacy"):
        base = os.environ.get("OPENAI_BASE_URL") or legacy_settings.DEFAULTS["api_base"]
        return base if name == "api_base" else None
    return legacy_settings.default(name, current("api_type"))


def module_settings(old: bool) -> dict[str, Any]:
    found = {name: value for name in SETTINGS if (value := current(name)) is not None}
    if not old:
        return found
    path = current("api_key_path") or legacy_settings.default("api_key_path", None)
    if path:
        found["api_key"] = legacy_settings.key_in(path)
    if kind := os.environ.get("OPENAI_API_TYPE"):
        found.setdefault("api_type", kind)
    if proxy := current("proxy"):
        found["proxy"] = proxy
    return found


def is_azure(settings: Mapping[str, Any]) -> bool:
    return str(settings.get("api_type") or "").startswith("azure")


def _from_environment(settings: Mapping[str, Any], wire: Wire) -> dict[str, Any]:
    """What the program left to the environment; one of 0.28 also to LiteLLM's settings."""
    variables = dict(AZURE_ENVIRONMENT if wire.azure else ENVIRONMENT)
    if any(settings.get(name) is not None for name in CREDENTIALS):
        for name in CREDENTIALS:  # one of them is enough, and the SDK refuses two
            variables.pop(name, None)
    if wire.old:
        for name, more in _OLD_ENVIRONMENT.items():
            name = "azure_endpoint" if wire.azure and name == "base_url" else name
            variables[name] = (*variables.get(name, ()), *more)
    found: dict[str, Any] = {}
    for name, places in variables.items():
        values = [os.environ.get(variable) for variable in places]
        if wire.old:
            values = [*_from_litellm(name, wire.azure), *values]
        value = next(filter(None, values), None)
        if value is not None and settings.get(name) is None:
            found[name] = value
    return found


def _from_litellm(name: str, azure: bool) -> list[Any]:
    litellm: Any = sys.modules.get("litellm")  # not yet imported: nothing is set there
    shared = _AZURE_LITELLM_SETTINGS if azure else _LITELLM_SETTINGS
    return [getattr(litellm, attribute, None) for attribute in shared.get(name, ())]


def client_arguments(settings: Mapping[str, Any], wire: Wire) -> dict[str, Any]:
    """The arguments for the SDK's client, from settings under any of their spellings."""
    given = {k: v for k, v in settings.items() if v is not None}
    for name in ("timeout", "max_retries"):  # these travel with each request
        given.pop(name, None)
    kind = given.pop("api_type", "")
    base = given.pop("api_base", None)
    if base is not None and "base_url" not in given and "azure_endpoint" not in given:
        azure = "/openai/deployments/" in base or base.rstrip("/").endswith("/openai")
        given["base_url" if azure or not wire.azure else "azure_endpoint"] = base
    given = {**_from_environment(given, wire), **given}
    if not wire.azure:
        return {k: v for k, v in given.items() if not k.startswith(("azure_", "api_version"))}
    if kind in legacy_settings.AZURE[1:] and "api_key" in given:
        given["azure_ad_token"] = given.pop("api_key")
    if "azure_ad_token" in given and "azure_ad_token" not in settings:
        given.pop("api_key", None)  # both came from the environment: the SDK takes the token
    if "base_url" in given:
        given.pop("azure_endpoint", None)
    if wire.old:
        given.setdefault("api_version", legacy_settings.AZURE_VERSION)
    return given


# Settings that other providers than OpenAI and Azure have no use for.
OPENAI_ONLY = ("project", "default_query", "http_client", "azure_endpoint", "azure_deployment")


def with_settings(settings: Mapping[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM's arguments, with the settings among them where the call has none of its own."""
    names = ("api_key", "organization", "api_version", "timeout", "max_retries", "azure_ad_token",
             "azure_ad_token_provider")  # fmt: skip
    found = {name: value for name in names if (value := settings.get(name)) is not None}
    base = settings.get("base_url") or settings.get("api_base") or settings.get("azure_endpoint")
    if base is not None:
        found["api_base"] = str(base)
    if headers := settings.get("default_headers"):
        told["extra_headers"] = {**headers, **(told.get("extra_headers") or {})}
    return {**found, **told}
