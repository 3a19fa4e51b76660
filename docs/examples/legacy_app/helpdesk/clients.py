"""The clients, made once and shared by the whole package."""

import os
from functools import lru_cache

from openai import AsyncOpenAI, AzureOpenAI, OpenAI

MODEL = os.environ.get("HELPDESK_MODEL", "gpt-4o-mini")

client = OpenAI()
async_client = AsyncOpenAI(
    timeout=20.0,
    max_retries=1,  # the batch job has its own queue
)


@lru_cache(maxsize=None)
def search_client() -> OpenAI:
    """Embeddings are on Azure in production and at OpenAI everywhere else."""
    if os.environ.get("HELPDESK_AZURE") == "1":
        return AzureOpenAI(
            azure_endpoint=os.environ["AZURE_OPENAI_ENDPOINT"],
            api_key=os.environ["AZURE_OPENAI_API_KEY"],
            api_version="2024-10-21",
        )
    return OpenAI(default_headers={"X-Team": "helpdesk"})
