"""Count the words of a text."""

from collections import Counter


def word_count(text: str) -> Counter[str]:
    return Counter(text.lower().split())
