"""Whether a change is more than the noise, from two reports and what was edited."""

from __future__ import annotations

from math import sqrt

import msgspec
import pytest
from run_samples import LAYER, summary_of

from caa_tui.runs.change_noise import ScoreNoise, Verdict, change_noise, change_words
from caa_tui.runs.edits import ConceptEdit
from caa_tui.vectors.flags import ConceptSummary

KEY = str(LAYER)
ONE_OF_EIGHT = ConceptEdit(old=8, new=8, kept=7, gone=("a.txt",))
KNOWN: dict[str, float | None] = {
    "agreement": 0.05,
    "held_out": None,
    "first_pc": 0.03,
    "r_squared": 0.02,
    "nearest": 0.04,
    "nearest_neighbour": 0.06,
}


def summary(agreement: float | None, gain: float | None = None, near: str = "awe", **others: object) -> ConceptSummary:
    """Of joy; `gain`: what an ordinary story in place of a.txt gives."""
    gains = {} if gain is None else {"a.txt": {"agreement": gain}}
    return msgspec.structs.replace(
        summary_of("joy", 0.5),
        agreement={KEY: agreement},
        held_out={KEY: 0.8},
        nearest={KEY: (near, 0.25)},
        **({"noise": KNOWN, "gains": gains} | others),
    )


def agreement_noise(old: float, new: float, edit: ConceptEdit, gain: float | None = None) -> ScoreNoise:
    return change_noise(summary(old, gain), summary(new), KEY, {"joy": edit})["agreement"]


@pytest.mark.parametrize(
    ("now", "gain", "verdict"),
    [
        (0.34, None, "within noise"),
        (0.44, None, "more than noise"),
        (0.20, None, "more than noise"),
        (0.44, 0.02, "more than noise"),
        (0.44, 0.12, "as without the old"),
        (0.44, 0.20, "as without the old"),
        (0.34, 0.20, "within noise"),
        (0.20, 0.12, "more than noise"),
    ],
)
def test_a_change_is_more_than_noise_when_neither_the_old_nor_any_new_story_explains_it(
    now: float, gain: float | None, verdict: Verdict
) -> None:
    found = agreement_noise(0.31, now, ONE_OF_EIGHT, gain)
    assert found.half == pytest.approx(0.05)
    assert found.verdict == verdict
    assert found.ordinary == (None if gain is None else pytest.approx(0.31 + gain))


def test_more_edits_make_more_noise() -> None:
    three = agreement_noise(0.31, 0.38, ConceptEdit(old=8, new=8, kept=5))
    assert three.half == pytest.approx(0.05 * sqrt(3))
    assert three.verdict == "within noise"
    added = agreement_noise(0.31, 0.38, ConceptEdit(old=8, new=10, kept=8))
    assert added.half == pytest.approx(0.05 * 8 / sqrt(2) * sqrt(2 / (8 * 10)))


def test_a_removed_story_brings_nothing_new() -> None:
    removed = ConceptEdit(old=8, new=7, kept=7, gone=("a.txt",))
    assert agreement_noise(0.31, 0.40, removed, 0.08).verdict == "as without the old"


def test_nobody_chose_the_worst_where_most_were_replaced() -> None:
    edit = ConceptEdit(old=4, new=4, kept=1, gone=("a.txt", "b.txt", "c.txt"))
    assert agreement_noise(0.31, 0.90, edit, 0.2).ordinary is None


def test_what_has_no_noise() -> None:
    found = change_noise(summary(0.31), summary(0.34), KEY, {"joy": ONE_OF_EIGHT})
    assert found["held_out"] == ScoreNoise(verdict="too few stories")
    assert set(found) == {"agreement", "held_out", "nearest", "r_squared", "first_pc"}
    assert change_noise(summary(0.31), summary(0.34), KEY, {}) == {}
    assert change_noise(summary(0.31, noise={}), summary(0.34, noise={}), KEY, {"joy": ONE_OF_EIGHT}) == {}
    assert "agreement" not in change_noise(summary(None), summary(0.34), KEY, {"joy": ONE_OF_EIGHT})
    another = change_noise(summary(0.31), summary(0.34, near="calm"), KEY, {"joy": ONE_OF_EIGHT})
    assert "nearest" not in another
    longer = change_noise(summary(0.31), summary(0.34), KEY, {"joy": ConceptEdit(old=8, new=9, kept=8)})
    assert not {"first_pc", "r_squared"} & set(longer)


def test_after_an_older_report_the_new_one_tells_the_noise() -> None:
    found = change_noise(summary(0.31, noise={}), summary(0.34), KEY, {"joy": ONE_OF_EIGHT})
    assert found["agreement"].half == pytest.approx(0.05)


def test_the_nearest_cosine_moves_with_its_neighbour() -> None:
    still, other = ConceptEdit(old=8, new=8, kept=8), ConceptEdit(old=5, new=5, kept=4)
    both = change_noise(summary(0.31), summary(0.34), KEY, {"joy": ONE_OF_EIGHT, "awe": other})["nearest"]
    assert both.half == pytest.approx(sqrt(0.04**2 + 0.06**2))
    alone = change_noise(summary(0.31), summary(0.34), KEY, {"joy": still, "awe": other})
    assert set(alone) == {"nearest"}
    assert alone["nearest"].half == pytest.approx(0.06)


def test_in_words() -> None:
    def said(verdict: Verdict, gone: int = 1) -> str:
        noise = ScoreNoise(half=0.05, ordinary=0.41, verdict=verdict)
        return change_words("agreement", (0.31, 0.44), noise, gone)

    assert said("more than noise") == "agreement .31 to .44 (more than the noise of ±.05)"
    assert said("within noise") == "agreement .31 to .44 (within the noise of ±.05)"
    assert said("as without the old") == "agreement .31 to .44 (noise ±.05, but .41 without the old text)"
    assert said("as without the old", 3).endswith("but .41 without the 3 old texts)")
    assert said("too few stories") == "agreement .31 to .44 (too few stories to know the noise)"
    assert change_words("r_squared", (0.5, None), None, 0) == "R² .50 to -"
