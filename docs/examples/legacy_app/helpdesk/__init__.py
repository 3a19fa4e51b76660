"""Support tickets, answered with OpenAI models."""
