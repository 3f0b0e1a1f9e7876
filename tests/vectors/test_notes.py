"""What is said of a corpus as a whole."""

from __future__ import annotations

import pytest

from caa_tui.vectors.lengths import LengthBias
from caa_tui.vectors.notes import length_note, words_note

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
            HEAD.format(".60", ".85") + "; words tell a as well as the model does, so tell it in other words.",
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


def test_the_clearest_length_is_said_with_its_numbers() -> None:
    long, short = LengthBias("grief", 0.95, 180, 128), LengthBias("joy", 0.1, 1100, 2300)
    assert length_note([long, short]) == (
        "Length alone gives grief, joy away: the stories of grief are longer than what they are compared with "
        "(180 words against 128); tell them at the same length."
    )
    assert "joy are shorter" in str(length_note([short]))
    assert "(1,100 words against 2,300)" in str(length_note([short]))
    assert "a, b, c and 2 more away" in str(length_note([LengthBias(name, 0.9, 2, 1) for name in "abcde"]))
    assert length_note([]) is None
