"""Whose hosts these are, and the variables of the environment in which their keys usually are."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A provider, as far as one needs a key of it."""

    provider: str
    hosts: tuple[str, ...]
    """Patterns of names: ``*.openai.azure.com``."""
    variables: tuple[str, ...] = ()


def account_of(host: str) -> Account:
    """The provider of a host; a host that nobody knows is its own."""
    for one in _ACCOUNTS:
        if any(fnmatchcase(host, pattern) for pattern in one.hosts):
            return one
    return Account(provider=host, hosts=(host,))


def _account(provider: str, hosts: str, variables: str) -> Account:
    return Account(
        provider=provider, hosts=tuple(hosts.split()), variables=tuple(variables.split())
    )


_ACCOUNTS = (
    _account("openai", "*.openai.com", "OPENAI_API_KEY"),
    _account(
        "azure",
        "*.openai.azure.com *.cognitiveservices.azure.com *.services.ai.azure.com",
        "AZURE_API_KEY",
    ),
    _account("anthropic", "api.anthropic.com", "ANTHROPIC_API_KEY"),
    _account("gemini", "generativelanguage.googleapis.com", "GEMINI_API_KEY"),
    _account("vertex_ai", "*aiplatform.googleapis.com", "GOOGLE_APPLICATION_CREDENTIALS"),
    _account("bedrock", "bedrock*.amazonaws.com", "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"),
    _account("mistral", "*.mistral.ai", "MISTRAL_API_KEY"),
    _account("cohere", "api.cohere.com api.cohere.ai", "COHERE_API_KEY"),
    _account("groq", "api.groq.com", "GROQ_API_KEY"),
    _account("deepseek", "api.deepseek.com", "DEEPSEEK_API_KEY"),
    _account("xai", "api.x.ai", "XAI_API_KEY"),
    _account("openrouter", "openrouter.ai", "OPENROUTER_API_KEY"),
    _account("together_ai", "api.together.xyz api.together.ai", "TOGETHERAI_API_KEY"),
    _account("perplexity", "api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
    _account("fireworks_ai", "api.fireworks.ai", "FIREWORKS_AI_API_KEY"),
    _account("cerebras", "api.cerebras.ai", "CEREBRAS_API_KEY"),
    _account("voyage", "api.voyageai.com", "VOYAGE_API_KEY"),
    _account("huggingface", "*.huggingface.co", "HF_TOKEN"),
)
