"""Texts to token ids, and ids to batches of fixed shape.

The bits of a row depend on the shape of its batch (matrix kernels are chosen by it), not on its neighbours. So the
shape is a function of the text alone: its length rounded up to a step, times as many rows as the token budget takes,
filled up with dummy rows. A row computed alone after an edit then equals the same row computed among many. In a
mixture of experts the neighbours still decide how many tokens an expert gets at once: there, equal up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caa_tui.activations.options import BatchShape
from caa_tui.errors import UserError


@dataclass(frozen=True, slots=True)
class TokenText:
    """One text as the model reads it."""

    index: int
    """Position in the list that was tokenised."""
    ids: tuple[int, ...]
    """Special tokens included, at most the longest length."""
    truncated: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts of one padded length."""

    texts: tuple[TokenText, ...]
    rows: int
    """Rows of the forward pass; those beyond the texts are dummies."""
    length: int
    """Padded length."""

    def ids(self, pad: int) -> NDArray[np.int64]:
        """(rows, length), right-padded."""
        ids = np.full((self.rows, self.length), pad, dtype=np.int64)
        for row, text in enumerate(self.texts):
            ids[row, : len(text.ids)] = text.ids
        return ids

    def lengths(self) -> NDArray[np.int64]:
        """(rows,) real tokens; a dummy row has 1."""
        return np.array([len(text.ids) for text in self.texts] + [1] * (self.rows - len(self.texts)), dtype=np.int64)


def tokenise(tokenizer: Any, texts: Sequence[str], max_length: int, vocabulary: int) -> list[TokenText]:
    """Token ids with the tokenizer's own special tokens, cut on the right to `max_length`.

    Raises:
        UserError: a text without tokens, or ids the model has no embedding for.
    """
    rows = tokenizer(list(texts), add_special_tokens=True, padding=False, truncation=False, verbose=False)["input_ids"]
    result = []
    for index, ids in enumerate(rows):
        truncated = len(ids) > max_length
        if truncated:
            # Cut by the tokenizer: it knows which special tokens stay at the end.
            ids = tokenizer(texts[index], add_special_tokens=True, truncation=True, max_length=max_length)["input_ids"]
        if not ids:
            raise UserError(f"Text {index + 1} has no token for this model; write something in it.")
        if max(ids) >= vocabulary:
            raise UserError(
                "The tokenizer does not belong to this model (it has more tokens); download the model again."
            )
        result.append(TokenText(index, tuple(ids), truncated))
    return result


def padded_length(tokens: int, step: int, context: int | None) -> int:
    """`tokens` rounded up to a multiple of `step`, but not beyond the positions the model has."""
    rounded = -(-tokens // step) * step
    return rounded if context is None else max(tokens, min(rounded, context))


def plan_batches(texts: Sequence[TokenText], shape: BatchShape, context: int | None) -> list[Batch]:
    """All texts in batches of fixed shape, the longest first: memory runs out at once or never."""
    by_length: dict[int, list[TokenText]] = {}
    for text in texts:
        by_length.setdefault(padded_length(len(text.ids), shape.step, context), []).append(text)
    batches = []
    for length in sorted(by_length, reverse=True):
        group, rows = by_length[length], max(1, shape.tokens // length)
        batches += [Batch(tuple(group[at : at + rows]), rows, length) for at in range(0, len(group), rows)]
    return batches
