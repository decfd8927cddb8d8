"""How a text becomes words to be found by, and a question becomes words to look for: pure.

Chinese is cut into words of two characters (杭州晴川 → 杭州 州晴 晴川 川), which find every phrase of two characters and more; a single
character is found as the beginning of a word. Latin letters and digits stay together and are found by their beginning. A name can also
be found by its pinyin, whole (qingchuan) or by initials (hzqc, qc).
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

_RUNS: Final = re.compile(r"[\u3400-\u9fff]+|[0-9a-z]+")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_BETWEEN: Final = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
PINYIN_STARTS: Final = (
    12  # initials are kept from each of the first characters on, so that a trade name is found without its place
)
LONGEST_INITIALS: Final = 10
LONGEST_QUESTION: Final = 40

Spell = Callable[[str], str]  # a Chinese character → its pinyin without tone


@dataclass(frozen=True, slots=True)
class Word:
    """One word to look for: exactly, or as a beginning."""

    text: str
    beginning: bool = False


def normal(text: str) -> str:
    """A text in the one form in which texts are compared: half-width, lower case, no spaces between Chinese characters."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).lower())


def words_of(text: str, spell: Spell | None = None) -> list[str]:
    """The words a text is found by; with `spell`, the pinyin of its Chinese too."""
    words: dict[str, None] = {}
    for run in _RUNS.findall(normal(text)):
        if _HAN.match(run):
            words.update(dict.fromkeys(_pairs(run)))
            words[run[-1]] = None
            if spell:
                words.update(dict.fromkeys(_spelled(run, spell)))
        else:
            words[run] = None
    return list(words)


def words_asked(question: str) -> list[Word]:
    """What to look for: every word must be there. Empty when the question holds nothing to look for."""
    asked: dict[Word, None] = {}
    for run in _RUNS.findall(normal(question)[:LONGEST_QUESTION]):
        if not _HAN.match(run) or len(run) == 1:
            asked[Word(run, beginning=True)] = None
        else:
            asked.update(dict.fromkeys(Word(pair) for pair in _pairs(run)))
    return list(asked)


def phrases_asked(question: str) -> list[str]:
    """The Chinese of a question that its words of two characters do not settle: it must stand in the text as it is."""
    runs = _RUNS.findall(normal(question)[:LONGEST_QUESTION])
    return [run for run in dict.fromkeys(runs) if _HAN.match(run) and len(run) > 2]


def marked(title: str, question: str) -> list[tuple[str, bool]]:
    """A title in pieces, each with whether it is what was asked for; together they are the title.

    What was found by its pinyin has nothing to mark.
    """
    plain = "".join(_one_for_one(letter) for letter in title)
    hit = bytearray(len(title))
    for part in _RUNS.findall(normal(question)[:LONGEST_QUESTION]):
        at = plain.find(part)
        while at >= 0:
            if _HAN.match(part) or at == 0 or not re.match(r"[0-9a-z]", plain[at - 1]):
                hit[at : at + len(part)] = b"\x01" * len(part)
            at = plain.find(part, at + 1)
    pieces: list[tuple[str, bool]] = []
    for is_hit, letters in groupby(zip(title, hit, strict=True), key=itemgetter(1)):
        pieces.append(("".join(letter for letter, _hit in letters), bool(is_hit)))
    return pieces


def _one_for_one(letter: str) -> str:
    """A letter in the form in which texts are compared, when that is one letter too: places must not shift."""
    folded = unicodedata.normalize("NFKC", letter).lower()
    return folded if len(folded) == 1 else letter


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _spelled(run: str, spell: Spell) -> list[str]:
    sounds = [spell(letter) for letter in run]
    initials = "".join(sound[:1] for sound in sounds)
    starts = range(min(len(run), PINYIN_STARTS))
    whole = ["".join(sounds[at : at + 4]) for at in starts]
    return [*(initials[at : at + LONGEST_INITIALS] for at in starts if len(initials) - at > 1), *whole]
