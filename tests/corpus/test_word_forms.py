"""Which words count as forms of a feeling word; precision first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caa_tui.corpus.findings.word_forms import roots


def are_forms(first: str, second: str) -> bool:
    """As the check of named concepts finds out."""
    return not roots(first).isdisjoint(roots(second))


@pytest.mark.parametrize(
    "family",
    [
        "anger angry angrily angered angrier",
        "sad sadness sadly",
        "joy joyful joyfully joyous joys",
        "lonely loneliness lonelier",
        "hopeful hope hoped hoping hopes hopefully",
        "guilty guilt guiltily",
        "jealous jealousy jealously",
        "envious envy enviously",
        "ashamed shame shameful",
        "amused amuse amusing amusement",
        "surprised surprise surprising surprisingly",
        "disgusted disgust disgusting",
        "trusting trust trusted trusts",
        "resentful resent resentment resented",
        "content contentment contented contentedly",
        "happy happiness happily happier",
        "bored boredom boring",
        "curious curiosity curiously",
        "confident confidence confidently",
        "nostalgic nostalgia",
        "serene serenity serenely",
        "frustrated frustration frustrating",
        "isolated isolation",
        "worried worry worries worrying",
        "scared scare scares",
        "trapped trap",
        "embarrassed embarrassment embarrassing embarrass",
        "belonging belong belonged",
        "tender tenderness tenderly",
        "hated hate hating hatred",
        "grateful gratitude",
    ],
)
def test_forms_of_each_other(family: str) -> None:
    first, *others = family.split()
    assert [word for word in others if not are_forms(first, word)] == []


@pytest.mark.parametrize(
    "pair",
    [
        "content contents",
        "content contention",
        "longing long",
        "numb number",
        "tender tend",
        "tender tenders",
        "kind kinds",
        "patient patients",
        "lonely lone",
        "playful play",
        "seen see",
        "ready read",
        "hated hat",
        "hoped hop",
        "caring car",
        "scared scar",
        "compassion compass",
        "passion pass",
        "grateful grate",
        "weary wear",
        "sad said",
        "awe awful",
        "joy enjoy",
        "stressed string",
        "generous general",
        "affection affect",
        "missed mis",
        "proud provided",
    ],
)
def test_look_alikes(pair: str) -> None:
    assert not are_forms(*pair.split())


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=15))
def test_a_word_is_a_form_of_itself(word: str) -> None:
    assert roots(word)
    assert are_forms(word, word)
