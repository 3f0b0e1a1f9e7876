"""What a flag says would help is what retraining gives, and is said only where these stories do more than others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_triage import CONCEPTS, EVERYTHING, Planter, flag_of, report_of
from vector_data import activations, corpora, corpus_rows, random_activations

from caa_tui.corpus.settings import Thresholds
from caa_tui.errors import UserError
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.flags import RULED, Evidence, Flag, FlagReport
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import read_quality
from caa_tui.vectors.remedies import MOST_TAKEN, Removal, Search, best_removal, chosen_chance
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.train import train_vectors

STORIES = {name: [f"{name} {i}" for i in range(6)] for name in CONCEPTS}
NEUTRAL = [f"neutral {i}" for i in range(6)]


def planted(planter: Planter) -> Activations:
    return activations(corpus_rows(STORIES, NEUTRAL), planter.points, layers=(4, 8))


def retrained(acts: Activations, flag: Flag, paths: Sequence[str]) -> float | None:
    """The flag's number after training without these files."""
    left = [index for index, row in enumerate(acts.rows) if row.path not in paths]
    residual = {layer: values[left] for layer, values in acts.residual.items()}
    reduced = replace(acts, rows=tuple(acts.rows[i] for i in left), residual=residual, attention={}, down={})
    try:
        vectors = train_vectors(reduced)
    except UserError:
        return None
    if flag.concept not in vectors.concepts:
        return None
    key = str(flag.layer)
    if flag.neighbour is not None:
        if flag.neighbour not in vectors.concepts:
            return None
        directions = dict(zip(vectors.concepts, vectors.matrix[flag.layer], strict=True))
        return float(directions[flag.concept] @ directions[flag.neighbour])
    found = read_quality(quality_report(reduced, vectors))[flag.concept]
    return found.agreement[key] if flag.kind == "fragmented" else found.linear_combination[key].r_squared


def named_paths(remedy: str) -> list[str]:
    return re.findall(r"\S+\.txt", remedy)


def check_remedy(acts: Activations, flag: Flag) -> None:
    """The number in the sentence is the one after training without the named files."""
    assert flag.remedy is not None
    value = retrained(acts, flag, named_paths(flag.remedy))
    told = re.search(r"(?:falls|rises) from (\S+) to (\S+),", flag.remedy)
    assert value is not None
    assert told is not None
    assert float(told[2]) == pytest.approx(value, abs=0.0051)


@settings(max_examples=25, deadline=None)
@given(corpora(shared_texts=True), st.integers(0, 99))
def test_the_number_without_each_story_is_that_of_retraining(rows: tuple[StoryRow, ...], seed: int) -> None:
    acts = random_activations(rows, seed=seed, layers=(7,))
    for flag in report_of(acts, EVERYTHING).flags:
        for story in flag.evidence[:2] if flag.kind in RULED else ():
            value = retrained(acts, flag, [story.path])
            assert story.without == (None if value is None else pytest.approx(value, abs=1e-6))
        if flag.remedy is not None:
            check_remedy(acts, flag)


def test_two_stories_of_another_feeling_are_the_remedy_of_fragmented() -> None:
    planter = Planter(noise=0.5)
    for index in (2, 3):
        planter.place("awe", index, -planter.directions["awe"])
    acts = planted(planter)
    flag = flag_of(report_of(acts, Thresholds(fragmented_below=0.6)), "fragmented", "awe")
    assert flag.remedy is not None
    assert set(named_paths(flag.remedy)) == {"paired/s2/awe.txt", "paired/s3/awe.txt"}
    assert flag.remedy.startswith("Remove or rewrite")
    assert "that random stories reach by the same choice (first-PC ratio" in flag.remedy
    check_remedy(acts, flag)


def test_stories_that_agree_above_chance_need_no_remedy() -> None:
    flag = flag_of(Planter().report(), "fragmented", "awe")
    assert not flag.confirmed
    assert flag.remedy is None
    assert all(story.without is not None for story in flag.evidence)


def test_noise_is_not_said_to_be_cured() -> None:
    """Choosing what to leave out raises the agreement of noise as well; the limit knows that."""
    cured = 0
    for seed in range(20):
        planter = Planter(seed)
        for index in range(6):
            planter.place("awe", index, planter.unit())
        flag = flag_of(planter.report(), "fragmented", "awe")
        cured += flag.remedy is not None and flag.remedy.startswith("Remove")
    assert cured == 0


def test_the_story_told_like_the_neighbour_is_the_remedy_of_contaminated() -> None:
    planter = Planter(noise=0.3)
    planter.place("joy", 4, 4 * planter.directions["calm"])
    acts = planted(planter)
    flag = flag_of(report_of(acts, Thresholds(contaminated_above=0.3)), "contaminated", "joy")
    assert flag.remedy is not None
    assert flag.remedy.startswith("Remove or rewrite paired/s4/joy.txt: without it the cosine falls from .")
    assert "no longer over the limit of .30; without 1 other story it would be ." in flag.remedy
    check_remedy(acts, flag)


def test_the_stories_told_like_another_concept_are_the_remedy_of_redundant() -> None:
    planter = Planter(noise=0.3)
    for index in range(6):
        own = 0.3 if index < 4 else 0.0
        planter.place("joy", index, planter.directions["calm"] + own * planter.directions["joy"])
    acts = planted(planter)
    flag = flag_of(report_of(acts, Thresholds(redundant_above=0.8)), "redundant", "joy")
    assert flag.remedy is not None
    assert set(named_paths(flag.remedy)) == {"paired/s4/joy.txt", "paired/s5/joy.txt"}
    assert "R² falls from .90 to .7" in flag.remedy
    check_remedy(acts, flag)


def test_stories_that_hold_a_concept_together_are_not_given_away_for_a_lower_number() -> None:
    """A far-off story makes R² lower; taking out the others would leave it more weight."""
    planter = Planter(noise=0.3)
    planter.place("trust", 1, planter.directions["awe"] + planter.directions["dread"])
    flag = flag_of(report_of(planted(planter), Thresholds(redundant_above=0.4)), "redundant", "trust")
    lower = [story.path for story in flag.evidence if story.without is not None and story.without < flag.value - 0.05]
    assert len(lower) == 5
    assert flag.remedy is None


def test_no_story_is_named_where_any_other_does_as_much() -> None:
    """Fewer stories are noisier, so the cosine falls whatever is taken out; that is not the doing of a story."""
    rng = np.random.default_rng(0)
    shared, width = rng.standard_normal(2000), 2000
    points = {text: shared + rng.standard_normal(width) for name in ("joy", "calm") for text in STORIES[name]}
    points |= {text: rng.standard_normal(width) for text in [*STORIES["awe"], *STORIES["grief"], *NEUTRAL]}
    chosen = {name: STORIES[name] for name in ("joy", "calm", "awe", "grief")}
    report = report_of(activations(corpus_rows(chosen, NEUTRAL), points), Thresholds(contaminated_above=0.5))
    flag = flag_of(report, "contaminated", "joy")
    assert all(story.without is not None and story.without < flag.value for story in flag.evidence)
    assert flag.remedy is None


def test_without_baselines_no_story_is_blamed_for_a_high_r_squared() -> None:
    redundant = [flag for flag in Planter().report(baselines=0).flags if flag.kind == "redundant"]
    assert redundant
    assert all(flag.remedy is None for flag in redundant)


def test_a_remedy_leaves_more_than_half_of_each_concept() -> None:
    rows = corpus_rows({"awe": ["a1", "a2"], "joy": ["j1", "j2", "j3", "j4"], "calm": ["c1"]}, ["n1", "n2"])
    for seed in range(10):
        for flag in report_of(random_activations(rows, seed=seed), EVERYTHING).flags:
            paths = named_paths(flag.remedy or "")
            assert not any(path.endswith(("awe.txt", "calm.txt")) for path in paths)
            assert sum(path.endswith("joy.txt") for path in paths) <= 1


def additive(effects: dict[int, float], before: float, limits: tuple[float, ...]) -> Removal | None:
    def measure(sets: np.ndarray) -> np.ndarray:
        return np.array([before - sum(effects[int(row)] for row in one) for one in sets])

    singles = {row: before - effect for row, effect in effects.items()}
    return best_removal(Search(measure, before, limits), singles, lambda rows: 4 not in rows)


def test_the_smallest_set_that_is_enough_else_the_best_two() -> None:
    effects = {1: 0.05, 2: 0.2, 3: 0.1, 4: 0.5, 5: 0.0}
    assert additive(effects, 1.0, (0.85,) * 3) == Removal((2,), 0.8, True)
    two = additive(effects, 1.0, (0.75,) * 3)
    assert two is not None
    assert (two.rows, two.enough) == ((2, 3), True)
    three = additive(effects, 1.0, (0.66,) * 3)
    assert three is not None
    assert (three.rows, three.enough) == ((2, 3, 1), True)
    never = additive(effects, 1.0, (0.1,) * 3)
    assert never is not None
    assert (never.rows, never.enough) == ((2, 3), False)
    assert additive({1: 0.005, 5: -0.1}, 1.0, (0.1,) * 3) is None
    assert additive(effects, 1.0, ()) is None


def test_the_chance_of_a_choice_is_the_naive_one() -> None:
    """By the differences themselves: of each random group, the story whose loss raises the agreement most, again."""
    rows = corpus_rows({name: STORIES[name] for name in ("awe", "joy", "calm")}, NEUTRAL)
    acts = random_activations(rows, layers=(7,))
    layer = LayerStories.at(acts, group_rows(rows), 7)
    limits = chosen_chance(layer, 5)
    assert len(limits) == MOST_TAKEN
    draws = np.random.default_rng(5).random((4000, 18)).argsort(axis=1)[:, :5]
    reached: list[list[float]] = [[], [], []]
    for draw in draws:
        own = layer.grouping.stories[draw]
        rest = np.setdiff1d(np.arange(len(rows)), own)
        difference = layer.values[own] - layer.values[rest].mean(axis=0)
        units = difference / np.linalg.norm(difference, axis=1, keepdims=True)
        cosines = units @ units.T
        kept = list(range(5))
        for step in range(3):
            options = [(_mean_pair(cosines, [i for i in kept if i != out]), out) for out in kept]
            best, out = max(options)
            kept.remove(out)
            reached[step].append(best)
    assert limits == pytest.approx([np.percentile(values, 95) for values in reached], abs=0.12)
    assert limits[0] < limits[1] < limits[2]


def _mean_pair(cosines: np.ndarray, kept: list[int]) -> float:
    block = cosines[np.ix_(kept, kept)]
    return float((block.sum() - np.trace(block)) / (len(kept) * (len(kept) - 1)))


def test_too_few_texts_leave_no_choice() -> None:
    rows = corpus_rows({"awe": ["a1", "a2"], "joy": ["j1"]}, ["n"])
    layer = LayerStories.at(random_activations(rows, layers=(7,)), group_rows(rows), 7)
    assert chosen_chance(layer, 1) == ()
    assert chosen_chance(layer, 2) == ()
    assert chosen_chance(layer, 3) == ()


def test_a_report_of_an_older_version_still_loads() -> None:
    report = Planter().report()
    old = msgspec.to_builtins(report)
    for flag in old["flags"]:
        del flag["remedy"]
        for story in flag["evidence"]:
            del story["without"]
    loaded = msgspec.convert(old, FlagReport)
    assert all(flag.remedy is None and flag.evidence[0].without is None for flag in loaded.flags)
    assert [flag.concept for flag in loaded.flags] == [flag.concept for flag in report.flags]


def test_the_number_without_a_story_in_words() -> None:
    story = Evidence(path="a.txt", concept="awe", scenario=None, score=0.1, reason="leans")
    flag = flag_of(Planter().report(), "fragmented", "awe")
    assert flag.without_words(story) is None
    assert flag.without_words(msgspec.structs.replace(story, without=-0.021)) == "agreement -.02 without it"


def test_a_limit_that_looks_equal_gets_a_third_decimal() -> None:
    planter = Planter(noise=0.3)
    planter.place("joy", 4, 4 * planter.directions["calm"])
    acts = planted(planter)
    flag = flag_of(report_of(acts, Thresholds(contaminated_above=0.3)), "contaminated", "joy")
    value = retrained(acts, flag, ["paired/s4/joy.txt"])
    assert value is not None
    near = report_of(acts, Thresholds(contaminated_above=value + 1e-4))
    remedy = flag_of(near, "contaminated", "joy").remedy or ""
    assert re.search(r"to -?\.\d{3}, no longer over the limit of -?\.\d{3};", remedy)
