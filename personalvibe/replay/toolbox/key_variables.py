"""The variables of the environment in which the keys of providers usually are."""

from __future__ import annotations

_VARIABLES = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "azure": ("AZURE_API_KEY",),
    "bedrock": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "cohere": ("COHERE_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks": ("FIREWORKS_AI_API_KEY",),
    "gemini": ("GEMINI_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "huggingface": ("HF_TOKEN",),
    "mistral": ("MISTRAL_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY",),
    "together": ("TOGETHERAI_API_KEY",),
    "vertex": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "xai": ("XAI_API_KEY",),
}


def variables_of(provider: str) -> tuple[str, ...]:
    """Empty for a provider that needs none, or that nobody knows."""
    return _VARIABLES.get(provider, ())
