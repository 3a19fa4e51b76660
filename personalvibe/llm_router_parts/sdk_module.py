"""``llm_router.openai``: the openai module by its own names, by way of the router."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from .operations import OPERATIONS
from .packages import load_sdk, of_the_sdk
from .settings import SETTINGS, module_settings

_CLIENTS = {
    "OpenAI": "Client",
    "AsyncOpenAI": "AsyncClient",
    "AzureOpenAI": "AzureClient",
    "AsyncAzureOpenAI": "AsyncAzureClient",
    "Client": "Client",
    "AsyncClient": "AsyncClient",
}

# openai 0.28: class -> method -> the router's function, and what its positional arguments are.
_LEGACY: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "ChatCompletion": {"create": ("chat_completion", ())},
    "Completion": {"create": ("text_completion", ())},
    "Embedding": {"create": ("embedding", ())},
    "Moderation": {"create": ("moderation", ("input", "model"))},
    "Image": {
        "create": ("image_generation", ()),
        "create_edit": ("image_edit", ("image", "mask")),
        "create_variation": ("image_variation", ("image",)),
    },
    "Audio": {
        "transcribe": ("transcription", ("model", "file")),
        "translate": ("translation", ("model", "file")),
    },
    "File": {
        "create": ("create_file", ("file", "purpose")),
        "list": ("file_list", ()),
        "retrieve": ("file_retrieve", ("file_id",)),
        "delete": ("file_delete", ("file_id",)),
        "download": ("file_content", ("file_id",)),
    },
    "FineTuningJob": {
        "create": ("create_fine_tuning_job", ()),
        "list": ("list_fine_tuning_jobs", ()),
        "retrieve": ("retrieve_fine_tuning_job", ("fine_tuning_job_id",)),
        "cancel": ("cancel_fine_tuning_job", ("fine_tuning_job_id",)),
    },
    "Model": {
        "list": ("list_models", ()),
        "retrieve": ("retrieve_model", ("model",)),
        "delete": ("delete_model", ("model",)),
    },
}


class SdkModule(ModuleType):
    """What ``from personalvibe.llm_router import openai`` gives in the place of ``import openai``.

    Client classes, calls (of openai 0.28 as well), settings, exceptions and types have the names
    that they have there. Client classes and settings are those of the router: reading, setting and
    replacing them here is the same as there. What the router does not have is the SDK's own.
    """

    def __init__(self, face: ModuleType) -> None:
        super().__init__(f"{face.__name__}.openai", self.__doc__)
        vars(self)["_face"] = face
        vars(self)["_classes"] = {ours: getattr(face, ours) for ours in _CLIENTS.values()}

    def __getattr__(self, name: str) -> Any:
        if name in _CLIENTS or name in SETTINGS:
            return getattr(self._face, _CLIENTS.get(name, name))
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name in _LEGACY:
            value: Any = _legacy_class(self._face, name)
        elif _is_resource(name):
            value = _Resource(self._face, name)
        else:
            found = of_the_sdk(name)
            return getattr(_sdk_as_set(), name) if found is None else found
        vars(self)[name] = value  # one object, so that a test may replace what it has
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _CLIENTS and name not in SETTINGS:
            super().__setattr__(name, value)
            return
        setattr(self._face, _CLIENTS.get(name, name), value)
        if name in SETTINGS and (sdk := sys.modules.get("openai")) is not None:
            setattr(sdk, name, value)  # for what goes on to ask the SDK

    def __delattr__(self, name: str) -> None:
        if name in _CLIENTS:  # a test gives back what it replaced
            setattr(self._face, _CLIENTS[name], self._classes[_CLIENTS[name]])
        elif name in SETTINGS:
            setattr(self._face, name, None)
        else:
            super().__delattr__(name)


def _is_resource(name: str) -> bool:
    """Has the SDK's client a part of this name: ``chat``, ``files``?"""
    from .wire import resources_of

    return not name[:1].isupper() and name in resources_of(load_sdk().OpenAI)


def _sdk_as_set() -> Any:
    """The SDK's own module, with the settings of the router's."""
    sdk = load_sdk()
    for name, value in module_settings(False).items():
        setattr(sdk, name, value)
    return sdk


class _Resource(SimpleNamespace):
    """A part of the SDK's client on its module: ``openai.chat``, with ``completions.create``."""

    def __init__(self, face: ModuleType, path: str) -> None:
        super().__init__(_path=path)
        for name, operation in OPERATIONS.items():
            for shape in (operation.shape, f"beta.{operation.shape}"):
                if not shape.startswith(f"{path}."):
                    continue
                part, _, rest = shape.removeprefix(f"{path}.").partition(".")
                if not rest:
                    setattr(self, part, getattr(face.of("openai"), name))
                elif part not in vars(self):
                    setattr(self, part, _Resource(face, f"{path}.{part}"))

    def __getattr__(self, name: str) -> Any:
        """What has no function of its own in the router: files, raw responses, models."""
        if name.startswith("_"):
            raise AttributeError(name)
        from .endpoint_functions import module_resource

        return getattr(module_resource(self._path), name)


def _legacy_class(face: ModuleType, name: str) -> type:
    methods = {}
    for method, (function, order) in _LEGACY[name].items():
        methods[method] = staticmethod(_legacy_function(face, function, order))
        methods[f"a{method}"] = staticmethod(_legacy_coroutine(face, f"a{function}", order))
    return type(name, (), {**methods, "__doc__": f"openai.{name} of openai 0.28."})


def _legacy_function(face: ModuleType, name: str, order: tuple[str, ...]) -> Callable[..., Any]:
    def create(*args: Any, **kwargs: Any) -> Any:
        return getattr(face, name)(**_legacy_arguments(order, args, kwargs))

    return create


def _legacy_coroutine(face: ModuleType, name: str, order: tuple[str, ...]) -> Callable[..., Any]:
    async def acreate(*args: Any, **kwargs: Any) -> Any:
        return await getattr(face, name)(**_legacy_arguments(order, args, kwargs))

    return acreate


def _legacy_arguments(
    order: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    if len(args) > len(order):
        raise TypeError(f"takes at most {len(order)} positional arguments, got {len(args)}")
    azure = str(kwargs.get("api_type") or "").startswith("azure")
    named = {**dict(zip(order, args, strict=False)), **kwargs}
    return {"provider": "azure" if azure else "openai", "legacy": True, **named}
