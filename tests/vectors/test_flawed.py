"""The corpora of tests/bench/flaws.py have the flaw they say, and text alone shows two of them."""

from __future__ import annotations

import numpy as np
import pytest
from flawed import FLAWS, Flawed, append, copy, double, merge, sound_rows, swap

from caa_tui.vectors.data import Activations
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.train import train_vectors
from caa_tui.vectors.triage import flag_report

ROWS = sound_rows()
BEFORE = {row.path: row for row in ROWS}


def made(number: int, seed: int = 0) -> Flawed:
    return FLAWS[number](ROWS, np.random.default_rng([seed, number]))


@pytest.mark.parametrize("number", range(len(FLAWS)))
def test_the_same_seed_makes_the_same_flaw(number: int) -> None:
    assert made(number) == made(number)
    assert made(number, 1) != made(number, 2)
    assert all(BEFORE.get(row.path) == row for row in made(number).rows if row.path not in made(number).right)


def test_exchanged_labels_keep_the_texts() -> None:
    flawed = swap(ROWS, np.random.default_rng(3))
    assert [row.text for row in flawed.rows] == [row.text for row in ROWS]
    changed = {row.path: row.concept for row in flawed.rows if row.concept != BEFORE[row.path].concept}
    assert changed.keys() == flawed.right
    assert len({BEFORE[path].scenario for path in changed}) == 1
    assert set(changed.values()) == {BEFORE[path].concept for path in changed} == set(flawed.concepts)


def test_a_merged_concept_is_gone() -> None:
    flawed = merge(ROWS, np.random.default_rng(3))
    gone = {BEFORE[path].concept for path in flawed.right}
    assert len(gone) == 1
    assert not gone & {row.concept for row in flawed.rows}
    assert {row.concept for row in flawed.rows if row.path in flawed.right} == set(flawed.concepts)


def test_a_copy_is_nearly_the_same() -> None:
    flawed = copy(ROWS, np.random.default_rng(3))
    copies = [row for row in flawed.rows if row.path not in BEFORE]
    assert len(copies) * 2 == len(flawed.right)
    for row in copies:
        original = BEFORE[row.path.replace("_again", "")].text
        assert row.text != original
        assert 0.6 * len(original) < len(row.text) <= 1.1 * len(original)


def test_rewritten_concepts_are_rewritten_as_a_whole() -> None:
    ended, long = append(ROWS, np.random.default_rng(3)), double(ROWS, np.random.default_rng(3))
    after = {row.path: row.text for row in ended.rows}
    assert len({after[path].removeprefix(BEFORE[path].text) for path in ended.right}) == 1
    words = {row.path: len(row.text.split()) for row in long.rows}
    ratios = [words[path] / len(BEFORE[path].text.split()) for path in long.right]
    assert 1.8 < np.mean(ratios) < 2.2
    assert {row.concept for row in ROWS if row.path in long.right} == set(long.concepts)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("number", [FLAWS.index(append), FLAWS.index(double)])
def test_what_the_texts_alone_show_needs_no_model(number: int, seed: int) -> None:
    flawed = made(number, seed)
    values = np.random.default_rng(seed).standard_normal((len(flawed.rows), 16)).astype(np.float32)
    acts = Activations(flawed.rows, (4,), {4: values})
    vectors = train_vectors(acts)
    report = flag_report(acts, vectors, quality_report(acts, vectors))
    flags = [flag for flag in report.flags if flag.kind == "confounded"]
    assert {flag.concept for flag in flags} == set(flawed.concepts)
    assert all(flag.confirmed for flag in flags)
    assert {one.path for one in flags[0].evidence[:3]} <= flawed.right
