"""All verdicts on a corpus of known truth, as they go to flags.json."""

from __future__ import annotations

import msgspec
import pytest
from generated import LAYER, Generated, generate

from caa_tui.vectors.agreement import AgreementTests
from caa_tui.vectors.flags import Verdict
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.judgement import judgements
from caa_tui.vectors.stories import LayerStories


@pytest.fixture(scope="module")
def corpus() -> Generated:
    return generate(3, 20)


@pytest.fixture(scope="module")
def verdicts(corpus: Generated) -> tuple[Verdict, ...]:
    return judged(corpus)


def judged(corpus: Generated) -> tuple[Verdict, ...]:
    """Of the layer as it is."""
    layer = LayerStories.at(corpus.acts, group_rows(corpus.acts.rows), LAYER)
    tests = AgreementTests.of(layer, corpus.acts.rows)
    return judgements(tests, {concept: tests.concept(concept) for concept in layer.groups})


def test_every_concept_is_judged_in_order(corpus: Generated, verdicts: tuple[Verdict, ...]) -> None:
    assert [one.concept for one in verdicts if one.about == "stories"] == sorted(corpus.truths)
    assert [one.concept for one in verdicts] == sorted(one.concept for one in verdicts)
    for concept in corpus.truths:
        about = [one.about for one in verdicts if one.concept == concept]
        assert about == sorted(about, key=("stories", "neighbour", "mix").index)


def test_what_is_given_fits_the_truth(corpus: Generated, verdicts: tuple[Verdict, ...]) -> None:
    told = {(one.concept, one.about): one for one in verdicts}
    for concept, truth in corpus.truths.items():
        cohesion = told[concept, "stories"]
        wrong = {"coherent": {"two camps", "no agreement"}, "camps": {"coherent"}, "noise": {"coherent", "two camps"}}
        assert cohesion.answer not in wrong.get(truth, set()), (concept, cohesion)
        if truth == "camps" and cohesion.answer == "two camps":
            larger = set(cohesion.camps[0])
            shared = max(len(larger & true) / len(larger) for true in corpus.camps[concept])
            assert shared >= 0.75, "a story between the camps may be on either side"
    answers = [told[concept, "stories"].answer for concept, truth in corpus.truths.items() if truth == "coherent"]
    assert answers.count("coherent") > len(answers) / 2, "twenty stories are mostly enough"


def test_what_cannot_be_told_says_what_would_settle_it(verdicts: tuple[Verdict, ...]) -> None:
    few = generate(3, 4)
    asked = [one for one in (*verdicts, *judged(few)) if one.about != "mix"]
    for about in ("stories", "neighbour"):
        assert any(one.plan for one in asked if one.about == about)
    assert all((one.plan is not None) == (one.answer == "cannot tell") for one in asked)


def test_copies_are_one_concept_and_have_something_to_repair(corpus: Generated, verdicts: tuple[Verdict, ...]) -> None:
    twins = {one.concept for one in verdicts if one.answer == "one concept"}
    assert twins <= {concept for concept, truth in corpus.truths.items() if truth == "duplicate"}
    assert all(one.is_trouble for one in verdicts if one.answer in {"one concept", "two camps"})
    assert not any(one.is_trouble for one in verdicts if one.answer in {"coherent", "told apart", "cannot tell"})


def test_they_are_the_same_every_time_and_survive_the_file(corpus: Generated, verdicts: tuple[Verdict, ...]) -> None:
    assert judged(corpus) == verdicts
    assert msgspec.json.decode(msgspec.json.encode(verdicts), type=tuple[Verdict, ...]) == verdicts
