"""What is said of a corpus as a whole."""

from __future__ import annotations

import pytest

from caa_tui.vectors.notes import words_note

HEAD = "Held out, words alone tell {} of the pairs of stories apart and the model at layer 20 {}"


@pytest.mark.parametrize(
    ("words", "model", "said"),
    [
        ({"a": 0.6, "b": 0.5}, {"a": 0.7, "b": 0.8}, HEAD.format(".55", ".75") + "."),
        (
            {"a": 0.9, "b": 0.7},
            {"a": 0.8, "b": 0.8},
            HEAD.format(".80", ".80") + ": the vectors may read the words and not the feeling; tell it in other words.",
        ),
        (
            {"a": 0.9, "b": 0.3},
            {"a": 0.9, "b": 0.8},
            HEAD.format(".60", ".85") + ".",
        ),
        ({"a": 0.7, "b": 0.3}, {"a": 0.6, "b": 0.8}, HEAD.format(".50", ".70") + "."),
        ({"a": 0.7, "b": None, "c": 0.1}, {"a": 0.8, "b": 0.1, "c": None}, HEAD.format(".70", ".80") + "."),
        ({"a": None}, {"a": 0.5}, None),
        ({}, {}, None),
    ],
)
def test_words_beside_the_model(
    words: dict[str, float | None], model: dict[str, float | None], said: str | None
) -> None:
    assert words_note(words, model, "20") == said
