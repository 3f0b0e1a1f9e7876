"""Numbered names in the order people expect."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from caa_tui.corpus.natural import natural_key


def test_numbers_count_as_numbers() -> None:
    names = ["scene_1", "scene_2", "scene_10", "scene_10b", "scene_a", "Scene_b"]
    shuffled = random.Random(3).sample(names, len(names))
    assert sorted(shuffled, key=natural_key) == names


def test_names_that_count_the_same_keep_one_order() -> None:
    assert sorted(["scene_2", "scene_02"], key=natural_key) == ["scene_02", "scene_2"]


@given(st.lists(st.text(max_size=12), unique=True))
def test_any_names_can_be_sorted_and_no_two_are_equal(names: list[str]) -> None:
    assert len({natural_key(name) for name in names}) == len(names)
    backwards = sorted(names, key=natural_key, reverse=True)
    assert sorted(names, key=natural_key) == backwards[::-1]
