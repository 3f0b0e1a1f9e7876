"""Planted flaws end in the right flag, the right file first, and plain sentences with a number."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import numpy as np
from generated import generate
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_data import activations, corpora, corpus_rows, random_activations

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.flags import RULED, Flag, FlagKind, FlagReport
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.held_out import scenario_out_scores, split_half
from caa_tui.vectors.quality import quality_report
from caa_tui.vectors.quality_data import quality_bytes
from caa_tui.vectors.stories import LayerStories
from caa_tui.vectors.train import train_vectors
from caa_tui.vectors.triage import flag_report

WIDTH = 400
EVERYTHING = Thresholds(
    fragmented_below=1.0, clean_above=1.0, contaminated_above=-1.0, redundant_above=-1.0, single_neuron_above=1.0
)
CONCEPTS = ("awe", "calm", "dread", "grief", "joy", "trust")


class Planter:
    """A corpus of six concepts in six scenarios whose stories are a direction each plus scenario and noise."""

    def __init__(self, seed: int = 0, noise: float = 0.7) -> None:
        self._rng = np.random.default_rng(seed)
        self._noise = noise
        self.directions = {name: self.unit() for name in CONCEPTS}
        self.scenarios = [self.unit() for _ in range(6)]
        self.points: dict[str, np.ndarray] = {}
        for name in CONCEPTS:
            for index in range(6):
                self.place(name, index, self.directions[name])
        for index in range(6):
            self.points[f"neutral {index}"] = self.scenarios[index] + self._noise * self.unit()

    def unit(self) -> np.ndarray:
        point = self._rng.standard_normal(WIDTH)
        return point / np.linalg.norm(point)

    def place(self, concept: str, index: int, direction: np.ndarray) -> None:
        self.points[f"{concept} {index}"] = direction + self.scenarios[index] + self._noise * self.unit()

    def report(self, baselines: int = 6, thresholds: Thresholds | None = None) -> FlagReport:
        rows = corpus_rows(
            {name: [f"{name} {i}" for i in range(6)] for name in CONCEPTS}, [f"neutral {i}" for i in range(baselines)]
        )
        return report_of(activations(rows, self.points, layers=(4, 8)), thresholds)


def report_of(acts: Activations, thresholds: Thresholds | None = None) -> FlagReport:
    vectors = train_vectors(acts)
    return flag_report(acts, vectors, quality_report(acts, vectors, thresholds), thresholds)


def flag_of(report: FlagReport, kind: FlagKind, concept: str) -> Flag:
    (flag,) = [one for one in report.flags if (one.kind, one.concept) == (kind, concept)]
    return flag


def sorted_scores(scores: Sequence[float], reverse: bool) -> bool:
    return list(scores) == sorted(scores, reverse=reverse)


def test_a_story_of_another_feeling_is_the_first_evidence_of_fragmented() -> None:
    planter = Planter()
    planter.place("grief", 2, -planter.directions["grief"])
    flag = flag_of(planter.report(thresholds=Thresholds(fragmented_below=0.5)), "fragmented", "grief")
    assert flag.evidence[0].path == "paired/s2/grief.txt"
    smaller = sum(story.reason.endswith("; in the smaller camp") for story in flag.evidence)
    assert sorted_scores([story.score for story in flag.evidence[smaller:]], reverse=False)
    assert re.match(r"agrees -\.\d\d with the other 5 stories of grief", flag.evidence[0].reason)
    assert len(flag.evidence) == flag.stories == 6


def test_two_feelings_in_one_concept_come_before_sound_concepts() -> None:
    planter = Planter(noise=0.5)
    other = planter.unit()
    for index in (3, 4, 5):
        planter.place("trust", index, other)
    report = planter.report(thresholds=Thresholds(fragmented_below=0.6))
    fragmented = [flag for flag in report.flags if flag.kind == "fragmented"]
    assert fragmented[0].concept == "trust"
    assert "agree, but less than most concepts' do" in fragmented[0].verdict


def test_the_ratio_of_the_rule_is_put_beside_pure_noise() -> None:
    flag = flag_of(Planter().report(), "fragmented", "awe")
    assert flag.caveat is not None
    assert "pure noise at 6 stories gives .23" in flag.caveat
    assert "show no camps. Only the rule, which counts stories, flags it" in flag.verdict
    assert not flag.confirmed


def test_stories_without_anything_in_common_are_confirmed() -> None:
    corpus = generate(3, 20)
    flags = [flag for flag in report_of(corpus.acts, Thresholds()).flags if flag.kind == "fragmented"]
    sure = [flag for flag in flags if flag.confirmed]
    assert flags[: len(sure)] == sure
    assert {corpus.truths[flag.concept] for flag in sure} == {"noise", "camps"}
    assert all(re.search(r"is excluded\.|fall into camps", flag.verdict) for flag in sure)


def test_concepts_told_the_same_way_are_contaminated_with_the_pulled_story_first() -> None:
    planter = Planter(noise=0.3)
    for index in range(6):
        planter.place("joy", index, planter.directions["calm"] + 0.3 * planter.directions["joy"])
    planter.place("joy", 4, planter.directions["calm"])
    flag = flag_of(planter.report(), "contaminated", "joy")
    assert flag.neighbour == "calm"
    assert flag.value > 0.8
    first = flag.evidence[0]
    assert (first.path, first.counterpart) == ("paired/s4/joy.txt", "paired/s4/calm.txt")
    assert first.score > 0
    assert re.fullmatch(r"reads \.\d\d like calm and \.\d\d like the rest of joy", first.reason)
    assert sorted_scores([story.score for story in flag.evidence], reverse=True)
    assert flag.confirmed
    assert flag.by_layer.keys() == {"4", "8"}


def test_a_blend_is_redundant_and_its_parts_are_named() -> None:
    planter = Planter(noise=0.2)
    blend = planter.directions["awe"] + planter.directions["dread"]
    for index in range(6):
        planter.place("trust", index, blend / np.linalg.norm(blend))
    report = planter.report(thresholds=Thresholds(redundant_above=0.8))
    flag = flag_of(report, "redundant", "trust")
    assert {name for name, _ in flag.contributors[:2]} == {"awe", "dread"}
    assert flag.caveat is None
    assert not flag.confirmed
    assert re.search(r"1[012] of 12 stories of trust and (awe|dread) are told apart", flag.verdict)
    assert "along the mix of" in flag.evidence[0].reason
    assert {story.concept for story in flag.evidence} == {"trust", "awe", "dread"}
    assert sorted_scores([story.score for story in flag.evidence], reverse=True)


def test_a_duplicate_concept_is_confirmed_redundant_because_it_is_not_told_apart() -> None:
    planter = Planter(noise=0.4)
    for index in range(6):
        planter.place("trust", index, planter.directions["joy"])
    flag = flag_of(planter.report(thresholds=Thresholds(redundant_above=0.5)), "redundant", "trust")
    assert flag.confirmed
    told = re.search(r"(\d+) of 12 stories of trust and joy are told apart", flag.verdict)
    assert told is not None
    assert int(told[1]) <= 6


def test_without_baselines_the_redundant_rule_says_it_cannot_speak() -> None:
    """Row 12 of the reference's README: the vectors are linearly dependent by construction."""
    report = Planter().report(baselines=0)
    redundant = [flag for flag in report.flags if flag.kind == "redundant"]
    assert len(redundant) == 6
    assert all(flag.caveat is not None and "by construction" in flag.caveat for flag in redundant)
    assert not any(flag.confirmed for flag in redundant)
    assert any("no baselines" in note for note in report.notes)


def test_a_corpus_of_noise_is_said_to_be_one() -> None:
    planter = Planter()
    for concept in CONCEPTS:
        for index in range(6):
            planter.place(concept, index, planter.unit())
    assert any("picked at random" in note for note in planter.report().notes)
    assert not any("picked at random" in note for note in Planter().report().notes)


def test_the_layer_that_tells_stories_apart_best_is_named() -> None:
    """Row 13 of the reference's README: every layer is scored, not only the middle one."""
    rows = corpus_rows({name: [f"{name} {i}" for i in range(6)] for name in CONCEPTS}, ["neutral 0", "neutral 1"])
    sound = activations(rows, Planter().points, layers=(4,))
    noise = np.random.default_rng(0).standard_normal(sound.residual[4].shape).astype(np.float32)
    report = report_of(Activations(rows, (2, 3, 4), {2: noise, 3: noise, 4: sound.residual[4]}))
    assert (report.layer, report.best_layer) == (3, 4)
    best, middle = report.held_out["4"], report.held_out["3"]
    assert best is not None
    assert middle is not None
    assert best > 0.9 > 0.7 > middle


def test_a_text_of_both_concepts_is_called_that() -> None:
    rows = corpus_rows({"awe": ["same", "a"], "joy": ["same"], "calm": ["c"]}, ["n"])
    report = report_of(random_activations(rows), EVERYTHING)
    reasons = [story.reason for flag in report.flags if flag.kind == "contaminated" for story in flag.evidence]
    assert any(re.fullmatch(r"is word for word a story of (awe|joy) too \(1\.00 alike\)", reason) for reason in reasons)


def test_concepts_without_a_vector_are_named() -> None:
    acts = random_activations(corpus_rows({"awe": ["a", "b"], "joy": ["j"], "calm": ["c", "d"]}, ["n"]))
    vectors = train_vectors(acts, min_positives=2)
    report = flag_report(acts, vectors, quality_report(acts, vectors), min_positives=2)
    assert report.left_out == {"joy": "1 story, and 2 are needed"}
    assert [summary.concept for summary in report.concepts] == ["awe", "calm"]


def test_few_stories_are_noted() -> None:
    rows = corpus_rows({"awe": ["a"], "joy": ["j1", "j2"], "calm": ["c1", "c2", "c3"]}, ["n"])
    notes = report_of(random_activations(rows)).notes
    assert any(note.startswith("2 concepts have 1 or 2 stories") for note in notes)
    assert any(note.startswith("1 concept has so few stories") for note in notes)


def test_one_story_says_that_it_cannot_be_compared() -> None:
    rows = corpus_rows({"awe": ["a"], "joy": ["j"], "calm": ["c"]}, ["n1", "n2"])
    report = report_of(random_activations(rows), Thresholds(contaminated_above=-1.0))
    for concept in ("awe", "calm", "joy"):
        flag = flag_of(report, "contaminated", concept)
        assert flag.caveat is not None
        assert not flag.confirmed
        assert "no other text to compare with" in flag.evidence[0].reason


def test_the_table_has_every_concept_at_every_layer() -> None:
    report = Planter().report()
    assert [summary.concept for summary in report.concepts] == list(CONCEPTS)
    assert report.layer == 8
    for summary in report.concepts:
        assert (summary.stories, summary.scenarios) == (6, 6)
        for column in (summary.first_pc, summary.agreement, summary.chance, summary.held_out, summary.nearest):
            assert column.keys() == {"4", "8"}


def test_triage_runs_on_a_report_read_back_from_its_file() -> None:
    acts = random_activations(corpus_rows({"awe": ["a", "b"], "joy": ["j", "k"]}, ["n"]))
    vectors = train_vectors(acts)
    quality = quality_report(acts, vectors)
    read_back = msgspec.json.decode(quality_bytes(quality))
    assert flag_report(acts, vectors, read_back) == flag_report(acts, vectors, quality)


@settings(max_examples=60)
@given(corpora(shared_texts=True), st.integers(0, 99))
def test_any_corpus_gives_whole_flags(rows: tuple[StoryRow, ...], seed: int) -> None:
    """With limits that flag everything: all sentences have a number, all numbers are finite, JSON comes back equal."""
    report = report_of(random_activations(rows, seed=seed), EVERYTHING)
    encoded = msgspec.json.encode(report)
    assert b"null" not in msgspec.json.encode([flag.value for flag in report.flags])
    assert msgspec.json.decode(encoded, type=FlagReport) == report
    paths = {row.path for row in rows}
    for flag in report.flags:
        assert flag.evidence
        assert {story.path for story in flag.evidence} <= paths
        assert all(np.isfinite(story.score) for story in flag.evidence)
        assert flag.verdict.endswith(".")
        if flag.kind in RULED:
            assert all(re.search(r"\d", story.reason) for story in flag.evidence)
            assert re.search(r"\d", flag.verdict)
        if flag.kind in {"fragmented", "contaminated", "unreliable"}:
            assert len(flag.evidence) == flag.stories
    assert [flag.confirmed for flag in report.flags] == sorted((flag.confirmed for flag in report.flags), reverse=True)


def test_what_words_alone_tell_apart_stands_beside_the_model() -> None:
    rows = [
        StoryRow(
            f"paired/s{number}/{concept}.txt",
            concept,
            f"s{number}",
            f"{word} of day {concept}{number}",
            f"{word}{number}",
        )
        for concept, word in (("grief", "ashes"), ("joy", "song"))
        for number in range(5)
    ]
    report = report_of(random_activations(rows))
    assert {summary.concept: summary.words for summary in report.concepts} == {"grief": 1.0, "joy": 1.0}
    assert any(note.startswith("Held out, words alone tell 1.00 of the pairs") for note in report.notes)


@settings(max_examples=20, deadline=None)
@given(corpora(), st.integers(0, 99))
def test_every_concept_has_its_held_out_numbers_at_the_layer_of_the_flags(
    rows: tuple[StoryRow, ...], seed: int
) -> None:
    acts = random_activations(rows, seed=seed)
    layer = LayerStories.at(acts, group_rows(acts.rows), acts.middle_layer)
    scenario_out = scenario_out_scores(layer, acts.rows)
    for summary in report_of(acts).concepts:
        halves = split_half(layer, summary.concept)
        assert summary.scenario_out == scenario_out[summary.concept]
        assert summary.stability == (halves.full if halves else None)
