"""Answers customers with OpenAI's models."""
