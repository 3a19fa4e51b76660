"""Requests for which LiteLLM has no function of their own: it passes them through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .exchange import Exchange
from .packages import load_litellm


class PassageBack:
    """What LiteLLM passes a request through with: an HTTP handler, and the client in it."""

    def __init__(self, call: Exchange) -> None:
        self.client = self
        self._call = call

    def build_request(self, **_: Any) -> Any:
        """LiteLLM's version of the request; the program's is sent."""

    def send(self, **_: Any) -> Any:
        if self._call.is_async:
            return self._asend()
        return self._seen(self._call.exchange({}))

    async def _asend(self) -> Any:
        return self._seen(await self._call.aexchange({}))

    def _seen(self, raw: Any) -> Any:
        """The response; of one that is still to be read LiteLLM has an empty one."""
        response = raw.http_response
        if not (self._call.unread or self._call.stream):
            return response
        return type(response)(response.status_code, request=response.request)


def passage_arguments(call: Exchange) -> dict[str, Any]:
    """What LiteLLM is told, besides whom the request is for."""
    litellm = load_litellm()
    options = call.options
    body = options.json_data if isinstance(options.json_data, Mapping) else {}
    model = str(body.get("model") or "")
    # LiteLLM has a way to pass through for Azure; OpenAI's requests are the same.
    config = litellm.utils.ProviderConfigManager.get_provider_passthrough_config
    return {
        "method": options.method.upper(),
        "endpoint": options.url.partition("?")[0],
        "model": model,
        "client": PassageBack(call),
        "provider_config": config(provider=litellm.types.utils.LlmProviders.AZURE, model=model),
    }
