"""What the words of the stories give away without any model: a bag of words, held out as the activations are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.text import words_of
from caa_tui.vectors.chance import held_out_scores
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
    columns = {word: column for column, word in enumerate(vocabulary)}
    weight = {word: np.log(len(counts) / spread[word]) for word in vocabulary}
    lines = {text: line for line, text in enumerate(counts)}
    values = np.zeros((len(counts), len(vocabulary)))
    for text, found in counts.items():
        for word, times in found.items():
            if word in columns:
                values[lines[text], columns[word]] = (1.0 + np.log(times)) * weight[word]
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    values = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    by_row: Array = values[[lines[row.text] for row in rows]]
    return by_row


def word_scores(rows: Sequence[StoryRow], grouping: Grouping) -> dict[str, float | None]:
    """Concept -> leave-pair-out AUROC of the difference of means over its words, like `held_out_scores` over a layer.

    None for fewer than two different texts on either side. Where it is as high as the activations' score, the vector
    may read the words of the stories and not their feeling.
    """
    groups = {group.concept: group for group in grouping.groups}
    return held_out_scores(LayerStories(word_values(rows), grouping, groups))
