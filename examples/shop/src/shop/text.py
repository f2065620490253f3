"""Texts of products and reviews."""

import re
from typing import List


def slug(title: str, max_length: int = 40) -> str:
    """The part of a product's address that people can read.

    >>> slug('Blue Shoes, size 42')
    'blue-shoes-size-42'
    """
    words = re.findall(r"[a-z0-9]+", title.lower())
    result = "-".join(words)
    if len(result) > max_length:
        result = result[:max_length].rsplit("-", 1)[0]
    return result


def shorten(text: str, width: int = 20) -> str:
    """Cuts a text at a word and marks the cut with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= width:
        return text
    if width < 4:
        return text[:width]
    cut = text[: width - 3]
    if " " in cut:
        cut = cut[: cut.rindex(" ")]
    return cut + "..."


def stars(rating: float) -> str:
    """A rating from 0 to 5 as five signs.

    >>> stars(3.2)
    '***..'
    """
    if not 0 <= rating <= 5:
        raise ValueError("rating must be between 0 and 5")
    full = int(rating + 0.5)
    return "*" * full + "." * (5 - full)


def search_terms(query: str) -> List[str]:
    """The words to search for: lower case, each once, no word of one letter, in their order."""
    seen: List[str] = []
    for word in query.lower().split():
        word = word.strip(".,;:!?")
        if len(word) > 1 and word not in seen:
            seen.append(word)
    return seen
