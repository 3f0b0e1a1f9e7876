"""Which texts share most of their phrases, for ten thousand texts in about a second.

Two texts are compared by their shingles, the sets of five consecutive words (Broder, "On the resemblance and
containment of documents", 1997). A shared shingle makes a pair a candidate; resemblance and containment of every
candidate are exact. An inverted index, made by sorting, finds the pairs: texts that share nothing cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS = 5

_WIDE = 24
"""A shingle in more texts than this pairs each text only with the next `_REACH`: otherwise a boilerplate sentence
in n texts would make n² candidates. Copies still meet, through one of their other shingles or as neighbours."""
_REACH = 4

Shingles = NDArray[np.uint64]
Indexes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Texts `first` < `second` (indexes) and how much they share."""

    first: int
    second: int
    resemblance: float
    """Shared shingles / all shingles of both (Jaccard)."""
    containment: float
    """Shared shingles / shingles of the shorter text."""


def similar_pairs(
    rows: Sequence[NDArray[np.int64]],
    resemblance: float,
    containment: float,
    contained_shingles: int,
) -> list[SimilarPair]:
    """Pairs of texts that reach `resemblance`, or `containment` when the shorter has `contained_shingles` or more.

    Args:
        rows: each text as an array of word numbers. Texts under five words are not compared.
    """
    shingles = [shingles_of(row) for row in rows]
    first, second, most = _candidates(shingles)
    sizes = np.array([row.size for row in shingles], np.int64)
    a, b = sizes[first], sizes[second]
    shorter = np.minimum(a, b)
    resembling = most >= resemblance * (a + b - most)
    contained = (most >= containment * shorter) & (shorter >= contained_shingles)
    worth_counting = np.flatnonzero(resembling | contained)
    found = []
    for one, other in zip(first[worth_counting].tolist(), second[worth_counting].tolist(), strict=True):
        pair = _compare(shingles, one, other)
        if _is_similar(pair, min(sizes[one], sizes[other]), resemblance, containment, contained_shingles):
            found.append(pair)
    return found


@dataclass(frozen=True, slots=True)
class PhraseIndex:
    """Shingles of many texts, to compare one more text with all of them in well under a millisecond."""

    hashes: Shingles
    """Of all texts, ascending."""
    texts: Indexes
    """Whose shingle stands at the same place in `hashes`."""
    sizes: Indexes
    """Shingles of each text."""

    @classmethod
    def of(cls, shingles: Sequence[Shingles]) -> PhraseIndex:
        """`shingles`: what `shingles_of` gives for each text."""
        hashes = np.concatenate([np.empty(0, np.uint64), *shingles])
        sizes = np.array([row.size for row in shingles], np.int64)
        texts = np.repeat(np.arange(len(shingles)), sizes)
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], texts[order], sizes)

    def similar_to(
        self, shingles: Shingles, resemblance: float, containment: float, contained_shingles: int
    ) -> list[SimilarPair]:
        """What `similar_pairs` says of a text and each of those here; `first` is this text's would-be number."""
        starts, ends = np.searchsorted(self.hashes, shingles), np.searchsorted(self.hashes, shingles, "right")
        found = [
            self.texts[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True) if end > start
        ]
        if not found:
            return []
        shared = np.bincount(np.concatenate(found), minlength=self.sizes.size)
        pairs = []
        for other in np.flatnonzero(shared).tolist():
            common, size = int(shared[other]), int(self.sizes[other])
            shorter = min(size, shingles.size)
            pair = SimilarPair(self.sizes.size, other, common / (shingles.size + size - common), common / shorter)
            if _is_similar(pair, shorter, resemblance, containment, contained_shingles):
                pairs.append(pair)
        return pairs


def _is_similar(
    pair: SimilarPair, shorter: int, resemblance: float, containment: float, contained_shingles: int
) -> bool:
    return pair.resemblance >= resemblance or (pair.containment >= containment and shorter >= contained_shingles)


def _compare(shingles: Sequence[Shingles], first: int, second: int) -> SimilarPair:
    a, b = shingles[first], shingles[second]
    shared = np.intersect1d(a, b, assume_unique=True).size
    return SimilarPair(first, second, shared / (a.size + b.size - shared), shared / min(a.size, b.size))


def shingles_of(row: NDArray[np.int64]) -> Shingles:
    """The distinct five-word sequences of a text as sorted 64-bit hashes (a collision needs ~2^32 shingles)."""
    count = row.size - SHINGLE_WORDS + 1
    if count < 1:
        return np.empty(0, np.uint64)
    words = _mixed(row.astype(np.uint64))
    hashes = np.zeros(count, np.uint64)
    for offset in range(SHINGLE_WORDS):
        hashes = _mixed(hashes + words[offset : offset + count])
    return np.unique(hashes)


def _mixed(values: Shingles) -> Shingles:
    """The finaliser of splitmix64: every input bit reaches every output bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Texts that have a shingle in common: group g is `texts[starts[g] : starts[g] + counts[g]]`, ascending."""

    texts: Indexes
    starts: Indexes
    counts: Indexes

    def only(self, chosen: NDArray[np.bool_]) -> _Groups:
        return _Groups(self.texts, self.starts[chosen], self.counts[chosen])

    def pairs(self, reach: int, total: int) -> Indexes:
        """Members at most `reach` places apart, as `first * total + second`, once for each group they share."""
        keys = [np.empty(0, np.int64)]
        for distance in range(1, reach + 1):
            lengths = np.maximum(self.counts - distance, 0)
            inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            left = np.repeat(self.starts, lengths) + inside
            keys.append(self.texts[left] * total + self.texts[left + distance])
        return np.concatenate(keys)

    def per_text(self, total: int) -> Indexes:
        """In how many groups each text is."""
        inside = np.arange(self.counts.sum()) - np.repeat(np.cumsum(self.counts) - self.counts, self.counts)
        members = self.texts[np.repeat(self.starts, self.counts) + inside]
        return np.bincount(members, minlength=total)


def _candidates(shingles: Sequence[Shingles]) -> tuple[Indexes, Indexes, Indexes]:
    """Pairs that share a shingle (first, second), and how many they can share at most."""
    total = len(shingles)
    groups = _shared_shingles(shingles)
    wide = groups.only(groups.counts > _WIDE)
    keys, counted = np.unique(groups.only(groups.counts <= _WIDE).pairs(_WIDE - 1, total), return_counts=True)
    neighbours = np.setdiff1d(wide.pairs(_REACH, total), keys)
    keys = np.concatenate([keys, neighbours])
    counted = np.concatenate([counted, np.zeros_like(neighbours)])
    first, second = keys // max(total, 1), keys % max(total, 1)
    uncounted = wide.per_text(total)
    return first, second, counted + np.minimum(uncounted[first], uncounted[second])


def _shared_shingles(shingles: Sequence[Shingles]) -> _Groups:
    """The inverted index, without the shingles that only one text has."""
    hashes = np.concatenate([np.empty(0, np.uint64), *shingles])
    texts = np.repeat(np.arange(len(shingles)), [row.size for row in shingles])
    order = np.argsort(hashes, kind="stable")
    hashes, texts = hashes[order], texts[order]
    starts = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]) != 0)
    counts = np.diff(np.append(starts, hashes.size))
    return _Groups(texts, starts, counts).only(counts > 1)
