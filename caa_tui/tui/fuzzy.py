"""Matching what was typed against names. Textual's own matcher tries every way the letters can fall, which can take
seconds on one long name; this one looks once and says how good the fit is in steps a reader would agree with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum


class Fit(IntEnum):
    """How well a name fits; the weakest word of the query decides."""

    SCATTERED = 1
    """The letters are there, in order, with others between them: often by chance."""
    INSIDE = 2
    """In one piece, in the middle of a word."""
    WORD_START = 3
    WHOLE_WORD = 4


@dataclass(frozen=True, slots=True)
class Match:
    """A name that fits, and where."""

    fit: Fit
    closeness: float
    """Between 0 and 1, for names of the same fit: how much of the name was typed."""
    spans: tuple[tuple[int, int], ...]
    """Start and end of the parts that were typed."""


class Query:
    """What was typed; its words may fit in any order. Names are given in lower case."""

    def __init__(self, text: str) -> None:
        self._words = tuple(_Word(word) for word in dict.fromkeys(text.lower().split()))
        self._letters = sum(len(word.text) for word in self._words)

    def match(self, name: str) -> Match | None:
        """How and where a name fits; None: a word of the query is not in it."""
        fit = self.fit(name)
        if fit is None:
            return None
        spans = sorted(span for word in self._words for span in word.spans(name))
        return Match(fit, self.closeness(name), tuple(spans))

    def fit(self, name: str) -> Fit | None:
        """How a name fits; the quick half of `match`, for ten thousand names at every key."""
        worst: Fit | None = None
        for word in self._words:
            fit = word.fit(name)
            if fit is None:
                return None
            if worst is None or fit < worst:
                worst = fit
        return worst

    def closeness(self, name: str) -> float:
        return self._letters / max(self._letters, len(name))


class _Word:
    """One word of the query."""

    def __init__(self, text: str) -> None:
        self.text = text
        start = rf"(?<![^\W_]){re.escape(text)}"
        self._starts, self._whole = re.compile(start), re.compile(rf"{start}(?![^\W_])")

    def fit(self, name: str) -> Fit | None:
        """The best fit of the word in a name."""
        if self.text not in name:
            return Fit.SCATTERED if self._letters(name) else None
        if not self._starts.search(name):
            return Fit.INSIDE
        return Fit.WHOLE_WORD if self._whole.search(name) else Fit.WORD_START

    def spans(self, name: str) -> list[tuple[int, int]]:
        """Where the word is, at its best place."""
        found = self._whole.search(name) or self._starts.search(name)
        if found:
            return [found.span()]
        place = name.find(self.text)
        return self._letters(name) if place < 0 else [(place, place + len(self.text))]

    def _letters(self, name: str) -> list[tuple[int, int]]:
        """The first place of each letter behind the one before; empty when one is missing."""
        spans, start = [], 0
        for letter in self.text:
            start = name.find(letter, start) + 1
            if not start:
                return []
            spans.append((start - 1, start))
        return spans
