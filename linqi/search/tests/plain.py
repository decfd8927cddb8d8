"""What a search has to find, said without an index: the oracle of the tests and of bench/cases.py."""

import re
from collections.abc import Iterable

from linqi.search.rules import LONGEST_QUESTION, normal


def holds(text: str, words: Iterable[str], question: str) -> bool:
    """Whether a document answers a question: its Chinese stands in the text as asked, letters and digits begin a word of it."""
    words = list(words)
    parts = re.findall(r"[\u3400-\u9fff]+|[0-9a-z]+", normal(question)[:LONGEST_QUESTION])
    return all(part in text if part[0] >= "\u3400" else any(word.startswith(part) for word in words) for part in parts)
