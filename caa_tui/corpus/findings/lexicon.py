"""All stories as sequences of word numbers, shared by the checks that compare words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.text import words_of


@dataclass(frozen=True)
class Lexicon:
    """Word `words[k]` has number k; row i of `rows` is text i as an array of these numbers."""

    words: tuple[str, ...]
    rows: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Lexicon:
        """Number the words of the texts in order of first appearance."""
        numbers: dict[str, int] = {}
        rows = []
        for text in texts:
            row = [numbers.setdefault(word, len(numbers)) for word in words_of(text)]
            rows.append(np.array(row, dtype=np.int64))
        return cls(tuple(numbers), tuple(rows))
