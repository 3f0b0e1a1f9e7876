"""Which words two tellings share, in order: what to mark when one stands beside the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from caa_tui.corpus.text import UNSPACED

MOST_WORDS = 2_000
"""Of one text; comparing longer ones would take seconds."""
EXACT_PAIRS = 40_000
"""About what two English texts of `MOST_WORDS` have; texts of few different words would take minutes."""
PHRASE_WORDS = 3
"""Shared words in a row that are worth pointing at: single ones are shared by any two texts."""

_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:['’][^\W_{UNSPACED}]+)*")

Spans = tuple[tuple[int, int], ...]
"""(start, end) offsets of characters, ascending, not overlapping."""


@dataclass(frozen=True, slots=True)
class WordDiff:
    """Two texts, `left` and `right`, word by word; capital letters and punctuation do not count."""

    alike: float
    """Share of the words of both that stand in the other too, in the same order: 0 to 1."""
    only_left: Spans
    only_right: Spans
    shared_left: Spans
    """Passages of `PHRASE_WORDS` or more words that the other text has too."""
    shared_right: Spans


def word_diff(left: str, right: str) -> WordDiff | None:
    """Compare two texts; None when one has no word or more than `MOST_WORDS`."""
    one, other = list(_WORD.finditer(left)), list(_WORD.finditer(right))
    if not 0 < len(one) <= MOST_WORDS or not 0 < len(other) <= MOST_WORDS:
        return None
    matcher = _matcher(_folded(one), _folded(other))
    only_left, only_right, shared_left, shared_right = [], [], [], []
    equal = 0
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            only_left += _span(one, i1, i2)
            only_right += _span(other, j1, j2)
            continue
        equal += i2 - i1
        if i2 - i1 >= PHRASE_WORDS:
            shared_left += _span(one, i1, i2)
            shared_right += _span(other, j1, j2)
    alike = 2 * equal / (len(one) + len(other))
    return WordDiff(alike, tuple(only_left), tuple(only_right), tuple(shared_left), tuple(shared_right))


def _matcher(one: list[str], other: list[str]) -> SequenceMatcher[str]:
    """Exact, unless so many pairs of words are equal that it would take seconds: then frequent words are no anchors."""
    times = Counter(other)
    return SequenceMatcher(None, one, other, autojunk=sum(times[word] for word in one) > EXACT_PAIRS)


def _folded(words: Sequence[re.Match[str]]) -> list[str]:
    return [word.group().casefold() for word in words]


def _span(words: Sequence[re.Match[str]], start: int, end: int) -> list[tuple[int, int]]:
    return [(words[start].start(), words[end - 1].end())] if end > start else []
