"""What words alone tell apart."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from caa_tui.vectors import words
from caa_tui.vectors.chance import held_out_scores
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.words import word_stories, word_values


def row(concept: str | None, text: str) -> StoryRow:
    return StoryRow(f"{concept}/{text}.txt", concept, None, text, text)


def naive_values(texts: list[str]) -> list[dict[str, float]]:
    """tf-idf of different texts, word by word."""
    bags = [text.lower().split() for text in texts]
    found = []
    for bag in bags:
        weights = {}
        for word in set(bag):
            having = sum(word in other for other in bags)
            if 1 < having < len(bags):
                weights[word] = (1 + math.log(bag.count(word))) * math.log(len(bags) / having)
        length = math.sqrt(sum(value**2 for value in weights.values()))
        found.append({word: value / length for word, value in weights.items()} if length else {})
    return found


def naive_score(positives: list[dict[str, float]], negatives: list[dict[str, float]]) -> float:
    """Every pair left out in turn."""

    def mean(bags: list[dict[str, float]]) -> dict[str, float]:
        return {word: sum(bag.get(word, 0.0) for bag in bags) / len(bags) for bag in bags for word in bag}

    wins = 0.0
    for i, j in product(range(len(positives)), range(len(negatives))):
        up = mean(positives[:i] + positives[i + 1 :])
        down = mean(negatives[:j] + negatives[j + 1 :])
        direction = {word: up.get(word, 0.0) - down.get(word, 0.0) for word in {*up, *down}}
        margin = sum(
            (positives[i].get(word, 0.0) - negatives[j].get(word, 0.0)) * value for word, value in direction.items()
        )
        wins += 0.5 if abs(margin) < 1e-12 else float(margin > 0)
    return wins / (len(positives) * len(negatives))


TEXTS = {
    "grief": ["the grave was cold and wet", "rain on the grave she wept", "she wept and wept by the cold bed"],
    "joy": [
        "she sang and the sun was warm",
        "warm bread and a song she sang",
        "the sun on the bread and the wet grass",
    ],
    None: ["the grass was wet", "bread on the bed"],
}
ROWS = [row(concept, text) for concept, texts in TEXTS.items() for text in texts]


def test_values_are_those_of_the_formula() -> None:
    values = word_values(ROWS)
    naive = naive_values([one.text for one in ROWS])
    assert np.allclose(values @ values.T, [[sum(a[w] * b.get(w, 0) for w in a) for b in naive] for a in naive])
    assert np.allclose(np.linalg.norm(values, axis=1), 1)


def test_equal_texts_have_equal_rows_and_count_once() -> None:
    again = [*ROWS, row("joy", TEXTS["grief"][0])]
    assert np.allclose(word_values(again)[: len(ROWS)], word_values(ROWS))
    assert np.array_equal(word_values(again)[-1], word_values(again)[0])


def test_words_of_one_text_and_of_every_text_say_nothing() -> None:
    values = word_values([row("a", "the unique"), row("b", "the other"), row("c", "the third")])
    assert values.shape == (3, 0)


def test_the_commonest_words_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST_WORDS", 2)
    kept = word_values([row("a", "x y z"), row("b", "x y"), row("c", "x y z"), row("d", "x"), row("e", "none")])
    assert kept.shape == (5, 2)
    assert np.array_equal(kept[4], [0, 0])


@pytest.mark.parametrize("concept", ["grief", "joy"])
def test_scores_leave_each_pair_out(concept: str) -> None:
    scores = held_out_scores(word_stories(ROWS, group_rows(ROWS)))
    naive = dict(zip([one.text for one in ROWS], naive_values([one.text for one in ROWS]), strict=True))
    positives = [naive[text] for text in TEXTS[concept]]
    negatives = [naive[one.text] for one in ROWS if one.concept != concept]
    assert scores[concept] == pytest.approx(naive_score(positives, negatives))


def test_one_text_has_no_score() -> None:
    rows = [*ROWS, row("awe", "the sun was cold")]
    assert held_out_scores(word_stories(rows, group_rows(rows)))["awe"] is None
