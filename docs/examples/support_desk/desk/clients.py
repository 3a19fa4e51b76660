"""The client that the whole desk shares."""

from openai import OpenAI

client = OpenAI(timeout=20, max_retries=1)
