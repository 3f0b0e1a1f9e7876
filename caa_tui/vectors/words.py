"""What the words of the stories give away without any model: a bag of words, held out as the activations are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.text import words_of
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Grouping
from caa_tui.vectors.stories import LayerStories

Array = NDArray[np.float64]

MOST_WORDS = 4_096
"""The vocabulary is cut to the words of most texts; rarer ones tell single stories apart, not concepts."""


def word_values(rows: Sequence[StoryRow]) -> Array:
    """(rows, words): tf-idf with `1 + log(count)` and `log(texts / texts with the word)`, each row of length 1 or 0.

    Words that stand in one different text only, or in every one, are left out. Source: Salton and Buckley (1988),
    Term-weighting approaches in automatic text retrieval.
    """
    counts = {text: Counter(words_of(text)) for text in dict.fromkeys(row.text for row in rows)}
    spread = Counter(word for found in counts.values() for word in found)
    shared = [word for word, texts in spread.items() if 1 < texts < len(counts)]
    vocabulary = sorted(shared, key=lambda word: (-spread[word], word))[:MOST_WORDS]
    columns = {word: (column, log(len(counts) / spread[word])) for column, word in enumerate(vocabulary)}
    lines = {text: line for line, text in enumerate(counts)}
    values = np.zeros((len(counts), len(vocabulary)))
    for line, found in zip(values, counts.values(), strict=True):
        told = [(*columns[word], times) for word, times in found.items() if word in columns]
        if told:
            places, weights, times = zip(*told, strict=True)
            line[list(places)] = (1.0 + np.log(times)) * weights
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    values = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    by_row: Array = values[[lines[row.text] for row in rows]]
    return by_row


def word_stories(rows: Sequence[StoryRow], grouping: Grouping) -> LayerStories:
    """The texts' words, to be asked like the activations of a layer (`held_out_scores`): where they tell a concept
    apart as well, the vector may read the words of the stories and not their feeling."""
    return LayerStories(word_values(rows), grouping, {group.concept: group for group in grouping.groups})
