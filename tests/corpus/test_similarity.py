"""The inverted index against comparing every text with every other."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from caa_tui.corpus.similarity import similar_pairs

Rows = list[NDArray[np.int64]]


def naive(rows: Rows, resemblance: float, containment: float, size: int) -> dict[tuple[int, int], float]:
    sets = [{tuple(row[i : i + 5].tolist()) for i in range(len(row) - 4)} for row in rows]
    found = {}
    for i, a in enumerate(sets):
        for j, b in enumerate(sets[:i]):
            shorter = min(len(a), len(b))
            if not shorter:
                continue
            jaccard = len(a & b) / len(a | b)
            if jaccard >= resemblance or (shorter >= size and len(a & b) / shorter >= containment):
                found[j, i] = jaccard
    return found


def as_rows(texts: list[list[int]]) -> Rows:
    return [np.array(text, dtype=np.int64) for text in texts]


def assert_same(rows: Rows, resemblance: float = 0.5, containment: float = 0.8, size: int = 6) -> None:
    pairs = similar_pairs(rows, resemblance, containment, size)
    got = {(pair.first, pair.second): pair.resemblance for pair in pairs}
    assert len(got) == len(pairs)
    assert got == pytest.approx(naive(rows, resemblance, containment, size))


_text = st.lists(st.integers(0, 3), max_size=30)
_copy = st.tuples(st.integers(0, 14), st.integers(0, 29))


@settings(max_examples=200, deadline=None)
@given(
    texts=st.lists(_text, max_size=15), copies=st.lists(st.tuples(st.integers(0, 14), st.integers(0, 29)), max_size=6)
)
def test_small_corpora(texts: list[list[int]], copies: list[tuple[int, int]]) -> None:
    for source, change in copies:
        if texts:
            copy = list(texts[source % len(texts)])
            copy[change : change + 1] = [9]
            texts.append(copy)
    if len(texts) <= 24:
        assert_same(as_rows(texts))


def test_a_few_hundred_tellings() -> None:
    rnd = random.Random(7)
    texts = []
    for _ in range(12):
        facts = [[rnd.randrange(500) for _ in range(10)] for _ in range(5)]
        for _ in range(12):
            own = [[rnd.randrange(500) for _ in range(rnd.randrange(5, 30))] for _ in range(3)]
            texts.append([word for part in rnd.sample(facts + own, 7) for word in part])
    for index in range(0, len(texts), 10):
        texts.append([word if rnd.random() > 0.08 else 999 for word in texts[index]])
    assert_same(as_rows(texts), size=20)
    assert_same(as_rows(texts), resemblance=0.2, size=20)


def test_boilerplate_in_every_text_hides_no_copy() -> None:
    rnd = random.Random(3)
    boilerplate = list(range(1000, 1040))
    texts = [boilerplate + [rnd.randrange(900) for _ in range(120)] for _ in range(200)]
    texts += [[*texts[5][:-1], 0], [*texts[77][:-2], 0, 0]]
    assert_same(as_rows(texts), size=20)


def test_a_family_of_copies_stays_connected() -> None:
    rnd = random.Random(5)
    template = [rnd.randrange(900) for _ in range(100)]
    texts = [[word if rnd.random() > 0.01 else rnd.randrange(900) for word in template] for _ in range(300)]
    pairs = similar_pairs(as_rows(texts), 0.5, 0.8, 20)
    reached = {0}
    for pair in sorted(pairs, key=lambda pair: pair.first):
        if pair.first in reached or pair.second in reached:
            reached |= {pair.first, pair.second}
    assert reached == set(range(300))
    assert len(pairs) < 300 * 299 / 2


def test_nothing_to_compare() -> None:
    assert similar_pairs([], 0.5, 0.8, 20) == []
    assert similar_pairs(as_rows([[], [1, 2], [1, 2]]), 0.5, 0.8, 20) == []
